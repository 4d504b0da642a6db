/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Certificates, revocation lists and what goes with them. The keys are
 * Ed25519's where the bytes shall be the same each time.
 */
#include "tests/fuzz/seeds.h"

#include "daemon/pki/token.h"
#include "resolver/kinds.h"
#include "resolver/registration.h"
#include "tests/unit/enrolled.h"
#include "tests/unit/keys.h"

#include <stdio.h>
#include <string.h>

static struct enrolled_authority authority;
static uint8_t bytes[1 + REVOCATION_MAX];

/* As they are, and what is signed of them (fuzz_certificate.c). */
static void save_signed(const char *name, size_t len)
{
	char tbs_name[64];
	struct span tbs;

	bytes[0] = 0;
	seeds_save("certificate", name, bytes, 1 + len);
	if (!authority_signed_read(rd_init(bytes + 1, len), &authority.public,
				   &tbs))
		return;
	(void)snprintf(tbs_name, sizeof(tbs_name), "%s-signed", name);
	memmove(bytes + 1, tbs.bytes, tbs.len);
	bytes[0] = 1;
	seeds_save("certificate", tbs_name, bytes, 1 + tbs.len);
}

static void save_certificates(void)
{
	static const char *const keys[] = { KEY_P256, KEY_P384, KEY_RSA_2048,
					    KEY_RFC8032 };
	static struct revocation list = {
		.number = 300,
		.this_update_s = ENROLLED_NOW_S,
		.next_update_s = ENROLLED_NOW_S + REVOCATION_PERIOD_S,
	};
	static const uint8_t serials[2][16] = { { 0x40, 1 }, { 0x41, 2 } };
	char name[32];

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		struct identity *holder = enrolled_key(keys[i]);

		(void)snprintf(name, sizeof(name), "certificate-%zu", i);
		save_signed(name, enrolled_issue(&authority, "bob@example.com",
						 holder, 1, ENROLLED_NOW_S,
						 bytes + 1));
		identity_free(holder);
	}
	save_signed("list-empty",
		    enrolled_revoke(&authority, &list, bytes + 1));
	for (size_t i = 0; i < 2; i++) {
		if (revocation_add(&list, serials[i], ENROLLED_NOW_S) != 0)
			return;
	}
	save_signed("list", enrolled_revoke(&authority, &list, bytes + 1));
	list.depth = 3;
	save_signed("list-part", enrolled_revoke(&authority, &list, bytes + 1));
	list.n = 0;
	list.is_head = true;
	for (size_t i = 0; i < 8; i++)
		list.numbers[i] = list.number - i;
	save_signed("list-head", enrolled_revoke(&authority, &list, bytes + 1));
}

static void save_registrations(void)
{
	static const char prefs[] = "(sip.schemes=SIP)";
	const struct hit node = { { 0x20, 0x01, 0x00, 0x22, [15] = 1 } };
	const struct locator at[] = {
		{ { [10] = 0xff, 0xff, 192, 0, 2, 1 }, 10500 },
		{ { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 }, 10500 },
	};
	struct wr w = wr_init(bytes, sizeof(bytes));

	registration_write(&w, &node, (struct span){ NULL, 0 });
	seeds_save("registration", "route", bytes, wr_len(&w));
	w = wr_init(bytes, sizeof(bytes));
	registration_write(
		&w, &node,
		(struct span){ (const uint8_t *)prefs, sizeof(prefs) - 1 });
	seeds_save("registration", "preferences", bytes, wr_len(&w));
	w = wr_init(bytes, sizeof(bytes));
	kinds_locators_write(&w, at, sizeof(at) / sizeof(at[0]));
	seeds_save("registration", "locators", bytes, wr_len(&w));
}

/* Without their end, SignerIdentity, which fuzz_signer.c adds. */
static void save_preimages(void)
{
	const struct forwarding f = { .overlay = 0x9a1c1e36 };
	const struct resource_id at = { { 1 } };
	const struct hit node = { { 0x20, 0x01, 0x00, 0x22, [15] = 1 } };
	const uint8_t data[] = { 2, 0, 4, 0, 0, 0, 0 };
	struct stored v = { .exists = true,
			    .key = { node.bytes, ID_LEN },
			    .data = { data, sizeof(data) } };
	uint8_t part[128];
	struct wr p = wr_init(part, sizeof(part));
	struct wr w = wr_init(bytes, sizeof(bytes));

	contents_write(&p, RELOAD_PING_REQ, (const uint8_t *)"\0\0", 2);
	message_signed_write(&w, &f, (struct span){ part, wr_len(&p) },
			     (struct span){ NULL, 0 });
	seeds_save("signer", "message", bytes, wr_len(&w));
	p = wr_init(part, sizeof(part));
	w = wr_init(bytes, sizeof(bytes));
	stored_value_write(&p, DATA_DICTIONARY, &v);
	v.value = (struct span){ part, wr_len(&p) };
	stored_signed_write(&w, &at, REGISTRATION_KIND, DATA_DICTIONARY, &v);
	seeds_save("signer", "value", bytes, wr_len(&w));
}

static void save_tokens(void)
{
	static const uint8_t key[TOKEN_MAC_KEY_LEN] = { 1 };
	struct token t = {
		.overlay = "example.com",
		.authority = { { 0x20, 0x01, 0x00, 0x22, [15] = 1 } },
		.bootstraps = { { .hit = { { 0x20, 0x01, 0x00, 0x22, 5 } },
				  .locator = { .addr = { 0x20, 1, 0xd, 0xb8 },
					       .port = 10500 } } },
		.n_bootstraps = 1,
		.name = "bob@example.com",
		.expires_s = ENROLLED_NOW_S,
		.secret = { 7 },
	};
	struct wr w = wr_init(bytes, sizeof(bytes));
	char text[TOKEN_TEXT_MAX];

	token_seal(&t, key);
	token_write(&w, &t);
	seeds_save("token", "bytes", bytes, wr_len(&w));
	token_text(&t, text);
	seeds_save("token", "text", text, strlen(text));
}

void seeds_enrolled(void)
{
	save_tokens();
	save_preimages();
	save_registrations();
	enrolled_authority_make(&authority, "example.com", KEY_RFC8032);
	save_certificates();
	enrolled_authority_free(&authority);
}
