/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Names of rendezvous servers are in the order of preference (RFC 8005 5), and
 * so are their addresses told. Nothing is kept here: they stand with the peer,
 * as its own addresses do.
 */
#include "daemon/rvs.h"

#include "daemon/asker.h"
#include "daemon/base/log.h"

#include <assert.h>
#include <stdlib.h>

struct rvs_ask;

/* One name that was asked for. */
struct rvs_name {
	struct rvs_ask *ask;
	struct locator at[ASKER_ADDRESSES_MAX];
	size_t n;
};

/* All names of one record; gone with the last answer. */
struct rvs_ask {
	struct engine *e;
	struct hit hit;
	struct rvs_name names[HOSTRECORD_SERVERS_MAX];
	size_t n, open;
	bool is_ended;
	rvs_fn *done;
	void *ctx;
};

/* Takes one of each name in turn, so that all names have a place. */
static size_t gather(const struct rvs_ask *a,
		     struct locator out[RENDEZVOUS_MAX])
{
	size_t n = 0;

	for (size_t k = 0; k < ASKER_ADDRESSES_MAX; k++)
		for (size_t i = 0; i < a->n; i++)
			if (k < a->names[i].n && n < RENDEZVOUS_MAX)
				out[n++] = a->names[i].at[k];
	return n;
}

static size_t tell(const struct rvs_ask *a)
{
	struct locator all[RENDEZVOUS_MAX];
	const struct hip_input in = { .kind = HIP_IN_RENDEZVOUS,
				      .hit = a->hit,
				      .locators = all,
				      .n_locators = gather(a, all) };

	/* When none answers, those that were known may still be there. */
	if (in.n_locators > 0)
		engine_input(a->e, &in);
	return in.n_locators;
}

/* One answer less to wait for. */
static void settle(struct rvs_ask *a)
{
	size_t n;

	if (--a->open > 0)
		return;
	n = a->is_ended ? 0 : tell(a);
	if (a->done)
		a->done(a->ctx, n, a->is_ended);
	free(a);
}

static void on_addresses(void *ctx, enum asker_status status, const char *error,
			 const struct locator *addresses, size_t n)
{
	struct rvs_name *name = ctx;

	name->ask->is_ended |= status == ASKER_ENDED;
	if (status == ASKER_FAILED)
		log_debug("host", "a rendezvous server: %s", error);
	assert(n <= ASKER_ADDRESSES_MAX);
	for (name->n = 0; name->n < n; name->n++)
		name->at[name->n] = addresses[name->n];
	settle(name->ask);
}

bool rvs_are_named(const struct hostrecords *records, const struct hit *hit)
{
	const struct hostrecord *r = hostrecords_find(records, hit);

	return r && r->n_servers > 0;
}

void rvs_ask(struct engine *e, const struct hit *hit,
	     const struct hostrecords *records, rvs_fn *done, void *ctx)
{
	const struct hostrecord *r = hostrecords_find(records, hit);
	struct rvs_ask *a = NULL;

	if (r && e->asker)
		a = calloc(1, sizeof(*a));
	if (!a) { /* nothing is said of it, or for want of memory */
		if (done)
			done(ctx, 0, false);
		return;
	}
	*a = (struct rvs_ask){
		.e = e, .hit = *hit, .open = 1, .done = done, .ctx = ctx
	};
	/* Answers may come at once. */
	while (a->n < r->n_servers) {
		struct rvs_name *name = &a->names[a->n];

		name->ask = a;
		a->open++;
		asker_addresses(e->asker, r->servers[a->n++],
				engine_locator_port(e), on_addresses, name);
	}
	settle(a);
}
