/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Leaving (RFC 6940 10.9): names are taken away first, then the node says so
 * to its neighbours and hands over what it keeps. For that it needs our
 * signature and our associations, so we are a member until it is done.
 */
#include "daemon/command.h"
#include "daemon/naming.h"
#include "daemon/underlay_impl.h"

#include "daemon/base/log.h"
#include "daemon/base/overlay_ipc.h"

#include <errno.h>
#include <string.h>

enum {
	TAKING_MS = 8000,  /* who keeps the names may be out of reach */
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
	u->leaving_ms = engine_now_ms() + TAKING_MS;
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
}

static void end(struct underlay *u)
{
	u->leaving_ms = 0;
	command_on_left(u->e);
}

static void say_leave(struct underlay *u)
{
	u->n_taking = 0;
	u->leaving_ms = engine_now_ms() + LEAVING_MS;
	u->told_overlay = false;
	underlay_send_none(u);
}

/* The resolver may be gone; it may have refused what we are. */
static bool is_heard(const struct underlay *u)
{
	return underlay_can_ask(u) &&
	       !json_is_null(json_object_get(u->shown, "node_id"));
}

bool underlay_leave(struct underlay *u)
{
	/* Nobody lets in who is revoked. */
	if (!u || !u->told_overlay || !is_heard(u) || underlay_is_revoked(u))
		return false;
	take_names_away(u);
	if (!underlay_can_ask(u)) { /* it has gone by that */
		u->n_taking = 0;
		u->leaving_ms = 1;
	} else if (u->n_taking == 0) {
		say_leave(u);
	}
	return true;
}

bool underlay_is_leaving(const struct underlay *u)
{
	return u && u->leaving_ms > 0;
}

bool underlay_on_taken_away(struct underlay *u)
{
	if (u->n_taking == 0)
		return false;
	u->n_taking--;
	if (u->n_taking == 0)
		say_leave(u);
	return true;
}

void underlay_tick_leaving(struct underlay *u, uint64_t now_ms)
{
	if (u->leaving_ms == 0 || now_ms < u->leaving_ms)
		return;
	if (u->n_taking > 0)
		say_leave(u);
	else
		end(u);
}

int underlay_on_left(struct underlay *u, const struct ipc_message *m)
{
	if (m->len > 0)
		return -EPROTO;
	if (u->leaving_ms > 0 && u->n_taking == 0)
		end(u);
	engine_on_left(u->e);
	return 0;
}

void underlay_end_leaving(struct underlay *u)
{
	if (underlay_is_leaving(u))
		end(u);
}

bool underlay_stop(struct underlay *u)
{
	if (u && u->n_taking > 0 && underlay_can_ask(u))
		say_leave(u);
	if (underlay_is_leaving(u) && underlay_can_ask(u))
		return true;
	underlay_end_leaving(u);
	if (!u || !u->told_overlay || !underlay_can_ask(u))
		return false;
	underlay_send_none(u);
	return true;
}
