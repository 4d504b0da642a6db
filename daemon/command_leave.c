/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The command that ends a membership, and what it says of that which does
 * not end with it: an authority's files, and a certificate that was given.
 */
#include "daemon/command_impl.h"

#include "daemon/enrol.h"
#include "daemon/underlay.h"

#include <string.h>

/* What the authority has given goes on without us. */
static void say_what_stays(const struct command_call *c,
			   const struct membership *old, bool was_founder,
			   bool was_revoked)
{
	struct engine *e = c->e;
	char hit[HIT_TEXT_MAX];

	hit_text(identity_hit(e->id), hit);
	if (was_founder)
		command_say(
			c->answer, API_DONE,
			"the authority of %s stays on this host, in %s; while "
			"this host is no member, nobody is invited and no "
			"certificate is renewed: hipline create %s takes "
			"it up again",
			old->overlay, e->config.state, old->overlay);
	else if (old->name[0] != '\0' && !was_revoked)
		command_say(
			c->answer, API_DONE,
			"the certificate that %s has given to this host "
			"lasts, so %s is in use there and not invited anew; "
			"to free the name, on the host of the authority: "
			"hipline revoke %s",
			old->overlay, old->name, hit);
}

void command_leave(const struct command_call *c)
{
	struct engine *e = c->e;
	const struct membership old = e->membership;
	bool was_founder, was_revoked;
	int err;

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
	was_founder = enrol_issuer(e->enrol) != NULL;
	was_revoked = underlay_is_revoked(e->underlay);
	err = enrol_leave(e->enrol);
	if (err < 0)
		command_say(c->answer, API_FAILED,
			    "the membership in %s is not forgotten: %s",
			    e->config.state, strerror(-err));
	else
		say_what_stays(c, &old, was_founder, was_revoked);
}
