/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
#include "tun/intake.h"

#include "tests/unit/inner.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static struct intake in;

static void setup(void)
{
	cr_assert(intake_init(&in, 4 * 65536));
}

static void teardown(void)
{
	intake_clear(&in);
}

TestSuite(intake, .init = setup, .fini = teardown);

/* A packet of `len` bytes with a flow of its own for each port. */
static void put(uint16_t port, uint32_t len)
{
	static const struct vnet none;
	struct inner_conf c = { .protocol = INNER_UDP,
				.port = port,
				.data_len = len - 48 };

	intake_add(&in, &none, inner_make(intake_place(&in), &c));
}

static void order_is(const uint8_t *order, int n)
{
	intake_sort(&in);
	cr_assert_eq(in.count, n);
	for (int i = 0; i < n; i++)
		cr_assert_eq(in.order[i], order[i], "at %d: %d", i,
			     in.order[i]);
}

Test(intake, small_packets_go_first)
{
	static const uint8_t order[] = { 1, 3, 0, 2 };

	put(1, 1400);
	put(2, 200);
	put(1, 1400);
	put(2, 200);
	order_is(order, 4);
	cr_assert_eq(in.small_count, 2);
}

Test(intake, a_small_packet_does_not_overtake_its_own_flow)
{
	static const uint8_t order[] = { 0, 1, 2 };

	put(1, 200);
	put(1, 1400);
	put(1, 200);
	order_is(order, 3);
	cr_assert_eq(in.small_count, 1);
}

Test(intake, the_limit_of_small)
{
	static const uint8_t order[] = { 1, 0 };

	put(1, INTAKE_SMALL_MAX + 1);
	put(2, INTAKE_SMALL_MAX);
	order_is(order, 2);
}

Test(intake, no_flow_is_reordered)
{
	uint32_t state = 3;

	for (int run = 0; run < 500; run++) {
		int n = 1 + (int)(inner_random(&state) % PKT_BATCH);
		int last[256];

		intake_reset(&in);
		memset(last, -1, sizeof(last));
		for (int i = 0; i < n; i++)
			put((uint16_t)(inner_random(&state) % 8),
			    48 + inner_random(&state) % 1352);
		intake_sort(&in);
		for (int i = 0; i < n; i++) {
			const uint8_t *p = in.buf + in.packets[in.order[i]].at;
			uint16_t port = load_be16(p + 40);

			cr_assert_lt(last[port], (int)in.order[i]);
			last[port] = in.order[i];
		}
	}
}

Test(intake, the_data_behind_each_ipv6_header_begins_on_a_cache_line)
{
	for (uint16_t i = 0; i < 5; i++) {
		uintptr_t data = (uintptr_t)intake_place(&in) + IPV6_HEADER_LEN;

		cr_expect_eq(data % INTAKE_ALIGN, 0);
		put(i, 100 + i * 7u);
	}
}

Test(intake, there_is_room_for_a_packet_of_any_size_or_none)
{
	static const struct vnet none;

	for (int i = 0; i < 3; i++) {
		cr_assert(intake_has_room(&in));
		intake_add(&in, &none, 65000);
	}
	cr_assert(intake_has_room(&in));
	intake_add(&in, &none, 65535);
	cr_assert_not(intake_has_room(&in));
	intake_reset(&in);
	for (int i = 0; i < PKT_BATCH; i++) {
		cr_assert(intake_has_room(&in));
		intake_add(&in, &none, 100);
	}
	cr_assert_not(intake_has_room(&in));
}

Test(intake, what_is_too_short_to_have_ports_is_sorted_too)
{
	static const struct vnet none;

	memset(intake_place(&in), 0x60, 1);
	intake_add(&in, &none, 1);
	intake_sort(&in);
	cr_assert_eq(in.order[0], 0);
}

Test(intake, it_takes_no_more_than_its_limit)
{
	intake_limit(&in, 2 * 65536);
	put(1, 1400);
	cr_assert(intake_has_room(&in));
	for (int i = 0; i < 50; i++)
		put(1, 1400);
	cr_assert_not(intake_has_room(&in));
	intake_reset(&in);
	intake_limit(&in, 4 * 65536);
	for (int i = 0; i < 51; i++)
		put(1, 1400);
	cr_assert(intake_has_room(&in));
}
