/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * A fixed array of jobs under one mutex. The thread copies a job out, tries
 * a slice without the lock, and puts it back.
 */
#include "daemon/jobs.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sodium.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

enum { SLICE_TRIES = 4096 }; /* some milliseconds */

enum job_state { JOB_FREE, JOB_WAITING, JOB_DONE };

struct job {
	enum job_state state;
	struct job_result result;
	struct puzzle puzzle;
	uint64_t end_ms;
};

struct jobs {
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t more;
	bool stop;
	int event_fd;
	struct job jobs[JOBS_MAX];
};

static uint64_t now_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts); /* cannot fail on Linux */
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

/* The next waiting job behind *at, in turn; NULL when none waits. */
static struct job *next_waiting(struct jobs *j, size_t *at)
{
	for (size_t i = 1; i <= JOBS_MAX; i++) {
		size_t k = (*at + i) % JOBS_MAX;

		if (j->jobs[k].state == JOB_WAITING) {
			*at = k;
			return &j->jobs[k];
		}
	}
	return NULL;
}

static void raise_event(const struct jobs *j)
{
	uint64_t one = 1;
	ssize_t n = write(j->event_fd, &one, sizeof(one));

	(void)n; /* full is readable too */
}

/* Tries a slice of one job, the lock being held before and after. */
static void try_slice(struct jobs *j, struct job *job)
{
	struct job copy = *job;
	bool over;

	(void)pthread_mutex_unlock(&j->mutex);
	copy.result.solved =
		puzzle_solve_slice(&copy.puzzle, copy.result.j, SLICE_TRIES);
	over = copy.result.solved || now_ms() >= copy.end_ms;
	(void)pthread_mutex_lock(&j->mutex);
	job->result = copy.result;
	if (over) {
		job->state = JOB_DONE;
		raise_event(j);
	}
}

static void *run(void *argument)
{
	struct jobs *j = argument;
	size_t at = 0;

	(void)pthread_mutex_lock(&j->mutex);
	while (!j->stop) {
		struct job *job = next_waiting(j, &at);

		if (job)
			try_slice(j, job);
		else
			(void)pthread_cond_wait(&j->more, &j->mutex);
	}
	(void)pthread_mutex_unlock(&j->mutex);
	return NULL;
}

int jobs_new(struct jobs **out)
{
	struct jobs *j = calloc(1, sizeof(*j));
	sigset_t all, before;
	int err;

	if (!j)
		return -ENOMEM;
	j->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (j->event_fd < 0) {
		err = errno;
		free(j);
		return -err;
	}
	(void)pthread_mutex_init(&j->mutex, NULL); /* default: cannot fail */
	(void)pthread_cond_init(&j->more, NULL);
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(&j->thread, NULL, run, j);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (err) {
		(void)close(j->event_fd);
		free(j);
		return -err;
	}
	*out = j;
	return 0;
}

void jobs_free(struct jobs *j)
{
	if (!j)
		return;
	(void)pthread_mutex_lock(&j->mutex);
	j->stop = true;
	(void)pthread_cond_signal(&j->more);
	(void)pthread_mutex_unlock(&j->mutex);
	(void)pthread_join(j->thread, NULL);
	(void)pthread_cond_destroy(&j->more);
	(void)pthread_mutex_destroy(&j->mutex);
	(void)close(j->event_fd);
	free(j);
}

static struct job *find_free(struct jobs *j)
{
	for (size_t i = 0; i < JOBS_MAX; i++)
		if (j->jobs[i].state == JOB_FREE)
			return &j->jobs[i];
	return NULL;
}

int jobs_add(struct jobs *j, uint64_t job, const struct hit *hit,
	     const struct puzzle *puzzle, uint64_t lifetime_ms)
{
	uint64_t now = now_ms();
	struct job *slot;

	(void)pthread_mutex_lock(&j->mutex);
	slot = find_free(j);
	if (slot) {
		*slot = (struct job){ .state = JOB_WAITING,
				      .result = { .job = job, .hit = *hit },
				      .puzzle = *puzzle };
		slot->end_ms = lifetime_ms > UINT64_MAX - now
				       ? UINT64_MAX
				       : now + lifetime_ms;
		randombytes_buf(slot->result.j, sizeof(slot->result.j));
		(void)pthread_cond_signal(&j->more);
	}
	(void)pthread_mutex_unlock(&j->mutex);
	return slot ? 0 : -ENOSPC;
}

int jobs_event_fd(const struct jobs *j)
{
	return j->event_fd;
}

bool jobs_take(struct jobs *j, struct job_result *out)
{
	bool found = false;
	uint64_t count;

	(void)pthread_mutex_lock(&j->mutex);
	for (size_t i = 0; i < JOBS_MAX && !found; i++) {
		if (j->jobs[i].state != JOB_DONE)
			continue;
		*out = j->jobs[i].result;
		j->jobs[i].state = JOB_FREE;
		found = true;
	}
	if (!found) {
		ssize_t n = read(j->event_fd, &count, sizeof(count));

		(void)n; /* low already is fine */
	}
	(void)pthread_mutex_unlock(&j->mutex);
	return found;
}
