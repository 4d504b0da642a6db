/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
#include "daemon/hip/quota.h"

#include "daemon/hip/limits.h"

#include <criterion/criterion.h>
#include <string.h>

enum { IN = 48, OUT = 700, NOW_MS = 1000 };

static struct quota q;

static void make(void)
{
	static const uint8_t seed[QUOTA_SEED_LEN] = "sixteen bytes..";

	cr_assert_eq(quota_init(&q, seed), 0);
}

static void clear(void)
{
	quota_clear(&q);
}

TestSuite(quota, .init = make, .fini = clear);

static struct locator at(const char *text)
{
	struct locator l;

	cr_assert_eq(locator_from_text(text, 1, &l), 0);
	return l;
}

static size_t allowed(const char *text, size_t n, uint64_t now_ms)
{
	struct locator l = at(text);
	size_t yes = 0;

	for (size_t i = 0; i < n; i++)
		yes += quota_allow(&q, &l, 0, OUT, now_ms);
	return yes;
}

Test(quota, a_source_gets_as_many_as_the_limit_says)
{
	cr_expect_eq(allowed("192.0.2.1", 100, NOW_MS), R1_PER_SOURCE_MAX);
}

Test(quota, in_any_stretch_of_ten_seconds)
{
	struct locator l = at("192.0.2.1");
	uint64_t when[1000];
	size_t n = 0;

	for (uint64_t now = NOW_MS; now < NOW_MS + 60000; now += 137) {
		if (quota_allow(&q, &l, 0, OUT, now))
			when[n++] = now;
	}
	cr_assert_gt(n, 5 * R1_PER_SOURCE_MAX);
	for (size_t i = R1_PER_SOURCE_MAX; i < n; i++)
		cr_expect_geq(when[i] - when[i - R1_PER_SOURCE_MAX],
			      R1_PER_SOURCE_MS);
}

Test(quota, a_place_is_free_again_after_ten_seconds_and_no_sooner)
{
	cr_expect_eq(allowed("192.0.2.1", 20, NOW_MS), R1_PER_SOURCE_MAX);
	cr_expect_eq(allowed("192.0.2.1", 20, NOW_MS + R1_PER_SOURCE_MS - 1),
		     0);
	cr_expect_eq(allowed("192.0.2.1", 20, NOW_MS + R1_PER_SOURCE_MS),
		     R1_PER_SOURCE_MAX);
}

Test(quota, ports_do_not_make_a_source)
{
	cr_expect_eq(allowed("192.0.2.1:1000", 8, NOW_MS), 8);
	cr_expect_eq(allowed("192.0.2.1:2000", 8, NOW_MS), 0);
	cr_expect_eq(allowed("192.0.2.2:1000", 8, NOW_MS), 8);
}

Test(quota, of_ipv6_the_64_counts)
{
	cr_expect_eq(allowed("2001:db8:0:1::1", 8, NOW_MS), 8);
	cr_expect_eq(allowed("2001:db8:0:1:ffff::2", 8, NOW_MS), 0);
	cr_expect_eq(allowed("2001:db8:0:2::1", 8, NOW_MS), 8);
}

Test(quota, beyond_it_three_bytes_go_out_for_one_that_came)
{
	struct locator l = at("192.0.2.1");
	size_t in = 0, out = 0;

	cr_assert_eq(allowed("192.0.2.1", 8, NOW_MS), 8);
	for (int n = 0; n < 1000; n++) {
		in += IN;
		if (quota_allow(&q, &l, IN, OUT, NOW_MS))
			out += OUT;
		cr_assert_leq(out, R1_BYTES_PER_BYTE * in);
	}
	cr_expect_gt(out + 2 * OUT, R1_BYTES_PER_BYTE * in);
}

Test(quota, nothing_is_saved_up_for_long)
{
	struct locator l = at("192.0.2.1");
	size_t yes = 0;

	cr_assert_eq(allowed("192.0.2.1", 8, NOW_MS), 8);
	for (int n = 0; n < 1000; n++)
		cr_expect_not(quota_allow(&q, &l, IN, 60000, NOW_MS));
	for (int n = 0; n < 100; n++)
		yes += quota_allow(&q, &l, 0, OUT, NOW_MS);
	cr_expect_leq(yes, HIP_PACKET_MAX / OUT);
}

/* A flood of sources may make it forget, but shuts nobody out. */
Test(quota, newcomers_are_served_whatever_the_flood)
{
	struct locator l = at("10.0.0.0");

	for (uint32_t n = 0; n < 4 * R1_SOURCES_MAX; n++) {
		l.addr[13] = (uint8_t)(n >> 16);
		l.addr[14] = (uint8_t)(n >> 8);
		l.addr[15] = (uint8_t)n;
		cr_assert(quota_allow(&q, &l, IN, OUT, NOW_MS + n / 50));
	}
	cr_expect_eq(allowed("192.0.2.1", 100, NOW_MS + 2000),
		     R1_PER_SOURCE_MAX);
}

Test(quota, it_survives_the_turn_of_its_clock)
{
	uint64_t turn = (uint64_t)UINT32_MAX + 1;

	cr_expect_eq(allowed("192.0.2.1", 20, turn - 5000), R1_PER_SOURCE_MAX);
	cr_expect_eq(allowed("192.0.2.1", 20, turn + 4999), 0);
	cr_expect_eq(allowed("192.0.2.1", 20, turn + 5000), R1_PER_SOURCE_MAX);
	cr_expect_eq(allowed("192.0.2.3", 20, turn), R1_PER_SOURCE_MAX);
}
