/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The rehearsal plays a whole base exchange with every kind of identity.
 */
#include "daemon/hip/rehearse.h"

#include <criterion/criterion.h>
#include <sodium.h>

enum { NOW_MS = 5000, MODP_3072 = 4, P256 = 7, NO_GROUP = 99 };

static void fill_random(void *ctx, void *buf, size_t len)
{
	(void)ctx;
	randombytes_buf(buf, len);
}

static bool rehearse_as(enum identity_kind kind, uint16_t group, uint8_t k)
{
	struct identity *id = NULL;
	struct host_conf conf;
	bool done;

	cr_assert(sodium_init() >= 0);
	cr_assert_eq(identity_generate(kind, &id), 0);
	host_conf_defaults(&conf);
	conf.id = id;
	conf.env.random = fill_random;
	conf.dh[0] = group;
	conf.n_dh = 1;
	conf.puzzle_k = k;
	done = rehearse(&conf, NOW_MS);
	identity_free(id);
	return done;
}

Test(rehearse, every_kind_of_identity_comes_to_an_association)
{
	cr_assert(rehearse_as(IDENTITY_ECDSA_P256, P256, 0));
	cr_assert(rehearse_as(IDENTITY_ECDSA_P384, P256, 0));
	cr_assert(rehearse_as(IDENTITY_ED25519, P256, 0));
	cr_assert(rehearse_as(IDENTITY_RSA_2048, P256, 0));
}

Test(rehearse, another_group_is_rehearsed_too)
{
	cr_assert(rehearse_as(IDENTITY_ECDSA_P256, MODP_3072, 0));
}

Test(rehearse, a_puzzle_is_solved)
{
	cr_assert(rehearse_as(IDENTITY_ECDSA_P256, P256, 1));
}

Test(rehearse, a_host_that_cannot_be_made_comes_to_nothing)
{
	cr_assert_not(rehearse_as(IDENTITY_ECDSA_P256, NO_GROUP, 0));
}
