/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The command that ends a membership, once the overlay has been told, and what
 * it says of that which does not end with it: an authority's files, and a
 * certificate that was given.
 */
#include "daemon/command_impl.h"

#include "daemon/enrol.h"
#include "daemon/underlay.h"

#include <time.h>

/* What the authority has given goes on without us. */
static void say_what_stays(const struct engine *e, struct command_answer *a,
			   const struct membership *old, bool was_revoked)
{
	char hit[HIT_TEXT_MAX];

	hit_text(identity_hit(e->id), hit);
	if (old->founder)
		command_say(
			a, API_DONE,
			"the authority of %s stays on this host, in %s; while "
			"this host is no member, nobody is invited and no "
			"certificate is renewed: hipline create %s takes "
			"it up again",
			old->overlay, e->config.state, old->overlay);
	else if (old->name[0] != '\0' && !was_revoked &&
		 old->not_after_s + CERTIFICATE_GRACE_S > (uint64_t)time(NULL))
		command_say(
			a, API_DONE,
			"the certificate that %s has given to this host "
			"lasts, so %s is in use there and not invited anew; "
			"to free the name, on the host of the authority: "
			"hipline revoke %s",
			old->overlay, old->name, hit);
}

static void leave(struct engine *e, struct command_answer *a)
{
	const struct membership old = e->membership;
	bool was_revoked = underlay_is_revoked(e->underlay);
	int err = enrol_leave(e->enrol);

	if (err < 0)
		command_say(a, API_FAILED,
			    "the membership in %s is not forgotten: %s",
			    e->config.state, strerror(-err));
	else
		say_what_stays(e, a, &old, was_revoked);
}

void command_on_left(struct engine *e)
{
	struct command_answer a = { .json = NULL };
	struct control_client *client = e->leaver;

	e->leaver = NULL;
	leave(e, &a);
	if (a.exit != API_DONE) /* it has to hear of all again */
		underlay_on_resolver(e->underlay);
	if (client)
		command_send(client, &a);
}

void command_leave(const struct command_call *c)
{
	struct engine *e = c->e;

	if (!membership_is_set(&e->membership) && !enrol_joining(e->enrol)) {
		command_say(c->answer, API_FAILED,
			    "this host is a member of no overlay");
		return;
	}
	if (e->config.overlay[0] != '\0') {
		command_say(c->answer, API_FAILED,
			    "%s says overlay { name = %s }; take it out "
			    "there, restart hiplined, and leave",
			    e->file, e->config.overlay);
		return;
	}
	if (e->leaver) {
		command_say(c->answer, API_FAILED,
			    "another hipline leave is just doing that");
		return;
	}
	if (!underlay_is_leaving(e->underlay)) {
		enrol_note_members(e->enrol);
		if (!underlay_leave(e->underlay)) {
			leave(e, c->answer);
			return;
		}
	}
	e->leaver = c->client;
	c->answer->later = true;
}
