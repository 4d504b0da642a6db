/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * overlay [--nodes N] [--churn SESSION_MINUTES] [--kill PERCENT]
 *         [--lie PERCENT] [--minutes M] [--lookups N] [--names N]
 *         [--loss PERCENT] [--seed S] [--fast] [--least PERCENT]
 *         [--hops MEAN] [--p99 HOPS] [--bytes N] [--seconds S]
 *
 * Builds a ring with perfect tables, publishes names in it, lets happen what
 * was asked for, looks names up, and prints what came of it. It fails when any
 * answer was wrong, when fewer than --least were right, when the hops were more
 * on average or for 99 % of the answers, when a node without records took more
 * bytes, or all of it more seconds of processor time.
 */
#include "tests/sim/ring.h"

#include <getopt.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { MINUTE_MS = 60000, FULL_NODES_MAX = 1000 };

struct plan {
	struct ring_options world;
	size_t lookups;
	unsigned int minutes, kill, lie;
	double least;			  /* percent of right answers */
	double hops, p99, bytes, seconds; /* 0: as it comes */
};

static double seconds(clockid_t of)
{
	struct timespec t;

	(void)clock_gettime(of, &t); /* these are always there */
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Prints what is too much; 0 is no limit. */
static bool is_within(const char *what, double got, double most)
{
	if (most <= 0.0 || got <= most)
		return true;
	printf("too much: %s %.2f, at most %.2f\n", what, got, most);
	return false;
}

/* Runs and says where it is, some ten times in all. */
static void run(struct ring *r, uint64_t ms, const char *what)
{
	double begun = seconds(CLOCK_MONOTONIC);

	for (unsigned int i = 1; i <= 10; i++) {
		ring_run(r, ms / 10);
		(void)fprintf(stderr, "%s: %u %%, %.0f s\n", what, i * 10,
			      seconds(CLOCK_MONOTONIC) - begun);
	}
}

static size_t heap_bytes(void)
{
	struct mallinfo2 m = mallinfo2();

	return m.uordblks + m.hblkhd;
}

static bool judge_hops(const struct ring_count *c, const struct plan *plan)
{
	uint64_t n = 0, sum = 0, seen = 0;
	size_t p99 = 0, most = 0;
	double mean;

	for (size_t i = 0; i < RING_HOPS_MAX; i++) {
		n += c->hops[i];
		sum += i * c->hops[i];
		if (c->hops[i] > 0)
			most = i;
	}
	for (size_t i = 0; i < RING_HOPS_MAX && seen * 100 < n * 99; i++) {
		seen += c->hops[i];
		p99 = i;
	}
	mean = n > 0 ? (double)sum / (double)n : 0.0;
	printf("hops: mean %.2f p99 %zu max %zu of %llu answers\n", mean, p99,
	       most, (unsigned long long)n);
	return is_within("hops on average", mean, plan->hops) &&
	       is_within("hops of 99 %", (double)p99, plan->p99);
}

static void print_lookups(const struct ring_count *c)
{
	double n = c->lookups > 0 ? (double)c->lookups : 1.0;

	printf("lookups: %llu right %.3f %% wrong %llu absent %llu "
	       "unreachable %llu, mean %.0f ms, at most %llu ms\n",
	       (unsigned long long)c->lookups, 100.0 * (double)c->right / n,
	       (unsigned long long)c->wrong, (unsigned long long)c->absent,
	       (unsigned long long)c->unreachable, (double)c->lookup_ms / n,
	       (unsigned long long)c->lookup_ms_most);
	printf("published: %llu, not %llu\n", (unsigned long long)c->published,
	       (unsigned long long)c->not_published);
	if (c->joins > 0)
		printf("joins: %llu, exchanges mean %.1f most %llu, "
		       "mean %.0f ms\n",
		       (unsigned long long)c->joins,
		       (double)c->join_exchanges / (double)c->joins,
		       (unsigned long long)c->join_exchanges_most,
		       (double)c->join_ms / (double)c->joins);
}

/* False when less came out than was asked for. */
static bool simulate(const struct plan *plan)
{
	size_t before = heap_bytes();
	struct ring *r = ring_new(&plan->world);
	struct ring_count *c = ring_counts(r);
	double nodes = (double)plan->world.nodes;
	uint64_t since;
	double begun = seconds(CLOCK_PROCESS_CPUTIME_ID), took, bytes;
	bool holds;

	ring_build(r);
	run(r, MINUTE_MS, "tables");
	bytes = (double)(heap_bytes() - before - ring_own_bytes(r)) / nodes;
	printf("memory: %.0f bytes per node\n", bytes);
	holds = is_within("bytes of a node", bytes, plan->bytes);
	printf("astray: %zu\n", ring_astray(r));
	since = c->bytes;
	run(r, MINUTE_MS, "idle");
	printf("idle: %.1f bytes/s per node%s\n",
	       (double)(c->bytes - since) / nodes / 60.0,
	       plan->world.full ? "" : " without keepalives");
	ring_publish_all(r, MINUTE_MS);
	run(r, MINUTE_MS + 30000, "publishing");
	if (plan->lie > 0)
		ring_spoil_percent(r, plan->lie);
	if (plan->kill > 0)
		ring_kill_percent(r, plan->kill);
	memset(c->hops, 0, sizeof(c->hops));
	since = c->bytes;
	/* After a stroke, all at once: before anything is mended. */
	ring_lookups(r, plan->lookups,
		     plan->kill > 0 ? 1000
				    : (uint64_t)plan->minutes * MINUTE_MS);
	run(r, (uint64_t)plan->minutes * MINUTE_MS, "lookups");
	printf("traffic: %.1f bytes/s per node\n",
	       (double)(c->bytes - since) / nodes / 60.0 / plan->minutes);
	run(r, 30000, "the last ones");
	holds &= judge_hops(c, plan);
	print_lookups(c);
	printf("astray: %zu, alive: %zu\n", ring_astray(r), ring_alive(r));
	took = seconds(CLOCK_PROCESS_CPUTIME_ID) - begun;
	printf("messages: %llu, %.1f s of one processor\n",
	       (unsigned long long)c->messages, took);
	holds &= is_within("seconds", took, plan->seconds);
	holds &= c->wrong == 0 &&
		 100.0 * (double)c->right >= plan->least * (double)c->lookups;
	ring_free(r);
	return holds;
}

static unsigned long number(const char *text)
{
	char *end;
	unsigned long v = strtoul(text, &end, 10);

	if (*text == '\0' || *end != '\0') {
		(void)fprintf(stderr, "overlay: %s is no number\n", text);
		exit(2);
	}
	return v;
}

/* With many nodes each event touches other pages; glibc asks for huge ones at
 * the start or never. Where that does not go, it takes a quarter longer. */
static void begin_with_huge_pages(char **argv)
{
	if (getenv("GLIBC_TUNABLES"))
		return;
	(void)setenv("GLIBC_TUNABLES", "glibc.malloc.hugetlb=1", 1);
	(void)execv("/proc/self/exe", argv);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "nodes", required_argument, NULL, 'n' },
		{ "churn", required_argument, NULL, 'c' },
		{ "kill", required_argument, NULL, 'k' },
		{ "lie", required_argument, NULL, 'l' },
		{ "minutes", required_argument, NULL, 'm' },
		{ "lookups", required_argument, NULL, 'q' },
		{ "names", required_argument, NULL, 'a' },
		{ "loss", required_argument, NULL, 'o' },
		{ "seed", required_argument, NULL, 's' },
		{ "least", required_argument, NULL, 'e' },
		{ "hops", required_argument, NULL, 'H' },
		{ "p99", required_argument, NULL, 'P' },
		{ "bytes", required_argument, NULL, 'B' },
		{ "seconds", required_argument, NULL, 'S' },
		{ "fast", no_argument, NULL, 'f' },
		{ NULL, 0, NULL, 0 },
	};
	struct plan p = { .world = { .nodes = 1000, .seed = 1, .full = true },
			  .minutes = 2 };
	int c;

	begin_with_huge_pages(argv);
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'n')
			p.world.nodes = number(optarg);
		else if (c == 'c')
			p.world.session_ms = number(optarg) * MINUTE_MS;
		else if (c == 'k')
			p.kill = (unsigned int)number(optarg);
		else if (c == 'l')
			p.lie = (unsigned int)number(optarg);
		else if (c == 'm')
			p.minutes = (unsigned int)number(optarg);
		else if (c == 'q')
			p.lookups = number(optarg);
		else if (c == 'a')
			p.world.names = number(optarg);
		else if (c == 'o')
			p.world.loss_percent = (unsigned int)number(optarg);
		else if (c == 's')
			p.world.seed = number(optarg);
		else if (c == 'e')
			p.least = strtod(optarg, NULL);
		else if (c == 'H')
			p.hops = strtod(optarg, NULL);
		else if (c == 'P')
			p.p99 = strtod(optarg, NULL);
		else if (c == 'B')
			p.bytes = strtod(optarg, NULL);
		else if (c == 'S')
			p.seconds = strtod(optarg, NULL);
		else if (c == 'f')
			p.world.full = false;
		else
			return 2;
	}
	if (optind != argc || p.world.nodes < 1 || p.minutes < 1)
		return 2;
	if (p.world.nodes > FULL_NODES_MAX || p.lie > 0)
		p.world.full = false;
	if (p.world.names == 0)
		p.world.names = p.world.nodes;
	if (p.lookups == 0)
		p.lookups = p.world.nodes < 20000 ? 10000 : 50000;
	return simulate(&p) ? 0 : 1;
}
