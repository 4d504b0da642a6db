/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Speaks RELOAD from the HIT of this host to a node at the other end of an
 * association, in whatever way a test wants: any certificate, signature, list
 * and time. Port 6084 belongs to the host's own daemon, which is in no
 * overlay, so this is a raw socket beside it. What goes wrong here ends the
 * program.
 */
#ifndef HIPLINE_TEST_SPEAKER_H
#define HIPLINE_TEST_SPEAKER_H

#include "daemon/membership.h"
#include "resolver/body.h"
#include "resolver/judge.h"
#include "resolver/kinds.h"

enum {
	SPEAKER_WAIT_MS = 5000,
	SPEAKER_LETTER_MAX = RELOAD_MESSAGE_MAX + 100, /* too long, too */
};

/* A key, and what an authority has said of it. */
struct papers {
	struct identity *id;
	struct hit hit;
	uint8_t certificate[CERTIFICATE_MAX];
	size_t certificate_len;
};

/* From PEM, with no certificate yet. */
struct identity *papers_key(const char *path);
struct papers papers_new(struct identity *id);
/* With the certificate in a state directory, and the authority's key there. */
struct papers papers_load(const char *pem, const char *state,
			  struct authority *authority);

/* An authority, and a certificate of it that began at a time. The name may
 * be one that it must not certify. */
struct issuing {
	struct identity *key;
	struct authority public;
};
struct issuing issuing_new(struct identity *key, const char *overlay);
void papers_issue(struct papers *p, const struct issuing *by, const char *name,
		  uint64_t not_before_s);

/* A value as somebody may claim it; `data` is what it says. */
struct claim {
	struct resource_id at; /* as the signature has it */
	uint32_t kind;
	enum data_model model;
	struct hit key;
	uint8_t data[2048];
	size_t data_len;
	uint64_t storage_time_ms;
	uint32_t lifetime_s;
	const struct papers *signer;
	bool spoiled;	/* the signature does not hold */
	bool no_signer; /* by nobody, as a value that is not there */
};

/* Right in all: the registration of a host under a name. */
struct claim claim_name(const struct papers *p, const char *name);
/* That it leads to that host, with so many bytes of preferences. */
void claim_route(struct claim *c, const struct hit *to, size_t prefs);
/* StoredData. */
void claim_write(struct wr *w, const struct claim *c);

/* A message; zeros give one from us for the node at the other end. */
struct letter {
	struct forwarding header; /* lists, ttl, transaction id */
	uint16_t code;
	struct span body;
	const struct papers *signer;
	struct span certificates[2];
	size_t n_certificates;
	bool spoiled;
};

struct speaker {
	int fd;
	const struct papers *self;
	struct hit to; /* whom it speaks to; any: all zeros, until heard */
	uint32_t overlay, sequence;
	uint64_t next_transaction;
	uint8_t in[RELOAD_MESSAGE_MAX + 64]; /* what was received last */
};

void speaker_open(struct speaker *s, const struct papers *self,
		  const struct hit *to, const char *overlay);

/* Signed and shown by our papers. */
struct letter speaker_letter(struct speaker *s, uint16_t code,
			     struct span body);
void speaker_send(struct speaker *s, const struct letter *l);
/* Its bytes, up to SPEAKER_LETTER_MAX; how many. */
size_t speaker_write(uint8_t *bytes, const struct letter *l);
/* Bytes in a frame that are no letter. */
void speaker_send_bytes(struct speaker *s, const uint8_t *bytes, size_t len);

/* The next message, which was acknowledged; false when none comes so soon.
 * Borrows from the speaker. */
bool speaker_receive(struct speaker *s, struct message *out, int timeout_ms);

uint64_t speaker_wall_ms(void);
_Noreturn void speaker_give_up(const char *what);

#endif
