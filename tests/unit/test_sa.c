/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/* The table of security associations: what is found, replaced, refused. */
#include "tun/sa_state.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>

static const uint8_t seed[16] = { 1, 2, 3 };
static const uint8_t key[CIPHER_KEY_MAX] = { 9, 8, 7 };

static struct sa_conf conf_of(uint32_t spi, uint32_t peer)
{
	struct sa_conf c = {
		.spi = spi,
		.suite = 13,
		.key = key,
		.key_len = 20,
		.local = { 0x20, 0x01, 0x00, 0x22, 1 },
		.peer = { 0x20, 0x01, 0x00, 0x22 },
	};

	store_be32(c.peer + 12, peer);
	return c;
}

static int add_in(struct sa_table *t, uint32_t spi, uint32_t peer)
{
	struct sa_conf c = conf_of(spi, peer);

	return sa_in_add(t, &c);
}

static int add_out(struct sa_table *t, uint32_t spi, uint32_t peer)
{
	struct sa_conf c = conf_of(spi, peer);

	return sa_out_add(t, &c);
}

static struct sa_out *find_out(struct sa_table *t, uint32_t peer)
{
	struct sa_conf c = conf_of(1000, peer);

	return sa_out_find(t, c.peer);
}

static bool delete_out(struct sa_table *t, uint32_t spi, uint32_t peer)
{
	struct sa_conf c = conf_of(spi, peer);

	return sa_out_delete(t, spi, c.peer);
}

Test(sa, an_empty_table_finds_nothing)
{
	struct sa_table *t = sa_table_new(seed);

	cr_assert_not_null(t);
	cr_assert_eq(sa_table_count(t), 0);
	cr_assert_null(sa_in_find(t, 1000));
	cr_assert_null(find_out(t, 1));
	cr_assert_not(sa_in_delete(t, 1000));
	cr_assert_not(delete_out(t, 1000, 1));
	sa_table_free(t);
	sa_table_free(NULL);
}

Test(sa, an_inbound_one_is_found_by_its_spi_alone)
{
	struct sa_table *t = sa_table_new(seed);
	struct sa_conf c = conf_of(1000, 1);
	struct sa_in *in;

	cr_assert_eq(sa_in_add(t, &c), 0);
	in = sa_in_find(t, 1000);
	cr_assert_not_null(in);
	cr_assert_arr_eq(sa_in_peer(in), c.peer, 16);
	cr_assert_arr_eq(in->sa.local, c.local, 16);
	cr_assert_eq(in->replay.top, 0);
	cr_assert_null(sa_in_find(t, 1001));
	cr_assert_null(find_out(t, 1));
	cr_assert_eq(sa_table_count(t), 1);
	sa_table_free(t);
}

Test(sa, an_spi_in_use_is_refused_inbound)
{
	struct sa_table *t = sa_table_new(seed);

	cr_assert_eq(add_in(t, 1000, 1), 0);
	cr_assert_eq(add_in(t, 1000, 2), -EEXIST);
	cr_assert_eq(add_in(t, 1001, 1), 0);
	cr_assert_eq(sa_table_count(t), 2);
	sa_table_free(t);
}

Test(sa, two_peers_may_have_chosen_the_same_outbound_spi)
{
	struct sa_table *t = sa_table_new(seed);

	cr_assert_eq(add_out(t, 1000, 1), 0);
	cr_assert_eq(add_out(t, 1000, 2), 0);
	cr_assert_eq(add_out(t, 1000, 1), -EEXIST);
	cr_assert_neq(find_out(t, 1), find_out(t, 2));
	sa_table_free(t);
}

/* RFC 4303 2.1 */
Test(sa, reserved_spis_are_refused)
{
	struct sa_table *t = sa_table_new(seed);

	cr_assert_eq(add_in(t, 0, 1), -EINVAL);
	cr_assert_eq(add_in(t, 1, 1), -EINVAL);
	cr_assert_eq(add_in(t, 255, 1), -EINVAL);
	cr_assert_eq(add_out(t, 0, 1), -EINVAL);
	cr_assert_eq(add_out(t, 255, 1), -EINVAL);
	cr_assert_eq(add_in(t, 256, 1), 0);
	cr_assert_eq(add_out(t, 256, 1), 0);
	cr_assert_eq(add_in(t, UINT32_MAX, 1), 0);
	sa_table_free(t);
}

Test(sa, an_unknown_suite_and_wrong_key_lengths_are_refused)
{
	struct sa_table *t = sa_table_new(seed);
	struct sa_conf c = conf_of(1000, 1);

	c.suite = 12;
	cr_assert_eq(sa_in_add(t, &c), -EINVAL);
	c.suite = 13;
	c.key_len = 19;
	cr_assert_eq(sa_in_add(t, &c), -EINVAL);
	cr_assert_eq(sa_out_add(t, &c), -EINVAL);
	c.key_len = 21;
	cr_assert_eq(sa_in_add(t, &c), -EINVAL);
	c.suite = 9;
	c.key_len = 64;
	cr_assert_eq(sa_in_add(t, &c), 0);
	sa_table_free(t);
}

Test(sa, a_newer_outbound_one_takes_over_and_the_older_stays_by_its_spi)
{
	struct sa_table *t = sa_table_new(seed);
	struct sa_out *first, *second;

	cr_assert_eq(add_out(t, 1000, 1), 0);
	first = find_out(t, 1);
	cr_assert_eq(add_out(t, 1001, 1), 0);
	second = find_out(t, 1);
	cr_assert_neq(first, second);
	cr_assert_eq(second->sa.spi, 1001);
	cr_assert_eq(sa_table_count(t), 2);
	cr_assert_eq(add_out(t, 1000, 1), -EEXIST);

	cr_assert(delete_out(t, 1000, 1));
	cr_assert_not(delete_out(t, 1000, 1));
	cr_assert_eq(find_out(t, 1), second);
	sa_table_free(t);
}

Test(sa, a_deleted_current_one_is_not_replaced_by_an_older)
{
	struct sa_table *t = sa_table_new(seed);

	cr_assert_eq(add_out(t, 1000, 1), 0);
	cr_assert_eq(add_out(t, 1001, 1), 0);
	cr_assert(delete_out(t, 1001, 1));
	cr_assert_null(find_out(t, 1));
	cr_assert(delete_out(t, 1000, 1));
	cr_assert_eq(sa_table_count(t), 0);
	sa_table_free(t);
}

Test(sa, deleting_needs_the_right_peer)
{
	struct sa_table *t = sa_table_new(seed);

	cr_assert_eq(add_out(t, 1000, 1), 0);
	cr_assert_not(delete_out(t, 1000, 2));
	cr_assert_not(delete_out(t, 1001, 1));
	cr_assert_not_null(find_out(t, 1));
	sa_table_free(t);
}

Test(sa, a_move_changes_the_current_path_and_no_other)
{
	struct sa_table *t = sa_table_new(seed);
	struct sa_conf c = conf_of(1000, 1);
	struct sa_out *old;
	struct path to = { 0 };

	c.path.remote.in.sin_family = AF_INET;
	c.path.remote.in.sin_port = htons(10500);
	cr_assert_eq(sa_out_add(t, &c), 0);
	old = find_out(t, 1);
	cr_assert_eq(memcmp(&old->path, &c.path, sizeof(c.path)), 0);
	cr_assert_eq(add_out(t, 1001, 1), 0);
	cr_assert_eq(add_out(t, 1000, 2), 0);

	to.remote.in6.sin6_family = AF_INET6;
	cr_assert(sa_out_move(t, c.peer, &to));
	cr_assert_eq(memcmp(&find_out(t, 1)->path, &to, sizeof(to)), 0);
	cr_assert_eq(memcmp(&old->path, &c.path, sizeof(c.path)), 0);
	cr_assert_neq(memcmp(&find_out(t, 2)->path, &to, sizeof(to)), 0);
	c.peer[15] = 77;
	cr_assert_not(sa_out_move(t, c.peer, &to));
	sa_table_free(t);
}

Test(sa, thousands_are_found_again_and_the_deleted_are_not)
{
	enum { N = 5000 };
	struct sa_table *t = sa_table_new(seed);

	for (uint32_t i = 0; i < N; i++) {
		cr_assert_eq(add_in(t, 1000 + i * 7, i), 0);
		cr_assert_eq(add_out(t, 1000 + i, i), 0);
	}
	cr_assert_eq(sa_table_count(t), 2 * N);
	for (uint32_t i = 0; i < N; i += 2) {
		cr_assert(sa_in_delete(t, 1000 + i * 7));
		cr_assert(delete_out(t, 1000 + i, i));
	}
	cr_assert_eq(sa_table_count(t), N);
	for (uint32_t i = 0; i < N; i++) {
		struct sa_in *in = sa_in_find(t, 1000 + i * 7);
		struct sa_out *out = find_out(t, i);

		cr_assert_eq(in != NULL, i % 2 == 1);
		cr_assert_eq(out != NULL, i % 2 == 1);
		if (in)
			cr_assert_eq(load_be32(sa_in_peer(in) + 12), i);
		if (out)
			cr_assert_eq(out->sa.spi, 1000 + i);
	}
	sa_table_free(t);
}

Test(sa, the_key_is_copied)
{
	struct sa_table *t = sa_table_new(seed);
	uint8_t mine[20] = { 5 }, packet[2][64] = { 0 };
	struct sa_conf c = conf_of(1000, 1);

	c.key = mine;
	cr_assert_eq(sa_out_add(t, &c), 0);
	cr_assert(cipher_seal(find_out(t, 1)->sa.cipher, packet[0], 8, 1));
	memset(mine, 0, sizeof(mine));
	packet[1][3] = 0;
	cr_assert(cipher_seal(find_out(t, 1)->sa.cipher, packet[1], 8, 1));
	cr_assert_arr_eq(packet[0], packet[1], sizeof(packet[0]));
	sa_table_free(t);
}

Test(sa, sequence_numbers_begin_at_one_and_count_up)
{
	struct sa_table *t = sa_table_new(seed);
	uint64_t seq;

	cr_assert_eq(add_out(t, 1000, 1), 0);
	for (uint64_t i = 1; i < 100; i++) {
		cr_assert(sa_out_next_seq(find_out(t, 1), &seq));
		cr_assert_eq(seq, i);
	}
	sa_table_free(t);
}

/* T27 */
Test(sa, sequence_numbers_pass_two_to_the_32_and_never_wrap)
{
	struct sa_table *t = sa_table_new(seed);
	struct sa_out *out;
	uint64_t seq = 0;

	cr_assert_eq(add_out(t, 1000, 1), 0);
	out = find_out(t, 1);
	atomic_store(&out->next_seq, UINT32_MAX);
	cr_assert(sa_out_next_seq(out, &seq));
	cr_assert_eq(seq, UINT32_MAX);
	cr_assert(sa_out_next_seq(out, &seq));
	cr_assert_eq(seq, (uint64_t)UINT32_MAX + 1);

	atomic_store(&out->next_seq, SA_SEQ_LAST);
	cr_assert(sa_out_next_seq(out, &seq));
	cr_assert_eq(seq, SA_SEQ_LAST);
	for (int i = 0; i < 1000; i++)
		cr_assert_not(sa_out_next_seq(out, &seq));
	cr_assert_eq(seq, SA_SEQ_LAST);
	sa_table_free(t);
}

Test(sa, counters_begin_at_zero_and_add_up)
{
	struct sa_table *t = sa_table_new(seed);
	const struct sa_counters *c;

	cr_assert_eq(add_in(t, 1000, 1), 0);
	cr_assert_eq(add_out(t, 1000, 1), 0);
	c = sa_in_counters(sa_in_find(t, 1000));
	cr_assert_eq(atomic_load(&c->packets), 0);
	sa_count(&sa_in_find(t, 1000)->sa.counters, 100);
	sa_count(&sa_in_find(t, 1000)->sa.counters, 50);
	cr_assert_eq(atomic_load(&c->packets), 2);
	cr_assert_eq(atomic_load(&c->bytes), 150);
	c = sa_out_counters(find_out(t, 1));
	cr_assert_eq(atomic_load(&c->bytes), 0);
	sa_table_free(t);
}

/* Over IPv4 with suite 13: 22 bytes. */
Test(sa, a_limit_of_the_path_is_inherited_on_the_same_path_only)
{
	struct sa_table *t = sa_table_new(seed);
	struct sa_conf c = conf_of(1000, 1);
	struct path to = { 0 };

	c.path.remote.in.sin_family = AF_INET;
	c.path.remote.in.sin_port = htons(10500);
	cr_assert_not(sa_out_limit(t, c.peer, 1400));
	cr_assert_eq(sa_out_add(t, &c), 0);
	cr_assert_eq(sa_out_inner_max(find_out(t, 1)), UINT32_MAX);
	cr_assert(sa_out_limit(t, c.peer, 1400));
	cr_assert_eq(sa_out_inner_max(find_out(t, 1)), 1378);
	c.spi = 1001;
	c.suite = 8;
	c.key_len = 48;
	cr_assert_eq(sa_out_add(t, &c), 0);
	cr_assert_eq(sa_out_inner_max(find_out(t, 1)), 1366, "of its suite");
	c.spi = 1002;
	c.path.remote.in.sin_port = htons(10501);
	cr_assert_eq(sa_out_add(t, &c), 0);
	cr_assert_eq(sa_out_inner_max(find_out(t, 1)), UINT32_MAX);
	cr_assert(sa_out_limit(t, c.peer, 1));
	cr_assert_gt(sa_out_inner_max(find_out(t, 1)), 500, "never nothing");
	cr_assert(sa_out_move(t, c.peer, &to));
	cr_assert_eq(sa_out_inner_max(find_out(t, 1)), UINT32_MAX);
	cr_assert(sa_out_limit(t, c.peer, 0));
	cr_assert_eq(sa_out_inner_max(find_out(t, 1)), UINT32_MAX);
	sa_table_free(t);
}

Test(sa, fragment_ids_count_from_where_nobody_can_tell)
{
	static const uint8_t other_seed[16] = { 3 };
	struct sa_table *t = sa_table_new(seed), *u = sa_table_new(other_seed);
	uint32_t first;

	cr_assert_eq(add_out(t, 1000, 1), 0);
	cr_assert_eq(add_out(t, 1000, 2), 0);
	cr_assert_eq(add_out(u, 1000, 1), 0);
	first = sa_out_fragment_id(find_out(t, 1));
	cr_assert_eq(sa_out_fragment_id(find_out(t, 1)), first + 1);
	cr_assert_neq(sa_out_fragment_id(find_out(t, 2)), first);
	cr_assert_neq(sa_out_fragment_id(find_out(u, 1)), first);
	sa_table_free(t);
	sa_table_free(u);
}
