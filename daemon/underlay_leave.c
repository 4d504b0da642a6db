/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Leaving (RFC 6940 10.9): the node says so to its neighbours, for which it
 * needs our signature and its associations once more. So what we were of an
 * overlay holds for a moment longer.
 */
#include "daemon/naming.h"
#include "daemon/underlay_impl.h"

#include "daemon/base/log.h"
#include "daemon/base/overlay_ipc.h"

#include <errno.h>
#include <string.h>

enum { LEAVING_MS = 5000 }; /* the node takes 4 s at most */

void underlay_send_none(struct underlay *u)
{
	const struct resolve_overlay none = { .name = "" };

	underlay_send(u, RESOLVE_OVERLAY,
		      resolve_overlay_write(&none, u->body, sizeof(u->body)));
}

bool underlay_begin_leaving(struct underlay *u)
{
	u->leaving_ms = 0;
	if (u->is_in || !u->signs || !u->told_overlay ||
	    !naming_has_resolver(u->e->naming))
		return false;
	u->leaving_ms = engine_now_ms() + LEAVING_MS;
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
