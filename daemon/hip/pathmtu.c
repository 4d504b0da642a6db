/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * All sizes are those of IP packets.
 */
#include "daemon/hip/pathmtu.h"

#include "daemon/hip/host_impl.h"
#include "daemon/hip/suite.h"

#include <stdlib.h>
#include <string.h>

enum {
	IPV4_HEADER_LEN = 20,
	IPV6_HEADER_LEN = 40,
	UDP_LEN = 8 + 4, /* and the zeros of RFC 9028 5.1 */
	PARAM_HEADER_LEN = 4,
	ALIGN = 8, /* RFC 7401 5.1: packets are eights */
};

static bool is_ipv6(const struct assoc *a)
{
	return !locator_is_v4(&a->remote);
}

/* What is in front of a HIP packet. */
static size_t headers(const struct assoc *a)
{
	return (is_ipv6(a) ? IPV6_HEADER_LEN : IPV4_HEADER_LEN) +
	       (a->raw ? 0 : UDP_LEN);
}

/* The IP packet that the largest inner one needs, as far as it can be tried. */
static uint16_t ceiling(const struct host *h, const struct assoc *a)
{
	/* ESP has no zeros in front. */
	size_t len = headers(a) - (a->raw ? 0 : 4) +
		     suite_esp_len(a->agreed->esp_suite, h->conf.inner_mtu);
	size_t most = headers(a) + HIP_PACKET_MAX;

	if (a->raw) /* nothing may follow such a packet */
		len -= (len - headers(a)) % ALIGN;
	return (uint16_t)(len < most ? len : most);
}

/* 0 while all that the TUN device gives may pass. */
static void tell(struct host *h, const struct assoc *a)
{
	const struct mtu_search *s = &a->pathmtu->search;
	struct hip_output *out = outputs_add(&h->out, HIP_OUT_PATH, &a->hit);

	out->path_mtu = s->size == s->ceiling ? 0 : s->size;
}

/* While there is more to be had, it is tried for now and then. */
static void rest(struct host *h, struct assoc *a)
{
	const struct mtu_search *s = &a->pathmtu->search;

	timers_set(&h->timers, &a->pathmtu->timer,
		   s->size < s->ceiling ? h->now_ms + a->pathmtu->raise_ms
					: TIMERS_NEVER);
}

void pathmtu_stop(struct host *h, struct assoc *a)
{
	if (!a->pathmtu)
		return;
	mtu_search_stop(&a->pathmtu->search);
	timers_cancel(&h->timers, &a->pathmtu->timer);
}

void pathmtu_free(struct host *h, struct assoc *a)
{
	if (!a->pathmtu)
		return;
	timers_remove(&h->timers, &a->pathmtu->timer);
	free(a->pathmtu);
	a->pathmtu = NULL;
}

void pathmtu_start(struct host *h, struct assoc *a, bool is_same_path)
{
	struct pathmtu *p = a->pathmtu;

	pathmtu_stop(h, a);
	if (!p)
		return;
	p->bare_len = 0;
	p->confirmed_ms = 0;
	p->raise_ms = PATH_RAISE_FIRST_MS;
	if (!is_same_path || p->search.ceiling != ceiling(h, a))
		mtu_search_init(&p->search, ceiling(h, a), is_ipv6(a));
	tell(h, a);
	rest(h, a);
}

/* Not zeros: a link may compress. The same each time, so that a probe that is
 * repeated counts as the packet that it was before (checks.h). */
static void fill(uint8_t *bytes, size_t len, uint32_t id)
{
	uint64_t x = id;

	for (size_t i = 0; i < len; i++) {
		x = x * 6364136223846793005u + 1442695040888963407u;
		bytes[i] = (uint8_t)(x >> 56);
	}
}

/* An UPDATE with this id and so much PADDING. 0, -EIO or -ENOSPC. */
static int write_probe(struct host *h, const struct assoc *a, uint32_t id,
		       size_t padding, struct packet_out *p)
{
	uint8_t bytes[HIP_PACKET_MAX];

	packet_begin(p, HIP_UPDATE, 0, &h->hit, &a->hit);
	seq_write(p, id);
	if (padding >= PARAM_HEADER_LEN && padding < sizeof(bytes)) {
		fill(bytes, padding, id);
		packet_param(p, PARAM_PADDING, bytes,
			     padding - PARAM_HEADER_LEN);
	}
	return host_protect(h, a->agreed, p);
}

/* How long it is when nothing is added. False when it cannot be told. */
static bool measure(struct host *h, struct assoc *a)
{
	struct packet_out p;

	if (a->pathmtu->bare_len == 0 && write_probe(h, a, 0, 0, &p) == 0)
		a->pathmtu->bare_len = packet_len(&p);
	return a->pathmtu->bare_len > 0;
}

/* RFC 7401 5.1: what follows a packet is ignored, which serves for sizes that
 * eights do not give. */
static void send_probe(struct host *h, struct assoc *a,
		       const struct mtu_probe *p)
{
	const size_t bare = a->pathmtu->bare_len, before = headers(a);
	size_t wanted = p->size > before + bare ? p->size - before : bare;
	size_t padding = (wanted - bare) / ALIGN * ALIGN;
	uint8_t bytes[HIP_PACKET_MAX] = { 0 };
	struct packet_out packet;
	struct hip_output *out;
	size_t len;

	if (write_probe(h, a, p->id, padding, &packet)) {
		h->counters.drops[DROP_INTERNAL]++;
		return;
	}
	len = packet_len(&packet);
	memcpy(bytes, packet.bytes, len);
	if (!a->raw && wanted > len)
		len = wanted;
	out = host_send(h, &a->hit, bytes, len, &a->local, &a->remote, a->raw);
	if (out)
		out->whole = true;
}

static uint64_t round_of(uint64_t rtt_ms, uint64_t most_ms)
{
	if (2 * rtt_ms < UPDATE_RTO_MIN_MS)
		return UPDATE_RTO_MIN_MS;
	return 2 * rtt_ms < most_ms ? 2 * rtt_ms : most_ms;
}

static void send_round(struct host *h, struct assoc *a)
{
	struct pathmtu *m = a->pathmtu;
	struct mtu_probe *p;

	while ((p = mtu_search_next(&m->search))) {
		if (!p->is_sent)
			p->id = a->updates.next_id++;
		p->is_sent = true;
		send_probe(h, a, p);
	}
	timers_set(&h->timers, &m->timer, h->now_ms + m->round_ms);
}

/*
 * Before anything was answered a round may be too short: the small probe goes
 * behind the large one, and is answered behind it.
 */
static void ask(struct host *h, struct assoc *a)
{
	struct pathmtu *m = a->pathmtu;

	m->asked_ms = h->now_ms;
	m->round_ms = round_of(a->rtt_ms, PATH_ASK_MAX_MS);
	send_round(h, a);
}

static void on_end(struct host *h, struct assoc *a, uint16_t before)
{
	struct pathmtu *m = a->pathmtu;

	m->confirmed_ms = h->now_ms;
	if (m->search.size != before) {
		m->raise_ms = PATH_RAISE_FIRST_MS;
		tell(h, a);
	}
	rest(h, a);
}

/* Without memory for it nothing is found out. */
static bool make(struct host *h, struct assoc *a)
{
	struct pathmtu *p;

	if (a->pathmtu)
		return true;
	p = calloc(1, sizeof(*p));
	if (!p)
		return false;
	if (timers_add(&h->timers, &p->timer, a, TIMER_PATH)) {
		free(p);
		return false;
	}
	p->raise_ms = PATH_RAISE_FIRST_MS;
	mtu_search_init(&p->search, ceiling(h, a), is_ipv6(a));
	a->pathmtu = p;
	return true;
}

static bool has_path(const struct host *h, const struct assoc *a)
{
	return h->conf.inner_mtu > 0 && a->agreed &&
	       (a->state == ASSOC_R2_SENT || a->state == ASSOC_ESTABLISHED);
}

/* Is it time to look again? */
static bool is_due(const struct host *h, const struct pathmtu *m)
{
	const struct mtu_search *s = &m->search;

	return !mtu_search_is_running(s) && s->size > s->floor &&
	       (m->confirmed_ms == 0 ||
		h->now_ms - m->confirmed_ms >= PATH_CONFIRM_MS);
}

/*
 * What all associations may cost together is bounded; who has no turn has one
 * a little later.
 */
static bool has_turn(struct host *h)
{
	return pace_allow(&h->path_searches, PATHS_AT_ONCE, PATH_EACH_MS,
			  h->now_ms);
}

void pathmtu_on_large(struct host *h, struct assoc *a)
{
	if (!has_path(h, a) || !make(h, a) || !is_due(h, a->pathmtu) ||
	    !has_turn(h) || !measure(h, a))
		return;
	mtu_search_confirm(&a->pathmtu->search);
	ask(h, a);
}

bool pathmtu_waits_for(const struct assoc *a, uint32_t id)
{
	return a->pathmtu && mtu_search_waits_for(&a->pathmtu->search, id);
}

void pathmtu_on_ack(struct host *h, struct assoc *a, uint32_t id)
{
	struct pathmtu *m = a->pathmtu;
	struct mtu_search *s;
	uint16_t before;
	uint64_t took_ms;

	if (!pathmtu_waits_for(a, id))
		return;
	s = &m->search;
	before = s->size;
	if (!mtu_search_is_running(s)) { /* late */
		mtu_search_answer(s, id);
		return;
	}
	took_ms = h->now_ms - m->asked_ms;
	/* Else nobody knows which one it answers. */
	if (s->rounds == 1 &&
	    (s->phase == MTU_CONFIRM || s->phase == MTU_ASK_MORE))
		assoc_measure_rtt(a, took_ms);
	mtu_search_answer(s, id);
	if (!mtu_search_is_running(s)) {
		on_end(h, a, before);
	} else if (mtu_search_is_due(s)) {
		m->round_ms = round_of(took_ms, PATH_ROUND_MAX_MS);
		send_round(h, a);
	}
}

/* An association that is not in use can wait. */
static void try_more(struct host *h, struct assoc *a)
{
	struct pathmtu *m = a->pathmtu;
	bool is_used = h->now_ms - a->used_ms < m->raise_ms;

	if (is_used && !has_turn(h)) {
		timers_set(&h->timers, &m->timer, h->now_ms + PATH_CONFIRM_MS);
		return;
	}
	if (is_used && m->raise_ms < PATH_RAISE_MAX_MS / 2)
		m->raise_ms *= 2;
	else if (is_used)
		m->raise_ms = PATH_RAISE_MAX_MS;
	if (is_used && has_path(h, a) && measure(h, a)) {
		mtu_search_raise(&m->search);
		ask(h, a);
	} else {
		rest(h, a);
	}
}

void pathmtu_on_timer(struct host *h, struct assoc *a)
{
	struct mtu_search *s = &a->pathmtu->search;
	const uint16_t before = s->size;

	if (!mtu_search_is_running(s)) {
		try_more(h, a);
		return;
	}
	mtu_search_round(s);
	if (s->rounds <= 2) /* the small one goes for the first time */
		a->pathmtu->asked_ms = h->now_ms;
	if (mtu_search_is_running(s))
		send_round(h, a);
	else
		on_end(h, a, before);
}
