/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
#include "daemon/hip/pending.h"

#include "daemon/hip/limits.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>

static struct pending q;
static size_t total;
static uint8_t bytes[STAGED_PACKET_LEN_MAX + 1];

static void clear(void)
{
	pending_clear(&q, &total);
	cr_assert_eq(total, 0);
}

TestSuite(pending, .fini = clear);

Test(pending, packets_come_out_as_they_went_in)
{
	struct pending_packet *p;

	for (uint8_t n = 1; n <= 3; n++) {
		bytes[0] = n;
		cr_assert_eq(pending_add(&q, &total, bytes, n), 0);
	}
	cr_expect_eq(total, 3);
	for (uint8_t n = 1; n <= 3; n++) {
		p = pending_take(&q, &total);
		cr_assert(p);
		cr_expect_eq(p->bytes[0], n);
		cr_expect_eq(p->len, n);
		free(p);
	}
	cr_expect_null(pending_take(&q, &total));
	cr_expect_eq(total, 0);
	cr_expect_eq(pending_add(&q, &total, bytes, 1), 0, "and in again");
}

Test(pending, a_peer_has_its_limit)
{
	for (int n = 0; n < STAGED_PACKETS_PER_PEER; n++)
		cr_assert_eq(pending_add(&q, &total, bytes, 1), 0);
	cr_expect_eq(pending_add(&q, &total, bytes, 1), -ENOBUFS);
	cr_expect_eq(q.n, STAGED_PACKETS_PER_PEER);
}

Test(pending, all_peers_together_have_theirs)
{
	total = STAGED_PACKETS_MAX - 1;
	cr_expect_eq(pending_add(&q, &total, bytes, 1), 0);
	cr_expect_eq(pending_add(&q, &total, bytes, 1), -ENOBUFS);
	total = 1;
}

Test(pending, packets_have_a_greatest_length)
{
	cr_expect_eq(pending_add(&q, &total, bytes, STAGED_PACKET_LEN_MAX), 0);
	cr_expect_eq(pending_add(&q, &total, bytes, STAGED_PACKET_LEN_MAX + 1),
		     -EMSGSIZE);
	cr_expect_eq(pending_add(&q, &total, bytes, 0), -EMSGSIZE);
}
