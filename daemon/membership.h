/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * What this host is of an overlay, kept in the state directory: the overlay,
 * its authority, our name and certificate, and whom to begin with. One
 * overlay, or none. Written by create, join and renewals; leave forgets it.
 */
#ifndef HIPLINE_MEMBERSHIP_H
#define HIPLINE_MEMBERSHIP_H

#include "daemon/pki/certificate.h"
#include "daemon/pki/token.h"

enum { MEMBERSHIP_BOOTSTRAPS_MAX = TOKEN_BOOTSTRAPS_MAX };

struct membership {
	char overlay[NAME_DOMAIN_MAX + 1]; /* canonical; "": of none */
	bool founder;			   /* the authority is on this host */
	struct hit authority_host;	   /* whom to ask for certificates */
	uint16_t authority_algorithm;	   /* and the key that signs them: */
	size_t authority_hi_len;
	uint8_t authority_hi[HI_MAX];
	char name[NAME_LEN_MAX + 1]; /* as granted; canonical */
	size_t certificate_len;
	uint8_t certificate[CERTIFICATE_MAX];
	/* Of the certificate, when it was taken. */
	uint64_t not_before_s, not_after_s;
	size_t n_bootstraps;
	struct token_bootstrap bootstraps[MEMBERSHIP_BOOTSTRAPS_MAX];
};

/* Whether there is an overlay. */
static inline bool membership_is_set(const struct membership *m)
{
	return m->overlay[0] != '\0';
}

/*
 * Takes a certificate that the authority of *m has issued to `hit`; its name
 * becomes ours. 0; -EINVAL when it does not hold now, or is another host's,
 * with *m untouched; -ENOMEM.
 */
__attribute__((warn_unused_result)) int
membership_take_certificate(struct membership *m, const struct hit *hit,
			    const uint8_t *bytes, size_t len, uint64_t now_s);

/*
 * Reads the file; without one there is no overlay. A broken file is set
 * aside, *broken set, as if there were none. 0 or a negative errno.
 */
__attribute__((warn_unused_result)) int membership_load(struct membership *m,
							int dir,
							const struct hit *hit,
							bool *broken);

/* Writes the file whole; 0, when it is on the disk, or a negative errno. */
__attribute__((warn_unused_result)) int
membership_save(const struct membership *m, int dir);

/* Forgets it, on the disk first. 0 or a negative errno. */
__attribute__((warn_unused_result)) int membership_forget(struct membership *m,
							  int dir);

/* Of the authority's key: SHA-256 in hexadecimal digits, as join shows it. */
enum { MEMBERSHIP_FINGERPRINT_MAX = 2 * KEY_HASH_LEN + 1 };
void membership_fingerprint(const struct membership *m,
			    char out[MEMBERSHIP_FINGERPRINT_MAX]);

/* Whether it is time to ask for another certificate (from day 20). */
bool membership_is_due(const struct membership *m, uint64_t now_s);

#endif
