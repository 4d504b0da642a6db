/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * A simulated host: the core, its identity, and a data plane that compares
 * keys where the real one would open ESP.
 */
#include "tests/sim/sim_impl.h"

#include "daemon/hip/packet.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { KINDS = 6, PER_KIND = 16, SOLVE_TRIES = 1 << 24 };

/* Making some of them takes a second: every world uses the same ones. */
static struct identity *identities[KINDS][PER_KIND];

static void free_identities(void)
{
	for (size_t i = 0; i < KINDS; i++) {
		for (size_t j = 0; j < PER_KIND; j++)
			identity_free(identities[i][j]);
	}
}

/*
 * Hosts of one kind are not the same, up to PER_KIND of them.
 * They come of dice of their own, so that every world throws the same.
 */
static const struct identity *identity_of(struct sim *s,
					  enum identity_kind kind, size_t nth)
{
	struct identity **id = &identities[kind][nth % PER_KIND];
	static bool is_registered;
	struct prng dice;

	if (*id)
		return *id;
	if (!is_registered)
		(void)atexit(free_identities);
	is_registered = true;
	prng_init(&dice, kind * PER_KIND + nth % PER_KIND);
	prng_lend_to_openssl(&dice);
	if (identity_generate(kind, id))
		abort();
	prng_lend_to_openssl(&s->hosts);
	return *id;
}

struct sim_host sim_host_default(void)
{
	struct sim_host host = { .kind = IDENTITY_ECDSA_P256 };

	host_conf_defaults(&host.conf);
	return host;
}

static struct locator locator_of(size_t node, bool v6)
{
	struct locator l = { .port = HIP_UDP_PORT };

	if (v6) {
		memcpy(l.addr, "\x20\x01\x0d\xb8", 4);
	} else {
		l.addr[10] = l.addr[11] = 0xff;
		l.addr[12] = 10;
	}
	l.addr[15] = (uint8_t)(node + 1);
	return l;
}

size_t sim_add(struct sim *s, const struct sim_host *host)
{
	struct sim_node *n = calloc(1, sizeof(*n));
	size_t node = s->n_nodes, same = 0;

	assert(n && node < SIM_NODES_MAX);
	for (size_t i = 0; i < node; i++)
		same += s->nodes[i]->made.kind == host->kind;
	n->made = *host;
	n->made.conf.id = identity_of(s, host->kind, same);
	n->made.conf.env = prng_env(&s->hosts);
	n->hit = *identity_hit(n->made.conf.id);
	n->locator = locator_of(node, host->v6);
	n->generation = host->conf.r1_generation;
	s->nodes[node] = n;
	s->n_nodes++;
	node_start(s, node);
	return node;
}

void node_start(struct sim *s, size_t node)
{
	struct sim_node *n = s->nodes[node];

	n->n_in = n->n_out = 0;
	n->started_ms = s->now_ms;
	n->made.conf.r1_generation = n->generation;
	if (host_new(&n->made.conf, s->now_ms, &n->host))
		abort();
	n->generation = host_r1_generation(n->host);
	for (size_t i = 0; i < s->n_nodes; i++) {
		if (n->knows[i])
			sim_tell_late(s, node, i, n->wrong_first[i]);
	}
}

void sim_restart(struct sim *s, size_t node)
{
	host_free(s->nodes[node]->host);
	node_start(s, node);
}

static bool find_hit(const struct sim *s, const struct hit *hit, size_t *out)
{
	for (size_t i = 0; i < s->n_nodes; i++) {
		if (hit_equal(&s->nodes[i]->hit, hit)) {
			*out = i;
			return true;
		}
	}
	return false;
}

static struct sim_sa *find_sa(struct sim_sa *sas, size_t n, uint32_t spi)
{
	for (size_t i = 0; i < n; i++) {
		if (sas[i].spi == spi)
			return &sas[i];
	}
	return NULL;
}

/* The newest outbound SA for a peer, as tun/sa.h has it. */
static struct sim_sa *find_out(struct sim_node *n, const struct hit *peer)
{
	for (size_t i = n->n_out; i > 0; i--) {
		if (hit_equal(&n->out[i - 1].peer, peer))
			return &n->out[i - 1];
	}
	return NULL;
}

static void add_sa(struct sim *s, struct sim_node *n,
		   const struct hip_output *out)
{
	bool in = out->kind == HIP_OUT_SA_IN;
	size_t *count = in ? &n->n_in : &n->n_out;
	struct sim_sa *sa = &(in ? n->in : n->out)[*count];

	if (*count == SIM_SAS_MAX) {
		sim_fail(s, "too many SAs");
		return;
	}
	if (in && find_sa(n->in, n->n_in, out->spi))
		sim_fail(s, "an inbound SPI is used twice");
	if (out->spi < 256 || out->key_len == 0)
		sim_fail(s, "an SA without SPI or key");
	*sa = (struct sim_sa){ .spi = out->spi,
			       .suite = out->esp_suite,
			       .peer = out->hit,
			       .key_len = out->key_len,
			       .remote = out->remote };
	memcpy(sa->key, out->key, out->key_len);
	(*count)++;
}

static void delete_sa(struct sim *s, struct sim_node *n,
		      const struct hip_output *out)
{
	struct sim_sa *sas = out->inbound ? n->in : n->out;
	size_t *count = out->inbound ? &n->n_in : &n->n_out;
	struct sim_sa *sa = find_sa(sas, *count, out->spi);

	if (!sa || !hit_equal(&sa->peer, &out->hit)) {
		sim_fail(s, "an SA is deleted that is not there");
		return;
	}
	(*count)--;
	memmove(sa, sa + 1, (size_t)(sas + *count - sa) * sizeof(*sa));
}

/* An SPI of 0: outbound. */
static void tell_traffic(struct sim *s, size_t node, const struct hit *peer,
			 uint32_t spi)
{
	struct hip_input input = { .kind = HIP_IN_TRAFFIC,
				   .hit = *peer,
				   .in = spi != 0,
				   .out = spi == 0,
				   .spi = spi,
				   .esp_packets = 1,
				   .esp_bytes = SIM_INNER_LEN };

	node_input(s, node, &input);
}

/* Seals an inner packet and sends it. */
static void send_esp(struct sim *s, size_t node, const struct sim_sa *sa,
		     const uint8_t *inner, size_t len)
{
	struct sim_event *e = sim_event_new(SIM_ESP, 0, inner, len);

	e->sa = *sa;
	e->at = sa->remote;
	sim_transmit(s, node, e);
}

static void send_hip(struct sim *s, size_t node, const struct hip_output *out)
{
	struct sim_event *e = sim_event_new(SIM_HIP, 0, out->bytes, out->len);
	struct sim_sa *sa = find_out(s->nodes[node], &out->hit);

	e->at = out->remote;
	if (out->inside && sa) {
		e->inside = true;
		e->sa = *sa;
		e->at = sa->remote;
	} else if (out->inside) {
		packet_clear_checksum(e->bytes);
	}
	sim_transmit(s, node, e);
}

/* Solves it at once; the answer takes its time. */
static void solve(struct sim *s, size_t node, const struct hip_output *out)
{
	struct sim_event *e = sim_event_new(SIM_SOLVED, node, NULL, 0);
	uint64_t takes_ms = 1 + ((1u << out->puzzle.k) / 1000);

	e->job = out->job;
	e->hit = out->hit;
	e->born_ms = s->nodes[node]->started_ms;
	prng_bytes(&s->hosts, e->j, sizeof(e->j));
	e->solved = takes_ms < out->lifetime_ms &&
		    puzzle_solve_slice(&out->puzzle, e->j, SOLVE_TRIES);
	sim_schedule(s, e, s->now_ms + takes_ms);
}

static void note_returned(struct sim *s, size_t node,
			  const struct hip_output *out)
{
	size_t peer;

	if (find_hit(s, &out->hit, &peer))
		s->nodes[node]->returned[peer]++;
}

static void on_output(struct sim *s, size_t node, const struct hip_output *out)
{
	struct sim_node *n = s->nodes[node];
	struct sim_sa *sa;

	sim_trace_add(s, &s->now_ms, sizeof(s->now_ms));
	sim_trace_add(s, &node, sizeof(node));
	sim_trace_add(s, &out->kind, sizeof(out->kind));
	sim_trace_add(s, &out->state, sizeof(out->state));
	sim_trace_add(s, out->key, out->key_len);
	if (out->len > 0)
		sim_trace_add(s, out->bytes, out->len);
	switch (out->kind) {
	case HIP_OUT_SEND:
		send_hip(s, node, out);
		break;
	case HIP_OUT_SA_IN:
	case HIP_OUT_SA_OUT:
		add_sa(s, n, out);
		break;
	case HIP_OUT_SA_DELETE:
		delete_sa(s, n, out);
		break;
	case HIP_OUT_INJECT:
		sa = find_out(n, &out->hit);
		if (sa)
			send_esp(s, node, sa, out->bytes, out->len);
		else
			sim_fail(s, "a packet is injected before its SA");
		break;
	case HIP_OUT_UNREACHABLE:
		note_returned(s, node, out);
		break;
	case HIP_OUT_SOLVE:
		solve(s, node, out);
		break;
	case HIP_OUT_PEER:
	case HIP_OUT_WANT:
	case HIP_OUT_PATH:
		break;
	}
}

static void drain(struct sim *s, size_t node)
{
	struct hip_output out;

	while (host_output(s->nodes[node]->host, &out)) {
		on_output(s, node, &out);
		sodium_memzero(out.key, sizeof(out.key));
	}
}

void node_input(struct sim *s, size_t node, const struct hip_input *in)
{
	host_input(s->nodes[node]->host, in, s->now_ms);
	drain(s, node);
	check_node(s, node);
}

void node_tick(struct sim *s, size_t node)
{
	struct host *h = s->nodes[node]->host;

	for (int i = 0; host_deadline(h) <= s->now_ms; i++) {
		if (i == SIM_TICKS_MAX) {
			sim_fail(s, "a deadline stays in the past");
			return;
		}
		host_tick(h, s->now_ms);
		drain(s, node);
		check_node(s, node);
	}
}

/* Numbers of one pair grow, so that order and doubles show. */
static void deliver(struct sim *s, size_t node, const uint8_t *inner)
{
	struct sim_node *n = s->nodes[node];
	uint64_t number;
	size_t from = inner[0];

	memcpy(&number, inner + 8, sizeof(number));
	if (inner[1] != node || from >= s->n_nodes) {
		sim_fail(s, "a packet reached the wrong host");
		return;
	}
	if (s->demands_order && number != n->last[from] + 1)
		sim_fail(s, "a packet was lost, doubled or out of order");
	n->last[from] = number;
	n->got[from]++;
}

/* The SA that opens an ESP packet, or NULL. */
static struct sim_sa *open_esp(struct sim *s, const struct sim_event *e)
{
	struct sim_node *n = s->nodes[e->to];
	struct sim_sa *sa = find_sa(n->in, n->n_in, e->sa.spi);
	struct hip_input unknown = { .kind = HIP_IN_UNKNOWN_SPI,
				     .remote = e->from };

	if (!sa) {
		if (s->demands_sas)
			sim_fail(s, "ESP came for an SA that is not there");
		node_input(s, e->to, &unknown);
		return NULL;
	}
	if (sa->suite != e->sa.suite || sa->key_len != e->sa.key_len ||
	    memcmp(sa->key, e->sa.key, sa->key_len) != 0) {
		if (s->demands_sas)
			sim_fail(s, "ESP came that does not open");
		return NULL;
	}
	return sa;
}

static void on_esp(struct sim *s, const struct sim_event *e)
{
	const struct sim_sa *sa = open_esp(s, e);
	struct hit peer;

	if (!sa)
		return;
	peer = sa->peer;
	deliver(s, e->to, e->bytes);
	tell_traffic(s, e->to, &peer, e->sa.spi);
}

void node_on_event(struct sim *s, struct sim_event *e)
{
	struct sim_node *n = s->nodes[e->to];
	struct hip_input in = { .hit = e->hit,
				.bytes = e->bytes,
				.len = e->len,
				.local = e->at,
				.remote = e->from,
				.job = e->job,
				.solved = e->solved };

	switch (e->kind) {
	case SIM_HIP:
		if (e->inside && !open_esp(s, e))
			break;
		in.kind = HIP_IN_PACKET;
		in.inside = e->inside;
		node_input(s, e->to, &in);
		break;
	case SIM_ESP:
		on_esp(s, e);
		break;
	case SIM_SOLVED:
		in.kind = HIP_IN_SOLVED;
		memcpy(in.j, e->j, sizeof(in.j));
		if (e->born_ms == n->started_ms)
			node_input(s, e->to, &in);
		break;
	}
}

void sim_lose(struct sim *s, size_t from, uint8_t hip_type, unsigned int n)
{
	s->nodes[from]->lose[hip_type % 32] = n;
}

void sim_cut(struct sim *s, size_t node, bool cut)
{
	s->nodes[node]->is_cut = cut;
}

void sim_tell_late(struct sim *s, size_t a, size_t b, size_t wrong)
{
	struct locator locators[LOCATORS_MAX];
	struct hip_input in = { .kind = HIP_IN_PEER,
				.hit = s->nodes[b]->hit,
				.locators = locators,
				.n_locators = wrong + 1 };

	assert(wrong < LOCATORS_MAX);
	for (size_t i = 0; i < wrong; i++)
		locators[i] = locator_of(SIM_NODES_MAX + i, false);
	locators[wrong] = s->nodes[b]->locator;
	s->nodes[a]->knows[b] = true;
	s->nodes[a]->wrong_first[b] = wrong;
	node_input(s, a, &in);
}

void sim_tell(struct sim *s, size_t a, size_t b)
{
	sim_tell_late(s, a, b, 0);
}

void sim_send(struct sim *s, size_t a, size_t b)
{
	struct sim_node *n = s->nodes[a];
	struct hit peer = s->nodes[b]->hit;
	uint8_t inner[SIM_INNER_LEN] = { (uint8_t)a, (uint8_t)b };
	struct hip_input in = { .kind = HIP_IN_ACQUIRE,
				.hit = peer,
				.bytes = inner,
				.len = sizeof(inner) };
	const struct sim_sa *sa = find_out(n, &peer);

	n->sent[b]++;
	memcpy(inner + 8, &n->sent[b], sizeof(n->sent[b]));
	if (!sa) {
		node_input(s, a, &in);
		return;
	}
	send_esp(s, a, sa, inner, sizeof(inner));
	tell_traffic(s, a, &peer, 0);
}

void sim_meet(struct sim *s, size_t a, size_t b)
{
	struct hip_input in = { .kind = HIP_IN_ACQUIRE,
				.hit = s->nodes[b]->hit };

	node_input(s, a, &in);
}

void sim_close(struct sim *s, size_t a, size_t b)
{
	struct hip_input in = { .kind = HIP_IN_CLOSE, .hit = s->nodes[b]->hit };

	node_input(s, a, &in);
}

void sim_probe(struct sim *s, size_t a, size_t b)
{
	struct hip_input in = { .kind = HIP_IN_PROBE, .hit = s->nodes[b]->hit };

	node_input(s, a, &in);
}

void sim_rekey(struct sim *s, size_t a, size_t b, bool new_dh)
{
	struct hip_input in = { .kind = HIP_IN_REKEY,
				.hit = s->nodes[b]->hit,
				.new_dh = new_dh };

	node_input(s, a, &in);
}

void sim_close_all(struct sim *s, size_t a)
{
	struct hip_input in = { .kind = HIP_IN_CLOSE, .all = true };

	node_input(s, a, &in);
}

bool sim_info(const struct sim *s, size_t a, size_t b,
	      struct host_assoc_info *out)
{
	return host_assoc_find(s->nodes[a]->host, &s->nodes[b]->hit, out);
}

enum assoc_state sim_state(const struct sim *s, size_t a, size_t b)
{
	struct host_assoc_info info;

	return sim_info(s, a, b, &info) ? info.state : ASSOC_UNASSOCIATED;
}

const struct host_counters *sim_counters(const struct sim *s, size_t node)
{
	return host_counters(s->nodes[node]->host);
}

size_t sim_delivered(const struct sim *s, size_t a, size_t b)
{
	return s->nodes[b]->got[a];
}

size_t sim_returned(const struct sim *s, size_t a, size_t b)
{
	return s->nodes[a]->returned[b];
}

size_t sim_sas(const struct sim *s, size_t node)
{
	return s->nodes[node]->n_in;
}
