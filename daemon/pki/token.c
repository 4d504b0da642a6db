/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Writing and parsing of invitations.
 */
#include "daemon/pki/token.h"

#include <assert.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

enum { TOKEN_VERSION = 1, TOKEN_VERSION_HOSTS = 2 };

static const char prefix[] = "hipline1:";

enum { PREFIX_LEN = sizeof(prefix) - 1 };

static_assert(crypto_auth_BYTES == TOKEN_MAC_LEN &&
		      crypto_auth_KEYBYTES == TOKEN_MAC_KEY_LEN,
	      "libsodium's crypto_auth is HMAC-SHA-512-256");

static bool has_hosts(const struct token *t)
{
	for (size_t i = 0; i < t->n_bootstraps; i++)
		if (t->bootstraps[i].host[0] != '\0')
			return true;
	return false;
}

static void write_bootstrap(struct wr *w, const struct token_bootstrap *b,
			    uint8_t version)
{
	size_t len = strlen(b->host);

	wr_bytes(w, b->hit.bytes, sizeof(b->hit.bytes));
	wr_bytes(w, b->locator.addr, sizeof(b->locator.addr));
	wr_u16(w, b->locator.port);
	if (version == TOKEN_VERSION_HOSTS) {
		wr_u8(w, (uint8_t)len);
		wr_bytes(w, b->host, len);
	}
}

static void write_unsealed(struct wr *w, const struct token *t)
{
	uint8_t version = has_hosts(t) ? TOKEN_VERSION_HOSTS : TOKEN_VERSION;
	size_t overlay = strlen(t->overlay), name = strlen(t->name);

	assert(t->n_bootstraps <= TOKEN_BOOTSTRAPS_MAX);
	wr_u8(w, version);
	wr_u8(w, (uint8_t)overlay);
	wr_bytes(w, t->overlay, overlay);
	wr_bytes(w, t->authority.bytes, sizeof(t->authority.bytes));
	wr_bytes(w, t->key_hash, sizeof(t->key_hash));
	wr_u8(w, (uint8_t)t->n_bootstraps);
	for (size_t i = 0; i < t->n_bootstraps; i++)
		write_bootstrap(w, &t->bootstraps[i], version);
	wr_u16(w, (uint16_t)name);
	wr_bytes(w, t->name, name);
	wr_u64(w, t->expires_s);
	wr_bytes(w, t->secret, sizeof(t->secret));
}

static void mac(const struct token *t, const uint8_t key[TOKEN_MAC_KEY_LEN],
		uint8_t out[TOKEN_MAC_LEN])
{
	uint8_t bytes[TOKEN_BYTES_MAX];
	struct wr w = wr_init(bytes, sizeof(bytes));

	write_unsealed(&w, t);
	assert(!wr_failed(&w)); /* the limits are such that it fits */
	(void)crypto_auth(out, bytes, wr_len(&w), key); /* always 0 */
	sodium_memzero(bytes, sizeof(bytes));
}

bool token_fits(const struct token *t)
{
	uint8_t bytes[TOKEN_BYTES_MAX];
	struct wr w = wr_init(bytes, sizeof(bytes));

	token_write(&w, t);
	sodium_memzero(bytes, sizeof(bytes));
	return !wr_failed(&w);
}

void token_seal(struct token *t, const uint8_t key[TOKEN_MAC_KEY_LEN])
{
	mac(t, key, t->mac);
}

bool token_is_sealed(const struct token *t,
		     const uint8_t key[TOKEN_MAC_KEY_LEN])
{
	uint8_t want[TOKEN_MAC_LEN];

	mac(t, key, want);
	return sodium_memcmp(want, t->mac, sizeof(want)) == 0;
}

void token_write(struct wr *w, const struct token *t)
{
	write_unsealed(w, t);
	wr_bytes(w, t->mac, sizeof(t->mac));
}

static void write_check(const uint8_t *bytes, size_t len,
			uint8_t out[TOKEN_CHECK_LEN])
{
	uint8_t hash[crypto_hash_sha256_BYTES];

	(void)crypto_hash_sha256(hash, bytes, len); /* always 0 */
	memcpy(out, hash, TOKEN_CHECK_LEN);
	sodium_memzero(hash, sizeof(hash));
}

static void place_text(const struct token_bootstrap *b,
		       char out[TOKEN_PLACE_MAX])
{
	char at[LOCATOR_TEXT_MAX];

	locator_text(&b->locator, at);
	if (b->host[0] == '\0')
		(void)snprintf(out, TOKEN_PLACE_MAX, "%s", at); /* fits */
	else
		(void)snprintf(out, TOKEN_PLACE_MAX, "%s:%u", b->host,
			       (unsigned)b->locator.port); /* fits */
}

bool token_authority_place(const struct token *t, char out[TOKEN_PLACE_MAX])
{
	size_t n = 0, len;

	for (size_t i = 0; i < t->n_bootstraps; i++)
		if (hit_equal(&t->bootstraps[i].hit, &t->authority) && n++ == 0)
			place_text(&t->bootstraps[i], out);
	if (n > 1) {
		len = strlen(out);
		(void)snprintf(out + len, TOKEN_PLACE_MAX - len,
			       " (or %zu more)", n - 1); /* fits */
	}
	return n > 0;
}

void token_text(const struct token *t, char out[TOKEN_TEXT_MAX])
{
	uint8_t bytes[TOKEN_BYTES_MAX + TOKEN_CHECK_LEN];
	uint8_t check[TOKEN_CHECK_LEN];
	struct wr w = wr_init(bytes, sizeof(bytes));

	token_write(&w, t);
	write_check(bytes, wr_len(&w), check);
	wr_bytes(&w, check, sizeof(check));
	assert(!wr_failed(&w)); /* the limits are such that it fits */
	memcpy(out, prefix, PREFIX_LEN);
	sodium_bin2base64(out + PREFIX_LEN, TOKEN_TEXT_MAX - PREFIX_LEN, bytes,
			  wr_len(&w), sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	sodium_memzero(bytes, sizeof(bytes));
}

/* Text without NUL into out, which has room for max and a NUL. */
static void read_text(struct rd *r, size_t len, char *out, size_t max)
{
	const uint8_t *at = rd_bytes(r, len);

	out[0] = '\0';
	if (!at || len > max || memchr(at, '\0', len)) {
		r->failed = true;
		return;
	}
	memcpy(out, at, len);
	out[len] = '\0';
}

/* A name, and nothing that would be read as an address. */
static bool host_is_fit(const char *host)
{
	char canonical[NAME_DOMAIN_MAX + 1];

	return strspn(host, "0123456789.") < strlen(host) &&
	       name_domain_canonical(host, canonical) == 0 &&
	       strcmp(canonical, host) == 0;
}

static void read_bootstrap(struct rd *r, uint8_t version,
			   struct token_bootstrap *b)
{
	size_t len = 0;
	bool is_fit;

	rd_copy(r, b->hit.bytes, sizeof(b->hit.bytes));
	rd_copy(r, b->locator.addr, sizeof(b->locator.addr));
	b->locator.port = rd_u16(r);
	if (version == TOKEN_VERSION_HOSTS)
		len = rd_u8(r);
	read_text(r, len, b->host, NAME_DOMAIN_MAX);
	is_fit = b->host[0] != '\0'
			 ? sodium_is_zero(b->locator.addr,
					  sizeof(b->locator.addr)) &&
				   host_is_fit(b->host)
			 : locator_scope(&b->locator) != LOCATOR_SCOPE_NONE;
	if (!hit_is_hit(&b->hit) || b->locator.port == 0 || !is_fit)
		r->failed = true;
}

static void read_bootstraps(struct rd *r, uint8_t version, struct token *t)
{
	size_t n = rd_u8(r);

	if (n == 0 || n > TOKEN_BOOTSTRAPS_MAX) {
		r->failed = true;
		return;
	}
	t->n_bootstraps = n;
	for (size_t i = 0; i < n; i++)
		read_bootstrap(r, version, &t->bootstraps[i]);
	/* There is one form for each. */
	if (has_hosts(t) != (version == TOKEN_VERSION_HOSTS))
		r->failed = true;
}

static bool names_fit(const struct token *t)
{
	char canonical[NAME_LEN_MAX + 1];

	return authority_overlay_is_fit(t->overlay) && strchr(t->name, '@') &&
	       name_canonical(t->name, canonical) == 0 &&
	       strcmp(canonical, t->name) == 0 &&
	       strcmp(name_domain(t->name), t->overlay) == 0;
}

bool token_parse(struct rd r, struct token *out)
{
	struct token t = { .n_bootstraps = 0 };
	bool is_long = rd_left(&r) > TOKEN_BYTES_MAX;
	uint8_t version = rd_u8(&r);
	size_t len = rd_u8(&r);

	read_text(&r, len, t.overlay, NAME_DOMAIN_MAX);
	rd_copy(&r, t.authority.bytes, sizeof(t.authority.bytes));
	rd_copy(&r, t.key_hash, sizeof(t.key_hash));
	read_bootstraps(&r, version, &t);
	len = rd_u16(&r);
	read_text(&r, len, t.name, NAME_LEN_MAX);
	t.expires_s = rd_u64(&r);
	rd_copy(&r, t.secret, sizeof(t.secret));
	rd_copy(&r, t.mac, sizeof(t.mac));
	if (!rd_done(&r) || is_long ||
	    (version != TOKEN_VERSION && version != TOKEN_VERSION_HOSTS) ||
	    !hit_is_hit(&t.authority) || !names_fit(&t))
		return false;
	*out = t;
	return true;
}

static bool parse_checked(const uint8_t *bytes, size_t len, struct token *out)
{
	uint8_t check[TOKEN_CHECK_LEN];

	if (len < sizeof(check))
		return false;
	len -= sizeof(check);
	write_check(bytes, len, check);
	return sodium_memcmp(check, bytes + len, sizeof(check)) == 0 &&
	       token_parse(rd_init(bytes, len), out);
}

bool token_from_text(const char *text, struct token *out)
{
	size_t len = strnlen(text, TOKEN_TEXT_MAX), n = 0;
	uint8_t bytes[TOKEN_BYTES_MAX + TOKEN_CHECK_LEN];
	char again[TOKEN_TEXT_MAX];
	struct token t;
	bool ok;

	if (len >= TOKEN_TEXT_MAX || len < PREFIX_LEN ||
	    memcmp(text, prefix, PREFIX_LEN) != 0)
		return false;
	ok = sodium_base642bin(bytes, sizeof(bytes), text + PREFIX_LEN,
			       len - PREFIX_LEN, NULL, &n, NULL,
			       sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0 &&
	     parse_checked(bytes, n, &t);
	if (ok) {
		/* libsodium takes some octets over 7f for letters. */
		token_text(&t, again);
		ok = strcmp(again, text) == 0;
		sodium_memzero(again, sizeof(again));
	}
	if (ok)
		*out = t;
	sodium_memzero(&t, sizeof(t));
	sodium_memzero(bytes, sizeof(bytes));
	return ok;
}

void token_id(const uint8_t secret[TOKEN_SECRET_LEN], uint8_t out[32])
{
	(void)crypto_hash_sha256(out, secret, TOKEN_SECRET_LEN); /* always 0 */
}
