/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Rendezvous, RFC 8004 4.3. What VIA_RVS says is not signed: it only makes an
 * R1 be looked at that would be dropped for where it came from. Who it is
 * from its HIT and signature say, as of any other. Registration (RFC 8003) is
 * left out.
 */
#include "daemon/hip/rendezvous.h"

#include "daemon/hip/host_impl.h"
#include "daemon/hip/seek.h"

#include <string.h>

static const struct peer *with_servers(const struct host *h,
				       const struct hit *hit)
{
	const struct peer *p = peers_find(&h->peers, hit);

	return p && p->n_servers > 0 ? p : NULL;
}

void rendezvous_on_servers(struct host *h, const struct hip_input *in)
{
	struct assoc *a = assoc_find(h, &in->hit);

	if (!peers_find(&h->peers, &in->hit))
		return;
	if (peers_add_servers(&h->peers, &in->hit, in->locators,
			      in->n_locators)) {
		h->counters.drops[DROP_LIMIT]++;
		return;
	}
	if (!a || in->n_locators == 0)
		return;
	if (a->state == ASSOC_FAILED)
		assoc_forget(h, a, NULL); /* it may be found now */
	else
		seek_on_peer(h, a);
}

bool rendezvous_has_servers(const struct host *h, const struct hit *peer)
{
	return with_servers(h, peer) != NULL;
}

/* Its turn comes round again after so many I1s. */
static size_t turn(const struct host *h, const struct assoc *a)
{
	return host_has_good_locator(h, a) ? 3 : 2;
}

bool rendezvous_place(const struct host *h, const struct assoc *a, size_t n,
		      struct locator *out)
{
	const struct peer *p = with_servers(h, &a->hit);
	size_t each = turn(h, a), round = n / each;
	struct locator own;

	if (!p)
		return host_locator(h, a, n, out);
	if (!host_locator(h, a, n - round, &own)) {
		*out = p->servers[n % p->n_servers];
		return true;
	}
	*out = n % each < each - 1 ? own : p->servers[round % p->n_servers];
	return true;
}

/* Ports aside, which VIA_RVS does not have. */
static bool is_same_host(const struct locator *a, const struct locator *b)
{
	return memcmp(a->addr, b->addr, sizeof(a->addr)) == 0;
}

static bool was_asked(const struct peer *p, const struct exchange *x,
		      const struct locator *via, const struct locator *from)
{
	for (size_t i = 0; i < p->n_servers; i++) {
		const struct locator *server = &p->servers[i];

		if (is_same_host(server, via) &&
		    (server->port == 0) == (from->port == 0) &&
		    asked_has(&x->asked, server))
			return true;
	}
	return false;
}

bool rendezvous_brought(const struct host *h, const struct exchange *x,
			const struct arrival *m)
{
	const struct peer *p = with_servers(h, &x->assoc->hit);
	const struct param *param = packet_find(&m->packet, PARAM_VIA_RVS);
	struct via_rvs via;

	if (!p || !param || via_rvs_parse(param_rd(param), &via) != DROP_NONE)
		return false;
	for (size_t i = 0; i < via.n; i++) {
		if (was_asked(p, x, &via.servers[i], &m->in->remote))
			return true;
	}
	return false;
}

bool rendezvous_is_relayed(const struct packet *i1)
{
	return packet_find(i1, PARAM_FROM) || packet_find(i1, PARAM_RVS_HMAC);
}
