/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
#include "tun/crew.h"

#include "tun/steer.h"

#include <errno.h>
#include <stdlib.h>

enum { DESTINATION_AT = 24 }; /* in an IPv6 header */

struct crew {
	size_t n;
	unsigned queues; /* of the TUN device: the first ones read them */
	struct worker *workers[WORKERS_MAX];
};

/* The configuration of worker i. */
static struct worker_conf conf_of(const struct crew *c,
				  const struct crew_conf *conf, size_t i)
{
	struct worker_conf wc = conf->first;
	const struct worker_fds *fds;

	wc.shared = conf->more.n > 0;
	if (i == 0)
		return wc;
	fds = &conf->more.fds[i - 1];
	wc.first = c->workers[0];
	wc.udp4_fd = fds->udp4_fd;
	wc.udp6_fd = fds->udp6_fd;
	wc.no_queue = !conf->more.queues;
	if (conf->more.queues)
		wc.tun_fd = fds->tun_fd;
	return wc;
}

struct crew *crew_new(const struct crew_conf *conf)
{
	struct crew *c = calloc(1, sizeof(*c));

	assert(conf->more.n < WORKERS_MAX);
	if (!c)
		return NULL;
	for (; c->n <= conf->more.n; c->n++) {
		struct worker_conf wc = conf_of(c, conf, c->n);

		c->workers[c->n] = worker_new(&wc);
		if (!c->workers[c->n]) {
			int err = errno;

			crew_free(c);
			errno = err;
			return NULL;
		}
	}
	c->queues = conf->more.queues ? (unsigned)c->n : 1;
	return c;
}

int crew_start(struct crew *c)
{
	int err = 0;

	for (size_t i = 0; i < c->n && err == 0; i++)
		err = worker_start(c->workers[i]);
	if (err)
		crew_stop(c);
	return err;
}

void crew_stop(struct crew *c)
{
	for (size_t i = 0; i < c->n; i++)
		worker_stop(c->workers[i]);
}

/* The first one has the event of the others. */
void crew_free(struct crew *c)
{
	if (!c)
		return;
	while (c->n > 0)
		worker_free(c->workers[--c->n]);
	free(c);
}

size_t crew_count(const struct crew *c)
{
	return c->n;
}

struct worker *crew_worker(const struct crew *c, size_t i)
{
	assert(i < c->n);
	return c->workers[i];
}

bool crew_has_queue(const struct crew *c, size_t i)
{
	return i < c->queues;
}

int crew_event_fd(const struct crew *c)
{
	return worker_event_fd(c->workers[0]);
}

bool crew_inject(struct crew *c, const uint8_t *inner, size_t len)
{
	unsigned reader = 0;

	if (len >= IPV6_HEADER_LEN)
		reader = steer_owner(inner + DESTINATION_AT, c->queues);
	return worker_inject(c->workers[reader], inner, len);
}

int crew_failed(const struct crew *c)
{
	int err = 0;

	for (size_t i = 0; i < c->n && err == 0; i++)
		err = worker_failed(c->workers[i]);
	return err;
}

uint64_t crew_drops(const struct crew *c, enum worker_drop reason)
{
	uint64_t n = 0;

	for (size_t i = 0; i < c->n; i++)
		n += worker_drops(c->workers[i], reason);
	return n;
}
