/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
#include "tun/burst.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static struct burst b;
static const struct path here, there = { .remote.family = AF_INET6 };

static void setup(void)
{
	b.buf = malloc(BURST_ROOM);
	cr_assert_not_null(b.buf);
	burst_reset(&b);
}

static void teardown(void)
{
	free(b.buf);
}

TestSuite(burst, .init = setup, .fini = teardown);

static void put(uint32_t len, uint8_t traffic_class, const struct path *path)
{
	struct pkt p = burst_place(&b);

	cr_assert_geq(p.cap - p.off, 65535 + PKT_TAIL_ROOM);
	p.len = len;
	p.traffic_class = traffic_class;
	burst_add(&b, &p, path);
}

Test(burst, equal_packets_of_a_path_are_one_run)
{
	put(100, 0, &here);
	put(100, 0, &here);
	put(60, 0, &here); /* a shorter one ends it */
	put(60, 0, &here);
	cr_assert_eq(b.run_count, 2);
	cr_assert_eq(b.runs[0].count, 3);
	cr_assert_eq(b.runs[0].len, 260);
	cr_assert_eq(b.runs[0].stride, 100);
	cr_assert_eq(b.runs[1].count, 1);
	cr_assert_eq(b.runs[1].bytes, b.buf + 260);
}

Test(burst, a_longer_packet_another_path_or_class_begins_a_run)
{
	put(100, 0, &here);
	put(101, 0, &here);
	cr_assert_eq(b.run_count, 2);
	put(101, 0, &there);
	cr_assert_eq(b.run_count, 3);
	put(101, 1, &there);
	cr_assert_eq(b.run_count, 4);
	cr_assert_eq(b.runs[3].traffic_class, 1);
}

Test(burst, a_run_has_so_many_packets_and_no_more)
{
	for (int i = 0; i < BURST_RUN_PACKETS; i++)
		put(10, 0, &here);
	cr_assert_eq(b.run_count, 1);
	put(10, 0, &here);
	cr_assert_eq(b.run_count, 2);
}

Test(burst, a_run_fits_into_a_datagram)
{
	for (int i = 0; i < 50; i++) /* 50 * 1,300 = 65,000 */
		put(1300, 0, &here);
	cr_assert_eq(b.run_count, 1);
	cr_assert_not(burst_is_full(&b));
	put(1, 0, &here);
	cr_assert_eq(b.run_count, 2);
}

Test(burst, it_is_full_of_bytes_or_of_runs)
{
	put(BURST_BYTES - 1, 0, &here);
	cr_assert_not(burst_is_full(&b));
	put(1, 0, &there);
	cr_assert(burst_is_full(&b));
	burst_reset(&b);
	for (int i = 0; i < BURST_RUNS; i++) {
		cr_assert_not(burst_is_full(&b));
		put(10, 0, i % 2 ? &here : &there);
	}
	cr_assert(burst_is_full(&b));
}

Test(burst, nothing_is_put_behind_a_whole_run)
{
	put(200, 0, &there); /* a call's */
	for (int i = 0; i < 46; i++) {
		cr_assert(burst_has_room(&b, 1, 0), "at %d", i);
		put(1396, 0, &here);
	}
	cr_assert_eq(b.run_count, 2);
	cr_assert_not(burst_has_room(&b, 1, 0));
	/* Of many small ones it would be too little. */
	burst_reset(&b);
	for (int i = 0; i < 3 * BURST_RUN_PACKETS; i++) {
		cr_assert(burst_has_room(&b, 1, 0), "at %d", i);
		put(200, 0, &here);
	}
}
