/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * What a base exchange agrees on: keys, algorithms, SPIs, and the peer's
 * Host Identity: RFC 7401 6.5, RFC 7402 3.3.1 and 7. It belongs to a running
 * exchange, then to the association.
 */
#ifndef HIPLINE_AGREED_H
#define HIPLINE_AGREED_H

#include "daemon/hip/dh.h"
#include "daemon/hip/message.h"
#include "daemon/hip/sa_pair.h"

struct agreed {
	struct keymat keymat;
	struct hip_keys keys;
	/*
	 * Kept for rekeys with new DH values: RFC 7401 6.5, and RFC 7402
	 * 6.10 where only one side has a new one.
	 */
	uint8_t i[RHASH_MAX], j[RHASH_MAX];
	struct dh *dh;
	uint8_t *peer_public; /* as long as those of the group */
	uint64_t dh_ms;	      /* when these two were new */
	uint16_t hip_cipher, esp_suite;
	uint8_t dh_group;
	bool inside;	       /* HIP packets may go inside ESP: inside.h */
	uint16_t keymat_index; /* where the first ESP keys begin */
	uint32_t keymat_next;  /* the first byte not drawn yet */
	struct sa_pair *sa;    /* in use */
	uint8_t *host_id;      /* the peer's HOST_ID, whole */
	size_t host_id_len;
	uint64_t known_until_ms; /* by a certificate; or 0 */
};

/* What it is made from. */
struct agreed_from {
	const struct hit *initiator, *responder;
	const uint8_t *i, *j;
	const uint8_t *kij;
	size_t kij_len;
	uint16_t hip_cipher, esp_suite;
	const struct dh *dh;
	const uint8_t *peer_public;
};

/*
 * Draws all keys. NULL for want of memory, or for algorithms that we do not
 * know.
 */
struct agreed *agreed_new(struct host *h, const struct agreed_from *from);

/* Keeps a copy of the peer's HOST_ID. 0 or -ENOMEM. */
__attribute__((warn_unused_result)) int
agreed_set_host_id(struct agreed *a, const struct whole_param *host_id);

/* Asks for its first SAs, which were not open yet. 0 or -EIO. */
__attribute__((warn_unused_result)) int
agreed_open_in(struct host *h, struct agreed *a, const struct hit *peer);
__attribute__((warn_unused_result)) int
agreed_open_out(struct host *h, struct agreed *a, const struct hit *peer,
		const struct locator *local, const struct locator *remote);

/* Asks for the end of those that are open. */
void agreed_close(struct host *h, struct agreed *a, const struct hit *peer);

/* Wipes it; its SAs must be closed. Does nothing for NULL. */
void agreed_free(struct host *h, struct agreed *a);

/* The peer's HOST_ID, taken apart; borrowed. Drop reasons of its parser. */
enum drop agreed_host_id(const struct agreed *a, struct host_id *out);

/* The peer's key, ready to verify with; free it. Drop reasons of identity.h. */
enum drop agreed_public(const struct agreed *a, struct hi_public **out);

#endif
