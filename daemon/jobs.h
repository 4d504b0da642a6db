/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Puzzles solved away from the control thread (RFC 7401 6.3): one thread,
 * which tries a slice of each waiting puzzle in turn, so that a hard one
 * does not hold up an easy one. A puzzle that is not solved in its lifetime
 * is given up (RFC 7401 6.8).
 */
#ifndef HIPLINE_JOBS_H
#define HIPLINE_JOBS_H

#include "daemon/hip/limits.h"
#include "daemon/hip/puzzle.h"

#include <stdbool.h>
#include <stdint.h>

enum { JOBS_MAX = 2 * HALF_OPEN_MAX };

struct jobs;

/* What became of one. */
struct job_result {
	uint64_t job;
	struct hit hit; /* the peer's */
	bool solved;
	uint8_t j[RHASH_MAX]; /* when solved */
};

/* Starts the thread. 0 or a negative errno. */
__attribute__((warn_unused_result)) int jobs_new(struct jobs **out);

/* Gives up what is not solved, and waits for the thread. */
void jobs_free(struct jobs *j);

/*
 * Takes a puzzle on. Every one that was taken on gives one result. 0 or
 * -ENOSPC.
 */
__attribute__((warn_unused_result)) int jobs_add(struct jobs *j, uint64_t job,
						 const struct hit *hit,
						 const struct puzzle *puzzle,
						 uint64_t lifetime_ms);

/* An eventfd, readable when there are results. */
int jobs_event_fd(const struct jobs *j);

/* The next result; false when there is none, and the eventfd is low then. */
bool jobs_take(struct jobs *j, struct job_result *out);

#endif
