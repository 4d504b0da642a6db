/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The peers that a membership or an invitation names: the authority's host,
 * and those to begin with. They are peers until the overlay is left.
 */
#include "daemon/enrol_impl.h"

#include "daemon/bootstraps.h"
#include "daemon/reconfigure.h"

#include <string.h>

static void take_locator(const struct token_bootstrap *b, const struct hit *hit,
			 struct locator out[], size_t *n)
{
	/* Where a host name is, the bootstraps know. */
	if (b->host[0] == '\0' && hit_equal(&b->hit, hit) && *n < LOCATORS_MAX)
		out[(*n)++] = b->locator;
}

bool enrol_is_authority(const struct enrol *en, const struct hit *hit)
{
	const struct membership *m = en ? &en->e->membership : NULL;

	return en &&
	       ((membership_is_set(m) && hit_equal(hit, &m->authority_host)) ||
		(en->joining && hit_equal(hit, &en->token.authority)));
}

bool enrol_names(const struct enrol *en, const struct hit *hit,
		 struct locator out[], size_t *n)
{
	const struct membership *m;
	bool is_told;

	*n = 0;
	if (!en || hit_equal(hit, identity_hit(en->e->id)))
		return false;
	m = &en->e->membership;
	for (size_t i = 0; i < m->n_bootstraps; i++)
		take_locator(&m->bootstraps[i], hit, out, n);
	for (size_t i = 0; en->joining && i < en->token.n_bootstraps; i++)
		take_locator(&en->token.bootstraps[i], hit, out, n);
	is_told = *n > 0;
	bootstraps_locators(en->e->bootstraps, hit, out, LOCATORS_MAX, n);
	return is_told || bootstraps_names(en->e->bootstraps, hit) ||
	       enrol_is_authority(en, hit);
}

bool enrol_speaks_for(const struct enrol *en, const struct hit *hit,
		      struct locator out[], size_t *n)
{
	return enrol_names(en, hit, out, n) ||
	       (en &&
		(enrol_has_member(en, hit) || enrol_may_come_back(en, hit)));
}

void enrol_tell_peer(struct enrol *en, const struct hit *hit)
{
	reconfigure_peer(en->e, hit);
}

void enrol_tell_bootstraps(struct enrol *en, const struct token_bootstrap *all,
			   size_t n)
{
	bootstraps_configure(en->e->bootstraps);
	for (size_t i = 0; i < n; i++)
		enrol_tell_peer(en, &all[i].hit);
}

void enrol_tell_peers(struct enrol *en)
{
	const struct membership *m = &en->e->membership;
	struct hit hits[BOOTSTRAPS_ALL_MAX];
	size_t n = bootstraps_named(en->e->bootstraps, hits);

	for (size_t i = 0; i < n; i++)
		enrol_tell_peer(en, &hits[i]);
	enrol_tell_bootstraps(en, m->bootstraps, m->n_bootstraps);
	if (en->joining)
		enrol_tell_bootstraps(en, en->token.bootstraps,
				      en->token.n_bootstraps);
	enrol_tell_members(en);
}
