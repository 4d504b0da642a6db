/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Flows: sums over the SAs that come and go.
 */
#include "daemon/flow.h"

#include <criterion/criterion.h>
#include <errno.h>

static struct flows flows;
static const struct hit a = { { 0x20, 0x01, 0, 0x22, 1 } };
static const struct hit b = { { 0x20, 0x01, 0, 0x22, 2 } };

static void make(void)
{
	const uint8_t seed[TABLE_SEED_LEN] = { 1 };

	flows_init(&flows, seed, 2);
}

static void take_away(void)
{
	flows_clear(&flows);
}

TestSuite(flow, .init = make, .fini = take_away);

Test(flow, it_lives_as_long_as_its_sas)
{
	cr_expect_null(flows_find(&flows, &a));
	cr_assert_eq(flows_sa_add(&flows, &a, true, 1000, 5), 0);
	cr_assert_eq(flows_sa_add(&flows, &a, false, 2000, 5), 0);
	cr_expect_not_null(flows_find(&flows, &a));
	cr_expect_null(flows_find(&flows, &b));
	flows_sa_delete(&flows, &a, true, 1000);
	cr_expect_not_null(flows_find(&flows, &a));
	flows_sa_delete(&flows, &a, true, 2000); /* the other direction's */
	cr_expect_not_null(flows_find(&flows, &a));
	flows_sa_delete(&flows, &a, false, 2000);
	cr_expect_null(flows_find(&flows, &a));
	flows_sa_delete(&flows, &a, false, 2000);
}

Test(flow, there_are_no_more_than_the_limit)
{
	const struct hit c = { { 0x20, 0x01, 0, 0x22, 3 } };

	cr_assert_eq(flows_sa_add(&flows, &a, true, 1, 0), 0);
	cr_assert_eq(flows_sa_add(&flows, &b, true, 2, 0), 0);
	cr_expect_eq(flows_sa_add(&flows, &c, true, 3, 0), -ENOSPC);
}

Test(flow, counters_add_up_over_sas)
{
	struct flow *f;

	cr_assert_eq(flows_sa_add(&flows, &a, true, 1, 100), 0);
	f = flows_find(&flows, &a);
	cr_expect_eq(f->in.last_ms, 100);
	flow_count(&f->in, 1, 10, 1000, 200);
	flow_count(&f->in, 1, 15, 1500, 300);
	cr_assert_eq(flows_sa_add(&flows, &a, true, 2, 400), 0);
	flow_count(&f->in, 2, 3, 300, 500);
	flow_count(&f->in, 1, 16, 1600, 600);
	cr_expect_eq(f->in.packets, 19);
	cr_expect_eq(f->in.bytes, 1900);
	cr_expect_eq(f->in.last_ms, 600);
	flows_sa_delete(&flows, &a, true, 1);
	cr_expect_eq(f->in.packets, 19);
	flow_count(&f->in, 1, 99, 9900, 700);
	cr_expect_eq(f->in.packets, 19);
}

Test(flow, what_stays_the_same_has_not_passed)
{
	struct flow *f;

	cr_assert_eq(flows_sa_add(&flows, &a, false, 1, 100), 0);
	f = flows_find(&flows, &a);
	cr_expect_not(f->out.passed);
	flow_count(&f->out, 1, 1, 60, 200);
	cr_expect(f->out.passed);
	f->out.passed = false;
	flow_count(&f->out, 1, 1, 60, 300);
	cr_expect_not(f->out.passed);
	cr_expect_eq(f->out.last_ms, 200);
}

Test(flow, the_oldest_sa_is_forgotten_when_there_are_too_many)
{
	struct flow *f;

	for (uint32_t spi = 1; spi <= FLOW_SAS_MAX + 1; spi++)
		cr_assert_eq(flows_sa_add(&flows, &a, true, spi, 0), 0);
	f = flows_find(&flows, &a);
	flow_count(&f->in, 1, 5, 500, 1);
	cr_expect_eq(f->in.packets, 0);
	flow_count(&f->in, 2, 5, 500, 1);
	cr_expect_eq(f->in.packets, 5);
}

Test(flow, an_sa_between_others_can_go)
{
	struct flow *f;

	for (uint32_t spi = 1; spi <= 3; spi++)
		cr_assert_eq(flows_sa_add(&flows, &a, true, spi, 0), 0);
	flows_sa_delete(&flows, &a, true, 2);
	f = flows_find(&flows, &a);
	cr_assert_eq(f->in.n_sas, 2);
	cr_expect_eq(f->in.sas[0].spi, 3);
	cr_expect_eq(f->in.sas[1].spi, 1);
	flow_count(&f->in, 2, 5, 500, 1);
	cr_expect_eq(f->in.packets, 0);
	flow_count(&f->in, 1, 5, 500, 1);
	cr_expect_eq(f->in.packets, 5);
}

Test(flow, the_newest_sa_that_was_used_is_named)
{
	struct flow *f;

	cr_assert_eq(flows_sa_add(&flows, &a, true, 1, 0), 0);
	cr_assert_eq(flows_sa_add(&flows, &a, true, 2, 0), 0);
	f = flows_find(&flows, &a);
	flow_count(&f->in, 1, 5, 500, 1);
	cr_expect_eq(f->in.spi, 1);
	flow_count(&f->in, 2, 1, 100, 1);
	cr_expect_eq(f->in.spi, 2);
	flow_count(&f->in, 1, 6, 600, 1);
	cr_expect_eq(f->in.spi, 2);
	flow_tell(&f->in);
	cr_expect_not(f->in.passed);
	cr_expect_eq(f->in.told_packets, 7);
	cr_expect_eq(f->in.told_bytes, 700);
	flow_count(&f->in, 1, 7, 700, 2);
	cr_expect_eq(f->in.spi, 1);
	cr_expect_eq(f->in.packets - f->in.told_packets, 1);
}
