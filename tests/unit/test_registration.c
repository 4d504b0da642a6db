/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/* SIP registrations: RFC 7904 3.2. */
#include "resolver/registration.h"
#include "tests/unit/hex.h"

#include <criterion/criterion.h>
#include <string.h>

/* Type 2, no preferences, a list of one node. */
static const char route[] = "02 0016 0000 0012 01 10 "
			    "20010022000000000000000000000001";

static uint8_t bytes[4096];
static const struct hit node = { { 0x20, 0x01, 0x00, 0x22, [15] = 1 } };

static bool parse(const char *digits, struct hit *hit, struct span *prefs)
{
	size_t len = hex(digits, bytes, sizeof(bytes));

	return registration_parse((struct span){ bytes, len }, hit, prefs);
}

Test(registration, a_route_is_written_as_the_rfc_has_it)
{
	struct wr w = wr_init(bytes, sizeof(bytes));
	uint8_t want[64];
	size_t len = hex(route, want, sizeof(want));

	registration_write(&w, &node, (struct span){ NULL, 0 });
	cr_assert_not(wr_failed(&w));
	cr_assert_eq(wr_len(&w), len);
	cr_expect_arr_eq(bytes, want, len);
}

Test(registration, a_route_is_read_with_its_preferences)
{
	static const char text[] = "(sip.schemes=SIP)";
	struct wr w = wr_init(bytes, sizeof(bytes));
	struct span prefs;
	struct hit hit;

	registration_write(&w, &node,
			   (struct span){ (const uint8_t *)text, 17 });
	cr_assert(registration_parse((struct span){ bytes, wr_len(&w) }, &hit,
				     &prefs));
	cr_expect(hit_equal(&hit, &node));
	cr_expect_eq(prefs.len, 17);
	cr_expect_arr_eq(prefs.bytes, text, 17);
}

Test(registration, each_truncation_and_a_byte_too_many_are_refused)
{
	size_t len = hex(route, bytes, sizeof(bytes));
	struct span prefs;
	struct hit hit;

	for (size_t cut = 0; cut < len; cut++)
		cr_expect_not(registration_parse((struct span){ bytes, cut },
						 &hit, &prefs));
	cr_expect_not(registration_parse((struct span){ bytes, len + 1 }, &hit,
					 &prefs));
}

Test(registration, other_contents_are_refused)
{
	static const char *const rows[] = {
		/* type 1, an URI */
		"01 0005 0003 614062",
		/* two nodes */
		("02 0028 0000 0024 01 10 20010022000000000000000000000001"
		 " 01 10 20010022000000000000000000000001"),
		/* a resource */
		"02 0016 0000 0012 02 11 10 200100220000000000000000000000",
		/* no HIT */
		"02 0016 0000 0012 01 10 20010db8000000000000000000000001",
		/* no node */
		"02 0004 0000 0000",
		/* an unknown type */
		"03 0016 0000 0012 01 10 20010022000000000000000000000001",
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct span prefs;
		struct hit hit;

		cr_expect_not(parse(rows[i], &hit, &prefs), "%s", rows[i]);
	}
}

Test(registration, preferences_have_a_limit)
{
	static const uint8_t prefs[REGISTRATION_BYTES_MAX + 1];
	struct wr w = wr_init(bytes, sizeof(bytes));

	registration_write(&w, &node, (struct span){ prefs, sizeof(prefs) });
	cr_assert(wr_failed(&w));
}

Test(registration, a_name_has_two_places)
{
	struct resource_id at[REGISTRATION_KEYS], want;

	registration_resources("bob@example.com", at);
	id_resource("bob@example.com", 15, &want);
	cr_expect_arr_eq(at[0].bytes, want.bytes, ID_LEN);
	id_resource("2:bob@example.com", 17, &want);
	cr_expect_arr_eq(at[1].bytes, want.bytes, ID_LEN);
}
