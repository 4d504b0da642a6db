/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
#include "daemon/hip/checks.h"

#include <criterion/criterion.h>

/* How many of n tries at once are allowed, for a packet with this MAC. */
static size_t allowed(struct checks *c, uint8_t mac, size_t n, uint64_t now_ms)
{
	uint8_t body[32] = { mac };
	struct packet p = { .params = { { .type = PARAM_HIP_MAC,
					  .len = sizeof(body),
					  .body = body } },
			    .n_params = 1 };
	size_t yes = 0;

	while (n-- > 0)
		yes += checks_allow(c, &p, now_ms);
	return yes;
}

Test(checks, one_packet_costs_no_other_one_its_turn)
{
	struct checks c = { 0 };

	cr_expect_eq(allowed(&c, 1, 1000, 0), 1 + CHECKS_AGAIN_AT_ONCE);
	cr_expect_eq(allowed(&c, 2, 1, 0), 1);
	cr_expect_eq(allowed(&c, 1, 1, CHECKS_AGAIN_MS - 1), 0);
	cr_expect_eq(allowed(&c, 1, 2, CHECKS_AGAIN_MS), 1);
}

Test(checks, a_peer_has_a_pace_for_all_its_packets)
{
	struct checks c = { 0 };

	for (uint8_t mac = 1; mac <= CHECKS_AT_ONCE; mac++)
		cr_expect_eq(allowed(&c, mac, 1, 0), 1);
	cr_expect_eq(allowed(&c, CHECKS_AT_ONCE + 1, 1, 0), 0);
	cr_expect_eq(allowed(&c, CHECKS_AT_ONCE + 1, 1, CHECKS_MS - 1), 0);
	cr_expect_eq(allowed(&c, CHECKS_AT_ONCE + 1, 1, CHECKS_MS), 1);
}

Test(checks, the_oldest_packet_is_forgotten_and_then_counts_as_new)
{
	struct checks c = { 0 };

	for (uint8_t mac = 1; mac <= CHECKS_MAX + 1; mac++)
		cr_expect_eq(allowed(&c, mac, 100, 0),
			     1 + CHECKS_AGAIN_AT_ONCE);
	cr_expect_eq(allowed(&c, CHECKS_MAX + 1, 1, 0), 0);
	cr_expect_eq(allowed(&c, 2, 1, 0), 0);
	cr_expect_eq(allowed(&c, 1, 100, 0), 1 + CHECKS_AGAIN_AT_ONCE);
}

/* R2 has the other one. */
Test(checks, both_kinds_of_mac_count)
{
	uint8_t body[32] = { 9 };
	struct packet p = { .type = HIP_R2,
			    .params = { { .type = PARAM_HIP_MAC_2,
					  .len = sizeof(body),
					  .body = body } },
			    .n_params = 1 };
	struct checks c = { 0 };

	cr_expect(checks_allow(&c, &p, 0));
	cr_expect_eq(allowed(&c, 9, 100, 0), CHECKS_AGAIN_AT_ONCE);
}

/* A bad Responder may add a HIP_MAC, of any length, that nobody has verified.
 */
Test(checks, of_an_r2_the_mac_counts_that_was_verified)
{
	uint8_t body[32] = { 9 };
	struct packet p = { .type = HIP_R2,
			    .params = { { .type = PARAM_HIP_MAC, .body = body },
					{ .type = PARAM_HIP_MAC_2,
					  .len = sizeof(body),
					  .body = body } },
			    .n_params = 2 };
	struct checks c = { 0 };

	cr_expect(checks_allow(&c, &p, 0));
}
