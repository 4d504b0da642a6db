/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * sim_overlay [SEED [N [WORLD]]]: short worlds of overlay nodes, and what must
 * hold in each, or in those whose name contains WORLD. Prints a line for each;
 * fails when something does not hold. Of N seeds, what is a share must hold of
 * all together, with an allowance for chance, and all else in each; and some
 * worlds last longer. A world with a single chance has seeds of its own where
 * N is 1.
 */
#include "tests/sim/ring.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	SECOND_MS = 1000,
	MINUTE_MS = 60000,
	HOUR_MS = 3600000,
	SHARES_MAX = 32,
	NAMES_OF_60 = 60,
};

/*
 * Parts in a thousand of something, over all seeds. All lookups of a name may
 * fail for one cause: so names, not lookups, are what chance has dealt with.
 */
struct share {
	const char *what;
	unsigned int least;
	unsigned long missed, chances; /* missed: in thousandths of one */
};

/* How often a share that is just what it must be is found wanting. */
static const double false_alarm = 1e-4;

static unsigned long seed = 1, seeds = 1;
static bool failed;
static struct share shares[SHARES_MAX];

static void check(bool holds, const char *what)
{
	if (holds)
		return;
	printf("    does not hold: %s (seed %lu)\n", what, seed);
	failed = true;
}

static void share(unsigned int got, unsigned int least, size_t chances,
		  const char *what)
{
	size_t i = 0;

	while (i < SHARES_MAX - 1 && shares[i].chances > 0 &&
	       shares[i].what != what)
		i++;
	shares[i].what = what;
	shares[i].least = least;
	shares[i].missed += (1000 - got) * chances;
	shares[i].chances += chances;
}

/* That of n chances, each missed with probability p, k or more are. */
static double tail(unsigned long n, unsigned long k, double p)
{
	double below = 0.0;

	for (unsigned long i = 0; i < k; i++)
		below += exp(lgamma((double)n + 1) - lgamma((double)i + 1) -
			     lgamma((double)(n - i) + 1) + (double)i * log(p) +
			     (double)(n - i) * log1p(-p));
	return 1.0 - below;
}

/* With many chances what is allowed besides the bound comes to nothing. */
static void judge_shares(void)
{
	for (size_t i = 0; i < SHARES_MAX && shares[i].chances > 0; i++) {
		const struct share *s = &shares[i];
		double p = 1.0 - s->least / 1000.0;
		double got = 1000.0 - (double)s->missed / (double)s->chances;

		printf("share: %s: %.1f parts in a thousand, %u expected\n",
		       s->what, got, s->least);
		if (tail(s->chances, s->missed / 1000, p) >= false_alarm)
			continue;
		printf("does not hold: %s\n", s->what);
		failed = true;
	}
}

/* Where packets are lost a neighbour may be missing for a moment. */
static bool settles(struct ring *r)
{
	uint64_t end = ring_now(r) + MINUTE_MS;

	while (ring_astray(r) > 0 && ring_now(r) < end)
		ring_run(r, SECOND_MS);
	return ring_astray(r) == 0;
}

static struct ring *make(size_t nodes, size_t names, bool full,
			 unsigned int loss)
{
	const struct ring_options options = { .nodes = nodes,
					      .names = names,
					      .seed = seed,
					      .full = full,
					      .loss_percent = loss };

	return ring_new(&options);
}

/* Nodes with perfect tables, and all names stored. */
static struct ring *settle(size_t nodes, size_t names, bool full)
{
	struct ring *r = make(nodes, names, full, 0);

	ring_build(r);
	ring_run(r, 30 * SECOND_MS);
	ring_publish_all(r, 10 * SECOND_MS);
	ring_run(r, 30 * SECOND_MS);
	check(ring_counts(r)->published == names, "every name is stored");
	return r;
}

/* Forgets the lookups of before, for those to come. */
static struct ring_count *count_anew(struct ring *r)
{
	struct ring_count *c = ring_counts(r);

	c->lookups = c->right = c->wrong = c->absent = c->unreachable = 0;
	return c;
}

/* Parts in a thousand of n lookups that came out right. */
static unsigned int look(struct ring *r, size_t n)
{
	struct ring_count *c = count_anew(r);

	ring_lookups(r, n, SECOND_MS);
	ring_run(r, 40 * SECOND_MS);
	check(c->lookups == n, "every lookup ends");
	check(c->wrong == 0, "no lookup is wrong");
	return (unsigned int)(c->right * 1000 / n);
}

static void joining_one_by_one(void)
{
	struct ring *r = make(60, 60, true, 0);

	ring_grow(r, 2 * SECOND_MS);
	ring_run(r, 3 * MINUTE_MS);
	check(ring_counts(r)->joins == 59, "everybody is in the ring");
	check(ring_counts(r)->join_exchanges_most <= 8,
	      "with at most 8 exchanges");
	check(ring_counts(r)->join_ms <= 59 * 2000, "in 2 s on average");
	check(ring_astray(r) == 0, "everybody knows its successor");
	ring_publish_all(r, 10 * SECOND_MS);
	ring_run(r, 30 * SECOND_MS);
	check(look(r, 300) == 1000, "every name is found");
	ring_free(r);
}

static void joining_all_at_once_with_loss(void)
{
	struct ring *r = make(60, 60, true, 5);

	ring_grow(r, 20);
	ring_run(r, 5 * MINUTE_MS);
	check(ring_counts(r)->joins == 59, "everybody is in the ring");
	check(settles(r), "everybody knows its successor");
	ring_publish_all(r, 10 * SECOND_MS);
	ring_run(r, 30 * SECOND_MS);
	check(look(r, 300) == 1000, "every name is found");
	ring_free(r);
}

/* As hosts do that are invited all at once: each publishes as it comes. */
static void all_come_and_publish_at_once(void)
{
	struct ring *r = make(10, 40, true, 1);

	ring_grow(r, 50);
	ring_publish_all(r, 6 * SECOND_MS);
	ring_run(r, 200 * SECOND_MS);
	check(ring_counts(r)->joins == 9, "everybody is in the ring");
	check(ring_lacking(r) == 0, "four hold every record");
	check(ring_spare(r) == 0, "nobody else does");
	ring_free(r);
}

/* Nor does anybody else in the end, however many came after who took it. */
static void many_come_and_publish_at_once(void)
{
	const struct ring_options options = { .nodes = 30,
					      .names = 30,
					      .seed = seed,
					      .full = true,
					      .loss_percent = seed % 2,
					      .exchange_ms = 2 * SECOND_MS,
					      .own_names = true };
	struct ring *r = ring_new(&options);

	ring_grow(r, 20);
	ring_run(r, 150 * SECOND_MS);
	check(ring_counts(r)->joins == 29, "everybody is in the ring");
	check(ring_counts(r)->names_there == 30, "all is published");
	check(ring_lacking(r) == 0, "four hold every record");
	check(ring_spare(r) == 0, "nobody else does");
	ring_free(r);
}

/* What its publisher was told is there is found by everybody from then on,
 * while the newest members' neighbours are still being told of them. */
static void what_is_published_is_found(void)
{
	const struct ring_options options = { .nodes = 10,
					      .names = 10,
					      .seed = seed,
					      .full = true,
					      .loss_percent = seed % 4,
					      .exchange_ms = 2 * SECOND_MS,
					      .own_names = true };
	struct ring *r = ring_new(&options);
	struct ring_count *c = ring_counts(r);

	ring_grow(r, 20);
	while (ring_now(r) < MINUTE_MS && (c->joins < 9 || c->names_there < 10))
		ring_run(r, 100);
	check(c->names_there == 10, "all have joined and published");
	ring_all_ask_for_all(r);
	ring_run(r, 20 * SECOND_MS);
	check(c->right == 100, "everybody finds every name");
	ring_free(r);
}

static void idling_is_cheap(void)
{
	struct ring *r = settle(60, 10, true);
	uint64_t before = ring_counts(r)->bytes;

	ring_run(r, 5 * MINUTE_MS);
	check((ring_counts(r)->bytes - before) / 60 / 300 <= 300,
	      "300 bytes/s are sent at most");
	check(ring_counts(r)->joins == 0, "nobody falls out of the ring");
	ring_free(r);
}

static void half_of_them_die(void)
{
	struct ring *r = settle(200, 200, false);

	ring_kill_percent(r, 50);
	share(look(r, 1000), 980, 200, "98 % are found at once");
	ring_run(r, 5 * MINUTE_MS);
	share(look(r, 1000), 980, 200, "and 98 % later");
	check(ring_astray(r) == 0, "the ring has mended");
	ring_free(r);
}

static void a_third_dies_under_full_framing(void)
{
	struct ring *r = settle(60, 60, true);

	ring_kill_percent(r, 30);
	share(look(r, 500), 999, 60, "all are found at once");
	ring_run(r, 3 * MINUTE_MS);
	check(ring_astray(r) == 0, "the ring has mended");
	ring_free(r);
}

static void members_leave(void)
{
	struct ring *r = settle(60, 60, true);

	for (size_t i = 0; i < 30; i++) {
		ring_leave(r, i);
		ring_run(r, 2 * SECOND_MS);
	}
	check(look(r, 500) == 1000, "the others have all records");
	for (size_t i = 0; i < 30; i++)
		ring_kill(r, i);
	ring_run(r, MINUTE_MS);
	check(ring_astray(r) == 0, "everybody knows its successor");
	check(look(r, 500) == 1000, "every name is still found");
	ring_free(r);
}

static void a_ring_is_cut_and_healed(void)
{
	struct ring *r = settle(60, 60, true);

	ring_cut(r, 40);
	ring_run(r, 5 * MINUTE_MS);
	/* Who had links to the other side only is in neither, nor can the one
	 * before it know of it. */
	check(ring_astray(r) <= 2 * ring_alone(r), "there are two whole rings");
	ring_cut(r, 0);
	ring_run(r, 10 * MINUTE_MS);
	check(ring_astray(r) == 0, "there is one ring again");
	share(look(r, 500), 995, 60, "and the names are found");
	ring_free(r);
}

/* Until everybody knows its successor; no longer than `most` seconds. */
static void mends_within(struct ring *r, uint64_t most_s, const char *what)
{
	uint64_t end = ring_now(r) + most_s * SECOND_MS;

	while (ring_astray(r) > 0 && ring_now(r) < end)
		ring_run(r, SECOND_MS);
	check(ring_astray(r) == 0, what);
}

/* All that anybody has a record of is found by all. */
static void finds_what_is_held(struct ring *r)
{
	struct ring_count *c = count_anew(r);
	size_t held = ring_held(r), alive = ring_alive(r);

	ring_all_ask_for_all(r);
	ring_run(r, 40 * SECOND_MS);
	check(c->lookups == alive * NAMES_OF_60, "every lookup ends");
	check(c->wrong == 0, "no lookup is wrong");
	check(c->right == alive * held, "everybody finds what anybody has");
}

/* T55: the times that docs/overlay.md promises. */
static void cut_healed_and_halved(void)
{
	struct ring *r = settle(60, NAMES_OF_60, true);

	ring_cut(r, 40);
	ring_run(r, 5 * MINUTE_MS);
	ring_cut(r, 0);
	mends_within(r, 60, "a cut ring is one again in a minute");
	ring_run(r, MINUTE_MS);
	finds_what_is_held(r);
	check(ring_held(r) == NAMES_OF_60, "no record is lost by a cut");
	ring_kill_percent(r, 50);
	mends_within(r, 20, "what is left of it is whole in 20 s");
	ring_run(r, MINUTE_MS);
	finds_what_is_held(r);
	ring_free(r);
}

/* The association under a link that is given up stays; what the other end says
 * to keep it makes no link of it again. */
static void an_idle_ring_says_little(void)
{
	enum { NODES = 40, LEAST = 60, MOST = 150 }; /* bytes/s of a node */
	struct ring *r = make(NODES, 1, true, 0);
	uint64_t before, sent;

	ring_grow(r, SECOND_MS);
	ring_run(r, 10 * MINUTE_MS);
	before = ring_counts(r)->bytes;
	ring_run(r, 10 * MINUTE_MS);
	sent = (ring_counts(r)->bytes - before) / NODES / 600;
	check(sent >= LEAST && sent <= MOST, "an idle node says little");
	check(ring_astray(r) == 0, "everybody knows its successor");
	ring_free(r);
}

static void a_founder_begins_beside_its_ring(void)
{
	struct ring *r = settle(60, 60, true);

	ring_begin_beside(r, 0);
	check(ring_at(r, 0)->joined, "it is in a ring of its own");
	ring_run(r, MINUTE_MS);
	check(ring_astray(r) == 0, "there are two whole rings");
	ring_cut(r, 0);
	ring_run(r, 150 * SECOND_MS); /* HEAL_MS, and some time to do it */
	check(ring_astray(r) == 0, "there is one ring again");
	check(look(r, 500) == 1000, "and the names are found");
	ring_free(r);
}

static void a_third_is_bad(void)
{
	struct ring *r = settle(200, 200, false);

	ring_spoil_percent(r, 30);
	share(look(r, 1000), 930, 200, "the answers are right");
	share(look(r, 1000), 950, 200, "and more so with time");
	ring_free(r);
}

static void a_place_is_eclipsed(void)
{
	struct ring *r = settle(200, 1, false);

	ring_eclipse(r, 0);
	check(look(r, 100) == 1000, "the second key finds it");
	ring_free(r);
}

/* What a host does that has stored its name (resolver/saying.c). */
static bool own_is_denied(struct ring *r)
{
	struct ring_count *c = count_anew(r);

	ring_lookup_own(r, 0);
	ring_run(r, 40 * SECOND_MS);
	check(c->lookups == 1, "its publisher's lookup ends");
	return c->right == 0;
}

/*
 * Sybils with HITs ground to own a key of a name and to hold all its copies;
 * then those of its other key, too. Who carries nothing lets no others join.
 */
static void sybils_of_a_kind(enum ring_badness bad)
{
	enum { NODES = 200, SYBILS = 8 };
	const struct ring_options options = { .nodes = NODES + 2 * SYBILS,
					      .names = 1,
					      .later = 2 * SYBILS,
					      .seed = seed };
	struct ring *r = ring_new(&options);
	struct ring_count *c = ring_counts(r);
	unsigned int right;

	ring_build(r);
	ring_run(r, 30 * SECOND_MS);
	ring_publish_all(r, SECOND_MS);
	ring_run(r, 30 * SECOND_MS);
	check(c->published == 1, "the name is stored");
	ring_join_sybils(r, NODES, SYBILS, ring_key(r, 0, 0), bad);
	ring_run(r, 3 * MINUTE_MS);
	check(bad == RING_DROPS || c->joins == SYBILS,
	      "the Sybils are in the ring");
	check(look(r, 100) == 1000, "the other key finds it");
	ring_join_sybils(r, NODES + SYBILS, SYBILS, ring_key(r, 0, 1), bad);
	ring_run(r, 3 * MINUTE_MS);
	check(bad == RING_DROPS || c->joins == 2 * SYBILS,
	      "those of the other key are, too");
	right = look(r, 100);
	if (bad == RING_DROPS) /* its holders keep what no owner takes */
		share(right, 990, 1, "who does not answer does not hide it");
	c->published = 0;
	ring_publish_all(r, SECOND_MS);
	ring_run(r, MINUTE_MS);
	if (bad != RING_DENIES) /* unless members behind them take it */
		share(c->published > 0 ? 0 : 1000, 750, 1,
		      "a publisher hears that nobody has taken its name");
	else
		share(own_is_denied(r) ? 1000 : 0, 750, 1,
		      "a publisher sees that its name is denied");
	ring_free(r);
}

/* One seed has one name, of which no share can be wanting. */
static void sybils_hold_a_name(void)
{
	enum { WORLDS = 40, APART = 1000 };
	unsigned long first = seed;

	for (size_t i = 0; i < (seeds > 1 ? 1 : WORLDS); i++, seed += APART) {
		sybils_of_a_kind(RING_DROPS);
		sybils_of_a_kind(RING_LIES);
		sybils_of_a_kind(RING_DENIES);
	}
	seed = first;
}

static void nobody_has_a_name(void)
{
	struct ring *r = settle(60, 1, true);

	for (size_t i = 0; i < 20; i++)
		ring_lookup_nobody(r);
	ring_run(r, 40 * SECOND_MS);
	share((unsigned int)ring_counts(r)->absent * 50, 995, 20,
	      "it is absent");
	ring_free(r);
}

static void records_of_the_dead_are_found(void)
{
	struct ring *r = settle(60, 60, false);

	/* Their owners and holders go one after the other, for hours. */
	for (size_t i = 0; i < 40; i++) {
		ring_kill(r, i);
		ring_run(r, 3 * MINUTE_MS);
	}
	check(look(r, 500) == 1000, "every name is found");
	ring_free(r);
}

/* Parts in a thousand of n lookups that came out right: of those whose askers
 * were there to the end. */
static unsigned int look_amid_churn(struct ring *r, size_t n)
{
	struct ring_count *c = count_anew(r);

	ring_lookups(r, n, SECOND_MS);
	ring_run(r, 40 * SECOND_MS);
	check(c->lookups > n * 9 / 10, "lookups end whose asker is there");
	check(c->wrong == 0, "no lookup is wrong");
	return (unsigned int)(c->right * 1000 / c->lookups);
}

/*
 * Publishers go for good, while everybody else comes and goes: what they had
 * said is found until its lifetime ends; of several seeds, for a whole day.
 */
static void records_of_the_gone_are_found(void)
{
	enum { NODES = 80, NAMES = 60 };
	uint64_t hours = seeds > 1 ? 24 : 7, since;
	const struct ring_options options = { .nodes = NODES,
					      .names = NAMES,
					      .seed = seed,
					      .lifetime_s =
						      (uint32_t)hours * 3600 };
	struct ring *r = ring_new(&options);
	struct ring_count *c = ring_counts(r);

	ring_build(r);
	ring_run(r, 30 * SECOND_MS);
	since = ring_now(r);
	ring_publish_all(r, SECOND_MS);
	ring_run(r, 30 * SECOND_MS);
	check(c->published == NAMES, "every name is stored");
	ring_begin_churn(r, HOUR_MS);
	for (size_t i = 0; i < NAMES; i++) {
		ring_kill_publisher(r, i);
		ring_run(r, 20 * SECOND_MS);
	}
	for (uint64_t h = 1; h < hours; h++) {
		ring_run(r, since + h * HOUR_MS - ring_now(r));
		share(look_amid_churn(r, 120), 999, NAMES,
		      "what a host said that has gone is found each hour");
	}
	ring_run(r, since + hours * HOUR_MS - MINUTE_MS - ring_now(r));
	share(look_amid_churn(r, 120), 999, NAMES, "and in the last minute");
	ring_run(r, since + hours * HOUR_MS + 2 * SECOND_MS - ring_now(r));
	check(look_amid_churn(r, 120) == 0, "then it is no more");
	share((unsigned int)(c->absent * 1000 / c->lookups), 990, NAMES,
	      "and is said to be absent");
	ring_free(r);
}

static void one_seed_is_one_run(void)
{
	uint64_t bytes[2];

	for (size_t i = 0; i < 2; i++) {
		struct ring *r = settle(40, 40, true);

		(void)look(r, 50); /* what it found is tested elsewhere */
		bytes[i] = ring_counts(r)->bytes;
		ring_free(r);
	}
	check(bytes[0] == bytes[1], "the same seed gives the same bytes");
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} worlds[] = {
		{ "joining one by one", joining_one_by_one },
		{ "joining all at once, with loss",
		  joining_all_at_once_with_loss },
		{ "all come and publish at once",
		  all_come_and_publish_at_once },
		{ "many come and publish at once",
		  many_come_and_publish_at_once },
		{ "what is published is found", what_is_published_is_found },
		{ "idling", idling_is_cheap },
		{ "half of them die", half_of_them_die },
		{ "a third dies, with framing",
		  a_third_dies_under_full_framing },
		{ "members leave", members_leave },
		{ "a ring is cut and healed", a_ring_is_cut_and_healed },
		{ "cut, healed and halved", cut_healed_and_halved },
		{ "a founder begins beside its ring",
		  a_founder_begins_beside_its_ring },
		{ "a third is bad", a_third_is_bad },
		{ "a place is eclipsed", a_place_is_eclipsed },
		{ "Sybils hold a name", sybils_hold_a_name },
		{ "an idle ring says little", an_idle_ring_says_little },
		{ "a name that nobody has", nobody_has_a_name },
		{ "records of the dead", records_of_the_dead_are_found },
		{ "records of the gone", records_of_the_gone_are_found },
		{ "one seed is one run", one_seed_is_one_run },
	};
	const char *only = argc > 3 ? argv[3] : "";

	if (argc > 1)
		seed = strtoul(argv[1], NULL, 10);
	if (argc > 2)
		seeds = strtoul(argv[2], NULL, 10);
	for (unsigned long n = 0; n < seeds; n++, seed++) {
		for (size_t i = 0; i < sizeof(worlds) / sizeof(worlds[0]);
		     i++) {
			if (!strstr(worlds[i].name, only))
				continue;
			printf("%s\n", worlds[i].name);
			worlds[i].run();
		}
	}
	judge_shares();
	return failed;
}
