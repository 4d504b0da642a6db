/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * A question is answered at once, so that nothing is kept per question; what
 * concerns the overlay is the underlay's business. An
 * answer that the socket does not take at once ends it: the engine waits
 * for nobody.
 */
#include "daemon/naming.h"

#include "daemon/base/log.h"
#include "daemon/base/name.h"
#include "daemon/base/resolve.h"
#include "daemon/command.h"
#include "daemon/contacting.h"
#include "daemon/disputes.h"
#include "daemon/engine.h"
#include "daemon/enrol.h"
#include "daemon/handover.h"
#include "daemon/underlay.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	BATCH = 64,	       /* questions before others have a turn */
	PIN_LIFETIME_S = 3600, /* until changed; who asks hears of that */
	DNS_PORT = 53,
	UPSTREAMS_TEXT_MAX = 256,
};

static_assert((int)RESOLVE_BODY_MAX >= (int)ENROL_MESSAGE_MAX,
	      "each message fits");

struct naming {
	struct engine *e;
	ev_io io;
	bool is_up;
	struct ipc_in in;
	size_t n_sockets;
	char trouble[256];
	bool is_silent; /* no upstream answers */
	uint64_t asked; /* questions so far */
};

/* What the configuration names, with commas between. */
static void upstreams_text(const struct config_list *list,
			   char out[UPSTREAMS_TEXT_MAX])
{
	size_t len = 0;

	out[0] = '\0';
	for (size_t i = 0; i < list->n && len < UPSTREAMS_TEXT_MAX; i++)
		len += (size_t)snprintf(
			out + len, UPSTREAMS_TEXT_MAX - len, "%s%s",
			i ? ", " : "",
			list->items[i].text); /* cut short it still tells */
}

static void set_silent(struct naming *n, bool is_silent)
{
	const struct config *c = &n->e->config;
	char all[UPSTREAMS_TEXT_MAX];

	n->is_silent = is_silent;
	if (!is_silent) {
		warnings_remove(&n->e->warnings, "upstream-silent");
		return;
	}
	upstreams_text(&c->upstream, all);
	warnings_add(
		&n->e->warnings, "upstream-silent",
		"see that they run and answer this host (dig @ADDRESS), or "
		"name others with dns { upstream = { ... } } and hipline "
		"reload",
		"names that are not ours are not found: nobody of dns { "
		"upstream = { %s } } answers",
		all);
}

static void hang_up(struct naming *n)
{
	if (!n->is_up)
		return;
	ev_io_stop(n->e->loop, &n->io);
	(void)close(n->io.fd); /* it sees the end of the stream */
	ipc_in_clear(&n->in);
	n->is_up = false;
	set_silent(n, false);
	if (n->e->underlay)
		underlay_on_resolver_gone(n->e->underlay);
	if (n->e->stopping)
		return;
	warnings_add(&n->e->warnings, "resolver-down",
		     "see the log for why it ended; it is started again by "
		     "itself",
		     "hipline-resolver does not run: DNS is not answered");
}

static void judge_sending(struct naming *n, int err)
{
	if (err == 0)
		return;
	log_warning("resolver", "it takes no message: %s", strerror(-err));
	hang_up(n);
}

static void send_message(struct naming *n, uint16_t type, const uint8_t *body,
			 size_t len)
{
	judge_sending(n, ipc_send(n->io.fd, type, body, len, NULL, 0, 0));
}

bool naming_send_frames(struct naming *n, const uint8_t *frames, size_t len)
{
	if (n && n->is_up)
		judge_sending(n, ipc_send_frames(n->io.fd, frames, len, 0));
	return n && n->is_up;
}

bool naming_send(struct naming *n, uint16_t type, const uint8_t *body,
		 size_t len)
{
	if (n && n->is_up)
		send_message(n, type, body, len);
	return n && n->is_up;
}

bool naming_has_resolver(const struct naming *n)
{
	return n && n->is_up;
}

/* What a name stands for, where that is the resolver's to find out, too. */
static void answer_name(const struct engine *e, const char *name,
			struct resolve_answer *a)
{
	char canonical[NAME_LEN_MAX + 1];
	struct resolve_hit *h = &a->hits[0];
	const char *proof;
	struct hit hit;

	switch (command_resolve(e, name, canonical, &hit, &proof)) {
	case 0:
		break;
	case -ENOENT:
		if (!underlay_has_name(e->underlay, canonical))
			return; /* foreign */
		/* What is still kept of the overlay is not ours to use. */
		if (underlay_is_revoked(e->underlay))
			a->result = RESOLVE_UNREACHABLE;
		else if (!contacting_answer(e->contacting, canonical, a))
			a->result = RESOLVE_IN_OVERLAY;
		return;
	default:
		return; /* foreign */
	}
	h->hi = hit_equal(&hit, identity_hit(e->id))
			? identity_hi(e->id, &h->hi_len)
			: host_peer_hi(e->host, &hit, &h->hi_len);
	/* Of a HIT only its key is asked for, which may soon be known. */
	if (!h->hi && hit_from_text(name, &hit) == 0)
		return;
	a->result = RESOLVE_FOUND;
	a->n_hits = 1;
	memcpy(h->hit, hit.bytes, sizeof(h->hit));
	h->proof = strcmp(proof, "pin") == 0 ? RESOLVE_PROOF_PIN
					     : RESOLVE_PROOF_SELF;
	if (h->proof == RESOLVE_PROOF_PIN)
		disputes_on_use(e->disputes, canonical);
}

static void answer_reverse(const struct engine *e, const uint8_t bytes[],
			   struct resolve_answer *a)
{
	for (size_t i = 0; i < pins_count(e->pins); i++) {
		const struct pin *pin = pins_at(e->pins, i);

		if (memcmp(pin->hit.bytes, bytes, RESOLVE_HIT_LEN) != 0)
			continue;
		a->result = RESOLVE_FOUND;
		a->name = pin->name;
		return;
	}
}

static int on_ask(struct naming *n, const struct ipc_message *m)
{
	struct resolve_answer a = { .result = RESOLVE_FOREIGN,
				    .lifetime_s = PIN_LIFETIME_S };
	uint8_t body[2 * (RESOLVE_HI_MAX + RESOLVE_NAME_MAX)];
	struct resolve_ask ask;

	if (!resolve_ask_parse(m->body, m->len, &ask))
		return -EPROTO;
	n->asked++;
	a.id = ask.id;
	if (ask.is_reverse)
		answer_reverse(n->e, ask.hit, &a);
	else
		answer_name(n->e, ask.name, &a);
	send_message(n, RESOLVE_ANSWER, body,
		     resolve_answer_write(&a, body, sizeof(body)));
	return 0;
}

static int on_silent(struct naming *n, const struct ipc_message *m)
{
	if (m->len != 1 || m->body[0] > 1)
		return -EPROTO;
	set_silent(n, m->body[0] == 1);
	return 0;
}

static int on_message(struct naming *n, const struct ipc_message *m)
{
	for (size_t i = 0; i < m->n_fds; i++)
		(void)close(m->fds[i]); /* it has none to give */
	if (m->n_fds > 0)
		return -EPROTO;
	if (m->type == RESOLVE_ASK)
		return on_ask(n, m);
	if (m->type == RESOLVE_SILENT)
		return on_silent(n, m);
	if (m->type >= ENROL_SERVE)
		return enrol_on_message(n->e->enrol, m);
	return n->e->underlay ? underlay_on_message(n->e->underlay, m)
			      : -EPROTO;
}

static void on_resolver(struct ev_loop *loop, ev_io *w, int events)
{
	struct naming *n = w->data;
	struct ipc_message m;
	int got = 1;

	(void)loop;
	(void)events;
	for (int i = 0; i < BATCH && got == 1 && n->is_up; i++) {
		got = ipc_in_read(&n->in, w->fd);
		if (got != 1)
			break;
		got = ipc_in_next(&n->in, &m);
		if (got == 1 && on_message(n, &m) < 0)
			got = -EPROTO;
		else if (got == 0)
			got = 1; /* the rest of it may be there */
	}
	if (got == 1 || got == -EAGAIN)
		return;
	if (got < 0 && got != -ECONNRESET)
		log_warning("resolver", "it is cut off: %s", strerror(-got));
	hang_up(n);
}

struct naming *naming_new(struct engine *e)
{
	struct naming *n = calloc(1, sizeof(*n));

	if (n)
		n->e = e;
	return n;
}

void naming_free(struct naming *n)
{
	if (!n)
		return;
	if (n->is_up) {
		ev_io_stop(n->e->loop, &n->io);
		(void)close(n->io.fd); /* it sees the end of the stream */
	}
	ipc_in_clear(&n->in);
	free(n);
}

void naming_configure(struct naming *n)
{
	const struct config *c = &n->e->config;
	struct resolve_config rc = {
		.suffix = c->suffix,
		.log = (uint8_t)(n->e->verbose ? LOG_LEVEL_DEBUG : c->log),
	};
	uint8_t body[1024];

	set_silent(n, false); /* until the resolver finds so again */
	if (!n->is_up)
		return;
	for (size_t i = 0;
	     i < c->upstream.n && rc.n_upstreams < RESOLVE_UPSTREAMS_MAX; i++)
		if (locator_from_text(c->upstream.items[i].text, DNS_PORT,
				      &rc.upstreams[rc.n_upstreams]) == 0)
			rc.n_upstreams++;
	send_message(n, RESOLVE_CONFIG, body,
		     resolve_config_write(&rc, body, sizeof(body)));
}

void naming_changed(struct naming *n)
{
	if (n && n->is_up)
		send_message(n, RESOLVE_CHANGED, NULL, 0);
}

static void warn(struct naming *n)
{
	struct warnings *w = &n->e->warnings;

	warnings_remove(w, "resolver-down");
	warnings_remove(w, "dns-not-listening");
	if (n->trouble[0] != '\0')
		warnings_add(w, "dns-not-listening",
			     "free that address, or name another with dns { "
			     "listen = { ... } }; make a missing user with "
			     "useradd --system; then restart hiplined",
			     "DNS is not answered as configured: %s",
			     n->trouble);
}

int naming_on_message(struct naming *n, const struct ipc_message *m)
{
	struct handover_resolver r;

	if (m->type != HANDOVER_RESOLVER || !handover_parse_resolver(m, &r))
		return -EPROTO;
	if (n->is_up)
		hang_up(n);
	n->n_sockets = r.n_sockets;
	strncpy(n->trouble, r.trouble, sizeof(n->trouble) - 1);
	if (r.channel_fd < 0) {
		warn(n);
		return 0;
	}
	ipc_in_init(&n->in, RESOLVE_BODY_MAX);
	ev_io_init(&n->io, on_resolver, r.channel_fd, EV_READ);
	n->io.data = n;
	ev_io_start(n->e->loop, &n->io);
	n->is_up = true;
	warn(n);
	naming_configure(n);
	if (n->e->underlay)
		underlay_on_resolver(n->e->underlay);
	enrol_on_resolver(n->e->enrol);
	return 0;
}

bool naming_is_up(const struct naming *n)
{
	return n && n->is_up && n->n_sockets > 0;
}

static json_t *list_json(const struct config_list *list)
{
	json_t *array = json_array();

	for (size_t i = 0; array && i < list->n; i++)
		if (json_array_append_new(
			    array, json_string(list->items[i].text)) != 0) {
			json_decref(array);
			array = NULL;
		}
	return array;
}

json_t *naming_report(const struct naming *n)
{
	const struct config *c = &n->e->config;
	json_t *o = json_object();
	const char *state = !n->is_up		? "down"
			    : n->n_sockets == 0 ? "not-listening"
						: "answering";

	if (json_object_set_new(o, "state", json_string(state)) == 0 &&
	    json_object_set_new(o, "listen", list_json(&c->dns_listen)) == 0 &&
	    json_object_set_new(o, "suffix", json_string(c->suffix)) == 0 &&
	    json_object_set_new(o, "upstream", list_json(&c->upstream)) == 0 &&
	    json_object_set_new(o, "upstream_silent",
				json_boolean(n->is_silent)) == 0)
		return o;
	json_decref(o);
	return NULL;
}
