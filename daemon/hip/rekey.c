/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * New SAs for an association. ESP_INFO's OLD SPI tells which round an UPDATE
 * belongs to: one that names the SPI of the round that is running shows that
 * its sender has finished it, whatever became of its acknowledgement.
 */
#include "daemon/hip/rekey.h"

#include "daemon/hip/host_impl.h"
#include "daemon/hip/suite.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

struct rekey {
	struct sa_pair *pair;
	struct dh *dh;	      /* ours, new; or NULL */
	struct esp_info ours; /* as we sent it */
	uint32_t id;	      /* of our UPDATE */
	bool is_acked;
	bool has_theirs;
	struct esp_info theirs;
	uint8_t *peer_public;	  /* theirs, new; or NULL */
	struct esp_source source; /* once has_theirs */
	uint64_t begun_ms;
};

static void free_rekey(struct host *h, struct rekey *r)
{
	sa_pair_free(h, r->pair);
	dh_free(r->dh);
	free(r->peer_public);
	sodium_memzero(r, sizeof(*r));
	free(r);
}

/* Can the keys of a pair be drawn from this index on? */
static bool has_room(const struct agreed *g, uint32_t index)
{
	return index + suite_esp_keys_len(g->esp_suite) <=
	       keymat_end(&g->keymat);
}

/* One with an SPI of ours, and a DH value when that is wanted. */
static struct rekey *new_rekey(struct host *h, struct assoc *a, bool new_dh)
{
	const struct agreed *g = a->agreed;
	struct rekey *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->pair = sa_pair_new();
	if (!r->pair || sa_pair_draw(h, r->pair, &a->hit) ||
	    (new_dh && dh_new(g->dh_group, &r->dh))) {
		free_rekey(h, r);
		return NULL;
	}
	r->begun_ms = h->now_ms;
	r->id = a->updates.next_id;
	r->ours = (struct esp_info){ .old_spi = g->sa->spi_in,
				     .new_spi = r->pair->spi_in };
	return r;
}

/* Two rekeys that meet cost more: the smaller HIT goes first. */
static uint64_t after(const struct host *h, const struct assoc *a,
		      uint64_t start_ms, uint64_t period_ms)
{
	if (hit_compare(&h->hit, &a->hit) >= 0)
		period_ms += period_ms / 8;
	return start_ms + period_ms;
}

/*
 * When time asks for one. New keys out of the same KEYMAT keep nothing secret
 * that the old ones did not; they bound what is protected by one. So where that
 * is next to nothing they wait for a new DH value.
 */
static uint64_t due_ms(const struct host *h, const struct assoc *a)
{
	const struct rekeys *k = &a->rekeys;
	uint64_t due = after(h, a, k->keyed_ms, h->conf.rekey_ms);
	uint64_t dh_due = after(h, a, a->agreed->dh_ms, REKEY_DH_MS);

	if (k->bytes < h->conf.rekey_quiet_bytes && dh_due > due)
		return dh_due;
	return due;
}

static bool is_used_up(const struct host *h, const struct assoc *a)
{
	const struct host_conf *conf = &h->conf;
	const struct rekeys *k = &a->rekeys;

	if (k->packets >= ESP_PACKETS_MAX)
		return true;
	if (conf->rekey_packets && k->packets >= conf->rekey_packets)
		return true;
	if (conf->rekey_bytes && k->bytes >= conf->rekey_bytes)
		return true;
	return conf->rekey_ms && k->packets > 0 && h->now_ms >= due_ms(h, a);
}

static void set_timer(struct host *h, struct assoc *a)
{
	struct rekeys *k = &a->rekeys;
	const struct sa_pair *pair;
	uint64_t due = TIMERS_NEVER;

	if (k->running)
		due = k->running->begun_ms + REKEY_STALL_MS;
	else if (h->conf.rekey_ms && k->packets > 0 &&
		 a->state == ASSOC_ESTABLISHED)
		due = due_ms(h, a);
	TAILQ_FOREACH(pair, &k->old, next)
	{
		if (pair->expires_ms < due)
			due = pair->expires_ms;
	}
	timers_set(&h->timers, &k->timer, due);
}

static void forget_old(struct host *h, struct assoc *a, struct sa_pair *pair)
{
	TAILQ_REMOVE(&a->rekeys.old, pair, next);
	a->rekeys.n_old--;
	sa_pair_close_in(h, pair, &a->hit);
	sa_pair_free(h, pair);
}

void rekey_retire(struct host *h, struct assoc *a, struct sa_pair *pair)
{
	struct rekeys *k = &a->rekeys;

	sa_pair_close_out(h, pair, &a->hit);
	if (k->n_old == SAS_OLD_MAX)
		forget_old(h, a, TAILQ_FIRST(&k->old));
	pair->expires_ms = h->now_ms + SA_OLD_MS;
	TAILQ_INSERT_TAIL(&k->old, pair, next);
	k->n_old++;
}

static void begin_keys(struct host *h, struct assoc *a)
{
	struct rekeys *k = &a->rekeys;

	k->keyed_ms = h->now_ms;
	k->packets = k->bytes = 0;
	set_timer(h, a);
}

/* What a finished rekey leaves to the next one. */
static void keep_material(struct host *h, struct agreed *g, struct rekey *r)
{
	g->keymat = r->source.keymat;
	g->keymat_next = r->source.index + suite_esp_keys_len(g->esp_suite);
	if (r->dh || r->peer_public)
		g->dh_ms = h->now_ms;
	if (r->dh) {
		dh_free(g->dh);
		g->dh = r->dh;
		r->dh = NULL;
	}
	if (r->peer_public) {
		free(g->peer_public);
		g->peer_public = r->peer_public;
		r->peer_public = NULL;
	}
}

/*
 * RFC 7402 6.10: both halves are known to both sides, so that the peer's
 * inbound SA is there. Ours is since we have the peer's half.
 */
static bool finish(struct host *h, struct assoc *a)
{
	struct rekey *r = a->rekeys.running;
	struct agreed *g = a->agreed;
	struct hip_output *out =
		sa_pair_open_out(h, r->pair, &a->hit, &r->source);

	if (!out)
		return false;
	out->local = a->local;
	out->remote = a->remote;
	rekey_retire(h, a, g->sa);
	g->sa = r->pair;
	r->pair = NULL;
	keep_material(h, g, r);
	update_settle(h, a, r->id);
	free_rekey(h, r);
	a->rekeys.running = NULL;
	a->rekeys.done++;
	h->counters.rekeys++;
	begin_keys(h, a);
	return true;
}

void rekey_begin(struct host *h, struct assoc *a, bool new_dh)
{
	const struct agreed *g = a->agreed;
	struct update_draft draft = { .is_rekey = true };
	struct rekey *r;

	if (a->state != ASSOC_ESTABLISHED || a->rekeys.running)
		return;
	a->rekeys.keyed_ms = h->now_ms; /* should it fail: not at once again */
	r = new_rekey(h, a, new_dh || !has_room(g, g->keymat_next));
	if (!r)
		return;
	r->ours.keymat_index = r->dh ? 0 : (uint16_t)g->keymat_next;
	draft.esp_info = &r->ours;
	draft.dh = r->dh;
	if (update_send(h, a, &draft)) {
		free_rekey(h, r);
		return;
	}
	a->rekeys.running = r;
	set_timer(h, a);
}

/* RFC 7402 6.9 step 1, 6.10 step 1: KEYMAT anew from one or two new values. */
static enum drop new_keymat(struct host *h, const struct assoc *a,
			    const struct rekey *r, const struct msg_update *msg,
			    struct keymat *out)
{
	const struct agreed *g = a->agreed;
	const struct dh *dh = r->dh ? r->dh : g->dh;
	uint8_t kij[DH_SECRET_MAX];
	size_t len;
	enum drop d;
	int err;

	h->counters.dh_agreements++;
	if (msg->has_dh)
		d = dh_agree(dh, msg->dh.value, msg->dh.len, kij, &len);
	else
		d = dh_agree(dh, g->peer_public, dh_public_len(g->dh_group),
			     kij, &len);
	if (d != DROP_NONE)
		return d;
	err = keymat_init(out, g->keymat.hit_suite, g->i, g->j, kij, len,
			  &h->hit, &a->hit);
	sodium_memzero(kij, sizeof(kij));
	return err ? DROP_INTERNAL : DROP_NONE;
}

/* RFC 7402 6.9 step 1, 5.1.1: may the peer's half look like this? */
static enum drop check_theirs(const struct agreed *g, const struct rekey *r,
			      const struct msg_update *msg)
{
	const struct esp_info *info = &msg->esp_info;

	if (info->new_spi < SPI_MIN || info->new_spi == g->sa->spi_out)
		return DROP_ESP_INFO;
	if (msg->has_dh && msg->dh.group != g->dh_group)
		return DROP_DH_GROUP;
	if (msg->has_dh)
		return info->keymat_index == 0 ? DROP_NONE : DROP_ESP_INFO;
	if (r->dh) /* it counts for nothing: 6.9.1 step 2, 6.10 step 2 */
		return DROP_NONE;
	if (info->keymat_index < g->keymat_next ||
	    !has_room(g, info->keymat_index))
		return DROP_ESP_INFO;
	return DROP_NONE;
}

/* RFC 7402 6.10, steps 1 and 2. */
static enum drop find_source(struct host *h, const struct assoc *a,
			     const struct rekey *r,
			     const struct msg_update *msg,
			     struct esp_source *out)
{
	const struct agreed *g = a->agreed;
	uint16_t ours = r->ours.keymat_index;
	uint16_t theirs = msg->esp_info.keymat_index;

	*out = (struct esp_source){ .suite = g->esp_suite };
	if (r->dh || msg->has_dh)
		return new_keymat(h, a, r, msg, &out->keymat);
	out->keymat = g->keymat;
	out->index = ours > theirs ? ours : theirs;
	return DROP_NONE;
}

/* The peer's half comes: the inbound SA opens (6.10, step 3). */
static enum drop take_theirs(struct host *h, struct assoc *a, struct rekey *r,
			     const struct msg_update *msg)
{
	struct esp_source source;
	uint8_t *peer_public = NULL;
	enum drop d = check_theirs(a->agreed, r, msg);

	if (d == DROP_NONE)
		d = find_source(h, a, r, msg, &source);
	if (d != DROP_NONE)
		return d;
	if (msg->has_dh) {
		peer_public = malloc(msg->dh.len);
		if (!peer_public)
			return DROP_INTERNAL;
		memcpy(peer_public, msg->dh.value, msg->dh.len);
	}
	/* The peer may have begun anew: then the keys are others. */
	sa_pair_close_in(h, r->pair, &a->hit);
	free(r->peer_public);
	r->peer_public = peer_public;
	r->source = source;
	r->theirs = msg->esp_info;
	r->pair->spi_out = msg->esp_info.new_spi;
	r->has_theirs = true;
	sodium_memzero(&source, sizeof(source));
	return sa_pair_open_in(h, r->pair, &a->hit, &r->source) ? DROP_INTERNAL
								: DROP_NONE;
}

/*
 * A new DH value costs more than all else in an UPDATE, and a peer may ask
 * for one in each: not for ever. Where we asked it is no more than an answer.
 */
static bool is_too_often(struct host *h, struct assoc *a, const struct rekey *r,
			 const struct msg_update *msg)
{
	const struct agreed *g = a->agreed;

	if (r && r->dh && !r->has_theirs)
		return false;
	if (!msg->has_dh && !(r ? r->dh != NULL : !has_room(g, g->keymat_next)))
		return false;
	return !pace_allow(&a->rekeys.asked, REKEYS_DH_AT_ONCE,
			   REKEY_DH_EACH_MS, h->now_ms);
}

/* RFC 7402 6.9.1: the peer begins. */
static enum drop answer(struct host *h, struct assoc *a,
			const struct msg_update *msg,
			struct update_draft *draft)
{
	const struct agreed *g = a->agreed;
	uint32_t theirs = msg->esp_info.keymat_index;
	struct rekey *r =
		new_rekey(h, a, msg->has_dh || !has_room(g, g->keymat_next));
	enum drop d;

	if (!r)
		return DROP_INTERNAL;
	if (!r->dh)
		r->ours.keymat_index = (uint16_t)theirs;
	d = take_theirs(h, a, r, msg);
	if (d != DROP_NONE) {
		sa_pair_close_in(h, r->pair, &a->hit);
		free_rekey(h, r);
		return d;
	}
	a->rekeys.running = r;
	draft->esp_info = &r->ours;
	draft->dh = r->dh;
	draft->has_seq = draft->is_rekey = true;
	set_timer(h, a);
	return DROP_NONE;
}

enum drop rekey_on_update(struct host *h, struct assoc *a,
			  const struct msg_update *msg,
			  struct update_draft *draft)
{
	const struct esp_info *info = &msg->esp_info;
	struct rekey *r = a->rekeys.running;
	enum drop d;

	/* The peer is a round ahead: ours is known to be finished there. */
	if (r && r->has_theirs && info->old_spi == r->theirs.new_spi) {
		if (!finish(h, a))
			return DROP_INTERNAL;
		r = NULL;
	}
	if (info->old_spi != a->agreed->sa->spi_out)
		return DROP_ESP_INFO;
	if (r && r->has_theirs && info->new_spi == r->theirs.new_spi)
		return DROP_NONE; /* the same once more */
	if (is_too_often(h, a, r, msg))
		return DROP_RATE;
	if (!r)
		return answer(h, a, msg, draft);
	d = take_theirs(h, a, r, msg);
	if (d == DROP_NONE && r->is_acked && !finish(h, a))
		d = DROP_INTERNAL;
	return d;
}

void rekey_on_ack(struct host *h, struct assoc *a, uint32_t id)
{
	struct rekey *r = a->rekeys.running;

	if (!r || r->id != id)
		return;
	r->is_acked = true;
	if (r->has_theirs)
		(void)finish(h, a); /* else the timer finds it */
}

void rekey_on_traffic(struct host *h, struct assoc *a,
		      const struct hip_input *in)
{
	struct rekeys *k = &a->rekeys;
	struct rekey *r = k->running;
	struct sa_pair *pair;

	if (!a->agreed)
		return;
	/* 3.3.2: the peer uses our new SA, so it has everything. */
	if (in->in && in->spi != 0 && r && r->has_theirs &&
	    in->spi == r->pair->spi_in)
		(void)finish(h, a); /* else the timer finds it */
	if (in->in && in->spi == a->agreed->sa->spi_in) {
		TAILQ_FOREACH(pair, &k->old, next)
		{
			if (pair->expires_ms > h->now_ms + SA_GRACE_MS)
				pair->expires_ms = h->now_ms + SA_GRACE_MS;
		}
	}
	k->packets += in->esp_packets ? in->esp_packets : 1;
	k->bytes += in->esp_bytes;
	set_timer(h, a);
	if (is_used_up(h, a))
		rekey_begin(h, a, h->now_ms - a->agreed->dh_ms >= REKEY_DH_MS);
}

void rekey_on_timer(struct host *h, struct assoc *a)
{
	struct rekeys *k = &a->rekeys;
	struct rekey *r = k->running;
	struct sa_pair *pair;

	while ((pair = TAILQ_FIRST(&k->old)) && pair->expires_ms <= h->now_ms)
		forget_old(h, a, pair);
	if (r && h->now_ms - r->begun_ms >= REKEY_STALL_MS) {
		/* RFC 7402 6.8 step 5: not for ever. All begins anew. */
		r->begun_ms = h->now_ms;
		if (!a->exchange)
			exchange_i_begin(h, a);
	}
	set_timer(h, a);
	if (is_used_up(h, a))
		rekey_begin(h, a, h->now_ms - a->agreed->dh_ms >= REKEY_DH_MS);
}

void rekey_start_over(struct host *h, struct assoc *a)
{
	begin_keys(h, a);
}

void rekey_abandon(struct host *h, struct assoc *a)
{
	struct rekey *r = a->rekeys.running;

	if (!r)
		return;
	sa_pair_close_in(h, r->pair, &a->hit);
	free_rekey(h, r);
	a->rekeys.running = NULL;
	set_timer(h, a);
}

void rekey_on_established(struct host *h, struct assoc *a)
{
	set_timer(h, a);
}

void rekey_wind_down(struct host *h, struct assoc *a)
{
	struct rekey *r = a->rekeys.running;

	if (r && r->pair->has_in) { /* the peer may send on it */
		rekey_retire(h, a, r->pair);
		r->pair = NULL;
		free_rekey(h, r);
		a->rekeys.running = NULL;
	}
	rekey_abandon(h, a);
	timers_cancel(&h->timers, &a->rekeys.timer);
}

void rekey_forget(struct host *h, struct assoc *a)
{
	struct rekeys *k = &a->rekeys;
	struct sa_pair *pair;

	rekey_abandon(h, a);
	while ((pair = TAILQ_FIRST(&k->old)))
		forget_old(h, a, pair);
	k->packets = k->bytes = 0;
	timers_cancel(&h->timers, &k->timer);
}

void rekey_silence(struct assoc *a)
{
	struct sa_pair *pair;

	if (a->rekeys.running)
		a->rekeys.running->pair->has_in = false;
	TAILQ_FOREACH(pair, &a->rekeys.old, next)
	pair->has_in = false;
}
