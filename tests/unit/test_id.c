/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/* Places on the ring: RFC 6940 6.3.2, 10.1, 10.2. */
#include "resolver/id.h"

#include <criterion/criterion.h>
#include <string.h>

static const ring_t top = ~(ring_t)0;

Test(id, a_resource_id_is_the_first_16_bytes_of_sha_1)
{
	/* FIPS 180: SHA-1 of "abc". */
	static const uint8_t abc[ID_LEN] = { 0xa9, 0x99, 0x3e, 0x36, 0x47, 0x06,
					     0x81, 0x6a, 0xba, 0x3e, 0x25, 0x71,
					     0x78, 0x50, 0xc2, 0x6c };
	struct resource_id id;

	id_resource("abc", 3, &id);
	cr_expect_arr_eq(id.bytes, abc, ID_LEN);
	cr_expect_eq(id_overlay("abc", 3), 0x9cd0d89d); /* its last 4 */
}

Test(id, a_place_and_its_resource_id_are_the_same_number)
{
	struct resource_id id = { { 0x80, [15] = 3 } }, back;
	ring_t at = id_of_resource(&id);

	cr_expect(at == ((ring_t)1 << 127) + 3);
	id_to_resource(at, &back);
	cr_expect_arr_eq(back.bytes, id.bytes, ID_LEN);
}

Test(id, a_nodes_place_is_the_hash_of_its_hit)
{
	/* SHA-256 of 16 zero bytes begins with 374708fff7719dd5. */
	struct hit zeros = { { 0 } };

	cr_expect_eq((uint64_t)(id_of_node(&zeros) >> 64), 0x374708fff7719dd5);
}

Test(id, hits_that_share_a_prefix_lie_apart)
{
	struct hit a = { { 0x20, 0x01, 0, 0x22, [15] = 1 } };
	struct hit b = { { 0x20, 0x01, 0, 0x22, [15] = 2 } };

	cr_expect_neq((uint32_t)(id_of_node(&a) >> 96),
		      (uint32_t)(id_of_node(&b) >> 96));
}

Test(id, an_interval_excludes_its_start_and_includes_its_end)
{
	cr_expect_not(id_is_between(10, 10, 20));
	cr_expect(id_is_between(10, 11, 20));
	cr_expect(id_is_between(10, 20, 20));
	cr_expect_not(id_is_between(10, 21, 20));
}

Test(id, an_interval_goes_through_zero)
{
	cr_expect(id_is_between(top - 1, top, 5));
	cr_expect(id_is_between(top - 1, 0, 5));
	cr_expect(id_is_between(top - 1, 5, 5));
	cr_expect_not(id_is_between(top - 1, 6, 5));
	cr_expect_not(id_is_between(top - 1, top - 1, 5));
}

Test(id, one_peer_alone_owns_all)
{
	cr_expect(id_is_between(7, 7, 7));
	cr_expect(id_is_between(7, 8, 7));
	cr_expect(id_is_between(7, 6, 7));
}

Test(id, a_distance_is_clockwise)
{
	cr_expect(id_distance(10, 12) == 2);
	cr_expect(id_distance(12, 10) == top - 1);
}
