/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Enrolment: what a host and the authority of an overlay say to each other
 * over TCP between their HITs, and how it gets from the resolver's process,
 * which has the network's side, to the engine and back. One request, one
 * answer (docs/enrolment.md):
 *
 *	"HIPE" | version 1 | kind or result | length 2 | body
 *
 * join: algorithm 2 | Host Identity <2> | token <2>
 * renew: certificate <2>
 * an answer with result 0: algorithm 2 | the authority's key <2> |
 * certificate <2>; any other: nothing
 */
#ifndef HIPLINE_ENROL_H
#define HIPLINE_ENROL_H

#include "daemon/base/cursor.h"

enum {
	ENROL_PORT = 6084, /* RFC 6940 14.2, the overlay's own */
	ENROL_HIT_LEN = 16,
	ENROL_HI_MAX = 1032,
	ENROL_PROOF_MAX = 2048,
	ENROL_HEADER_LEN = 8,
	ENROL_BODY_MAX = 2 + 2 + ENROL_HI_MAX + 2 + ENROL_PROOF_MAX,
	ENROL_FRAME_MAX = ENROL_HEADER_LEN + ENROL_BODY_MAX,
	ENROL_MESSAGE_MAX = 8 + ENROL_HIT_LEN + ENROL_FRAME_MAX,
	ENROL_INTERFACE_MAX = 15,
};

/* Messages between engine and resolver (base/ipc.h). */
enum enrol_type {
	ENROL_SERVE = 64,  /* to the resolver: who we are, whether to listen;
			      what was asked before ends without an answer */
	ENROL_SEND = 65,   /* to the resolver: ask an authority */
	ENROL_ISSUED = 66, /* to the resolver: what ENROL_ISSUE gets */
	ENROL_ISSUE = 67,  /* to the engine: a host asks */
	ENROL_GOT = 68,	   /* to the engine: what ENROL_SEND got */
};

enum enrol_kind {
	ENROL_JOIN = 1,
	ENROL_RENEW = 2,
};

enum enrol_result {
	ENROL_OK,
	ENROL_LATER,   /* the authority cannot answer now */
	ENROL_UNKNOWN, /* not its invitation or certificate */
	ENROL_EXPIRED,
	ENROL_SPENT, /* by another host */
	ENROL_REVOKED,
	ENROL_NAME_IN_USE,
	ENROL_OTHER_HOST, /* the key is not that of the asker's HIT */
	ENROL_MALFORMED,
	ENROL_ON_WIRE, /* those below never go over the network: */
	ENROL_UNREACHABLE = ENROL_ON_WIRE,
	ENROL_BROKEN, /* the answer has another form */
	ENROL_RESULTS,
};

/* For people: what happened. */
const char *enrol_result_text(enum enrol_result result);

/* Bytes are borrowed. */
struct enrol_request {
	enum enrol_kind kind;
	uint16_t algorithm; /* JOIN */
	struct span hi;	    /* JOIN */
	struct span proof;  /* token, or certificate */
};

struct enrol_answer {
	enum enrol_result result;
	uint16_t algorithm; /* OK: the authority's */
	struct span hi;
	struct span certificate;
};

/* Frames. Write: the length, or 0 when it does not fit. */
size_t enrol_request_write(const struct enrol_request *r, uint8_t *out,
			   size_t cap);
size_t enrol_answer_write(const struct enrol_answer *a, uint8_t *out,
			  size_t cap);

/*
 * The length of the frame that begins with these bytes: 0 when that takes
 * more of them. False when it is none.
 */
bool enrol_frame_len(const uint8_t *bytes, size_t len, size_t *frame);

/* Whole frames; false on a broken form, with *out untouched. */
bool enrol_request_parse(const uint8_t *bytes, size_t len,
			 struct enrol_request *out);
bool enrol_answer_parse(const uint8_t *bytes, size_t len,
			struct enrol_answer *out);

/* Bodies of the messages. */
struct enrol_serve {
	uint8_t hit[ENROL_HIT_LEN]; /* our own */
	const char *interface;	    /* that has it; borrowed */
	bool listen;		    /* the authority is on this host */
};

/* ENROL_SEND and ENROL_ISSUE: to whom, from whom. */
struct enrol_ask {
	uint64_t id;
	uint8_t hit[ENROL_HIT_LEN];
	struct enrol_request request;
};

/* ENROL_ISSUED and ENROL_GOT. */
struct enrol_reply {
	uint64_t id;
	struct enrol_answer answer;
};

size_t enrol_serve_write(const struct enrol_serve *s, uint8_t *out, size_t cap);
size_t enrol_ask_write(const struct enrol_ask *a, uint8_t *out, size_t cap);
size_t enrol_reply_write(const struct enrol_reply *r, uint8_t *out, size_t cap);
bool enrol_serve_parse(const uint8_t *body, size_t len,
		       struct enrol_serve *out);
bool enrol_ask_parse(const uint8_t *body, size_t len, struct enrol_ask *out);
bool enrol_reply_parse(const uint8_t *body, size_t len,
		       struct enrol_reply *out);

#endif
