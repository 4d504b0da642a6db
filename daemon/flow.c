/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Sums over the SAs of a direction: each one's counters only grow, so what
 * was counted before is taken off.
 */
#include "daemon/flow.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void flows_init(struct flows *f, const uint8_t seed[TABLE_SEED_LEN], size_t max)
{
	table_init(&f->table, sizeof(struct hit), max, seed);
}

static void free_flow(struct flows *f, struct flow *flow)
{
	table_remove(&f->table, &flow->node);
	free(flow->in.sas);
	free(flow->out.sas);
	free(flow);
}

void flows_clear(struct flows *f)
{
	struct table_iter it = table_iterate(&f->table);
	struct flow *flow;

	while ((flow = table_next(&it)))
		free_flow(f, flow);
	table_clear(&f->table);
}

struct flow *flows_find(const struct flows *f, const struct hit *hit)
{
	return table_find(&f->table, hit->bytes);
}

static struct flow *find_or_make(struct flows *f, const struct hit *hit,
				 uint64_t now_ms, int *err)
{
	struct flow *flow = flows_find(f, hit);

	if (flow)
		return flow;
	flow = calloc(1, sizeof(*flow));
	if (!flow) {
		*err = -ENOMEM;
		return NULL;
	}
	flow->hit = *hit;
	flow->in.last_ms = now_ms;
	flow->out.last_ms = now_ms;
	*err = table_add(&f->table, &flow->node, flow->hit.bytes, flow);
	if (*err < 0) {
		free(flow);
		return NULL;
	}
	return flow;
}

static struct flow_direction *direction(struct flow *flow, bool inbound)
{
	return inbound ? &flow->in : &flow->out;
}

static bool is_empty(const struct flow *flow)
{
	return flow->in.n_sas == 0 && flow->out.n_sas == 0;
}

/* Most have one: there is memory for no more than there are. */
static int add_sa(struct flow_direction *d, uint32_t spi)
{
	size_t n = d->n_sas < FLOW_SAS_MAX ? d->n_sas + 1 : FLOW_SAS_MAX;
	struct flow_sa *sas = reallocarray(d->sas, n, sizeof(*sas));

	if (!sas)
		return -ENOMEM;
	memmove(&sas[1], &sas[0], (n - 1) * sizeof(*sas));
	sas[0] = (struct flow_sa){ .spi = spi };
	d->sas = sas;
	d->n_sas = n;
	return 0;
}

int flows_sa_add(struct flows *f, const struct hit *hit, bool inbound,
		 uint32_t spi, uint64_t now_ms)
{
	int err = 0;
	struct flow *flow = find_or_make(f, hit, now_ms, &err);

	if (!flow)
		return err;
	err = add_sa(direction(flow, inbound), spi);
	if (err < 0 && is_empty(flow))
		free_flow(f, flow);
	return err;
}

void flows_sa_delete(struct flows *f, const struct hit *hit, bool inbound,
		     uint32_t spi)
{
	struct flow *flow = flows_find(f, hit);
	struct flow_direction *d;

	if (!flow)
		return;
	d = direction(flow, inbound);
	for (size_t i = 0; i < d->n_sas; i++) {
		if (d->sas[i].spi != spi)
			continue;
		d->n_sas--;
		memmove(&d->sas[i], &d->sas[i + 1],
			(d->n_sas - i) * sizeof(d->sas[0]));
		break;
	}
	if (is_empty(flow))
		free_flow(f, flow);
}

void flow_tell(struct flow_direction *d)
{
	d->passed = false;
	d->spi = 0;
	d->told_packets = d->packets;
	d->told_bytes = d->bytes;
}

/* Is the SA that was used newer than this one? */
static bool used_newer(const struct flow_direction *d, size_t than)
{
	for (size_t i = 0; i < than; i++) {
		if (d->spi != 0 && d->sas[i].spi == d->spi)
			return true;
	}
	return false;
}

void flow_count(struct flow_direction *d, uint32_t spi, uint64_t packets,
		uint64_t bytes, uint64_t now_ms)
{
	for (size_t i = 0; i < d->n_sas; i++) {
		struct flow_sa *sa = &d->sas[i];

		if (sa->spi != spi || packets <= sa->packets)
			continue;
		d->packets += packets - sa->packets;
		/* The two are not read at one instant. */
		if (bytes > sa->bytes)
			d->bytes += bytes - sa->bytes;
		sa->packets = packets;
		sa->bytes = bytes;
		d->last_ms = now_ms;
		d->passed = true;
		if (!used_newer(d, i))
			d->spi = spi;
		return;
	}
}
