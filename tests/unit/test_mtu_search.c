/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Searches on paths of every size: what is found, how many sendings that took,
 * and how far ids run ahead of what the other side has seen.
 */
#include "daemon/hip/mtu_search.h"

#include "daemon/hip/limits.h"
#include "tests/sim/prng.h"

#include <criterion/criterion.h>

enum { ANY = 10000 };

static struct mtu_search s;
static uint32_t next_id, expected; /* ours; what the other side waits for */
static unsigned int sendings, loss_percent, limit;
static struct prng dice;

static bool is_lost(void)
{
	return prng_below(&dice, 100) < loss_percent;
}

/* The other side takes what is not too far ahead, and answers. */
static void deliver(const struct mtu_probe *p)
{
	uint32_t id = p->id;

	if (p->size > limit || is_lost())
		return;
	cr_assert(id < expected || id - expected < UPDATE_AHEAD_MAX,
		  "id %u runs ahead of %u", id, expected);
	if (id >= expected)
		expected = id + 1;
	if (!is_lost() && mtu_search_waits_for(&s, id))
		mtu_search_answer(&s, id);
}

/* Sends what is due until nothing more is, answers coming at once. */
static void send_due(void)
{
	struct mtu_probe *p;

	while ((p = mtu_search_next(&s))) {
		struct mtu_probe sent;

		if (!p->is_sent)
			p->id = next_id++;
		p->is_sent = true;
		sent = *p;
		sendings++;
		deliver(&sent);
	}
}

/* Lets a search that was begun end; how many rounds it took. */
static unsigned int finish(void)
{
	unsigned int rounds = 0;

	while (mtu_search_is_running(&s)) {
		send_due();
		if (!mtu_search_is_running(&s))
			break;
		mtu_search_round(&s);
		cr_assert_leq(++rounds, 12);
	}
	cr_assert_leq(next_id - expected, MTU_IDS_MAX, "%u of %u", next_id,
		      expected);
	cr_assert_lt(next_id - expected, UPDATE_AHEAD_MAX,
		     "an UPDATE of another kind would be taken");
	return rounds;
}

static void init(uint16_t ceiling, bool is_ipv6, unsigned int path)
{
	mtu_search_init(&s, ceiling, is_ipv6);
	next_id = expected = sendings = loss_percent = 0;
	limit = path;
	prng_init(&dice, 1);
}

static unsigned int confirm(void)
{
	sendings = 0;
	mtu_search_confirm(&s);
	return finish();
}

static unsigned int raise_size(void)
{
	sendings = 0;
	mtu_search_raise(&s);
	return finish();
}

Test(mtu_search, a_path_that_carries_all_takes_one_probe)
{
	init(1500, false, ANY);
	cr_expect_eq(s.size, 1500, "what counts before");
	cr_expect_eq(confirm(), 0);
	cr_expect_eq(s.size, 1500);
	cr_expect_eq(sendings, 1);
}

/* Never more than passes, and nearly that. */
Test(mtu_search, on_a_path_of_any_size_what_passes_is_found)
{
	for (unsigned int path = 576; path < 1500; path++) {
		init(1500, false, path);
		cr_expect_leq(confirm(), 9);
		cr_expect_leq(s.size, path);
		cr_expect_geq(s.size, path >= 1280 ? path - 60 : path * 3 / 4,
			      "%u of %u", s.size, path);
		cr_expect_leq(sendings, 40);
		init(1500, true, path);
		confirm();
		cr_expect_geq(s.size, 1280);
		if (path >= 1280)
			cr_expect_leq(s.size, path);
	}
}

Test(mtu_search, usual_black_holes_are_found_in_four_rounds)
{
	static const unsigned int paths[] = { 1280, 1400, 1420, 1480 };

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		init(1500, false, paths[i]);
		cr_expect_leq(confirm(), 4);
		cr_expect_eq(s.size, paths[i]);
	}
}

Test(mtu_search, where_nothing_passes_nothing_is_concluded_and_few_ids_go)
{
	init(1500, false, ANY);
	loss_percent = 100;
	for (int i = 0; i < 100; i++) {
		confirm();
		cr_assert_eq(s.size, 1500);
		cr_assert_leq(sendings, 8);
	}
	cr_expect_eq(next_id, 2, "the same two again and again");
	loss_percent = 0;
	confirm();
	cr_expect_eq(s.size, 1500);
	limit = 1400;
	confirm();
	cr_expect_eq(s.size, 1400);
}

/* Nothing passes any more, at whatever step of a search that begins. */
Test(mtu_search, a_path_that_dies_meanwhile_leaves_ids_for_other_updates)
{
	for (unsigned int until = 0; until < 12; until++) {
		for (unsigned int path = 0; path < 1500; path += 100) {
			init(1500, false, path);
			mtu_search_confirm(&s);
			for (unsigned int i = 0;
			     i < until && mtu_search_is_running(&s); i++) {
				send_due();
				if (mtu_search_is_running(&s))
					mtu_search_round(&s);
			}
			loss_percent = 100;
			finish();
			confirm();
			if (s.size < s.ceiling)
				raise_size();
			confirm();
			loss_percent = 0;
			limit = ANY;
			confirm();
		}
	}
}

Test(mtu_search, a_late_answer_is_not_taken_for_one_of_the_next_search)
{
	init(1500, false, ANY);
	loss_percent = 100;
	confirm();
	cr_assert(mtu_search_waits_for(&s, 0) && mtu_search_waits_for(&s, 1));
	mtu_search_answer(&s, 1); /* the small one */
	expected = 2;
	cr_expect_not(mtu_search_waits_for(&s, 0));
	loss_percent = 0;
	confirm();
	cr_expect_eq(s.size, 1500);
	cr_expect_eq(next_id, 3);
}

Test(mtu_search, a_path_that_shrinks_again_and_grows_is_followed)
{
	init(1500, false, 1420);
	confirm();
	cr_assert_eq(s.size, 1420);
	limit = 1280;
	confirm();
	cr_assert_eq(s.size, 1280);
	limit = 800;
	confirm();
	cr_assert_eq(s.size, 768);
	raise_size();
	cr_assert_eq(s.size, 768, "no more passes");
	limit = 1450;
	raise_size();
	cr_assert_eq(s.size, 1420);
	limit = ANY;
	raise_size();
	cr_expect_eq(s.size, 1500);
}

Test(mtu_search, trying_for_more_never_makes_it_less)
{
	init(1500, false, 1400);
	confirm();
	cr_assert_eq(s.size, 1400);
	limit = 600;
	for (int i = 0; i < 20; i++) {
		raise_size();
		cr_assert_eq(s.size, 1400);
	}
}

/* With luck and without: what passes is never missed by much, ids never run
 * too far ahead, whatever is lost. */
Test(mtu_search, loss_costs_little)
{
	unsigned int wrong = 0, searches = 0;

	for (uint32_t seed = 1; seed <= 300; seed++) {
		init(1500, seed % 2, ANY);
		prng_init(&dice, seed);
		for (int i = 0; i < 40; i++) {
			loss_percent = prng_below(&dice, 21);
			if (prng_below(&dice, 8) == 0)
				limit = 1280 + prng_below(&dice, 400);
			if (s.size < s.ceiling && prng_below(&dice, 4) == 0)
				raise_size();
			else
				confirm();
			searches++;
			wrong += s.size > limit ||
				 (s.size < 1400 && s.size + 200u < limit);
		}
	}
	cr_expect_lt(wrong * 20, searches, "%u of %u", wrong, searches);
}
