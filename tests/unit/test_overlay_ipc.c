/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/* What the engine and the resolver say to each other of the overlay. */
#include "daemon/base/overlay_ipc.h"

#include <criterion/criterion.h>
#include <string.h>

static uint8_t body[RESOLVE_BODY_MAX];

static const uint8_t hit_a[RESOLVE_HIT_LEN] = { 0x20, 1, 0, 0x21, 7 };
static const uint8_t hit_b[RESOLVE_HIT_LEN] = { 0x20, 1, 0, 0x22, 9 };

/* One with everything in it. */
static struct resolve_overlay make_overlay(void)
{
	static uint8_t hi[70] = { 3, 1 }, certificate[700] = { 0x30 };
	struct resolve_overlay o = { .name = "example.com",
				     .configuration = 70000,
				     .is_founder = true,
				     .authority_algorithm = 7,
				     .authority = hi,
				     .authority_len = sizeof(hi),
				     .certificate = certificate,
				     .certificate_len = sizeof(certificate),
				     .n_bootstraps = 2 };

	memcpy(o.hit, hit_a, sizeof(o.hit));
	memcpy(o.bootstraps[1], hit_b, sizeof(hit_b));
	return o;
}

Test(overlay_ipc, an_overlay_comes_as_it_was_sent)
{
	const struct resolve_overlay o = make_overlay();
	struct resolve_overlay back;
	size_t len = resolve_overlay_write(&o, body, sizeof(body));

	cr_assert(resolve_overlay_parse(body, len, &back));
	cr_assert_str_eq(back.name, "example.com");
	cr_assert_eq(back.configuration, 70000);
	cr_assert_eq(memcmp(back.hit, hit_a, sizeof(hit_a)), 0);
	cr_assert(back.is_founder);
	cr_assert_not(back.first_use);
	cr_assert_eq(back.authority_algorithm, 7);
	cr_assert_eq(back.authority_len, 70);
	cr_assert_eq(memcmp(back.authority, o.authority, 70), 0);
	cr_assert_eq(back.certificate_len, 700);
	cr_assert_eq(memcmp(back.certificate, o.certificate, 700), 0);
	cr_assert_eq(back.n_bootstraps, 2);
	cr_assert_eq(memcmp(back.bootstraps[1], hit_b, sizeof(hit_b)), 0);
	for (size_t i = 0; i < len; i++)
		cr_assert_not(resolve_overlay_parse(body, i, &back));
	cr_assert_not(resolve_overlay_parse(body, len + 1, &back));
}

Test(overlay_ipc, no_overlay_has_an_empty_name)
{
	const struct resolve_overlay o = { .name = "" };
	struct resolve_overlay back;
	size_t len = resolve_overlay_write(&o, body, sizeof(body));

	cr_assert(resolve_overlay_parse(body, len, &back));
	cr_assert_str_eq(back.name, "");
	cr_assert_null(back.certificate);
	cr_assert_eq(back.certificate_len, 0);
}

Test(overlay_ipc, what_is_over_a_limit_is_neither_written_nor_read)
{
	struct resolve_overlay o = make_overlay(), back;
	static uint8_t long_one[RESOLVE_CERTIFICATE_MAX + 1];
	size_t len;

	o.certificate = long_one;
	o.certificate_len = RESOLVE_CERTIFICATE_MAX;
	len = resolve_overlay_write(&o, body, sizeof(body));
	cr_assert(resolve_overlay_parse(body, len, &back));
	o.certificate_len++;
	cr_assert_eq(resolve_overlay_write(&o, body, sizeof(body)), 0);
	o.certificate_len = 10;
	o.n_bootstraps = RESOLVE_BOOTSTRAPS_MAX + 1;
	cr_assert_eq(resolve_overlay_write(&o, body, sizeof(body)), 0);
	o.n_bootstraps = 0;
	len = resolve_overlay_write(&o, body, sizeof(body));
	body[len - 1] = RESOLVE_BOOTSTRAPS_MAX + 1;
	cr_assert_not(resolve_overlay_parse(body, sizeof(body), &back));
}

Test(overlay_ipc, locators_come_as_they_were_sent)
{
	struct resolve_places p = { .n = RESOLVE_HINT_MAX + 1 }, back;
	size_t len;

	memcpy(p.hit, hit_b, sizeof(p.hit));
	p.locators[8].addr[0] = 0xfe;
	p.locators[8].port = 10500;
	len = resolve_places_write(&p, body, sizeof(body));
	cr_assert(resolve_places_parse(body, len, RESOLVE_LOCATORS_MAX, &back));
	cr_assert_eq(back.n, 9);
	cr_assert_eq(memcmp(back.hit, hit_b, sizeof(hit_b)), 0);
	cr_assert(locator_equal(&back.locators[8], &p.locators[8]));
	cr_assert_not(resolve_places_parse(body, len, RESOLVE_HINT_MAX, &back),
		      "one more than a hint may have");
	for (size_t i = 0; i < len; i++)
		cr_assert_not(resolve_places_parse(
			body, i, RESOLVE_LOCATORS_MAX, &back));
	p.n = 0;
	len = resolve_places_write(&p, body, sizeof(body));
	cr_assert(resolve_places_parse(body, len, RESOLVE_HINT_MAX, &back));
	cr_assert_eq(back.n, 0, "a host that nobody knows");
}

Test(overlay_ipc, a_preimage_and_its_signature_come_as_they_were_sent)
{
	static uint8_t bytes[RESOLVE_PREIMAGE_MAX + 1] = { 1, 2, 3 };
	struct resolve_sign sign = { .id = 5, .preimage = bytes, .len = 3 };
	struct resolve_signed sig = { .id = 6,
				      .hash_alg = 4,
				      .sig_alg = 3,
				      .signature = bytes,
				      .len = RESOLVE_SIGNATURE_MAX };
	struct resolve_sign sign_back;
	struct resolve_signed sig_back;
	size_t len = resolve_sign_write(&sign, body, sizeof(body));

	cr_assert(resolve_sign_parse(body, len, &sign_back));
	cr_assert_eq(sign_back.id, 5);
	cr_assert_eq(sign_back.len, 3);
	cr_assert_eq(memcmp(sign_back.preimage, bytes, 3), 0);
	cr_assert_not(resolve_sign_parse(body, len - 1, &sign_back));
	cr_assert_not(resolve_sign_parse(body, len + 1, &sign_back));
	sign.len = 0;
	len = resolve_sign_write(&sign, body, sizeof(body));
	cr_assert_not(resolve_sign_parse(body, len, &sign_back), "nothing");
	sign.len = RESOLVE_PREIMAGE_MAX + 1;
	cr_assert_eq(resolve_sign_write(&sign, body, sizeof(body)), 0);
	len = resolve_signed_write(&sig, body, sizeof(body));
	cr_assert(resolve_signed_parse(body, len, &sig_back));
	cr_assert_eq(sig_back.hash_alg, 4);
	cr_assert_eq(sig_back.sig_alg, 3);
	cr_assert_eq(sig_back.len, RESOLVE_SIGNATURE_MAX);
	sig.len = 0;
	len = resolve_signed_write(&sig, body, sizeof(body));
	cr_assert(resolve_signed_parse(body, len, &sig_back), "refused");
	cr_assert_null(sig_back.signature);
}

Test(overlay_ipc, a_publication_and_what_became_of_it_come_as_sent)
{
	const struct resolve_publish p = { .id = 9, .name = "bob@example.com" };
	const struct resolve_published done = { .id = 9,
						.name = "bob@example.com",
						.state = RESOLVE_NAME_REFUSED,
						.reason = "why not" };
	struct resolve_publish p_back;
	struct resolve_published back;
	size_t len = resolve_publish_write(&p, body, sizeof(body));

	cr_assert(resolve_publish_parse(body, len, &p_back));
	cr_assert_eq(p_back.id, 9);
	cr_assert_str_eq(p_back.name, "bob@example.com");
	cr_assert_not(p_back.exists);
	body[len - 1] = 2;
	cr_assert_not(resolve_publish_parse(body, len, &p_back));
	len = resolve_published_write(&done, body, sizeof(body));
	cr_assert(resolve_published_parse(body, len, &back));
	cr_assert_str_eq(resolve_name_state_text(back.state), "refused");
	cr_assert_str_eq(back.reason, "why not");
	for (size_t i = 0; i < len; i++)
		cr_assert_not(resolve_published_parse(body, i, &back));
	body[8 + 2 + 16] = RESOLVE_NAME_STATES;
	cr_assert_not(resolve_published_parse(body, len, &back));
}

Test(overlay_ipc, the_view_of_the_overlay_comes_as_it_was_sent)
{
	static char long_one[RESOLVE_SHOWN_MAX + 2];
	struct resolve_shown s = { .id = 3, .json = "{}" }, back;
	size_t len = resolve_shown_write(&s, body, sizeof(body));

	cr_assert(resolve_shown_parse(body, len, &back));
	cr_assert_eq(back.id, 3);
	cr_assert_str_eq(back.json, "{}");
	body[len - 1] = 'x';
	cr_assert_not(resolve_shown_parse(body, len, &back), "no end");
	memset(long_one, ' ', sizeof(long_one) - 1);
	s.json = long_one;
	len = resolve_shown_write(&s, body, sizeof(body));
	cr_assert_gt(len, 0);
	cr_assert_not(resolve_shown_parse(body, len, &back), "too long");
}

Test(overlay_ipc, a_hit_and_an_id_have_one_length)
{
	uint8_t hit[RESOLVE_HIT_LEN];
	uint64_t id;
	size_t len = resolve_hit_write(hit_a, body, sizeof(body));

	cr_assert(resolve_hit_parse(body, len, hit));
	cr_assert_eq(memcmp(hit, hit_a, sizeof(hit)), 0);
	cr_assert_not(resolve_hit_parse(body, len - 1, hit));
	cr_assert_not(resolve_hit_parse(body, len + 1, hit));
	len = resolve_id_write(1ull << 40, body, sizeof(body));
	cr_assert(resolve_id_parse(body, len, &id));
	cr_assert_eq(id, 1ull << 40);
	cr_assert_not(resolve_id_parse(body, len - 1, &id));
	cr_assert_not(resolve_id_parse(body, len + 1, &id));
}

Test(overlay_ipc, what_was_seen_comes_as_it_was_sent)
{
	struct resolve_seen s = { .name = "bob@other.example" }, back;
	size_t len;

	memcpy(s.hit, hit_a, sizeof(s.hit));
	memcpy(s.other, hit_b, sizeof(s.other));
	len = resolve_seen_write(&s, body, sizeof(body));
	cr_assert(resolve_seen_parse(body, len, &back));
	cr_assert_str_eq(back.name, "bob@other.example");
	cr_assert_eq(memcmp(back.hit, hit_a, sizeof(hit_a)), 0);
	cr_assert_eq(memcmp(back.other, hit_b, sizeof(hit_b)), 0);
	for (size_t i = 0; i < len; i++)
		cr_assert_not(resolve_seen_parse(body, i, &back));
	cr_assert_not(resolve_seen_parse(body, len + 1, &back));
}
