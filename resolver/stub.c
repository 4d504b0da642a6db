/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * A question that cannot be answered at once has a slot. It waits for a name
 * (then it counts among the users of that entry), or for an upstream; when
 * its answer is there it becomes ready, and its reply is written as it is
 * taken out, into the one buffer that there is.
 */
#include "resolver/stub.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum slot_state {
	SLOT_FREE,
	SLOT_WAITS, /* for the entry's answer */
	SLOT_TO_FORWARD,
	SLOT_FORWARDED,
	SLOT_READY, /* with the entry's answer, or an error */
};

struct slot {
	enum slot_state state;
	TAILQ_ENTRY(slot) list; /* of its state, oldest first */
	struct cache_entry *entry;
	enum dnsmsg_rcode rcode; /* READY without an entry */
	uint32_t turn;		 /* tells this use of it from others */
	uint64_t due_ms;
	struct stub_asker asker;
	struct dnsmsg_query query;
	bool is_open; /* its name may also be one of ordinary DNS */
};

/* A question as it is being worked on. */
struct question {
	struct stub_asker asker;
	struct dnsmsg_query query;
	struct dnsform form;
	const struct cache_entry *entry; /* with its answer, or NULL */
	enum dnsmsg_rcode rcode;
};

TAILQ_HEAD(slots, slot);

struct stub {
	struct stub_conf conf;
	char *suffix;
	struct cache cache;
	struct slot slots[STUB_QUESTIONS_MAX];
	size_t n_slots; /* of these in use until now: the others cost nothing */
	struct slots states[SLOT_READY + 1];
	size_t n_forwards; /* slots TO_FORWARD and FORWARDED */
	bool has_reply;	   /* one that took no slot */
	size_t reply_len;
	struct stub_asker reply_to;
	uint64_t now_ms;
	uint64_t tokens_ms; /* when they were last counted */
	uint32_t tokens;    /* lookups that may begin now */
	struct stub_counters counters;
	uint8_t buffer[DNSMSG_MAX];
};

int stub_new(const struct stub_conf *conf, struct stub **out)
{
	struct stub *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->conf = *conf;
	s->suffix = strdup(conf->suffix);
	if (!s->suffix) {
		free(s);
		return -ENOMEM;
	}
	s->tokens = STUB_LOOKUPS_PER_S;
	cache_init(&s->cache, &conf->env);
	for (size_t i = 0; i <= SLOT_READY; i++)
		TAILQ_INIT(&s->states[i]);
	*out = s;
	return 0;
}

void stub_free(struct stub *s)
{
	if (!s)
		return;
	cache_clear(&s->cache);
	free(s->suffix);
	free(s);
}

int stub_set(struct stub *s, const char *suffix, bool has_upstream)
{
	char *copy = strdup(suffix);

	if (!copy)
		return -ENOMEM;
	free(s->suffix);
	s->suffix = copy;
	s->conf.has_upstream = has_upstream;
	cache_forget(&s->cache);
	return 0;
}

const char *stub_open_name(const struct stub *s, uint64_t id)
{
	const struct cache_entry *e = cache_find_open(&s->cache, id);

	return e ? e->name : NULL;
}

const struct stub_counters *stub_counters(const struct stub *s)
{
	return &s->counters;
}

static bool is_at_upstream(enum slot_state state)
{
	return state == SLOT_TO_FORWARD || state == SLOT_FORWARDED;
}

static void move(struct stub *s, struct slot *slot, enum slot_state state)
{
	s->n_forwards -= is_at_upstream(slot->state);
	s->n_forwards += is_at_upstream(state);
	TAILQ_REMOVE(&s->states[slot->state], slot, list);
	slot->state = state;
	TAILQ_INSERT_TAIL(&s->states[state], slot, list);
}

static void release_entry(struct stub *s, struct slot *slot)
{
	if (!slot->entry)
		return;
	slot->entry->users--;
	cache_release(&s->cache, slot->entry);
	slot->entry = NULL;
}

static void fail(struct stub *s, struct slot *slot, enum dnsmsg_rcode rcode)
{
	release_entry(s, slot);
	slot->rcode = rcode;
	move(s, slot, SLOT_READY);
}

static void count_tokens(struct stub *s)
{
	uint64_t passed = s->now_ms - s->tokens_ms;
	uint64_t fresh = passed < 1000 ? passed * STUB_LOOKUPS_PER_S / 1000
				       : STUB_LOOKUPS_PER_S;

	if (fresh == 0)
		return;
	s->tokens_ms = s->now_ms;
	s->tokens = s->tokens + fresh < STUB_LOOKUPS_PER_S
			    ? s->tokens + (uint32_t)fresh
			    : STUB_LOOKUPS_PER_S;
}

/* Begins to look an entry up, if that is allowed now. */
static bool look_up(struct stub *s, struct cache_entry *e)
{
	if (s->tokens == 0 || !cache_open(&s->cache, e, s->now_ms)) {
		s->counters.limited++;
		return false;
	}
	s->tokens--;
	s->counters.lookups++;
	return true;
}

static uint32_t ttl_left_s(const struct stub *s, const struct cache_entry *e)
{
	uint64_t left =
		e->expires_ms > s->now_ms ? e->expires_ms - s->now_ms : 0;

	return (uint32_t)((left + 999) / 1000);
}

/* What is known of a HIT that stands in the question. */
static void write_hit(struct stub *s, struct dnsmsg_reply *r,
		      const struct dnsform *f)
{
	const struct dnsrecord_hit hit = { .hit = f->hit, .proof = "self" };
	const struct dnsrecord_known known = { .hits = &hit, .n_hits = 1 };

	dnsrecord_write(r, f, &known, s->suffix, DNSRECORD_TTL_MAX_S);
}

static void write_entry(struct stub *s, struct dnsmsg_reply *r,
			const struct dnsform *f, const struct cache_entry *e)
{
	static const struct dnsrecord_known none;
	uint32_t ttl_s = ttl_left_s(s, e);

	switch (e->answer.result) {
	case CACHE_FOUND:
		dnsrecord_write(r, f, &e->answer.known, s->suffix, ttl_s);
		break;
	case CACHE_ABSENT:
	case CACHE_FOREIGN:
		if (f->kind != DNSFORM_NAME) { /* the HIT is its own name */
			dnsrecord_write(r, f, &none, s->suffix, ttl_s);
			break;
		}
		r->rcode = DNSMSG_NXDOMAIN;
		dnsrecord_write_soa(r, f, ttl_s);
		break;
	case CACHE_UNREACHABLE:
		r->rcode = DNSMSG_SERVFAIL;
		break;
	}
}

/* The reply to a question, from an entry, the question itself, or an rcode. */
static void write_reply(struct stub *s, const struct question *q)
{
	struct dnsmsg_reply r;

	dnsmsg_reply_begin(&r, &q->query, s->buffer, sizeof(s->buffer));
	r.rcode = q->rcode;
	if (q->rcode == DNSMSG_NOERROR) {
		r.flags = DNSMSG_AA;
		if (q->entry)
			write_entry(s, &r, &q->form, q->entry);
		else if (q->form.kind == DNSFORM_HIT)
			write_hit(s, &r, &q->form);
		else
			dnsrecord_write_soa(&r, &q->form, DNSRECORD_TTL_MAX_S);
	} else if (q->rcode == DNSMSG_NXDOMAIN) {
		r.flags = DNSMSG_AA;
		dnsrecord_write_soa(&r, &q->form, DNSRECORD_TTL_MAX_S);
	}
	s->reply_len =
		dnsmsg_reply_end(&r, dnsmsg_limit(&q->query, q->asker.tcp));
	s->reply_to = q->asker;
}

static void reply_now(struct stub *s, struct question *q,
		      enum dnsmsg_rcode rcode)
{
	q->rcode = rcode;
	write_reply(s, q);
	s->has_reply = true;
}

/* A slot for a question that has to wait; NULL when none is free. */
static struct slot *take_slot(struct stub *s, const struct question *q,
			      enum slot_state state, uint64_t wait_ms)
{
	struct slot *slot = TAILQ_FIRST(&s->states[SLOT_FREE]);

	if (!slot && s->n_slots < STUB_QUESTIONS_MAX) {
		slot = &s->slots[s->n_slots++];
		TAILQ_INSERT_TAIL(&s->states[SLOT_FREE], slot, list);
	}
	if (!slot)
		return NULL;
	slot->rcode = DNSMSG_NOERROR;
	slot->entry = NULL;
	slot->turn++;
	slot->due_ms = s->now_ms + wait_ms;
	slot->asker = q->asker;
	slot->query = q->query;
	slot->is_open = q->form.is_open;
	move(s, slot, state);
	return slot;
}

static void forward(struct stub *s, struct question *q)
{
	if (!s->conf.has_upstream) {
		s->counters.refused++;
		reply_now(s, q, DNSMSG_REFUSED);
	} else if (s->n_forwards == STUB_FORWARDS_MAX ||
		   !take_slot(s, q, SLOT_TO_FORWARD, STUB_FORWARD_MS)) {
		reply_now(s, q, DNSMSG_SERVFAIL);
	}
}

/* Whether this answer means that ordinary DNS is to be asked. */
static bool is_foreign(const struct cache_entry *e, bool is_open)
{
	return e->answer.result == CACHE_FOREIGN && is_open;
}

static void answer_kept(struct stub *s, struct question *q,
			struct cache_entry *e)
{
	s->counters.kept++;
	if (!e->is_open && s->now_ms >= e->prefetch_ms)
		(void)look_up(s, e); /* else it gets too old, and is then */
	if (is_foreign(e, q->form.is_open)) {
		forward(s, q);
		return;
	}
	q->entry = e;
	reply_now(s, q, DNSMSG_NOERROR);
	q->entry = NULL;
}

static void ask(struct stub *s, struct question *q)
{
	const struct cache_what what = {
		.is_reverse = q->form.kind == DNSFORM_REVERSE,
		.name = q->form.name,
		.hit = q->form.hit,
	};
	struct cache_entry *e = cache_find(&s->cache, &what, s->now_ms);
	struct slot *slot = NULL;

	if (e && e->is_known) {
		answer_kept(s, q, e);
		return;
	}
	if (e && (e->is_open || look_up(s, e)))
		slot = take_slot(s, q, SLOT_WAITS, STUB_LOOKUP_MS);
	if (slot) {
		slot->entry = e;
		e->users++;
		return;
	}
	if (e)
		cache_release(&s->cache, e);
	reply_now(s, q, DNSMSG_SERVFAIL);
}

/* All but its key, which the engine may know, stands in the question. */
static void on_hit(struct stub *s, struct question *q)
{
	if (q->query.type != DNSMSG_HIP) {
		reply_now(s, q, DNSMSG_NOERROR);
		return;
	}
	hit_text(&q->form.hit, q->form.name);
	ask(s, q);
}

static bool is_transfer(const struct dnsmsg_query *q)
{
	return q->type == DNSMSG_AXFR || q->type == DNSMSG_IXFR;
}

static void on_query(struct stub *s, const struct stub_input *in)
{
	struct question q = { .asker = in->asker };
	enum dnsmsg_rcode rcode;

	/* Also of our own host another may ask; beyond it nobody. */
	if ((!in->asker.from_here &&
	     locator_scope(&in->asker.from) != LOCATOR_SCOPE_LOOPBACK) ||
	    !dnsmsg_query_read(in->bytes, in->len, &q.query, &rcode)) {
		s->counters.refused++;
		return;
	}
	s->counters.queries++;
	if (rcode != DNSMSG_NOERROR) {
		s->counters.malformed++;
		reply_now(s, &q, rcode);
		return;
	}
	dnsform_parse(&q.query.name, s->suffix, &q.form);
	if (is_transfer(&q.query) || (q.form.kind != DNSFORM_FOREIGN &&
				      q.query.class != DNSMSG_CLASS_IN &&
				      q.query.class != DNSMSG_CLASS_ANY)) {
		s->counters.refused++;
		reply_now(s, &q, DNSMSG_REFUSED);
		return;
	}
	switch (q.form.kind) {
	case DNSFORM_FOREIGN:
		forward(s, &q);
		break;
	case DNSFORM_NOTHING:
		reply_now(s, &q, DNSMSG_NXDOMAIN);
		break;
	case DNSFORM_HIT:
		on_hit(s, &q);
		break;
	case DNSFORM_PART:
		reply_now(s, &q, DNSMSG_NOERROR);
		break;
	case DNSFORM_NAME:
	case DNSFORM_REVERSE:
		ask(s, &q);
		break;
	}
}

/* Those who wait for an entry that has an answer now. */
static void wake(struct stub *s, struct cache_entry *e)
{
	struct slot *slot, *next;

	for (slot = TAILQ_FIRST(&s->states[SLOT_WAITS]); slot; slot = next) {
		next = TAILQ_NEXT(slot, list);
		if (slot->entry != e)
			continue;
		if (!e->is_known) {
			fail(s, slot, DNSMSG_SERVFAIL);
		} else if (!is_foreign(e, slot->is_open)) {
			move(s, slot, SLOT_READY);
		} else if (s->n_forwards == STUB_FORWARDS_MAX) {
			fail(s, slot, DNSMSG_SERVFAIL);
		} else if (s->conf.has_upstream) {
			release_entry(s, slot);
			slot->due_ms = s->now_ms + STUB_FORWARD_MS;
			move(s, slot, SLOT_TO_FORWARD);
		} else {
			fail(s, slot, DNSMSG_REFUSED);
		}
	}
}

static void answer_entry(struct stub *s, struct cache_entry *e,
			 const struct cache_answer *answer)
{
	e->users++; /* it stays until all have been told */
	cache_answer(&s->cache, e, answer, s->now_ms);
	wake(s, e);
	e->users--;
	cache_release(&s->cache, e);
}

static void on_answer(struct stub *s, const struct stub_input *in)
{
	struct cache_entry *e = cache_find_open(&s->cache, in->id);

	if (e) /* else it comes too late */
		answer_entry(s, e, &in->answer);
}

static uint64_t slot_id(const struct stub *s, const struct slot *slot)
{
	return (uint64_t)slot->turn << 32 | (uint64_t)(slot - s->slots);
}

static void on_forwarded(struct stub *s, const struct stub_input *in)
{
	size_t i = (uint32_t)in->id;
	struct slot *slot;

	if (i >= STUB_QUESTIONS_MAX || s->slots[i].state != SLOT_FORWARDED ||
	    slot_id(s, &s->slots[i]) != in->id)
		return; /* too late */
	slot = &s->slots[i];
	if (!in->bytes || in->len > sizeof(s->buffer)) {
		fail(s, slot, DNSMSG_SERVFAIL);
		return;
	}
	memcpy(s->buffer, in->bytes, in->len);
	/* Whom a name of a person stands for has a proof, or is not said. */
	if (!dnsmsg_adopt(&slot->query, s->buffer, in->len) ||
	    (slot->is_open && dnsmsg_names_hit(s->buffer, in->len))) {
		fail(s, slot, DNSMSG_SERVFAIL);
		return;
	}
	s->reply_len = in->len;
	if (in->len > dnsmsg_limit(&slot->query, slot->asker.tcp)) {
		struct dnsmsg_reply r;

		dnsmsg_reply_begin(&r, &slot->query, s->buffer,
				   sizeof(s->buffer));
		s->reply_len = dnsmsg_reply_end(&r, 0); /* truncated */
	}
	s->reply_to = slot->asker;
	s->has_reply = true;
	move(s, slot, SLOT_FREE);
}

void stub_input(struct stub *s, const struct stub_input *in, uint64_t now_ms)
{
	s->now_ms = now_ms;
	assert(!s->has_reply); /* outputs are drained */
	count_tokens(s);
	switch (in->kind) {
	case STUB_IN_QUERY:
		on_query(s, in);
		break;
	case STUB_IN_ANSWER:
		on_answer(s, in);
		break;
	case STUB_IN_FORWARDED:
		on_forwarded(s, in);
		break;
	case STUB_IN_CHANGED:
		cache_forget(&s->cache);
		break;
	}
}

/* The first of a state that is due then; all of one state wait as long. */
static uint64_t due_ms(const struct stub *s, enum slot_state state)
{
	const struct slot *slot = TAILQ_FIRST(&s->states[state]);

	return slot ? slot->due_ms : STUB_NEVER;
}

uint64_t stub_deadline(const struct stub *s)
{
	const struct cache_entry *e = TAILQ_FIRST(&s->cache.open);
	uint64_t first = e ? e->asked_ms + STUB_LOOKUP_MS : STUB_NEVER;
	uint64_t due = due_ms(s, SLOT_FORWARDED);

	return due < first ? due : first;
}

void stub_tick(struct stub *s, uint64_t now_ms)
{
	static const struct cache_answer nothing = {
		.result = CACHE_UNREACHABLE
	};
	struct cache_entry *e;

	s->now_ms = now_ms;
	/* Whoever waits for an entry came after its lookup began. */
	while ((e = TAILQ_FIRST(&s->cache.open)) &&
	       now_ms >= e->asked_ms + STUB_LOOKUP_MS)
		answer_entry(s, e, &nothing);
	while (now_ms >= due_ms(s, SLOT_FORWARDED))
		fail(s, TAILQ_FIRST(&s->states[SLOT_FORWARDED]),
		     DNSMSG_SERVFAIL);
}

static void write_slot(struct stub *s, const struct slot *slot)
{
	struct question q = { .asker = slot->asker,
			      .query = slot->query,
			      .entry = slot->entry,
			      .rcode = slot->rcode };

	dnsform_parse(&q.query.name, s->suffix, &q.form);
	write_reply(s, &q);
}

static bool give_reply(struct stub *s, struct stub_output *out)
{
	struct slot *slot = TAILQ_FIRST(&s->states[SLOT_READY]);

	if (!s->has_reply) {
		if (!slot)
			return false;
		write_slot(s, slot);
		release_entry(s, slot);
		move(s, slot, SLOT_FREE);
	}
	s->has_reply = false;
	*out = (struct stub_output){ .kind = STUB_OUT_REPLY,
				     .asker = s->reply_to,
				     .bytes = s->buffer,
				     .len = s->reply_len };
	return true;
}

static bool give_forward(struct stub *s, struct stub_output *out)
{
	struct slot *slot = TAILQ_FIRST(&s->states[SLOT_TO_FORWARD]);

	if (!slot)
		return false;
	*out = (struct stub_output){ .kind = STUB_OUT_FORWARD,
				     .bytes = s->buffer,
				     .id = slot_id(s, slot) };
	/* An id that nobody guesses (RFC 5452 9.2). */
	out->len = dnsmsg_forward(&slot->query,
				  (uint16_t)env_random_u32(&s->conf.env),
				  s->buffer, sizeof(s->buffer));
	s->counters.forwarded++;
	move(s, slot, SLOT_FORWARDED);
	return true;
}

/* The latest lookups are the unsent ones. */
static bool give_lookup(struct stub *s, struct stub_output *out)
{
	struct cache_entry *e = TAILQ_LAST(&s->cache.open, cache_list);

	if (!e || e->is_sent)
		return false;
	e->is_sent = true;
	*out = (struct stub_output){
		.kind = STUB_OUT_LOOKUP,
		.id = e->id,
		.what = { .is_reverse = e->is_reverse,
			  .name = e->name,
			  .hit = e->hit },
	};
	return true;
}

bool stub_output(struct stub *s, struct stub_output *out)
{
	return give_reply(s, out) || give_lookup(s, out) ||
	       give_forward(s, out);
}
