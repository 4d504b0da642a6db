/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * A reload changes only what differs: peers that stay as they were keep
 * their associations and what is known of their locators.
 */
#include "daemon/reconfigure.h"

#include "daemon/base/log.h"
#include "daemon/bootstraps.h"
#include "daemon/command.h"
#include "daemon/config_reload.h"
#include "daemon/config_value.h"
#include "daemon/enrol.h"
#include "daemon/handover.h"
#include "daemon/lookup.h"
#include "daemon/naming.h"
#include "daemon/recovery.h"
#include "daemon/underlay.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int reconfigure_names(const struct engine *e, struct pins *pins)
{
	for (size_t i = 0; i < e->config.n_peers; i++) {
		const struct config_peer *peer = &e->config.peers[i];

		for (size_t j = 0; j < peer->names.n; j++) {
			const struct config_item *name = &peer->names.items[j];
			int err = pins_add(pins, name->text, &peer->hit,
					   name->line);

			if (err < 0)
				return err;
		}
	}
	return 0;
}

/* The locators that are written down for a peer; NULL when none speaks. */
static const struct config_list *locators_of(const struct engine *e,
					     const struct hit *hit)
{
	const struct config_peer *configured =
		config_peer_find(&e->config, hit);
	const struct added_peer *added = added_find(e->added, hit);

	if (configured)
		return &configured->locators;
	return added ? &added->locators : NULL;
}

static void change_peer(struct engine *e, const struct hit *hit,
			uint64_t known_ms)
{
	const struct config_list *locators = locators_of(e, hit);
	struct locator told[LOCATORS_MAX];
	size_t n_told = 0;
	const struct hip_input in = { .kind = HIP_IN_PEER_REMOVE,
				      .hit = *hit,
				      .known_ms = known_ms };

	unreached_remove(&e->unreached, hit); /* what failed was before */
	if (locators) {
		int err = lookup_set(e->lookup, hit, locators);

		if (err < 0)
			log_error("peer", "its locators are not looked up: %s",
				  strerror(-err));
		return;
	}
	lookup_remove(e->lookup, hit);
	if (enrol_speaks_for(e->enrol, hit, told, &n_told) ||
	    pins_has_hit(e->pins, hit))
		recovery_tell_peer(e, hit, told, n_told);
	else
		engine_input(e, &in);
}

void reconfigure_peer(struct engine *e, const struct hit *hit)
{
	change_peer(e, hit, 0);
}

void reconfigure_unpinned(struct engine *e, const struct hit *hit)
{
	change_peer(e, hit, underlay_vouched_ms(e->underlay, hit));
}

void reconfigure_tell_again(struct engine *e, const struct hit *hit)
{
	struct locator told[LOCATORS_MAX];
	size_t n_told = 0;

	/* Of others nothing is kept longer than their associations. */
	if (!lookup_tell(e->lookup, hit) &&
	    (enrol_speaks_for(e->enrol, hit, told, &n_told) ||
	     pins_has_hit(e->pins, hit)))
		recovery_tell_peer(e, hit, told, n_told);
}

void reconfigure_peers(struct engine *e)
{
	for (size_t i = 0; i < e->config.n_peers; i++)
		reconfigure_peer(e, &e->config.peers[i].hit);
	for (size_t i = 0; i < added_count(e->added); i++)
		reconfigure_peer(e, &added_at(e->added, i)->hit);
	for (size_t i = 0; i < pins_count(e->pins); i++) {
		const struct pin *pin = pins_at(e->pins, i);

		if (pin->line == 0 && !engine_has_peer(e, &pin->hit))
			reconfigure_peer(e, &pin->hit);
	}
}

static void warn_pins(struct engine *e)
{
	for (size_t i = 0; i < pins_overridden(e->pins); i++) {
		const struct pin *pin = pins_overridden_at(e->pins, i);

		warnings_add(&e->warnings, "pin-overridden",
			     "remove the pin with hipline unpin, or the name "
			     "from the peer section",
			     "%s is pinned to another HIT than %s:%d says, "
			     "which holds",
			     pin->name, e->file,
			     pins_find(e->pins, pin->name)->line);
	}
}

static void warn_added(struct engine *e)
{
	for (size_t i = 0; i < added_count(e->added); i++) {
		const struct added_peer *added = added_at(e->added, i);
		const struct config_peer *peer =
			config_peer_find(&e->config, &added->hit);
		char hit[HIT_TEXT_MAX];

		if (!peer ||
		    config_list_is_same(&peer->locators, &added->locators))
			continue;
		hit_text(&added->hit, hit);
		warnings_add(&e->warnings, "peer-overridden",
			     "remove it with hipline peer remove, or the peer "
			     "section",
			     "%s was added with other locators than %s:%d "
			     "says, which holds",
			     hit, e->file, peer->line);
	}
}

void reconfigure_warnings(struct engine *e)
{
	warnings_remove(&e->warnings, "not-in-this-version");
	warnings_remove(&e->warnings, "pin-overridden");
	warnings_remove(&e->warnings, "peer-overridden");
	for (size_t i = 0; i < e->config.unsupported.n; i++) {
		const struct config_item *item =
			&e->config.unsupported.items[i];

		warnings_add(&e->warnings, "not-in-this-version",
			     "take it out, or use a version that has it",
			     "%s:%d: %s is set, and this version does not act "
			     "on it",
			     e->file, item->line, item->text);
	}
	warn_pins(e);
	warn_added(e);
}

/* The names of the new configuration, and the pins of run time as before. */
static struct pins *make_pins(const struct engine *e)
{
	struct pins *pins = pins_new();

	if (pins && reconfigure_names(e, pins) == 0 &&
	    pins_take_over(pins, e->pins) == 0)
		return pins;
	pins_free(pins);
	return NULL;
}

/* e->config is new, *old was there before. */
static void change_peers(struct engine *e, const struct config *old)
{
	for (size_t i = 0; i < old->n_peers; i++)
		if (!config_peer_find(&e->config, &old->peers[i].hit))
			reconfigure_peer(e, &old->peers[i].hit);
	for (size_t i = 0; i < e->config.n_peers; i++)
		reconfigure_peer(e, &e->config.peers[i].hit);
}

/* Those whose HITs are written down, before or now. */
static void change_bootstraps(struct engine *e)
{
	struct hit hits[2 * BOOTSTRAPS_ALL_MAX];
	size_t n = bootstraps_named(e->bootstraps, hits);

	bootstraps_configure(e->bootstraps);
	n += bootstraps_named(e->bootstraps, hits + n);
	for (size_t i = 0; i < n; i++)
		if (!engine_has_peer(e, &hits[i]))
			reconfigure_peer(e, &hits[i]);
}

/* 0, or a negative errno with nothing changed. */
static int apply(struct engine *e, struct config *fresh,
		 char restart[CONFIG_RESTART_MAX])
{
	struct pins *pins;

	config_reload(&e->config, fresh, restart);
	pins = make_pins(e);
	if (!pins) {
		config_reload(&e->config, fresh, restart);
		return -ENOMEM;
	}
	pins_free(e->pins);
	e->pins = pins;
	if (!e->verbose)
		log_set_level(e->config.log);
	change_peers(e, fresh);
	change_bootstraps(e);
	if (e->naming)
		naming_configure(e->naming);
	if (e->underlay)
		underlay_configure(e->underlay);
	reconfigure_warnings(e);
	return 0;
}

/* The text says what was done, or why nothing. */
static enum api_exit take_text(struct engine *e,
			       const struct handover_reload *r, char text[])
{
	char restart[CONFIG_RESTART_MAX];
	struct config fresh;
	int err = config_parse(e->file, r->text, r->len, &fresh, text);

	if (err < 0 && err != -EINVAL)
		(void)snprintf(text, CONFIG_ERROR_MAX, "%s: %s", e->file,
			       strerror(-err));
	if (err < 0)
		return API_FAILED;
	err = apply(e, &fresh, restart);
	config_clear(&fresh);
	if (err < 0) {
		(void)snprintf(text, CONFIG_ERROR_MAX, "%s: %s", e->file,
			       strerror(-err));
		return API_FAILED;
	}
	text[0] = '\0';
	if (restart[0] != '\0')
		(void)snprintf(text, CONFIG_ERROR_MAX,
			       "these take effect after a restart only: %s",
			       restart);
	log_info("configuration", "reloaded, peers=%zu%s%s", e->config.n_peers,
		 text[0] ? "; " : "", text);
	return API_DONE;
}

static void refuse(const struct handover_reload *r, char text[])
{
	size_t n =
		r->len < CONFIG_ERROR_MAX - 1 ? r->len : CONFIG_ERROR_MAX - 1;

	if (n > 0)
		memcpy(text, r->text, n);
	text[n] = '\0';
}

static void answer_first(struct engine *e, enum api_exit exit, const char *text)
{
	struct control_client *client = e->reloading[0];
	struct command_answer a = { .exit = exit };

	if (e->n_reloading == 0)
		return;
	e->n_reloading--;
	memmove(&e->reloading[0], &e->reloading[1],
		e->n_reloading * sizeof(e->reloading[0]));
	if (!client)
		return; /* it is gone */
	(void)snprintf(a.text, sizeof(a.text), "%s%s", text,
		       exit == API_DONE ? "" : "; the old one stays");
	command_send(client, &a);
}

int reconfigure_on_message(struct engine *e, const struct ipc_message *m)
{
	char text[CONFIG_ERROR_MAX];
	enum api_exit exit = API_FAILED;
	struct handover_reload r;

	if ((m->type != HANDOVER_TEXT && m->type != HANDOVER_REFUSED) ||
	    !handover_parse_reload(m, &r))
		return -EPROTO;
	if (m->type == HANDOVER_REFUSED)
		refuse(&r, text);
	else
		exit = take_text(e, &r, text);
	if (r.asked)
		answer_first(e, exit, text);
	return 0;
}

int reconfigure_ask(struct engine *e, struct control_client *client)
{
	int err;

	if (e->n_reloading == CONTROL_CLIENTS_MAX)
		return -EBUSY;
	err = handover_ask_reload(e->channel.fd);
	if (err == 0)
		e->reloading[e->n_reloading++] = client;
	return err;
}

void reconfigure_on_gone(struct engine *e, const struct control_client *client)
{
	for (size_t i = 0; i < e->n_reloading; i++)
		if (e->reloading[i] == client)
			e->reloading[i] = NULL;
}
