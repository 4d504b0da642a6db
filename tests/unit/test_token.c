/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/* Invitations: one text for one token, and no text that is nearly one. */
#include "daemon/pki/token.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static const uint8_t key[TOKEN_MAC_KEY_LEN] = { 1, 2, [31] = 3 };
static char text[TOKEN_TEXT_MAX];

static struct token sample(void)
{
	struct token t = {
		.overlay = "example.com",
		.authority = { { 0x20, 0x01, 0x00, 0x22, [15] = 1 } },
		.key_hash = { 9, [31] = 8 },
		.n_bootstraps = 2,
		.name = "bob@example.com",
		.expires_s = 1767312000,
		.secret = { 5, [15] = 6 },
	};

	for (size_t i = 0; i < 2; i++) {
		t.bootstraps[i].hit = t.authority;
		t.bootstraps[i].hit.bytes[15] = (uint8_t)(1 + i);
		cr_assert_eq(
			locator_from_text(i ? "[2001:db8::1]" : "192.0.2.1",
					  10500, &t.bootstraps[i].locator),
			0);
	}
	token_seal(&t, key);
	return t;
}

Test(token, it_comes_back_from_its_text)
{
	struct token t = sample(), u;

	token_text(&t, text);
	cr_expect_eq(strncmp(text, "hipline1:AQ", 11), 0);
	cr_assert(token_from_text(text, &u));
	cr_expect_str_eq(u.overlay, "example.com");
	cr_expect_str_eq(u.name, "bob@example.com");
	cr_expect(hit_equal(&u.authority, &t.authority));
	cr_expect_eq(u.n_bootstraps, 2);
	cr_expect(locator_equal(&u.bootstraps[1].locator,
				&t.bootstraps[1].locator));
	cr_expect_eq(u.expires_s, 1767312000);
	cr_expect_arr_eq(u.secret, t.secret, TOKEN_SECRET_LEN);
	cr_expect_arr_eq(u.key_hash, t.key_hash, KEY_HASH_LEN);
	cr_expect(token_is_sealed(&u, key));
}

Test(token, a_bootstrap_may_have_a_host_name)
{
	struct token t = sample(), u;

	t.bootstraps[1].locator = (struct locator){ .port = 10501 };
	strcpy(t.bootstraps[1].host, "hub.example.org");
	token_seal(&t, key);
	token_text(&t, text);
	cr_expect_eq(strncmp(text, "hipline1:Ag", 11), 0, "version 2");
	cr_assert(token_from_text(text, &u));
	cr_expect(token_is_sealed(&u, key));
	cr_expect_str_eq(u.bootstraps[0].host, "");
	cr_expect(locator_equal(&u.bootstraps[0].locator,
				&t.bootstraps[0].locator));
	cr_expect_str_eq(u.bootstraps[1].host, "hub.example.org");
	cr_expect_eq(u.bootstraps[1].locator.port, 10501);
}

/* Whether it is read again, whatever its MAC. */
static bool is_read(const struct token *t)
{
	struct token u;

	token_text(t, text);
	return token_from_text(text, &u);
}

Test(token, a_host_name_has_one_form)
{
	struct token t = sample();

	strcpy(t.bootstraps[1].host, "hub.example.org");
	cr_expect_not(is_read(&t), "with an address");
	t.bootstraps[1].locator = (struct locator){ .port = 10501 };
	cr_expect(is_read(&t));
	strcpy(t.bootstraps[1].host, "Hub.example.org");
	cr_expect_not(is_read(&t), "not canonical");
	strcpy(t.bootstraps[1].host, "10.0.0.300");
	cr_expect_not(is_read(&t), "an address with a slip");
	t.bootstraps[1].host[0] = '\0';
	cr_expect_not(is_read(&t), "neither");
}

Test(token, many_long_host_names_do_not_fit)
{
	static uint8_t bytes[2 * TOKEN_BYTES_MAX];
	struct wr w = wr_init(bytes, sizeof(bytes));
	struct token t = sample(), u;
	struct token_bootstrap *b = t.bootstraps;

	cr_expect(token_fits(&t));
	b[0].locator = (struct locator){ .port = 1 };
	for (size_t i = 0; i < 4; i++) {
		memset(b[0].host + 62 * i, 'a', 61);
		b[0].host[62 * i + 61] = '.';
	}
	memcpy(b[0].host + 248, "org", 4);
	t.n_bootstraps = TOKEN_BOOTSTRAPS_MAX;
	for (size_t i = 1; i < t.n_bootstraps; i++)
		b[i] = b[0];
	cr_expect_not(token_fits(&t));
	token_write(&w, &t);
	cr_expect_not(token_parse(rd_init(bytes, wr_len(&w)), &u),
		      "nobody has to write it again");
	t.n_bootstraps = 4;
	cr_expect(token_fits(&t));
	w = wr_init(bytes, sizeof(bytes));
	token_write(&w, &t);
	cr_expect(token_parse(rd_init(bytes, wr_len(&w)), &u));
}

Test(token, each_truncation_and_each_addition_are_refused)
{
	struct token t = sample(), u;
	size_t len;

	token_text(&t, text);
	len = strlen(text);
	for (size_t cut = 0; cut < len; cut++) {
		char was = text[cut];

		text[cut] = '\0';
		cr_expect_not(token_from_text(text, &u), "cut to %zu", cut);
		text[cut] = was;
	}
	strcpy(text + len, "A");
	cr_expect_not(token_from_text(text, &u));
	strcpy(text + len, "=");
	cr_expect_not(token_from_text(text, &u));
	strcpy(text + len, "\n");
	cr_expect_not(token_from_text(text, &u));
}

Test(token, octets_outside_the_alphabet_are_refused)
{
	struct token t = sample(), u;
	size_t len;

	token_text(&t, text);
	len = strlen(text);
	for (unsigned int c = 1; c < 256; c++) {
		char was = text[len - 2];

		if (c < 0x80 && strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijkl"
				       "mnopqrstuvwxyz0123456789-_",
				       (int)c))
			continue;
		text[len - 2] = (char)c;
		cr_expect_not(token_from_text(text, &u), "octet %02x", c);
		text[len - 2] = was;
	}
}

Test(token, another_key_did_not_seal_it)
{
	const uint8_t other[TOKEN_MAC_KEY_LEN] = { 1, 2, [31] = 4 };
	struct token t = sample();

	cr_expect(token_is_sealed(&t, key));
	cr_expect_not(token_is_sealed(&t, other));
}

/* Whether a token is taken when a part of it is another. */
static bool takes(const struct token *t)
{
	struct token u;

	token_text(t, text);
	return token_from_text(text, &u);
}

Test(token, names_must_be_canonical_and_of_the_overlay)
{
	static const char *const names[] = {
		"bob@example.org",   "Bob@example.com", "example.com",
		"b%6fb@example.com", "@example.com",	""
	};
	struct token t = sample();

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		strcpy(t.name, names[i]);
		cr_expect_not(takes(&t), "%s", names[i]);
	}
	strcpy(t.name, "carol@example.com");
	cr_expect(takes(&t));
	strcpy(t.overlay, "Example.com");
	strcpy(t.name, "carol@Example.com");
	cr_expect_not(takes(&t));
}

Test(token, hosts_must_be_hosts)
{
	struct token t = sample();

	t.n_bootstraps = 0;
	cr_expect_not(takes(&t));
	t = sample();
	t.authority.bytes[3] = 0x50;
	cr_expect_not(takes(&t));
	t = sample();
	t.bootstraps[1].hit.bytes[0] = 0;
	cr_expect_not(takes(&t));
	t = sample();
	t.bootstraps[0].locator.port = 0;
	cr_expect_not(takes(&t));
	t = sample();
	memset(t.bootstraps[0].locator.addr, 0, 16);
	cr_expect_not(takes(&t));
	t = sample();
	t.bootstraps[0].locator = t.bootstraps[1].locator;
	memcpy(t.bootstraps[0].locator.addr, t.authority.bytes, 16);
	cr_expect_not(takes(&t));
}

Test(token, the_largest_fits)
{
	struct token t = sample(), u;

	for (size_t i = 0; i < TOKEN_BOOTSTRAPS_MAX; i++)
		t.bootstraps[i] = t.bootstraps[0];
	t.n_bootstraps = TOKEN_BOOTSTRAPS_MAX;
	memset(t.name, 'a', NAME_LEN_MAX);
	strcpy(t.name + NAME_LEN_MAX - 12, "@example.com");
	token_seal(&t, key);
	token_text(&t, text);
	cr_assert(token_from_text(text, &u));
	cr_expect(token_is_sealed(&u, key));
	cr_expect_eq(strlen(u.name), NAME_LEN_MAX);
}

Test(token, another_version_is_refused)
{
	struct token t = sample(), u;
	uint8_t bytes[TOKEN_BYTES_MAX];
	struct wr w = wr_init(bytes, sizeof(bytes));

	token_write(&w, &t);
	cr_expect(token_parse(rd_init(bytes, wr_len(&w)), &u));
	bytes[0] = 2;
	cr_expect_not(token_parse(rd_init(bytes, wr_len(&w)), &u));
}

Test(token, one_character_that_is_another_is_noticed)
{
	static const char others[] = "AZaz09-_.= ";
	struct token t = sample(), u;
	size_t len;

	token_text(&t, text);
	len = strlen(text);
	for (size_t i = 0; i < len; i++) {
		const char was = text[i];

		for (size_t k = 0; k < sizeof(others) - 1; k++) {
			text[i] = others[k];
			cr_expect_eq(token_from_text(text, &u), text[i] == was,
				     "%zu: %c", i, text[i]);
		}
		text[i] = was;
	}
}

Test(token, text_of_any_length_is_refused)
{
	static char longer[3 * TOKEN_TEXT_MAX];
	struct token u;

	memset(longer, 'A', sizeof(longer) - 1);
	memcpy(longer, "hipline1:", 9);
	cr_expect_not(token_from_text(longer, &u));
	cr_expect_not(token_from_text("", &u));
	cr_expect_not(token_from_text("hipline1:", &u));
	cr_expect_not(token_from_text("hipline2:AQ", &u));
}
