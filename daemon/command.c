/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Each command as a function of its arguments. A text for people says what
 * is wrong and what to do.
 */
#include "daemon/command.h"

#include "daemon/base/log.h"
#include "daemon/config_check.h"
#include "daemon/names.h"
#include "daemon/report.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CONNECT_TIMEOUT_MS = 20 * 1000 };

/* What a command is given. */
struct call {
	struct engine *e;
	struct control_client *client;
	const char *const *args;
	size_t n_args;
	struct command_answer *answer;
};

typedef void command_fn(const struct call *c);

struct command {
	const char *name;
	const char *usage; /* of its arguments */
	enum control_right right;
	size_t args_min, args_max;
	command_fn *run;
};

__attribute__((format(printf, 3, 4))) static void
answer(struct command_answer *a, enum api_exit exit, const char *format, ...)
{
	va_list args;

	a->exit = exit;
	va_start(args, format);
	(void)vsnprintf(a->text, sizeof(a->text), format,
			args); /* cut short it still tells */
	va_end(args);
}

static void answer_json(struct command_answer *a, json_t *json)
{
	a->json = json;
	if (!json)
		answer(a, API_FAILED, "out of memory");
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
	if (name_canonical(text, canonical) < 0)
		return -EINVAL;
	*proof = "self";
	if (name_self_hit(canonical, e->config.suffix, out))
		return 0;
	pin = pins_find(e->pins, canonical);
	if (!pin)
		return -ENOENT;
	*out = pin->hit;
	*proof = "pin";
	return 0;
}

/* The same, with an answer when nothing comes of it. */
static bool resolve(const struct call *c, char canonical[], struct hit *out,
		    const char **proof)
{
	const char *text = c->args[0];
	int err = command_resolve(c->e, text, canonical, out, proof);

	if (err == -EINVAL)
		answer(c->answer, API_USAGE,
		       "'%s' is neither a HIT (inside 2001:20::/28) nor a name "
		       "(USER@DOMAIN or DOMAIN)",
		       text);
	else if (err == -ENOENT)
		answer(c->answer, API_NO_SUCH_NAME,
		       "no HIT is known for %s; bind one with hipline pin %s "
		       "HIT, or by name = { ... } in a peer section of %s",
		       canonical, canonical, c->e->file);
	return err == 0;
}

static void run_id(const struct call *c)
{
	answer_json(c->answer, report_id(c->e));
}

static void run_status(const struct call *c)
{
	answer_json(c->answer, report_status(c->e));
}

static void run_peers(const struct call *c)
{
	answer_json(c->answer, report_peers(c->e));
}

static void run_counters(const struct call *c)
{
	answer_json(c->answer, report_counters(c->e));
}

static void run_resolve(const struct call *c)
{
	char name[NAME_LEN_MAX + 1];
	const char *proof;
	struct hit hit;

	if (resolve(c, name, &hit, &proof))
		answer_json(c->answer, report_resolution(name, &hit, proof));
}

/* Writes the pins down; answers when that fails. */
static bool save_pins(const struct call *c)
{
	struct engine *e = c->e;
	int err = e->pins_writable ? pins_save(e->pins, e->state_dir) : -EROFS;

	if (err == 0) {
		warnings_remove(&e->warnings, "state-not-written");
		return true;
	}
	warnings_add(&e->warnings, "state-not-written",
		     "make room there, or look after its permissions, and "
		     "restart hiplined",
		     "pins cannot be written to %s: %s", e->config.state,
		     strerror(-err));
	answer(c->answer, API_FAILED,
	       "pins cannot be written to %s: %s; see hipline status",
	       e->config.state, strerror(-err));
	return false;
}

/* Lets a host in that was pinned. Peer entries have said more about it. */
static void let_in(struct engine *e, const struct hit *hit)
{
	const struct hip_input in = { .kind = HIP_IN_PEER, .hit = *hit };

	if (!engine_has_peer(e, hit))
		engine_input(e, &in);
}

/* Lets a host in no longer, when nothing speaks for it. */
static void let_out(struct engine *e, const struct hit *hit)
{
	const struct hip_input in = { .kind = HIP_IN_PEER_REMOVE, .hit = *hit };

	if (!engine_has_peer(e, hit) && !pins_has_hit(e->pins, hit))
		engine_input(e, &in);
}

static void complain_configured(const struct call *c, const char *name)
{
	const struct pin *pin = pins_find(c->e->pins, name);
	char hit[HIT_TEXT_MAX];

	hit_text(&pin->hit, hit);
	answer(c->answer, API_FAILED, "%s is %s by %s:%d; change it there",
	       name, hit, c->e->file, pin->line);
}

static bool pin_arguments(const struct call *c, char name[], struct hit *hit)
{
	struct hit own;

	if (name_canonical(c->args[0], name) < 0) {
		answer(c->answer, API_USAGE,
		       "'%s' is no name; write USER@DOMAIN or DOMAIN",
		       c->args[0]);
		return false;
	}
	if (hit_from_text(c->args[1], hit) < 0) {
		answer(c->answer, API_USAGE,
		       "'%s' is no HIT (an address inside 2001:20::/28)",
		       c->args[1]);
		return false;
	}
	if (name_self_hit(name, c->e->config.suffix, &own) &&
	    !hit_equal(&own, hit)) {
		answer(c->answer, API_FAILED,
		       "%s names its own HIT, which is another one", name);
		return false;
	}
	return true;
}

static void run_pin(const struct call *c)
{
	struct engine *e = c->e;
	char name[NAME_LEN_MAX + 1];
	const struct pin *old;
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
		answer(c->answer, API_FAILED, "%s cannot be pinned: %s", name,
		       err == -ENOSPC ? "there are too many pins"
				      : strerror(-err));
		return;
	}
	/* It holds from now on, written or not; the answer tells. */
	(void)save_pins(c);
	let_in(e, &hit);
	if (had && !hit_equal(&before, &hit))
		let_out(e, &before);
}

static void run_unpin(const struct call *c)
{
	struct engine *e = c->e;
	char name[NAME_LEN_MAX + 1];
	const struct pin *old;
	struct hit before;
	int err;

	if (name_canonical(c->args[0], name) < 0) {
		answer(c->answer, API_USAGE,
		       "'%s' is no name; write USER@DOMAIN or DOMAIN",
		       c->args[0]);
		return;
	}
	old = pins_find(e->pins, name);
	if (old)
		before = old->hit;
	err = pins_remove(e->pins, name);
	if (err == -EEXIST)
		complain_configured(c, name);
	else if (err == -ENOENT)
		answer(c->answer, API_NO_SUCH_NAME, "%s is not pinned", name);
	if (err < 0)
		return;
	(void)save_pins(c); /* the answer tells */
	if (old)
		let_out(e, &before);
}

static void run_close(const struct call *c)
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
	if (!resolve(c, name, &in.hit, &proof))
		return;
	if (!host_assoc_find(c->e->host, &in.hit, &a)) {
		answer(c->answer, API_FAILED, "there is no association with %s",
		       name);
		return;
	}
	engine_input(c->e, &in);
}

/* Packets to the peer go out from now on. */
static bool is_up(const struct host_assoc_info *a)
{
	return a->state == ASSOC_ESTABLISHED ||
	       (a->state == ASSOC_R2_SENT && a->spi_out != 0);
}

static struct waiter *free_waiter(struct engine *e)
{
	for (size_t i = 0; i < WAITERS_MAX; i++)
		if (!e->waiters[i].client)
			return &e->waiters[i];
	return NULL;
}

static bool timeout_argument(const struct call *c, uint64_t *ms)
{
	*ms = CONNECT_TIMEOUT_MS;
	if (c->n_args < 2)
		return true;
	if (config_number(c->args[1], ms) && *ms > 0 &&
	    *ms <= CONNECT_TIMEOUT_MAX_MS)
		return true;
	answer(c->answer, API_USAGE,
	       "'%s' is no timeout: it takes 1 to %d milliseconds", c->args[1],
	       CONNECT_TIMEOUT_MAX_MS);
	return false;
}

static void run_connect(const struct call *c)
{
	struct hip_input in = { .kind = HIP_IN_ACQUIRE };
	char name[NAME_LEN_MAX + 1];
	struct host_assoc_info a;
	const char *proof;
	struct waiter *w = free_waiter(c->e);
	uint64_t ms;

	if (!timeout_argument(c, &ms) || !resolve(c, name, &in.hit, &proof))
		return;
	if (hit_equal(&in.hit, identity_hit(c->e->id))) {
		answer(c->answer, API_FAILED, "%s is this host itself", name);
		return;
	}
	if (host_assoc_find(c->e->host, &in.hit, &a) && is_up(&a)) {
		answer_json(c->answer, report_connection(c->e, &a));
		return;
	}
	assert(w); /* there are as many as clients, and each asks once */
	*w = (struct waiter){ .client = c->client,
			      .hit = in.hit,
			      .timeout_ms = ms,
			      .end_ms = engine_now_ms() + ms };
	c->answer->later = true;
	engine_input(c->e, &in); /* may answer it already */
}

static const struct command commands[] = {
	{ "id", "", CONTROL_ANYONE, 0, 0, run_id },
	{ "status", "", CONTROL_ANYONE, 0, 0, run_status },
	{ "resolve", "NAME", CONTROL_ANYONE, 1, 1, run_resolve },
	{ "peers", "", CONTROL_READ, 0, 0, run_peers },
	{ "counters", "", CONTROL_READ, 0, 0, run_counters },
	{ "pin", "NAME HIT", CONTROL_CHANGE, 2, 2, run_pin },
	{ "unpin", "NAME", CONTROL_CHANGE, 1, 1, run_unpin },
	{ "close", "HIT|all", CONTROL_CHANGE, 1, 1, run_close },
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

void command_run(struct engine *e, struct control_client *client,
		 enum control_right right, const struct api_request *r,
		 struct command_answer *out)
{
	const struct command *command = find_command(r->command);
	const struct call call = { .e = e,
				   .client = client,
				   .args = r->args,
				   .n_args = r->n_args,
				   .answer = out };

	out->exit = API_DONE;
	out->text[0] = '\0';
	out->json = NULL;
	out->later = false;
	if (!command)
		answer(out, API_USAGE, "this hiplined knows no command '%s'",
		       r->command);
	else if (r->n_args < command->args_min || r->n_args > command->args_max)
		answer(out, API_USAGE, "usage: %s %s", command->name,
		       command->usage);
	else if (right < command->right)
		answer(out, API_FAILED,
		       "%s needs more rights; run it as root, or as a member "
		       "of group hipline-admin%s",
		       command->name,
		       command->right == CONTROL_READ ? " or hipline" : "");
	else
		command->run(&call);
}

/* Sends an answer and lets go of its JSON. */
static void send_answer(struct control_client *client, struct command_answer *a)
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
		send_answer(client, &a);
}

void command_on_gone(void *ctx, struct control_client *client)
{
	struct engine *e = ctx;

	for (size_t i = 0; i < WAITERS_MAX; i++)
		if (e->waiters[i].client == client)
			e->waiters[i].client = NULL;
}

static void answer_waiter(struct waiter *w, struct command_answer *a)
{
	struct control_client *client = w->client;

	w->client = NULL;
	send_answer(client, a);
}

static void fail_waiter(struct waiter *w, const char *reason)
{
	struct command_answer a = { .json = NULL };
	char hit[HIT_TEXT_MAX];

	hit_text(&w->hit, hit);
	answer(&a, API_FAILED, "no association with %s: %s", hit, reason);
	answer_waiter(w, &a);
}

void command_on_peer(struct engine *e, const struct hip_output *o)
{
	struct host_assoc_info info;
	bool up = host_assoc_find(e->host, &o->hit, &info) && is_up(&info);

	for (size_t i = 0; i < WAITERS_MAX; i++) {
		struct waiter *w = &e->waiters[i];
		struct command_answer a = { .exit = API_DONE };

		if (!w->client || !hit_equal(&w->hit, &o->hit))
			continue;
		if (o->state == ASSOC_FAILED) {
			fail_waiter(w, o->reason ? o->reason : "it failed");
		} else if (up) {
			answer_json(&a, report_connection(e, &info));
			answer_waiter(w, &a);
		}
	}
}

uint64_t command_deadline(const struct engine *e)
{
	uint64_t first = HOST_NEVER;

	for (size_t i = 0; i < WAITERS_MAX; i++)
		if (e->waiters[i].client && e->waiters[i].end_ms < first)
			first = e->waiters[i].end_ms;
	return first;
}

void command_tick(struct engine *e, uint64_t now_ms)
{
	for (size_t i = 0; i < WAITERS_MAX; i++) {
		struct waiter *w = &e->waiters[i];
		char reason[64];

		if (!w->client || now_ms < w->end_ms)
			continue;
		(void)snprintf(reason, sizeof(reason),
			       "no answer within %.1f s",
			       (double)w->timeout_ms / 1000);
		fail_waiter(w, reason);
	}
}
