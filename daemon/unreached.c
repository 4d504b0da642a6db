/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * A short array: what does not fit is in the log.
 */
#include "daemon/unreached.h"

#include <string.h>

void unreached_remove(struct unreached *u, const struct hit *hit)
{
	for (size_t i = 0; i < u->n; i++) {
		if (!hit_equal(&u->all[i].hit, hit))
			continue;
		u->n--;
		memmove(&u->all[i], &u->all[i + 1],
			(u->n - i) * sizeof(u->all[0]));
		return;
	}
}

void unreached_add(struct unreached *u, const struct hit *hit,
		   const char *reason)
{
	unreached_remove(u, hit);
	if (u->n == UNREACHED_MAX)
		unreached_remove(u, &u->all[0].hit);
	u->all[u->n++] = (struct unreached_peer){ *hit, reason };
}

const char *unreached_reason(const struct unreached *u, const struct hit *hit)
{
	for (size_t i = 0; i < u->n; i++)
		if (hit_equal(&u->all[i].hit, hit))
			return u->all[i].reason;
	return NULL;
}

/* By a part of the reason; the first that fits. */
static const struct {
	const char *part, *remedy;
} remedies[] = {
	{ "no locator", "give its address: locator in its peer section" },
	{ "does not answer",
	  "see that hiplined runs there and has this host as a peer, and that "
	  "its UDP port is open; then: hipline ping" },
	{ "nor its rendezvous server",
	  "see that hiplined runs there, and that the server of its HIP record "
	  "relays to it; or give its address: locator in its peer section" },
	{ "no R2", "see that hiplined runs there and has this host as a peer" },
	{ "kind of identity",
	  "make an identity of another algorithm (hipline keygen)" },
	{ "DH group", "compare dh in hipline.conf of both hosts" },
	{ "HIP cipher", "compare cipher in hipline.conf of both hosts" },
	{ "ESP", "compare esp in hipline.conf of both hosts" },
	{ "let us in", "have this host added as a peer there" },
};

const char *unreached_remedy(const char *reason)
{
	for (size_t i = 0; i < sizeof(remedies) / sizeof(remedies[0]); i++)
		if (strstr(reason, remedies[i].part))
			return remedies[i].remedy;
	return "look at the log of hiplined on both hosts";
}
