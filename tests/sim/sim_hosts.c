/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Runs scenarios in simulated worlds: all of them with their fixed seeds,
 * or the named ones, or with one seed (-s), or with many (-n). A scenario
 * that fails is printed with the seed that makes it fail again. Every first
 * world is run twice: both runs must be the same. Behind each name stands the
 * trace of its last world: the same whenever and wherever it is run.
 */
#include "tests/sim/scenario.h"

#include "tests/sim/sim_impl.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct scenario *const tables[] = {
	exchange_scenarios,  close_scenarios,  restart_scenarios,
	algorithm_scenarios, update_scenarios, rekey_scenarios,
	random_scenarios,
};

void two_hosts(struct sim *s)
{
	struct sim_host host = sim_host_default();

	(void)sim_add(s, &host);
	(void)sim_add(s, &host);
	sim_tell(s, 0, 1);
	sim_tell(s, 1, 0);
}

size_t greater_of_two(const struct sim *s)
{
	return hit_compare(&s->nodes[0]->hit, &s->nodes[1]->hit) > 0 ? 0 : 1;
}

/* One world. Returns whether it held, and its trace. */
static bool run_one(const struct scenario *c, const char *program,
		    uint64_t seed, uint64_t *trace)
{
	struct sim *s = sim_new(seed);
	bool held;

	c->run(s);
	*trace = sim_trace(s);
	held = !sim_failure(s);
	if (!held)
		printf("not ok %s: %s\n  again: %s -s %" PRIu64 " %s\n",
		       c->name, sim_failure(s), program, seed, c->name);
	sim_free(s);
	return held;
}

static bool run_seeds(const struct scenario *c, const char *program,
		      uint64_t first, uint64_t n)
{
	uint64_t trace = 0, again;
	bool held = true;

	for (uint64_t seed = first; seed < first + n; seed++) {

		if (!run_one(c, program, seed, &trace)) {
			held = false;
			continue;
		}
		if (seed == first && run_one(c, program, seed, &again) &&
		    again != trace) {
			printf("not ok %s: seed %" PRIu64 " ran differently\n",
			       c->name, seed);
			held = false;
		}
	}
	if (held)
		printf("ok %s %016" PRIx64 "\n", c->name, trace);
	(void)fflush(stdout); /* a lost line is no lost result */
	return held;
}

static bool is_chosen(const struct scenario *c, char **names, int n)
{
	if (n == 0)
		return true;
	for (int i = 0; i < n; i++) {
		if (strcmp(names[i], c->name) == 0)
			return true;
	}
	return false;
}

static int usage(const char *program)
{
	(void)fprintf(stderr, "usage: %s [-l] [-s SEED] [-n SEEDS] [NAME...]\n",
		      program);
	return 2;
}

int main(int argc, char **argv)
{
	uint64_t first = 1, n = 0;
	bool list = false, held = true;
	int opt, ran = 0;

	while ((opt = getopt(argc, argv, "ls:n:")) != -1) {
		if (opt == 'l')
			list = true;
		else if (opt == 's')
			first = strtoull(optarg, NULL, 10);
		else if (opt == 'n')
			n = strtoull(optarg, NULL, 10);
		else
			return usage(argv[0]);
		if (opt == 's' && n == 0)
			n = 1;
	}
	if (sodium_init() < 0)
		return 1;
	for (size_t t = 0; t < sizeof(tables) / sizeof(tables[0]); t++) {
		for (const struct scenario *c = tables[t]; c->name; c++) {
			if (!is_chosen(c, argv + optind, argc - optind))
				continue;
			ran++;
			if (list)
				printf("%s\n", c->name);
			else
				held &= run_seeds(c, argv[0], first,
						  n ? n : c->seeds);
		}
	}
	return held && ran > 0 ? 0 : 1;
}
