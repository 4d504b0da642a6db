/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * compare [--nodes N] [--minutes M] [--session MINUTES] [--seeds N]: runs each
 * world twice, full and fast (ring.h), prints the figures of both side by side,
 * and fails where they are further apart than stated here. So figures of
 * worlds that are too large to be full ones can be believed.
 */
#include "resolver/message.h"
#include "tests/sim/ring.h"

#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SECOND_MS = 1000, MINUTE_MS = 60000 };

enum figure {
	HOPS_MEAN,
	HOPS_P99,
	RIGHT,
	LOOKUP_MS,
	JOINS,
	JOIN_EXCHANGES,
	JOIN_MS,
	PINGS,
	UPDATES,
	ROUTE_QUERIES,
	STORES,
	FETCHES,
	ANSWERS,
	FIGURES,
};

/*
 * How far apart the two may be: in parts of the larger, or in its unit. A fast
 * world has no Pings to neighbours that are silent, nor answers to them.
 */
static const struct {
	const char *name;
	double relative, absolute;
} bounds[FIGURES] = {
	[HOPS_MEAN] = { "hops, mean", 0.03, 0.0 },
	[HOPS_P99] = { "hops, 99 %", 0.0, 1.0 },
	[RIGHT] = { "right answers, %", 0.0, 0.1 },
	[LOOKUP_MS] = { "a lookup, ms", 0.05, 0.0 },
	[JOINS] = { "joins, per node and hour", 0.15, 0.0 },
	[JOIN_EXCHANGES] = { "exchanges of a join", 0.05, 0.0 },
	[JOIN_MS] = { "a join, ms", 0.10, 0.0 },
	[PINGS] = { "Ping, sent per node and hour", 0.0, 250.0 },
	[UPDATES] = { "Update", 0.05, 0.0 },
	[ROUTE_QUERIES] = { "RouteQuery", 0.15, 0.0 },
	[STORES] = { "Store", 0.10, 0.0 },
	[FETCHES] = { "Fetch", 0.05, 0.0 },
	[ANSWERS] = { "answers to these, and errors", 0.25, 0.0 },
};

struct plan {
	size_t nodes;
	unsigned int minutes, session, seeds;
};

static void read_hops(const struct ring_count *c, double out[FIGURES])
{
	uint64_t n = 0, sum = 0, seen = 0;

	for (size_t i = 0; i < RING_HOPS_MAX; i++) {
		n += c->hops[i];
		sum += i * c->hops[i];
	}
	out[HOPS_MEAN] = n > 0 ? (double)sum / (double)n : 0.0;
	for (size_t i = 0; i < RING_HOPS_MAX && seen * 100 < n * 99; i++) {
		seen += c->hops[i];
		out[HOPS_P99] = (double)i;
	}
}

static void read_figures(const struct ring_count *c, double node_hours,
			 double out[FIGURES])
{
	static const struct {
		enum figure figure;
		uint16_t code;
	} kinds[] = {
		{ PINGS, RELOAD_PING_REQ },
		{ UPDATES, RELOAD_UPDATE_REQ },
		{ ROUTE_QUERIES, RELOAD_ROUTE_QUERY_REQ },
		{ STORES, RELOAD_STORE_REQ },
		{ FETCHES, RELOAD_FETCH_REQ },
	};
	double lookups = (double)c->lookups, joins = (double)c->joins;

	read_hops(c, out);
	out[RIGHT] = 100.0 * (double)c->right / lookups;
	out[LOOKUP_MS] = (double)c->lookup_ms / lookups;
	out[JOINS] = joins / node_hours;
	out[JOIN_EXCHANGES] = (double)c->join_exchanges / joins;
	out[JOIN_MS] = (double)c->join_ms / joins;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		uint16_t code = kinds[i].code;

		out[kinds[i].figure] = (double)c->codes[code] / node_hours;
		out[ANSWERS] += (double)c->codes[code + 1] / node_hours;
	}
	out[ANSWERS] += (double)c->codes[0] / node_hours;
}

static void run(const struct plan *plan, uint64_t seed, bool full,
		double out[FIGURES])
{
	const struct ring_options options = { .nodes = plan->nodes,
					      .names = plan->nodes,
					      .seed = seed,
					      .full = full };
	struct ring *r = ring_new(&options);
	uint64_t ms = (uint64_t)plan->minutes * MINUTE_MS;

	memset(out, 0, FIGURES * sizeof(*out));
	ring_build(r);
	ring_run(r, 2 * MINUTE_MS);
	ring_publish_all(r, MINUTE_MS);
	ring_run(r, 2 * MINUTE_MS);
	memset(ring_counts(r), 0, sizeof(*ring_counts(r)));
	ring_begin_churn(r, (uint64_t)plan->session * MINUTE_MS);
	ring_lookups(r, 10 * plan->nodes, ms);
	ring_run(r, ms);
	read_figures(ring_counts(r), (double)plan->nodes * plan->minutes / 60.0,
		     out);
	ring_free(r);
}

static bool agree(enum figure f, double full, double fast)
{
	double apart = fabs(full - fast);

	return apart <= bounds[f].absolute ||
	       apart <= bounds[f].relative * fmax(full, fast);
}

static unsigned int number(const char *text)
{
	char *end;
	unsigned long v = strtoul(text, &end, 10);

	if (v == 0 || v > 1000000 || *end != '\0') {
		(void)fprintf(stderr, "compare: %s is no number\n", text);
		exit(2);
	}
	return (unsigned int)v;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "nodes", required_argument, NULL, 'n' },
		{ "minutes", required_argument, NULL, 'm' },
		{ "session", required_argument, NULL, 's' },
		{ "seeds", required_argument, NULL, 'r' },
		{ NULL, 0, NULL, 0 },
	};
	struct plan p = {
		.nodes = 1000, .minutes = 60, .session = 60, .seeds = 1
	};
	double sum[2][FIGURES] = { 0 }, one[FIGURES];
	bool failed = false;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'n')
			p.nodes = number(optarg);
		else if (c == 'm')
			p.minutes = number(optarg);
		else if (c == 's')
			p.session = number(optarg);
		else if (c == 'r')
			p.seeds = number(optarg);
		else
			return 2;
	}
	for (unsigned int k = 0; k < 2 * p.seeds; k++) {
		run(&p, 1 + k / 2, k % 2 == 0, one);
		for (size_t f = 0; f < FIGURES; f++)
			sum[k % 2][f] += one[f] / p.seeds;
	}
	printf("%-32s %9s %9s\n", "", "full", "fast");
	for (enum figure f = 0; f < FIGURES; f++) {
		bool ok = agree(f, sum[0][f], sum[1][f]);

		printf("%-32s %9.2f %9.2f%s\n", bounds[f].name, sum[0][f],
		       sum[1][f], ok ? "" : "  too far apart");
		failed |= !ok;
	}
	return failed;
}
