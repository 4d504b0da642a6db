/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Invitations as text: what somebody needs to join an overlay under a name.
 * `hipline1:` and base64url (RFC 4648 5, no padding) of
 *
 *	version 1 | overlay<1..253> | authority HIT 16 | SHA-256 of its key 32 |
 *	n 1 | n * (bootstrap HIT 16, address 16, port 2) | name<1..2^16-1> |
 *	expiry 8, seconds since 1970 | secret 16 | MAC 32 | check 4
 *
 * with lengths of 1 and of 2 bytes. Where a bootstrap is named by a host name
 * it is version 2, and behind each port stands host<0..253>, with a length of
 * 1 byte; the address before a host name is zero. The MAC
 * (HMAC-SHA-512-256) is under a key that only the authority has: who is
 * invited cannot check it, but compares overlay and key with what the inviter
 * says. The check is the first of SHA-256 over all before it: what was damaged
 * on the way is seen at once, not by who waits for an authority that is none.
 * It stands in the text only, the authority does not get it.
 * A bootstrap's locator may be that of a relay that passes I1 on to it.
 * The secret goes to the authority only.
 */
#ifndef HIPLINE_TOKEN_H
#define HIPLINE_TOKEN_H

#include "daemon/base/locator.h"
#include "daemon/pki/authority.h"

enum {
	TOKEN_BOOTSTRAPS_MAX = 8,
	TOKEN_SECRET_LEN = 16,
	TOKEN_MAC_KEY_LEN = 32,
	TOKEN_MAC_LEN = 32,
	TOKEN_BYTES_MAX = 2048,
	TOKEN_CHECK_LEN = 4,
	TOKEN_TEXT_MAX =
		9 + (TOKEN_BYTES_MAX + TOKEN_CHECK_LEN + 2) / 3 * 4 + 1,
};

struct token_bootstrap {
	struct hit hit;
	struct locator locator;		/* of a host name its port only */
	char host[NAME_DOMAIN_MAX + 1]; /* canonical; "": there is none */
};

struct token {
	char overlay[NAME_DOMAIN_MAX + 1];
	struct hit authority;
	uint8_t key_hash[KEY_HASH_LEN];
	struct token_bootstrap bootstraps[TOKEN_BOOTSTRAPS_MAX];
	size_t n_bootstraps;
	char name[NAME_LEN_MAX + 1];
	uint64_t expires_s;
	uint8_t secret[TOKEN_SECRET_LEN];
	uint8_t mac[TOKEN_MAC_LEN];
};

/* Whether it fits its limit: not so with many long host names. */
bool token_fits(const struct token *t);

/* Sets the MAC over all the rest. */
void token_seal(struct token *t, const uint8_t key[TOKEN_MAC_KEY_LEN]);

/* Whether it was sealed under that key, in constant time. */
bool token_is_sealed(const struct token *t,
		     const uint8_t key[TOKEN_MAC_KEY_LEN]);

/* The bytes without the check, as they go to the authority. */
void token_write(struct wr *w, const struct token *t);

/* Text with its NUL. The caller wipes it when it is done. */
void token_text(const struct token *t, char out[TOKEN_TEXT_MAX]);

/* For people, where the token says that the authority is: the first of its
 * places, and how many more there are. False when it says none. */
enum { TOKEN_PLACE_MAX = NAME_DOMAIN_MAX + 48 };
bool token_authority_place(const struct token *t, char out[TOKEN_PLACE_MAX]);

/*
 * Both total and strict: one text for one token. False when it is none: a
 * name that is not canonical or not of the overlay's domain, no bootstrap, a
 * HIT that is none.
 */
bool token_parse(struct rd r, struct token *out);
bool token_from_text(const char *text, struct token *out);

/* An invitation is known to its issuer by this, so that none is kept. */
void token_id(const uint8_t secret[TOKEN_SECRET_LEN], uint8_t out[32]);

#endif
