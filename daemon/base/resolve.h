/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * What the engine and the resolver say to each other over their socket
 * (ipc.h): the resolver asks for the HITs of a name or the name of a HIT,
 * the engine answers, and tells what is configured and when names changed.
 * The first message is the monitor's, which started the resolver; it comes
 * with the sockets to listen on. HITs are 16 bytes in network order. What
 * they say of the overlay is in overlay_ipc.h, but for its types.
 */
#ifndef HIPLINE_RESOLVE_H
#define HIPLINE_RESOLVE_H

#include "daemon/base/locator.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum resolve_type {
	RESOLVE_START = 1,  /* monitor to resolver, with descriptors */
	RESOLVE_CONFIG = 2, /* engine to resolver, as the following */
	RESOLVE_ANSWER = 3,
	RESOLVE_CHANGED = 4, /* names have changed; no body */
	RESOLVE_ASK = 5,     /* resolver to engine */
	/* Engine to resolver, all of the overlay. */
	RESOLVE_OVERLAY = 16,  /* what we are: struct resolve_overlay */
	RESOLVE_LOCATORS = 17, /* our own: struct resolve_places */
	RESOLVE_UP = 18,       /* an association stands: a HIT */
	RESOLVE_DOWN = 19,     /* it is gone or could not be made: a HIT */
	RESOLVE_WHERE = 20,    /* where is a host? A HIT; HINT answers */
	RESOLVE_SIGNED = 21,   /* struct resolve_signed */
	RESOLVE_LOOKUP = 22,   /* struct resolve_publish; FOUND_NAME answers */
	RESOLVE_PUBLISH = 23,  /* struct resolve_publish; PUBLISHED answers */
	RESOLVE_SHOW = 24,     /* an id; SHOWN answers */
	RESOLVE_REVOKED = 25,  /* the authority's list, as it signed it; the
				* other way, too: one that was fetched */
	RESOLVE_FORGET = 26,   /* what was SEEN: a struct resolve_publish */
	/* Resolver to engine. */
	RESOLVE_CONNECT = 32,	 /* make an association and keep it: a HIT */
	RESOLVE_RELEASE = 33,	 /* it need not be kept any more: a HIT */
	RESOLVE_HINT = 34,	 /* where a host is: struct resolve_places */
	RESOLVE_SIGN = 35,	 /* struct resolve_sign; SIGNED answers */
	RESOLVE_FOUND_NAME = 36, /* struct resolve_answer, to a LOOKUP */
	RESOLVE_PUBLISHED = 37,	 /* struct resolve_published */
	RESOLVE_SHOWN = 38,	 /* struct resolve_shown */
	RESOLVE_LEFT = 39,	 /* the neighbours were told; no body */
	RESOLVE_SEEN = 40,	 /* struct resolve_seen */
	RESOLVE_SILENT = 41,	 /* a byte: 1, no upstream replies; 0: one */
				 /* 48 to 63: enrolment. */
};

enum {
	RESOLVE_HIT_LEN = 16,
	RESOLVE_HITS_MAX = 16,
	RESOLVE_HI_MAX = 1032,
	RESOLVE_NAME_MAX = 1024,
	RESOLVE_UPSTREAMS_MAX = 16,
	RESOLVE_ASK_MAX = 8 + 1 + RESOLVE_HIT_LEN + RESOLVE_NAME_MAX,
	RESOLVE_BODY_MAX = 64 * 1024, /* of any */
};

/* Who the resolver becomes, and what it logs. */
struct resolve_start {
	uint32_t uid, gid;
	uint8_t log;	  /* enum log_level */
	bool has_overlay; /* behind those of DNS, the overlay's socket */
	bool has_names;	  /* behind that, the folder of what it keeps */
};

struct resolve_config {
	const char *suffix; /* borrowed, NUL-terminated */
	struct locator upstreams[RESOLVE_UPSTREAMS_MAX];
	size_t n_upstreams;
	uint8_t log;
};

struct resolve_ask {
	uint64_t id;
	bool is_reverse;
	uint8_t hit[RESOLVE_HIT_LEN]; /* of a reverse one */
	const char *name;	      /* else; borrowed, NUL-terminated */
};

/* Why a HIT is believed (hipline(1)); in the order of its text. */
enum resolve_proof {
	RESOLVE_PROOF_PIN,
	RESOLVE_PROOF_SELF,
	RESOLVE_PROOF_AUTHORITY,
	RESOLVE_PROOF_DOMAIN,
	RESOLVE_PROOF_FIRST_USE,
	RESOLVE_PROOFS,
};

enum resolve_result {
	RESOLVE_FOUND,
	RESOLVE_ABSENT,	     /* no such name, and it would be ours */
	RESOLVE_FOREIGN,     /* ordinary DNS may know it */
	RESOLVE_UNREACHABLE, /* nobody can tell now */
	RESOLVE_IN_OVERLAY,  /* a name of our overlay: ask the overlay */
	RESOLVE_CONFLICT,    /* hosts contradict each other: refused */
	RESOLVE_RESULTS,
};

struct resolve_hit {
	uint8_t hit[RESOLVE_HIT_LEN];
	enum resolve_proof proof;
	const uint8_t *hi; /* Host Identity; borrowed; NULL: not known */
	size_t hi_len;
};

struct resolve_answer {
	uint64_t id;
	enum resolve_result result;
	uint32_t lifetime_s;
	struct resolve_hit hits[RESOLVE_HITS_MAX];
	size_t n_hits;
	/* Hosts that claim the name and are not believed. */
	uint8_t against[RESOLVE_HITS_MAX][RESOLVE_HIT_LEN];
	size_t n_against;
	const char *name; /* to a reverse one, or NULL; borrowed */
};

/* "pin", "self", "authority", "domain", "first-use". */
const char *resolve_proof_text(enum resolve_proof proof);

/* Bodies. Write: the length, 0 when it does not fit. */
size_t resolve_start_write(const struct resolve_start *s, uint8_t *out,
			   size_t cap);
size_t resolve_config_write(const struct resolve_config *c, uint8_t *out,
			    size_t cap);
size_t resolve_ask_write(const struct resolve_ask *a, uint8_t *out, size_t cap);
size_t resolve_answer_write(const struct resolve_answer *a, uint8_t *out,
			    size_t cap);

/* False on a broken form, with *out untouched. */
bool resolve_start_parse(const uint8_t *body, size_t len,
			 struct resolve_start *out);
bool resolve_config_parse(const uint8_t *body, size_t len,
			  struct resolve_config *out);
bool resolve_ask_parse(const uint8_t *body, size_t len,
		       struct resolve_ask *out);
bool resolve_answer_parse(const uint8_t *body, size_t len,
			  struct resolve_answer *out);

#endif
