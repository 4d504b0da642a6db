/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Records of ours in the overlay: published when there is a link, renewed
 * well before they end, and at once when they change. Storage times grow
 * whatever the clock does, else storers refuse what is new as too old.
 */
#include "resolver/node_impl.h"

#include <assert.h>
#include <stdlib.h>

enum {
	NAME_LIFETIME_S = STORE_LIFETIME_MAX_S, /* who is offline has a name */
	NAME_RENEW_MS = 2 * 3600 * 1000,
	LOCATORS_LIFETIME_S = 3600,
	LOCATORS_RENEW_MS = 20 * 60 * 1000,
	LIST_LIFETIME_S = STORE_LIFETIME_MAX_S,
	LIST_RENEW_MS = 4 * 3600 * 1000,
	SOON_MS = 200, /* changes of this time are said together */
	AGAIN_FIRST_MS = 5 * 1000,
	AGAIN_MAX_MS = 5 * 60 * 1000,
	ANSWER_MS = 4000,  /* who waits for it hears how far it is */
	LISTS_AT_ONCE = 4, /* parts of a list that are stored */
	NEWS_AT_ONCE = 8,  /* the same, for those that are news */
	LISTS_MAX = 24,	   /* with those for which only some are late */
	LATE_MS = 1000,	   /* who has not answered then when others have */
	UNFOUND_MIN = 3,   /* lookups in a row that miss what was stored */
	AHEAD_MS = STORE_SKEW_MS - 60 * 1000,
};

static_assert(NODE_NAMES_MAX + 1 + LISTS_MAX + 1 <= OVERLAY_PUBLISHES_MAX,
	      "names, locators, parts and the head find room");

static const struct {
	uint32_t lifetime_s, renew_ms;
} times[] = {
	[SAID_LOCATORS] = { LOCATORS_LIFETIME_S, LOCATORS_RENEW_MS },
	[SAID_LIST] = { LIST_LIFETIME_S, LIST_RENEW_MS },
	[SAID_NAME] = { NAME_LIFETIME_S, NAME_RENEW_MS },
};

static struct publication *find(const struct node *n, enum said what,
				const char *name)
{
	struct publication *p = n->publications;

	while (p && (p->what != what || strcmp(p->name, name) != 0))
		p = p->next;
	return p;
}

static struct publication *make(struct node *n, enum said what,
				const char *name)
{
	size_t len = strlen(name) + 1;
	struct publication *p;

	if (what == SAID_NAME && n->n_names == NODE_NAMES_MAX)
		return NULL;
	p = calloc(1, sizeof(*p) + len);
	if (!p)
		return NULL;
	p->what = what;
	p->reason = "";
	p->wait_ms = AGAIN_FIRST_MS;
	p->due_ms = p->answer_ms = p->late_ms = NODE_NEVER;
	memcpy(p->name, name, len);
	p->next = n->publications;
	n->publications = p;
	n->n_names += what == SAID_NAME;
	return p;
}

static void drop(struct node *n, struct publication *p)
{
	struct publication **at = &n->publications;

	while (*at != p)
		at = &(*at)->next;
	*at = p->next;
	n->n_names -= p->what == SAID_NAME;
	free(p->list);
	free(p);
}

static void tell_of(struct node *n, uint64_t id, const char *name,
		    enum resolve_name_state state, const char *reason)
{
	struct event *e = node_event(n, NODE_PUBLISHED);

	if (!e)
		return;
	e->out.id = id;
	e->out.state = state;
	e->name = strdup(name);
	e->bytes = (uint8_t *)strdup(reason);
	e->out.reason = e->bytes ? (const char *)e->bytes : "";
}

/* A change, and what somebody waits for; nothing else. */
static void tell(struct node *n, struct publication *p,
		 enum resolve_name_state state, const char *reason)
{
	bool same = p->state == state && strcmp(p->reason, reason) == 0;

	p->state = state;
	p->reason = reason;
	if (p->what != SAID_NAME || (same && p->id == 0))
		return;
	tell_of(n, p->id, p->name, state, reason);
	p->id = 0;
	p->answer_ms = NODE_NEVER;
}

static void soon(const struct node *n, struct publication *p)
{
	p->changed = p->running;
	p->wait_ms = AGAIN_FIRST_MS;
	if (!p->running)
		p->due_ms = n->now_ms + SOON_MS;
}

void saying_again(struct node *n)
{
	for (struct publication *p = n->publications; p; p = p->next) {
		p->running = false;
		p->is_tried = false;
		soon(n, p);
	}
}

void saying_changed(struct node *n, enum said what)
{
	struct publication *p = find(n, what, "");

	if (!p)
		p = make(n, what, "");
	if (!p)
		return; /* for want of memory: the next change says it */
	p->exists = true;
	soon(n, p);
}

/* In other parts it is said no more; what is stored ends within a day. */
static void drop_lists(struct node *n, uint8_t depth)
{
	struct publication *next;

	for (struct publication *p = n->publications; p; p = next) {
		next = p->next;
		if (p->what == SAID_LIST && p->name[0] != '\0' &&
		    p->list_depth != depth)
			drop(n, p);
	}
}

/* News do not wait for those of before, which may wait long for a holder that
 * is not there: what becomes of them is of no interest any more. */
static void outrun(const struct node *n, struct publication *p)
{
	struct overlay_info info;

	overlay_info(node_core(n), &info);
	if (info.publishes < OVERLAY_PUBLISHES_MAX / 2)
		p->running = false;
}

bool saying_list(struct node *n, struct span list, const struct taken_list *t)
{
	bool is_head = t->depth > 0 && t->part[0] == '\0';
	struct publication *p = find(n, SAID_LIST, t->part);
	uint8_t *copy;

	if (p && p->exists && t->number <= p->list_number)
		return true; /* it is said already, or a newer one is */
	if (!p)
		p = make(n, SAID_LIST, t->part);
	copy = malloc(list.len);
	if (!p || !copy) {
		free(copy);
		return false;
	}
	memcpy(copy, list.bytes, list.len);
	free(p->list);
	p->list = copy;
	p->list_len = list.len;
	p->list_number = t->number;
	p->list_depth = t->depth;
	/* Who hears of some shall know whether that was all. */
	p->is_news |= t->adds || (is_head && n->head_is_news);
	n->head_is_news = !is_head && (n->head_is_news || t->adds);
	p->exists = true;
	p->is_tried = false;
	if (t->adds && p->running)
		outrun(n, p);
	soon(n, p);
	if (t->part[0] == '\0')
		drop_lists(n, t->depth);
	return true;
}

void saying_on_publish(struct node *n, const struct resolve_publish *ask)
{
	struct publication *p = find(n, SAID_NAME, ask->name);

	if (!p) /* also to take away what an earlier process has said */
		p = make(n, SAID_NAME, ask->name);
	if (!p) {
		tell_of(n, ask->id, ask->name,
			ask->exists ? RESOLVE_NAME_REFUSED
				    : RESOLVE_NAME_EXPIRED,
			ask->exists ? "too many names are published" : "");
		return;
	}
	if (p->exists == ask->exists && p->state == RESOLVE_NAME_PUBLISHED) {
		/* Told again after a restart of either side, or because
		 * those who keep it may have changed. */
		tell_of(n, ask->id, p->name, p->state, p->reason);
		if (p->exists)
			soon(n, p);
		return;
	}
	p->exists = ask->exists;
	p->id = ask->id;
	p->answer_ms = n->now_ms + ANSWER_MS;
	soon(n, p);
}

void saying_on_conflict(struct node *n, const char *name)
{
	struct publication *p = find(n, SAID_NAME, name);

	if (p && p->exists)
		tell(n, p, RESOLVE_NAME_CONFLICT,
		     "another host has published it, too");
}

static bool is_proven(const struct node *n, const struct publication *p)
{
	return strcmp(n->session->name, p->name) == 0;
}

/* Later each time. */
static void again(struct node *n, struct publication *p)
{
	p->due_ms = n->now_ms + node_about(n, p->wait_ms);
	p->wait_ms =
		2 * p->wait_ms < AGAIN_MAX_MS ? 2 * p->wait_ms : AGAIN_MAX_MS;
}

/*
 * Who holds a record may deny it, or the ring may have moved on: it is stored
 * and looked for again, later each time. A holder may still answer us and deny
 * it to others.
 */
void saying_on_seen(struct node *n, const char *name, bool found)
{
	struct publication *p = find(n, SAID_NAME, name);
	bool was_told;

	if (!p || !p->exists || p->running)
		return;
	was_told = p->unfound >= UNFOUND_MIN;
	if (found) {
		p->unfound = 0;
		if (was_told && p->state == RESOLVE_NAME_PUBLISHING)
			tell(n, p, RESOLVE_NAME_PUBLISHED, "");
		return;
	}
	if (!was_told)
		p->unfound++;
	again(n, p);
	if (p->unfound >= UNFOUND_MIN && p->state == RESOLVE_NAME_PUBLISHED)
		tell(n, p, RESOLVE_NAME_PUBLISHING,
		     "it was stored, but a lookup does not find it");
}

/* By a certificate of the same name, which may be news to who has it. */
void saying_on_device(struct node *n, const char *name,
		      const struct hit *device)
{
	static const char granted[] = "the authority has granted it, too, to ";
	struct publication *p = find(n, SAID_NAME, name);
	char reason[sizeof(granted) + HIT_TEXT_MAX] = "";

	static_assert(sizeof(reason) == sizeof(p->device), "it is copied");
	if (!p || !p->exists || p->state != RESOLVE_NAME_PUBLISHED)
		return;
	if (device) {
		p->other = *device;
		memcpy(reason, granted, sizeof(granted));
		hit_text(device, reason + sizeof(granted) - 1);
	}
	if (strcmp(p->reason, reason) == 0)
		return;
	memcpy(p->device, reason, sizeof(reason));
	p->reason = p->device;
	tell_of(n, 0, p->name, p->state, p->device);
}

const struct hit *saying_device(const struct node *n, const char *name)
{
	const struct publication *p = find(n, SAID_NAME, name);

	return p && p->reason == p->device && p->device[0] != '\0' ? &p->other
								   : NULL;
}

/* In the overlay's own domain a name needs a certificate. */
static bool is_refused(struct node *n, struct publication *p)
{
	if (p->what != SAID_NAME || !p->exists || is_proven(n, p) ||
	    strcmp(name_domain(p->name), n->session->authority.overlay) != 0)
		return false;
	p->due_ms = NODE_NEVER;
	tell(n, p, RESOLVE_NAME_REFUSED,
	     "the authority has not granted it to this host");
	return true;
}

/* Later than all before, but not so far ahead that it is refused: then the
 * clock was wrong, and what it made was refused as well. */
static uint64_t next_storage_time(struct node *n)
{
	uint64_t ms = n->wall_ms;

	if (n->storage_ms >= ms && n->storage_ms < ms + AHEAD_MS)
		ms = n->storage_ms + 1;
	n->storage_ms = ms;
	return ms;
}

static bool write_value(const struct node *n, const struct publication *p,
			struct overlay_publish *out, struct wr *w)
{
	const struct hit *own = &n->session->hit;

	out->exists = p->exists;
	out->lifetime_s = times[p->what].lifetime_s;
	switch (p->what) {
	case SAID_LOCATORS:
		out->kind = KIND_LOCATORS;
		kinds_locator_resources(own, out->resource);
		kinds_locators_write(w, n->locators, n->n_locators);
		break;
	case SAID_LIST:
		out->kind = KIND_REVOCATIONS;
		kinds_revocation_resources(p->name, out->resource);
		wr_bytes(w, p->list, p->list_len);
		break;
	case SAID_NAME:
		out->kind = REGISTRATION_KIND;
		registration_resources(p->name, out->resource);
		out->key = (struct span){ own->bytes, ID_LEN };
		if (p->exists)
			registration_write(w, own, (struct span){ NULL, 0 });
		break;
	}
	return !wr_failed(w);
}

static void say(struct node *n, struct publication *p)
{
	uint8_t value[KIND_REVOCATIONS_LEN];
	struct wr w = wr_init(value, sizeof(value));
	struct overlay_input in = { .type = OVERLAY_PUBLISH };

	p->due_ms = NODE_NEVER;
	if (!write_value(n, p, &in.publish, &w)) {
		p->reason = "it is too long";
		return;
	}
	in.publish.data = (struct span){ value, wr_len(&w) };
	/* A list has its own: judge.c. */
	in.publish.storage_time_ms = p->what == SAID_LIST
					     ? p->list_number * 1000
					     : next_storage_time(n);
	in.publish.is_news = p->is_news;
	p->is_news = false;
	in.id = p->core_id = n->next_id++;
	p->running = true;
	p->late_ms = NODE_NEVER;
	p->changed = false;
	peer_input(n->session->peer, &in, n->now_ms);
}

/* How far the parts of a list are. */
struct tally {
	size_t running;
	size_t untried, open; /* of these; of all that run or are due */
};

static struct tally count_parts(const struct node *n)
{
	struct tally t = { .running = 0 };

	for (const struct publication *p = n->publications; p; p = p->next) {
		if (p->what != SAID_LIST || p->name[0] == '\0')
			continue;
		t.running += p->running;
		if (p->is_tried)
			continue;
		t.untried += p->running;
		t.open += p->running || p->due_ms <= n->now_ms;
	}
	return t;
}

/*
 * There may be many parts; and who has the head shall find them, so that
 * comes last. Who never answers holds up neither: a part that was tried, of
 * which somebody has not got his copy yet, gets it beside the others.
 */
static bool must_wait(const struct publication *p, const struct tally *t)
{
	if (p->what != SAID_LIST)
		return false;
	if (p->name[0] == '\0')
		return p->list_depth > 0 && t->open > 0;
	if (p->is_tried)
		return t->running >= LISTS_AT_ONCE;
	return t->running >= LISTS_MAX ||
	       t->untried >= (p->is_news ? NEWS_AT_ONCE : LISTS_AT_ONCE);
}

/* The others are not waited for any longer. */
static void go_on(struct node *n)
{
	for (struct publication *p = n->publications; p; p = p->next) {
		if (p->late_ms > n->now_ms)
			continue;
		p->late_ms = NODE_NEVER;
		p->is_tried |= p->running && !p->changed;
	}
}

void saying_run(struct node *n)
{
	struct publication *next;
	struct tally t;

	go_on(n);
	t = count_parts(n);

	for (struct publication *p = n->publications; p; p = next) {
		next = p->next;
		if (p->running || p->due_ms > n->now_ms || is_refused(n, p) ||
		    must_wait(p, &t))
			continue;
		say(n, p);
		t.running += p->what == SAID_LIST;
		t.untried += p->what == SAID_LIST && !p->is_tried;
	}
}

void saying_answer(struct node *n)
{
	for (struct publication *p = n->publications; p; p = p->next)
		if (p->answer_ms <= n->now_ms)
			tell(n, p, p->state, p->reason);
}

/* Found it may be, but not as surely as it should. One that keeps a list, but
 * has not got this one, would answer with the one before: all shall have it. */
static bool is_partly_stored(const struct publication *p,
			     const struct overlay_output *out)
{
	return !out->is_whole ||
	       (p->what == SAID_LIST && out->copies < OVERLAY_COPIES_MAX);
}

static void on_success(struct node *n, struct publication *p,
		       const struct overlay_output *out)
{
	p->ends_ms = n->now_ms + times[p->what].lifetime_s * 1000ull;
	if (is_partly_stored(p, out)) {
		again(n, p);
	} else {
		p->due_ms = n->now_ms + node_about(n, times[p->what].renew_ms);
		if (p->unfound == 0)
			p->wait_ms = AGAIN_FIRST_MS;
	}
	if (p->what != SAID_NAME)
		return;
	if (!p->exists) {
		tell(n, p, RESOLVE_NAME_EXPIRED, "");
		drop(n, p);
		return;
	}
	/* What was seen of another host stays until it is seen no more. */
	if (p->unfound < UNFOUND_MIN)
		tell(n, p, RESOLVE_NAME_PUBLISHED,
		     p->state == RESOLVE_NAME_PUBLISHED ? p->reason : "");
	if (!asking_start(n, ASKED_OWN, 0, p->name, &n->session->hit) &&
	    p->unfound > 0)
		again(n, p);
}

static void on_failure(struct node *n, struct publication *p,
		       enum overlay_result result)
{
	again(n, p);
	if (result == OVERLAY_ABSENT)
		tell(n, p, RESOLVE_NAME_REFUSED,
		     "those who keep it have refused it");
	else if (p->state != RESOLVE_NAME_PUBLISHED)
		tell(n, p, RESOLVE_NAME_PUBLISHING,
		     "nobody who would keep it can be reached");
	else if (p->ends_ms <= n->now_ms)
		tell(n, p, RESOLVE_NAME_EXPIRED,
		     "nobody who would keep it can be reached");
}

static struct publication *find_running(const struct node *n,
					const struct overlay_output *out)
{
	struct publication *p = n->publications;

	while (p && (!p->running || p->core_id != out->id))
		p = p->next;
	return p;
}

void saying_on_enough(struct node *n, const struct overlay_output *out)
{
	struct publication *p = find_running(n, out);

	if (p && p->what == SAID_LIST)
		p->late_ms = n->now_ms + LATE_MS;
}

void saying_on_stored(struct node *n, const struct overlay_output *out)
{
	struct publication *p = find_running(n, out);

	if (!p)
		return;
	p->running = false;
	p->late_ms = NODE_NEVER;
	if (p->changed) {
		soon(n, p);
		return; /* what was stored is not what it is now */
	}
	p->is_tried = true;
	if (out->result == OVERLAY_FOUND)
		on_success(n, p, out);
	else
		on_failure(n, p, out->result);
}

uint64_t saying_deadline(const struct node *n)
{
	bool linked = node_is_linked(n);
	const struct tally t = count_parts(n);
	uint64_t due = NODE_NEVER;

	for (const struct publication *p = n->publications; p; p = p->next) {
		/* What waits for others goes on when they are stored. */
		if (linked && !p->running && p->due_ms < due &&
		    (p->due_ms > n->now_ms || !must_wait(p, &t)))
			due = p->due_ms;
		if (p->answer_ms < due)
			due = p->answer_ms;
		if (linked && p->late_ms < due)
			due = p->late_ms;
	}
	return due;
}

void saying_forget(struct node *n)
{
	struct publication *next;

	for (struct publication *p = n->publications; p; p = next) {
		next = p->next;
		if (p->what != SAID_LOCATORS)
			drop(n, p);
	}
}

void saying_clear(struct node *n)
{
	while (n->publications)
		drop(n, n->publications);
}
