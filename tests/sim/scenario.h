/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * A scenario is a function that lets something happen in a world and says
 * what it wants to see. Tables of them are run by sim_hosts.
 */
#ifndef HIPLINE_SIM_SCENARIO_H
#define HIPLINE_SIM_SCENARIO_H

#include "tests/sim/sim.h"

struct scenario {
	const char *name;
	void (*run)(struct sim *s);
	unsigned int seeds; /* 1 to this are run by `make check` */
};

/* Tables end with a scenario without a name. */
extern const struct scenario exchange_scenarios[];
extern const struct scenario close_scenarios[];
extern const struct scenario restart_scenarios[];
extern const struct scenario algorithm_scenarios[];
extern const struct scenario update_scenarios[];
extern const struct scenario rekey_scenarios[];
extern const struct scenario random_scenarios[];

/* Fails the world unless it is so. */
static inline void want(struct sim *s, bool is_so, const char *text)
{
	if (!is_so)
		sim_fail(s, text);
}

/* Two hosts of the default kind that know each other: 0 and 1. */
void two_hosts(struct sim *s);

/* Which of the two has the greater HIT. */
size_t greater_of_two(const struct sim *s);

#endif
