/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Each command as a function of its arguments. A text for people says what
 * is wrong and what to do.
 */
#include "daemon/command.h"

#include "daemon/base/locator.h"
#include "daemon/base/log.h"
#include "daemon/base/name.h"
#include "daemon/command_impl.h"
#include "daemon/config_check.h"
#include "daemon/disputes.h"
#include "daemon/enrol.h"
#include "daemon/reconfigure.h"
#include "daemon/report.h"
#include "daemon/underlay.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	CONNECT_TIMEOUT_MS = 20 * 1000,
	LOOKUP_TIMEOUT_MS = 15 * 1000, /* `hipline` waits 18 s */
};

typedef void command_fn(const struct command_call *c);

struct command {
	const char *name;
	const char *usage; /* of its arguments */
	enum control_right right;
	size_t args_min, args_max;
	command_fn *run;
};

void command_say(struct command_answer *a, enum api_exit exit,
		 const char *format, ...)
{
	va_list args;

	a->exit = exit;
	va_start(args, format);
	(void)vsnprintf(a->text, sizeof(a->text), format,
			args); /* cut short it still tells */
	va_end(args);
}

void command_answer_json(struct command_answer *a, json_t *json)
{
	a->json = json;
	if (!json)
		command_say(a, API_FAILED, "out of memory");
}

/* DNS is not asked for it. */
static bool is_address(const char *text)
{
	struct locator l;

	return locator_from_text(text, HIP_UDP_PORT, &l) == 0;
}

int command_resolve(const struct engine *e, const char *text, char canonical[],
		    struct hit *out, const char **proof)
{
	const struct pin *pin;

	if (hit_from_text(text, out) == 0) {
		hit_text(out, canonical);
		*proof = "self";
		return 0;
	}
	if (is_address(text) || name_canonical(text, canonical) < 0)
		return -EINVAL;
	*proof = "self";
	if (hit_from_self_name(canonical, e->config.suffix, out))
		return 0;
	pin = pins_find(e->pins, canonical);
	if (!pin)
		return -ENOENT;
	*out = pin->hit;
	*proof = "pin";
	return 0;
}

static void complain_unknown(const struct command_call *c, const char *name)
{
	const char *overlay = c->e->membership.overlay;
	const char *awaited = underlay_awaited(c->e, name);

	if (awaited)
		command_say(c->answer, API_NO_SUCH_NAME,
			    "no HIT is known for %s: this host is still "
			    "joining %s, which it can ask only then; ask again "
			    "when it has joined (hipline status)",
			    name, awaited);
	else if (!strpbrk(name, "@."))
		command_say(c->answer, API_NO_SUCH_NAME,
			    "no HIT is known for %s, which has no domain; "
			    "names are written USER@DOMAIN, like %s@%s",
			    name, name, overlay[0] ? overlay : "example.com");
	else if (strchr(name, '@') && overlay[0] != '\0' &&
		 strcmp(name_domain(name), overlay) != 0 &&
		 c->e->config.unverified == CONFIG_UNVERIFIED_REFUSE)
		command_say(c->answer, API_NO_SUCH_NAME,
			    "no HIT is known for %s: what %s says of names of "
			    "other domains is unverified, and refused (names { "
			    "unverified = refuse } in %s); bind one with "
			    "hipline pin %s HIT",
			    name, overlay, c->e->file, name);
	else if (strchr(name, '@') && overlay[0] == '\0')
		command_say(c->answer, API_NO_SUCH_NAME,
			    "no HIT is known for %s, and this host is in no "
			    "overlay that could know it; hipline join an "
			    "overlay, or bind one with hipline pin %s HIT",
			    name, name);
	else
		command_say(c->answer, API_NO_SUCH_NAME,
			    "no HIT is known for %s; bind one with hipline pin "
			    "%s HIT, or by name = { ... } in a peer section of "
			    "%s",
			    name, name, c->e->file);
}

bool command_resolve_first(const struct command_call *c, char canonical[],
			   struct hit *out, const char **proof)
{
	const char *text = c->args[0];
	int err = command_resolve(c->e, text, canonical, out, proof);

	if (err == -EINVAL && is_address(text)) {
		command_say(c->answer, API_USAGE,
			    "%s is an address, not a name; write a HIT (inside "
			    "2001:20::/28) or a name (USER@DOMAIN or DOMAIN)",
			    text);
		return false;
	}
	if (err == -EINVAL)
		command_say(c->answer, API_USAGE,
			    "'%s' is neither a HIT (inside 2001:20::/28) nor a "
			    "name "
			    "(USER@DOMAIN or DOMAIN)",
			    text);
	else if (err == -ENOENT)
		complain_unknown(c, canonical);
	return err == 0;
}

static void run_id(const struct command_call *c)
{
	command_answer_json(c->answer, report_id(c->e));
}

static void run_status(const struct command_call *c)
{
	json_t *o = report_status(c->e);

	/* Whom somebody knows is not for everybody. */
	if (o && !c->may_read &&
	    json_object_set_new(o, "contacts", json_null()) < 0) {
		json_decref(o);
		o = NULL;
	}
	command_answer_json(c->answer, o);
}

static void run_dns(const struct command_call *c)
{
	command_answer_json(c->answer, report_dns(c->e));
}

static void run_peers(const struct command_call *c)
{
	command_answer_json(c->answer, report_peers(c->e));
}

static void run_counters(const struct command_call *c)
{
	command_answer_json(c->answer, report_counters(c->e));
}

static void run_resolve(const struct command_call *c)
{
	char name[NAME_LEN_MAX + 1];
	const char *proof;
	struct hit hit;
	int err = command_resolve(c->e, c->args[0], name, &hit, &proof);

	if (err == 0 && strcmp(proof, "pin") == 0) {
		if (c->n_args < 2 && command_ask_against(c, name, &hit))
			return;
		disputes_on_use(c->e->disputes, name);
	}
	if (err == -ENOENT &&
	    (command_ask(c, name, false, LOOKUP_TIMEOUT_MS) ||
	     (command_is_host(c->e, name) &&
	      command_ask_host(c, name, false, LOOKUP_TIMEOUT_MS))))
		return;
	if (command_resolve_first(c, name, &hit, &proof))
		command_answer_json(
			c->answer,
			report_resolution(name, &hit, proof, NULL, 0));
}

static void run_close(const struct command_call *c)
{
	struct hip_input in = { .kind = HIP_IN_CLOSE };
	char name[NAME_LEN_MAX + 1];
	struct host_assoc_info a;
	const char *proof;

	if (!strcmp(c->args[0], "all")) {
		in.all = true;
		engine_input(c->e, &in);
		return;
	}
	if (!command_resolve_first(c, name, &in.hit, &proof))
		return;
	if (!host_assoc_find(c->e->host, &in.hit, &a)) {
		command_say(c->answer, API_FAILED,
			    "there is no association with %s", name);
		return;
	}
	engine_input(c->e, &in);
}

static void run_rekey(const struct command_call *c)
{
	struct hip_input in = { .kind = HIP_IN_REKEY, .new_dh = true };
	char name[NAME_LEN_MAX + 1];
	struct host_assoc_info a;
	const char *proof;

	if (!command_resolve_first(c, name, &in.hit, &proof))
		return;
	if (!host_assoc_find(c->e->host, &in.hit, &a) ||
	    a.state != ASSOC_ESTABLISHED) {
		command_say(c->answer, API_FAILED,
			    "there is no established association with %s",
			    name);
		return;
	}
	engine_input(c->e, &in);
}

static bool timeout_argument(const struct command_call *c, uint64_t *ms)
{
	*ms = CONNECT_TIMEOUT_MS;
	if (c->n_args < 2)
		return true;
	if (config_number(c->args[1], ms) && *ms > 0 &&
	    *ms <= CONNECT_TIMEOUT_MAX_MS)
		return true;
	command_say(c->answer, API_USAGE,
		    "'%s' is no timeout: it takes 1 to %d milliseconds",
		    c->args[1], CONNECT_TIMEOUT_MAX_MS);
	return false;
}

static void run_connect(const struct command_call *c)
{
	struct hip_input in = { .kind = HIP_IN_ACQUIRE };
	char name[NAME_LEN_MAX + 1];
	struct host_assoc_info a;
	const char *proof;
	struct waiter *w;
	uint64_t ms;
	int err;

	if (!timeout_argument(c, &ms))
		return;
	err = command_resolve(c->e, c->args[0], name, &in.hit, &proof);
	if (err == -ENOENT && command_ask(c, name, true, ms))
		return;
	/* A pin says who it is, and DNS where; no peer section does. */
	if ((err == -ENOENT || (err == 0 && !engine_has_peer(c->e, &in.hit))) &&
	    command_is_host(c->e, name) && command_ask_host(c, name, true, ms))
		return;
	if (!command_resolve_first(c, name, &in.hit, &proof))
		return;
	if (strcmp(proof, "pin") == 0)
		disputes_on_use(c->e->disputes, name);
	if (hit_equal(&in.hit, identity_hit(c->e->id))) {
		command_say_own(c->answer, name);
		return;
	}
	if (host_assoc_find(c->e->host, &in.hit, &a) && command_is_up(&a)) {
		command_answer_json(c->answer, report_connection(c->e, &a));
		return;
	}
	if (underlay_refuses(c->e->underlay, &in.hit)) {
		/* It may have another by now: that is known the next time. */
		(void)underlay_on_want(c->e->underlay, &in.hit);
		command_say(c->answer, API_FAILED,
			    "no association with %s: the authority of %s has "
			    "revoked its certificate, as far as is known "
			    "here; it needs a new invitation, or hipline peer "
			    "add here",
			    name, c->e->membership.overlay);
		return;
	}
	w = command_free_waiter(c->e);
	*w = (struct waiter){ .client = c->client,
			      .hit = in.hit,
			      .timeout_ms = ms,
			      .end_ms = engine_now_ms() + ms };
	(void)snprintf(w->name, sizeof(w->name), "%s", name);
	c->answer->later = true;
	engine_input(c->e, &in); /* may answer it already */
}

static void run_reload(const struct command_call *c)
{
	int err = reconfigure_ask(c->e, c->client);

	c->answer->later = err == 0;
	if (err < 0)
		command_say(c->answer, API_FAILED,
			    "the configuration is not read: %s",
			    strerror(-err));
}

static const struct command commands[] = {
	{ "id", "", CONTROL_ANYONE, 0, 0, run_id },
	{ "status", "", CONTROL_ANYONE, 0, 0, run_status },
	{ "resolve", "NAME [at-once]", CONTROL_ANYONE, 1, 2, run_resolve },
	{ "dns", "", CONTROL_ANYONE, 0, 0, run_dns },
	{ "peers", "", CONTROL_READ, 0, 0, run_peers },
	{ "counters", "", CONTROL_READ, 0, 0, run_counters },
	{ "pin", "NAME HIT", CONTROL_CHANGE, 2, 2, command_pin },
	{ "unpin", "NAME", CONTROL_CHANGE, 1, 1, command_unpin },
	{ "peer", "add NAME|HIT LOCATOR... | remove NAME|HIT", CONTROL_CHANGE,
	  2, 2 + LOCATORS_MAX, command_peer },
	{ "publish", "NAME", CONTROL_CHANGE, 1, 1, command_publish },
	{ "unpublish", "NAME", CONTROL_CHANGE, 1, 1, command_unpublish },
	{ "names", "", CONTROL_READ, 0, 0, command_names },
	{ "contact", "add NAME|HIT [keep] | remove NAME|HIT", CONTROL_CHANGE, 2,
	  3, command_contact },
	{ "contacts", "", CONTROL_READ, 0, 0, command_contacts },
	{ "overlay", "", CONTROL_READ, 0, 0, command_overlay },
	{ "create", "OVERLAY [NAME]", CONTROL_CHANGE, 1, 2, command_create },
	{ "invite", "NAME [device] [expires=TIME] [locator=LOCATOR]...",
	  CONTROL_CHANGE, 1, 3 + TOKEN_BOOTSTRAPS_MAX, command_invite },
	{ "authority", "export | import OFFSET [TEXT]...", CONTROL_CHANGE, 1,
	  API_ARGS_MAX, command_authority },
	{ "join", "TOKEN", CONTROL_CHANGE, 1, 1, command_join },
	{ "joining", "[told] [MILLISECONDS]", CONTROL_CHANGE, 0, 2,
	  command_joining },
	{ "leave", "", CONTROL_CHANGE, 0, 0, command_leave },
	{ "revoke", "NAME|HIT", CONTROL_CHANGE, 1, 1, command_revoke },
	{ "reload", "", CONTROL_CHANGE, 0, 0, run_reload },
	{ "close", "HIT|all", CONTROL_CHANGE, 1, 1, run_close },
	{ "rekey", "HIT", CONTROL_CHANGE, 1, 1, run_rekey },
	{ "connect", "NAME|HIT [MILLISECONDS]", CONTROL_CHANGE, 1, 2,
	  run_connect },
};

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	return NULL;
}

/* The command of hipline that asks for this. */
static const char *shown_name(const struct command *command)
{
	if (!strcmp(command->name, "connect"))
		return "ping";
	if (!strcmp(command->name, "joining"))
		return "join";
	if (!strcmp(command->name, "contacts"))
		return "contact";
	return command->name;
}

void command_run(struct engine *e, struct control_client *client,
		 enum control_right right, const struct api_request *r,
		 struct command_answer *out)
{
	const struct command *command = find_command(r->command);
	const struct command_call call = { .e = e,
					   .client = client,
					   .args = r->args,
					   .n_args = r->n_args,
					   .may_read = right >= CONTROL_READ,
					   .answer = out };

	out->exit = API_DONE;
	out->text[0] = '\0';
	out->json = NULL;
	out->later = false;
	if (!command)
		command_say(out, API_USAGE,
			    "this hiplined knows no command '%s'", r->command);
	else if (r->n_args < command->args_min || r->n_args > command->args_max)
		command_say(out, API_USAGE, "usage: %s %s", command->name,
			    command->usage);
	else if (right < command->right)
		command_say(
			out, API_FAILED,
			"%s needs more rights; run it as root, or as a member "
			"of group hipline-admin%s",
			shown_name(command),
			command->right == CONTROL_READ ? " or hipline" : "");
	else
		command->run(&call);
}

void command_send(struct control_client *client, struct command_answer *a)
{
	char *json = a->json ? json_dumps(a->json, JSON_COMPACT) : NULL;
	struct api_reply reply = { .exit = (uint8_t)a->exit,
				   .text = a->text,
				   .json = json ? json : "" };

	if (a->json && !json) {
		reply.exit = API_FAILED;
		reply.text = "out of memory";
	}
	control_reply(client, &reply);
	json_decref(a->json);
	a->json = NULL;
	free(json);
}

void command_on_request(void *ctx, struct control_client *client,
			enum control_right right, const struct api_request *r)
{
	struct command_answer a;

	command_run(ctx, client, right, r, &a);
	if (!a.later)
		command_send(client, &a);
}

void command_on_gone(void *ctx, struct control_client *client)
{
	struct engine *e = ctx;

	for (size_t i = 0; i < WAITERS_MAX; i++)
		if (e->waiters[i].client == client)
			e->waiters[i].client = NULL;
	if (e->leaver == client)
		e->leaver = NULL; /* it is left all the same */
	reconfigure_on_gone(e, client);
	enrol_on_gone(e->enrol, client);
}
