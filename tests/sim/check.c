/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * What must hold after every step, whatever links do.
 */
#include "tests/sim/sim_impl.h"

#include <string.h>

static const struct sim_sa *find_sa(const struct sim_sa *sas, size_t n,
				    uint32_t spi, const struct hit *peer)
{
	for (size_t i = 0; i < n; i++) {
		if (sas[i].spi == spi && hit_equal(&sas[i].peer, peer))
			return &sas[i];
	}
	return NULL;
}

/* Does what `a` seals open at `b`? */
static void check_way(struct sim *s, const struct sim_node *a,
		      const struct sim_node *b, uint32_t spi)
{
	const struct sim_sa *out = find_sa(a->out, a->n_out, spi, &b->hit);
	const struct sim_sa *in = find_sa(b->in, b->n_in, spi, &a->hit);

	if (!out || !in)
		sim_fail(s, "established without an SA");
	else if (out->suite != in->suite || out->key_len != in->key_len ||
		 memcmp(out->key, in->key, in->key_len) != 0)
		sim_fail(s, "established with unequal keys");
}

static void check_pair(struct sim *s, const struct sim_node *a,
		       const struct host_assoc_info *ours)
{
	struct host_assoc_info theirs;
	const struct sim_node *b = NULL;

	for (size_t i = 0; i < s->n_nodes; i++) {
		if (hit_equal(&s->nodes[i]->hit, &ours->hit))
			b = s->nodes[i];
	}
	if (!b || !host_assoc_find(b->host, &a->hit, &theirs) ||
	    ours->state != ASSOC_ESTABLISHED ||
	    theirs.state != ASSOC_ESTABLISHED)
		return;
	if (s->now_ms < s->settled_ms)
		return;
	/* What one sends, the other has an SA for, also amidst a rekey. */
	check_way(s, a, b, ours->spi_out);
	check_way(s, b, a, theirs.spi_out);
	if (!ours->is_rekeying && !theirs.is_rekeying &&
	    (ours->spi_in != theirs.spi_out || ours->spi_out != theirs.spi_in))
		sim_fail(s, "both established with different SPIs");
	if (ours->dh_group != theirs.dh_group ||
	    ours->hip_cipher != theirs.hip_cipher ||
	    ours->esp_suite != theirs.esp_suite)
		sim_fail(s, "both established with different algorithms");
}

void check_node(struct sim *s, size_t node)
{
	struct host_assoc_info infos[SIM_NODES_MAX];
	const struct sim_node *n = s->nodes[node];
	size_t count = host_assoc_list(n->host, infos, SIM_NODES_MAX);

	if (count > n->made.conf.assoc_max || count > SIM_NODES_MAX) {
		sim_fail(s, "too many associations");
		return;
	}
	/* One pair; inbound also those of a rekey, an exchange, and old ones.
	 */
	if (n->n_in > (3 + SAS_OLD_MAX) * count || n->n_out > count)
		sim_fail(s, "more SAs than associations account for");
	for (size_t i = 0; i < count; i++)
		check_pair(s, n, &infos[i]);
}
