/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Commands that change who is known to us: pin, unpin, peer, contact. What they
 * say is kept in the state directory; what the configuration says is changed
 * there only.
 */
#include "daemon/command_impl.h"

#include "daemon/base/name.h"
#include "daemon/bootstraps.h"
#include "daemon/config_check.h"
#include "daemon/config_value.h"
#include "daemon/contacting.h"
#include "daemon/disputes.h"
#include "daemon/hostnames.h"
#include "daemon/naming.h"
#include "daemon/reconfigure.h"
#include "daemon/underlay.h"

#include <errno.h>
#include <string.h>

/* A peer's entry has said more about it than a pin. */
static void change_rights(struct engine *e, const struct hit *hit)
{
	if (!engine_has_peer(e, hit))
		reconfigure_peer(e, hit);
}

/* What came of writing `what` down: answers when that failed. */
static void judge_save(const struct command_call *c, const char *what, int err)
{
	struct engine *e = c->e;

	if (err == 0) {
		warnings_remove(&e->warnings, "state-not-written");
		return;
	}
	warnings_add(&e->warnings, "state-not-written",
		     "make room there, or look after its permissions, and "
		     "restart hiplined",
		     "%s cannot be written to %s: %s", what, e->config.state,
		     strerror(-err));
	command_say(c->answer, API_FAILED,
		    "%s cannot be written to %s: %s; see hipline status", what,
		    e->config.state, strerror(-err));
}

static void save_pins(const struct command_call *c)
{
	const struct engine *e = c->e;

	naming_changed(e->naming);
	judge_save(c, "pins",
		   e->pins_writable ? pins_save(e->pins, e->state_dir)
				    : -EROFS);
}

static void save_added(const struct command_call *c)
{
	const struct engine *e = c->e;

	judge_save(c, "peers",
		   e->added_writable ? added_save(e->added, e->state_dir)
				     : -EROFS);
}

static void complain_configured(const struct command_call *c, const char *name)
{
	const struct pin *pin = pins_find(c->e->pins, name);
	char hit[HIT_TEXT_MAX];

	hit_text(&pin->hit, hit);
	command_say(c->answer, API_FAILED, "%s is %s by %s:%d; change it there",
		    name, hit, c->e->file, pin->line);
}

static bool pin_arguments(const struct command_call *c, char name[],
			  struct hit *hit)
{
	struct hit own;

	if (name_canonical(c->args[0], name) < 0) {
		command_say(c->answer, API_USAGE,
			    "'%s' is no name; write USER@DOMAIN or DOMAIN",
			    c->args[0]);
		return false;
	}
	if (hit_from_text(c->args[1], hit) < 0) {
		command_say(c->answer, API_USAGE,
			    "'%s' is no HIT (an address inside 2001:20::/28)",
			    c->args[1]);
		return false;
	}
	if (hit_from_self_name(name, c->e->config.suffix, &own) &&
	    !hit_equal(&own, hit)) {
		command_say(c->answer, API_FAILED,
			    "%s names its own HIT, which is another one", name);
		return false;
	}
	return true;
}

void command_pin(const struct command_call *c)
{
	const struct hostrecords none = { .n = 0 };
	struct engine *e = c->e;
	char name[NAME_LEN_MAX + 1];
	const struct pin *old, *seen;
	struct hit hit, before;
	bool had;
	int err;

	if (!pin_arguments(c, name, &hit))
		return;
	old = pins_find(e->pins, name);
	had = old != NULL;
	before = had ? old->hit : hit;
	err = pins_add(e->pins, name, &hit, 0);
	if (err == -EEXIST) {
		complain_configured(c, name);
		return;
	}
	if (err < 0) {
		command_say(c->answer, API_FAILED, "%s cannot be pinned: %s",
			    name,
			    err == -ENOSPC ? "there are too many pins"
					   : strerror(-err));
		return;
	}
	/* It holds from now on, written or not; the answer tells. */
	save_pins(c);
	disputes_forget(e->disputes, name);
	disputes_on_use(e->disputes, name);
	change_rights(e, &hit);
	if (had && !hit_equal(&before, &hit)) {
		change_rights(e, &before);
		hostnames_judge(e, &before, name, &none);
	}
	/* What was said against the HIT that held until now is over. */
	seen = e->seen ? pins_find(e->seen, name) : NULL;
	if (seen && !hit_equal(&seen->hit, &hit))
		hostnames_judge(e, &seen->hit, name, &none);
	bootstraps_on_pin(e->bootstraps, name);
	if (e->underlay)
		underlay_settle(e->underlay, name);
}

/* What was seen of a host at first use, and said against it. 0, -ENOENT when
 * there is nothing, or why it is not written down. */
static int forget_host(struct engine *e, const char *name)
{
	const struct hostrecords none = { .n = 0 };
	const struct pin *seen = e->seen ? pins_find(e->seen, name) : NULL;
	const struct pin *pin = pins_find(e->pins, name);
	struct hit was;
	int err;

	if (pin && pin->line == 0)
		hostnames_judge(e, &pin->hit, name, &none);
	if (!seen)
		return -ENOENT;
	was = seen->hit;
	hostnames_judge(e, &was, name, &none);
	err = pins_remove(e->seen, name);
	if (err == 0 && !pins_has_hit(e->seen, &was) &&
	    !engine_has_peer(e, &was))
		reconfigure_unpinned(e, &was); /* nor let in for that */
	if (err < 0)
		return err;
	return e->seen_writable ? pins_save(e->seen, e->state_dir) : -EROFS;
}

void command_unpin(const struct command_call *c)
{
	struct engine *e = c->e;
	char name[NAME_LEN_MAX + 1];
	const struct pin *old;
	struct hit before;
	int err, seen_err;

	if (name_canonical(c->args[0], name) < 0) {
		command_say(c->answer, API_USAGE,
			    "'%s' is no name; write USER@DOMAIN or DOMAIN",
			    c->args[0]);
		return;
	}
	old = pins_find(e->pins, name);
	if (old)
		before = old->hit;
	seen_err = forget_host(e, name);
	if (seen_err == -ENOENT && underlay_forget(e->underlay, name))
		seen_err = 0;
	err = old || seen_err == -ENOENT ? pins_remove(e->pins, name) : 0;
	if (err == -EEXIST)
		complain_configured(c, name);
	else if (err == -ENOENT)
		command_say(c->answer, API_NO_SUCH_NAME, "%s is not pinned",
			    name);
	if (err < 0)
		return;
	/* It holds from now on, written or not; the answer tells. */
	save_pins(c);
	disputes_forget(e->disputes, name);
	if (seen_err < 0 && seen_err != -ENOENT)
		judge_save(c, "hosts.json", seen_err);
	if (old && !engine_has_peer(e, &before))
		reconfigure_unpinned(e, &before);
	contacting_forget(e->contacting, name);
	bootstraps_on_pin(e->bootstraps, name);
}

/* The configuration speaks of this HIT: the answer names the place. */
static void complain_peer(const struct command_call *c,
			  const struct config_peer *peer)
{
	char hit[HIT_TEXT_MAX];

	hit_text(&peer->hit, hit);
	command_say(c->answer, API_FAILED,
		    "%s is peer %s by %s:%d; change it there", hit, peer->title,
		    c->e->file, peer->line);
}

static bool has_these(const struct config_list *list, const char *const *texts,
		      size_t n)
{
	if (list->n != n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (strcmp(list->items[i].text, texts[i]) != 0)
			return false;
	return true;
}

static bool check_locators(const struct command_call *c,
			   const char *const *locators, size_t n)
{
	if (n == 0) {
		command_say(c->answer, API_USAGE,
			    "a LOCATOR is missing. Usage: hipline peer "
			    "add NAME|HIT LOCATOR...");
		return false;
	}
	for (size_t i = 0; i < n; i++) {
		if (config_is_locator(locators[i]))
			continue;
		command_say(c->answer, API_USAGE,
			    "'%s' is no locator; write an address or a host "
			    "name, with :PORT or without, or [v6]:PORT",
			    locators[i]);
		return false;
	}
	return true;
}

static void add_peer(const struct command_call *c, const struct hit *hit)
{
	struct engine *e = c->e;
	const char *const *locators = c->args + 2;
	size_t n = c->n_args - 2;
	const struct config_peer *peer = config_peer_find(&e->config, hit);
	int err;

	if (!check_locators(c, locators, n))
		return;
	if (hit_equal(hit, identity_hit(e->id))) {
		command_say(c->answer, API_FAILED,
			    "this is the HIT of this host itself");
		return;
	}
	if (peer) {
		if (!has_these(&peer->locators, locators, n))
			complain_peer(c, peer);
		return;
	}
	err = added_set(e->added, hit, locators, n);
	if (err < 0) {
		command_say(c->answer, API_FAILED, "it cannot be added: %s",
			    err == -ENOSPC ? "there are too many peers"
					   : strerror(-err));
		return;
	}
	save_added(c); /* it holds from now on, written or not */
	reconfigure_peer(e, hit);
}

static void remove_peer(const struct command_call *c, const struct hit *hit)
{
	struct engine *e = c->e;
	const struct config_peer *peer = config_peer_find(&e->config, hit);

	if (!added_remove(e->added, hit)) {
		if (peer)
			complain_peer(c, peer);
		else
			command_say(c->answer, API_NO_SUCH_NAME,
				    "%s is no peer that was added", c->args[1]);
		return;
	}
	save_added(c);
	reconfigure_warnings(e);
	reconfigure_peer(e, hit);
}

void command_peer(const struct command_call *c)
{
	/* What is resolved is the argument behind the word. */
	struct command_call second = *c;
	char name[NAME_LEN_MAX + 1];
	const char *proof;
	struct hit hit;
	bool add = !strcmp(c->args[0], "add");

	if (!add && (strcmp(c->args[0], "remove") != 0 || c->n_args != 2)) {
		command_say(c->answer, API_USAGE,
			    "usage: hipline peer add NAME|HIT LOCATOR..., "
			    "or hipline peer remove NAME|HIT");
		return;
	}
	second.args++;
	second.n_args--;
	if (!command_resolve_first(&second, name, &hit, &proof))
		return;
	if (add)
		add_peer(c, &hit);
	else
		remove_peer(c, &hit);
}

/* USER@DOMAIN, a HIT, or a name that certifies itself. */
static bool contact_argument(const struct command_call *c, char name[])
{
	struct hit hit;

	if (contacts_canonical(c->args[1], name) == 0 &&
	    (strchr(name, '@') || hit_from_text(name, &hit) == 0 ||
	     hit_from_self_name(name, c->e->config.suffix, &hit)))
		return true;
	command_say(c->answer, API_USAGE,
		    "'%s' is no contact; write USER@DOMAIN or a HIT",
		    c->args[1]);
	return false;
}

static void add_contact(const struct command_call *c, const char *name,
			bool keep)
{
	struct engine *e = c->e;
	int err;

	err = contacting_add(e->contacting, name, keep);
	if (err == -ENOSPC)
		command_say(c->answer, API_FAILED,
			    "%s cannot be added: there may be %d contacts, %d "
			    "of them with --keep",
			    name, CONTACTS_MAX, CONTACTS_KEPT_MAX);
	else if (err < 0)
		command_say(c->answer, API_FAILED, "%s cannot be added: %s",
			    name, strerror(-err));
	else /* it holds from now on, written or not */
		judge_save(c, "contacts", contacting_save(e->contacting));
}

static void remove_contact(const struct command_call *c, const char *name)
{
	struct engine *e = c->e;

	if (contacting_remove(e->contacting, name) < 0)
		command_say(c->answer, API_NO_SUCH_NAME, "%s is no contact",
			    name);
	else
		judge_save(c, "contacts", contacting_save(e->contacting));
}

void command_contact(const struct command_call *c)
{
	char name[NAME_LEN_MAX + 1];
	bool add = !strcmp(c->args[0], "add");
	bool keep = c->n_args == 3 && !strcmp(c->args[2], "keep");

	if ((!add && strcmp(c->args[0], "remove") != 0) ||
	    (c->n_args == 3 && !(add && keep))) {
		command_say(c->answer, API_USAGE,
			    "usage: contact add NAME|HIT [--keep], or contact "
			    "remove NAME|HIT");
		return;
	}
	if (!contact_argument(c, name))
		return;
	if (add)
		add_contact(c, name, keep);
	else
		remove_contact(c, name);
}
