/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Leaving (RFC 6940 10.9): the node says so to its neighbours, for which it
 * needs our signature and its associations once more. So what we were of an
 * overlay holds for a moment longer.
 */
#include "daemon/enrol.h"
#include "daemon/naming.h"
#include "daemon/underlay_impl.h"

#include "daemon/base/log.h"
#include "daemon/base/overlay_ipc.h"

#include <errno.h>
#include <string.h>

enum {
	TAKING_MS = 2000,  /* for the names to be gone */
	LEAVING_MS = 5000, /* the node takes 4 s at most */
};

void underlay_send_none(struct underlay *u)
{
	const struct resolve_overlay none = { .name = "" };

	underlay_send(u, RESOLVE_OVERLAY,
		      resolve_overlay_write(&none, u->body, sizeof(u->body)));
}

/* Who leaves for good has no name there; who only ends keeps it. */
static void take_names_away(struct underlay *u)
{
	for (size_t i = 0; i < u->published.n; i++) {
		const struct resolve_publish p = {
			.id = ++u->last_id,
			.name = u->published.all[i].name,
		};

		underlay_send(
			u, RESOLVE_PUBLISH,
			resolve_publish_write(&p, u->body, sizeof(u->body)));
	}
	u->n_taking = u->published.n;
	u->taking_ms = engine_now_ms() + TAKING_MS;
}

void underlay_end_taking(struct underlay *u)
{
	if (u->n_taking == 0)
		return;
	u->n_taking = 0;
	u->told_overlay = false;
	underlay_send_none(u);
}

void underlay_on_taken_away(struct underlay *u)
{
	if (u->n_taking == 1)
		underlay_end_taking(u);
	else if (u->n_taking > 0)
		u->n_taking--;
}

bool underlay_begin_leaving(struct underlay *u)
{
	if (u->leaving_ms > 0 && u->is_in) /* again, before that was done */
		enrol_on_left(u->e->enrol);
	u->leaving_ms = 0;
	u->n_taking = 0;
	if (u->is_in || !u->signs || !u->told_overlay ||
	    !naming_has_resolver(u->e->naming) ||
	    vouch_is_revoked(u->vouch, u->serial)) /* nobody lets us in */
		return false;
	u->leaving_ms = engine_now_ms() + LEAVING_MS;
	take_names_away(u);
	if (u->n_taking > 0)
		u->leaving_ms += TAKING_MS;
	return true;
}

void underlay_end_leaving(struct underlay *u)
{
	int err;

	if (u->leaving_ms == 0)
		return;
	u->leaving_ms = 0;
	err = underlay_take_membership(u);
	if (err < 0)
		log_error("overlay", "%s", strerror(-err));
	enrol_on_left(u->e->enrol);
}

bool underlay_is_leaving(const struct underlay *u)
{
	return u && u->leaving_ms > 0;
}

int underlay_on_left(struct underlay *u, const struct ipc_message *m)
{
	if (m->len > 0)
		return -EPROTO;
	underlay_end_leaving(u);
	engine_on_left(u->e);
	return 0;
}

bool underlay_stop(struct underlay *u)
{
	if (!u || !u->told_overlay || !underlay_can_ask(u))
		return false;
	underlay_send_none(u);
	return true;
}
