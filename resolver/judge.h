/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Who signed this, and may he: signatures of RELOAD messages and of stored
 * values (RFC 6940 6.3.4, 7.1), access control (7.3), all by certificates of
 * the overlay's authority that have not expired and are not revoked. What a
 * certificate says is remembered, so that it is verified once and not with
 * each message.
 */
#ifndef HIPLINE_JUDGE_H
#define HIPLINE_JUDGE_H

#include "daemon/pki/revocations.h"
#include "resolver/overlay.h"
#include "resolver/registration.h"
#include "resolver/store.h"

enum { JUDGE_REMEMBERED_MAX = 512 };

struct judge;

/* For an authority, borrowed for life. NULL without memory. */
struct judge *judge_new(const struct authority *authority,
			const uint8_t seed[TABLE_SEED_LEN]);
void judge_free(struct judge *j);

/* The wall clock, to be told before what is judged by it. */
void judge_set_time(struct judge *j, uint64_t wall_s);

/*
 * Takes what a list that was verified says. NEWS_NONE, and nothing changed,
 * when a newer one has said it of all that it covers: an old list would bring
 * back what was revoked.
 */
enum overlay_news judge_set_revocation(struct judge *j,
				       const struct revocation *v);

/* What a list would change of which nothing is known yet. */
enum overlay_news judge_news(const struct judge *j, const struct span *list);

/* Whether newer ones cover all that it covers; not where it cannot be judged,
 * as with a clock that is not set yet. */
bool judge_list_is_over(const struct judge *j, const struct span *list);

/* What is revoked, as far as we know; the judge's. */
const struct revocations *judge_revocations(const struct judge *j);

/* Whether a certificate of that number was revoked. */
bool judge_is_revoked(const struct judge *j,
		      const uint8_t serial[CERTIFICATE_SERIAL_LEN]);

/* Whether that certificate, which held once, is revoked. */
bool judge_is_taken_back(const struct judge *j, struct span certificate);

/*
 * How a host stands by the certificates of it that were seen lately: good by
 * any, fallen when those there are were revoked or have ended.
 */
enum overlay_standing judge_standing(const struct judge *j,
				     const struct hit *host);

/* The signature over a whole message: whose it is. */
bool judge_message(struct judge *j, const struct message *m,
		   struct hit *signer);

/* A stored value in the message that brought it. */
struct judge_claim {
	struct resource_id resource;
	const struct kind *kind;
	const struct stored *value;
	const struct span *certificates;
	size_t n_certificates;
};

struct judge_proof {
	struct hit signer;
	bool proven;	    /* the certificate binds the resource's name */
	size_t certificate; /* which one it was */
};

/*
 * Signature, access and form of a value. A value of a Kind with
 * USER-NODE-MATCH whose certificate is for another name is taken, but not
 * proven: only who knows the name can say whether that is enough.
 */
bool judge_value(struct judge *j, const struct judge_claim *claim,
		 struct judge_proof *out);

/* What goes into a signature by a host of an algorithm (RFC 5246 7.4.1.4.1,
 * RFC 8446 4.2.3): TLS's two numbers. */
void judge_algorithms(uint16_t algorithm, uint8_t *hash, uint8_t *sig);

#endif
