/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The overlay's authority as everybody but itself knows it: the overlay's
 * name, which is the domain of the names that it gives, and the public key
 * under which it signs certificates and the revocation list.
 */
#ifndef HIPLINE_AUTHORITY_H
#define HIPLINE_AUTHORITY_H

#include "daemon/base/name.h"
#include "daemon/pki/spki.h"

enum {
	KEY_HASH_LEN = 32,
	KEY_ID_LEN = 20, /* RFC 7093 2, method 1 */
};

struct authority {
	char overlay[NAME_DOMAIN_MAX + 1];
	uint16_t algorithm;
	size_t hi_len;
	uint8_t hi[HI_MAX];		/* its key, as a Host Identity field */
	uint8_t key_hash[KEY_HASH_LEN]; /* SHA-256 of it */
	struct hi_public *key;
};

/*
 * For an overlay's canonical name and a Host Identity field, both copied.
 * 0; -EINVAL when the key is none, or the name is no domain of ASCII
 * letters, digits, hyphens and underscores; -ENOMEM.
 */
__attribute__((warn_unused_result)) int
authority_init(struct authority *a, const char *overlay, uint16_t algorithm,
	       const uint8_t *hi, size_t len);
void authority_clear(struct authority *a);

/* RFC 6940 6.3.2: the low 32 bits of SHA-1 over the overlay's name. */
uint32_t authority_overlay_hash(const char *overlay, size_t len);

/*
 * Whether an overlay may bear that canonical name. Not one whose hash, with
 * which the messages begin that members have signed, could begin a HIP
 * packet: a base exchange would take the one for the other.
 */
bool authority_overlay_is_fit(const char *overlay);

/* What certificate and list have alike: */

/* the authority as issuer (a Name, RFC 5280 4.1.2.4), domainComponents; */
void authority_name_write(struct wr *w, const struct authority *a);

/* the extension AuthorityKeyIdentifier (4.2.1.1); */
void authority_key_id_write(struct wr *w, const struct authority *a);

/* tbs, algorithm and signature as one SEQUENCE; */
void authority_signed_write(struct wr *w, const struct authority *a,
			    struct span tbs, const uint8_t *sig,
			    size_t sig_len);

/*
 * and its reverse: the SEQUENCE at r, all of it, to what it signs. False
 * when the form is another, or the signature not this authority's.
 */
bool authority_signed_read(struct rd r, const struct authority *a,
			   struct span *tbs);

#endif
