/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
#include "daemon/hip/outputs.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

static struct outputs o;
static const struct hit hit = { { 1 } };

static void make(void)
{
	cr_assert_eq(outputs_init(&o), 0);
	outputs_begin(&o);
}

static void clear(void)
{
	outputs_clear(&o);
}

TestSuite(outputs, .init = make, .fini = clear);

Test(outputs, they_come_in_order)
{
	struct hip_output out;

	for (uint32_t n = 1; n <= 3; n++)
		outputs_add(&o, HIP_OUT_SA_DELETE, &hit)->spi = n;
	for (uint32_t n = 1; n <= 3; n++) {
		cr_assert(outputs_take(&o, &out));
		cr_expect_eq(out.spi, n);
		cr_expect(hit_equal(&out.hit, &hit));
	}
	cr_expect_not(outputs_take(&o, &out));
}

Test(outputs, each_has_bytes_of_its_own_until_the_next_call)
{
	uint8_t bytes[HIP_PACKET_MAX];
	struct hip_output out;

	for (uint8_t n = 1; n <= 3; n++) {
		memset(bytes, n, sizeof(bytes));
		cr_assert(outputs_add_bytes(&o, HIP_OUT_SEND, &hit, bytes,
					    sizeof(bytes)));
	}
	for (uint8_t n = 1; n <= 3; n++) {
		cr_assert(outputs_take(&o, &out));
		cr_assert_eq(out.len, sizeof(bytes));
		cr_expect_eq(out.bytes[0], n);
		cr_expect_eq(out.bytes[sizeof(bytes) - 1], n);
	}
}

Test(outputs, longer_bytes_than_a_packet_find_room)
{
	static uint8_t bytes[3 * HIP_PACKET_MAX] = { 1 };
	struct hip_output out;

	cr_assert(outputs_add_bytes(&o, HIP_OUT_INJECT, &hit, bytes,
				    sizeof(bytes)));
	cr_assert(outputs_take(&o, &out));
	cr_expect_arr_eq(out.bytes, bytes, sizeof(bytes));
}

Test(outputs, memory_can_be_handed_over)
{
	uint8_t *owned = malloc(10);
	struct hip_output out;

	owned[4] = 7;
	outputs_add(&o, HIP_OUT_INJECT, &hit);
	outputs_own(&o, owned, owned + 4, 6);
	cr_assert(outputs_take(&o, &out));
	cr_expect_eq(out.bytes[0], 7);
	cr_expect_eq(out.len, 6);
}

Test(outputs, keys_do_not_stay)
{
	struct hip_output out;
	const uint8_t *inside;

	memset(outputs_add(&o, HIP_OUT_SA_IN, &hit)->key, 0xaa, ESP_KEY_MAX);
	inside = o.slots[0].out.key;
	cr_assert(outputs_take(&o, &out));
	cr_expect_eq(out.key[0], 0xaa);
	for (size_t i = 0; i < ESP_KEY_MAX; i++)
		cr_expect_eq(inside[i], 0);
}

Test(outputs, the_room_is_what_is_left)
{
	struct hip_output out;

	cr_expect_eq(outputs_room(&o), OUTPUTS_MAX);
	for (size_t n = 0; n < OUTPUTS_MAX; n++)
		outputs_add(&o, HIP_OUT_PEER, &hit);
	cr_expect_eq(outputs_room(&o), 0);
	while (outputs_take(&o, &out))
		;
	outputs_begin(&o);
	cr_expect_eq(outputs_room(&o), OUTPUTS_MAX);
}

Test(outputs, to_begin_before_all_are_taken_is_a_bug, .signal = SIGABRT)
{
	outputs_add(&o, HIP_OUT_PEER, &hit);
	outputs_begin(&o);
}
