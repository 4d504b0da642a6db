/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The MTU of the TUN device, and how many workers there are.
 */
#include "daemon/network.h"

#include <criterion/criterion.h>

static const struct config_ids gcm = { .ids = { 13 }, .n = 1 };
static const struct config_ids all = { .ids = { 13, 9, 8 }, .n = 3 };

Test(network, mtu_of_suite_13_over_ipv4_is_22_bytes_less)
{
	cr_expect_eq(network_mtu(1500, false, &gcm), 1478);
	cr_expect_eq(network_mtu(1500, true, &gcm), 1458);
}

Test(network, the_suite_with_most_overhead_counts)
{
	uint32_t mtu = network_mtu(1500, false, &all);

	cr_expect_lt(mtu, 1478);
	cr_expect_geq(mtu, 1440);
}

Test(network, a_link_that_is_not_known_has_1500)
{
	cr_expect_eq(network_mtu(0, true, &all), network_mtu(1500, true, &all));
}

Test(network, mtu_is_from_1280_to_9000)
{
	cr_expect_eq(network_mtu(1304, false, &gcm), 1282);
	cr_expect_eq(network_mtu(1303, false, &gcm), 1280); /* 1278 fits */
	cr_expect_eq(network_mtu(10, true, &all), 1280);
	cr_expect_eq(network_mtu(9022, false, &gcm), 8998);
	cr_expect_eq(network_mtu(65536, false, &gcm), 9000);
}

Test(network, few_processors_have_one_worker)
{
	const struct config c = { .workers = 0 };

	cr_expect_eq(network_workers(&c, 1), 1);
	cr_expect_eq(network_workers(&c, 2), 1);
	cr_expect_eq(network_workers(&c, 7), 1);
	cr_expect_eq(network_workers(&c, 8), 2);
	cr_expect_eq(network_workers(&c, 16), 4);
	cr_expect_eq(network_workers(&c, 1024), 4);
}

Test(network, as_many_workers_as_are_asked_for)
{
	const struct config c = { .workers = 3 };

	cr_expect_eq(network_workers(&c, 1), 3);
	cr_expect_eq(network_workers(&c, 64), 3);
}
