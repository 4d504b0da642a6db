/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Two hosts that a test moves by hand.
 */
#include "tests/unit/hosts.h"

#include "daemon/hip/protect.h"
#include "tests/unit/keys.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static void add_key(struct hosts *t, int who, const char *pem)
{
	int err = identity_from_pem(pem, strlen(pem), &t->id[who]);

	assert(!err);
	t->hit[who] = *identity_hit(t->id[who]);
	t->at[who] = (struct locator){
		.addr = { [10] = 0xff, [11] = 0xff, [12] = 192, [14] = 2 },
		.port = HIP_UDP_PORT
	};
	t->at[who].addr[15] = (uint8_t)(who + 1);
	host_conf_defaults(&t->conf[who]);
	t->conf[who].id = t->id[who];
	t->conf[who].env = prng_env(&t->dice);
	t->conf[who].inside = false; /* a test that wants it says so */
	t->got[who] = calloc(GOT_MAX, sizeof(struct got));
	assert(t->got[who]);
}

void hosts_make(struct hosts *t)
{
	*t = (struct hosts){ .now_ms = HOSTS_START_MS };
	prng_init(&t->dice, 7);
	add_key(t, A, KEY_P256);
	add_key(t, B, KEY_P384);
	for (int who = A; who < HOSTS; who++) {
		hosts_remake(t, who);
		hosts_tell(t, who);
	}
}

void hosts_clear(struct hosts *t)
{
	for (int who = A; who < HOSTS; who++) {
		host_free(t->h[who]);
		identity_free(t->id[who]);
		free(t->got[who]);
	}
}

void hosts_remake(struct hosts *t, int who)
{
	int err;

	host_free(t->h[who]);
	err = host_new(&t->conf[who], t->now_ms, &t->h[who]);
	assert(!err);
	t->n_got[who] = 0;
}

void hosts_tell(struct hosts *t, int who)
{
	struct hip_input in = { .kind = HIP_IN_PEER,
				.hit = t->hit[1 - who],
				.locators = &t->at[1 - who],
				.n_locators = 1 };

	hosts_input(t, who, &in);
}

static void collect(struct hosts *t, int who)
{
	struct hip_output out;

	t->n_got[who] = 0;
	while (host_output(t->h[who], &out)) {
		struct got *g = &t->got[who][t->n_got[who]++];

		assert(t->n_got[who] < GOT_MAX);
		assert(out.len <= sizeof(g->bytes.b));
		g->out = out;
		g->bytes.len = out.len;
		if (out.len > 0)
			memcpy(g->bytes.b, out.bytes, out.len);
		g->out.bytes = g->bytes.b;
	}
}

void hosts_input(struct hosts *t, int who, const struct hip_input *in)
{
	host_input(t->h[who], in, t->now_ms);
	collect(t, who);
}

void hosts_tick(struct hosts *t, int who)
{
	host_tick(t->h[who], t->now_ms);
	collect(t, who);
}

static struct hip_input packet_input(const struct hosts *t, int to,
				     const struct bytes *packet)
{
	return (struct hip_input){ .kind = HIP_IN_PACKET,
				   .bytes = packet->b,
				   .len = packet->len,
				   .local = t->at[to],
				   .remote = t->at[1 - to],
				   .raw = t->at[1 - to].port == 0 };
}

void hosts_deliver(struct hosts *t, int to, const struct bytes *packet)
{
	struct hip_input in = packet_input(t, to, packet);

	hosts_input(t, to, &in);
}

void hosts_deliver_inside(struct hosts *t, int to, const struct bytes *packet)
{
	struct hip_input in = packet_input(t, to, packet);

	in.inside = true;
	hosts_input(t, to, &in);
}

enum drop hosts_judge(struct hosts *t, int to, const struct bytes *packet)
{
	struct host_counters before = *hosts_counters(t, to);
	enum drop found = DROP_NONE;

	hosts_deliver(t, to, packet);
	for (int d = 0; d < DROP_COUNT; d++) {
		uint64_t n = hosts_counters(t, to)->drops[d] - before.drops[d];

		assert(n <= 1 && (n == 0 || found == DROP_NONE));
		if (n == 1)
			found = (enum drop)d;
	}
	return found;
}

void hosts_acquire(struct hosts *t, int who, uint8_t byte)
{
	struct hip_input in = { .kind = HIP_IN_ACQUIRE,
				.hit = t->hit[1 - who],
				.bytes = &byte,
				.len = 1 };

	hosts_input(t, who, &in);
}

void hosts_traffic(struct hosts *t, int who, bool in)
{
	struct hip_input input = { .kind = HIP_IN_TRAFFIC,
				   .hit = t->hit[1 - who],
				   .in = in,
				   .out = !in };

	hosts_input(t, who, &input);
}

void hosts_close(struct hosts *t, int who)
{
	struct hip_input in = { .kind = HIP_IN_CLOSE, .hit = t->hit[1 - who] };

	hosts_input(t, who, &in);
}

size_t hosts_count(const struct hosts *t, int who, enum hip_output_kind kind)
{
	size_t n = 0;

	for (size_t i = 0; i < t->n_got[who]; i++)
		n += t->got[who][i].out.kind == kind;
	return n;
}

const struct got *hosts_get(const struct hosts *t, int who,
			    enum hip_output_kind kind, size_t n)
{
	for (size_t i = 0; i < t->n_got[who]; i++) {
		if (t->got[who][i].out.kind == kind && n-- == 0)
			return &t->got[who][i];
	}
	return NULL;
}

static const struct got *find_packet(const struct hosts *t, int who,
				     uint8_t type)
{
	for (size_t i = 0; i < t->n_got[who]; i++) {
		const struct got *g = &t->got[who][i];

		if (g->out.kind == HIP_OUT_SEND && g->bytes.b[2] == type)
			return g;
	}
	return NULL;
}

bool hosts_has_packet(const struct hosts *t, int who, uint8_t type)
{
	return find_packet(t, who, type) != NULL;
}

struct bytes hosts_packet(const struct hosts *t, int who, uint8_t type)
{
	const struct got *g = find_packet(t, who, type);

	assert(g);
	return g->bytes;
}

struct bytes hosts_run_to(struct hosts *t, uint8_t type)
{
	struct bytes packet;
	int from = A;

	hosts_acquire(t, A, 1);
	for (uint8_t next = HIP_I1;; next++, from = 1 - from) {
		packet = hosts_packet(t, from, next);
		if (next == type)
			return packet;
		hosts_deliver(t, 1 - from, &packet);
	}
}

void hosts_associate(struct hosts *t)
{
	struct bytes r2 = hosts_run_to(t, HIP_R2);

	hosts_deliver(t, A, &r2);
	assert(hosts_state(t, A) == ASSOC_ESTABLISHED);
	assert(hosts_state(t, B) == ASSOC_R2_SENT);
}

void hosts_establish(struct hosts *t)
{
	hosts_associate(t);
	hosts_traffic(t, B, true);
	assert(hosts_state(t, B) == ASSOC_ESTABLISHED);
}

enum assoc_state hosts_state(const struct hosts *t, int who)
{
	struct host_assoc_info info;

	if (!host_assoc_find(t->h[who], &t->hit[1 - who], &info))
		return ASSOC_UNASSOCIATED;
	return info.state;
}

uint64_t hosts_dropped(const struct hosts *t, int who, enum drop reason)
{
	return hosts_counters(t, who)->drops[reason];
}

const struct host_counters *hosts_counters(const struct hosts *t, int who)
{
	return host_counters(t->h[who]);
}

static void parse(const struct bytes *packet, struct packet *out)
{
	enum drop d = packet_parse(packet->b, packet->len, out, NULL);

	assert(d == DROP_NONE);
}

static const struct edit *find_edit(const struct remake *how, uint16_t type)
{
	for (size_t i = 0; i < how->n_edits; i++) {
		if (how->edits[i].type == type)
			return &how->edits[i];
	}
	return NULL;
}

static bool is_protection(uint16_t type)
{
	return type == PARAM_HIP_MAC || type == PARAM_HIP_MAC_2 ||
	       type == PARAM_HIP_SIGNATURE || type == PARAM_HIP_SIGNATURE_2;
}

/* Edits of types that the packet lacks, from `last` up to below `next`. */
static void add_missing(struct packet_out *out, const struct packet *p,
			const struct remake *how, uint32_t last, uint32_t next)
{
	for (size_t i = 0; i < how->n_edits; i++) {
		const struct edit *e = &how->edits[i];

		if (e->body && e->type >= last && e->type < next &&
		    !packet_find(p, e->type))
			packet_param(out, e->type, e->body, e->len);
	}
}

/* All parameters of a range of types, with the changes. */
static void copy_params(struct packet_out *out, const struct packet *p,
			const struct remake *how, uint32_t first, uint32_t end)
{
	uint32_t last = first;

	for (size_t i = 0; i < p->n_params; i++) {
		const struct param *param = &p->params[i];
		const struct edit *e = find_edit(how, param->type);

		if (param->type < first || param->type >= end)
			continue;
		add_missing(out, p, how, last, param->type);
		last = param->type;
		if (is_protection(param->type))
			continue;
		if (!e)
			packet_param(out, param->type, param->body, param->len);
		else if (e->body)
			packet_param(out, param->type, e->body, e->len);
	}
	add_missing(out, p, how, last, end);
}

struct bytes remake_packet(const struct bytes *from, const struct remake *how)
{
	static struct packet_out out;
	struct bytes made;
	struct packet p;
	int err = 0;

	parse(from, &p);
	packet_begin(&out, p.type, p.controls, &p.sender, &p.receiver);
	copy_params(&out, &p, how, 0, PARAM_HIP_MAC);
	if (how->mac_key)
		err = protect_add_mac(&out, how->hit_suite, how->mac_key);
	assert(!err);
	if (how->signer && p.type == HIP_R1)
		err = protect_add_signature_2(&out, how->signer);
	else if (how->signer)
		err = protect_add_signature(&out, how->signer);
	assert(!err);
	copy_params(&out, &p, how, PARAM_HIP_SIGNATURE + 1, UINT16_MAX + 1);
	if (!packet_fix_length(&out))
		abort();
	made.len = packet_len(&out);
	memcpy(made.b, out.bytes, made.len);
	return made;
}

struct bytes packet_body(const struct bytes *packet, uint16_t type)
{
	const struct param *param;
	struct bytes body;
	struct packet p;

	parse(packet, &p);
	param = packet_find(&p, type);
	assert(param);
	body.len = param->len;
	memcpy(body.b, param->body, param->len);
	return body;
}

struct bytes spoil_param(const struct bytes *packet, uint16_t type)
{
	struct bytes spoilt = *packet;
	const struct param *param;
	struct packet p;

	parse(packet, &p);
	param = packet_find(&p, type);
	assert(param && param->len > 0);
	spoilt.b[param->offset + 4 + param->len - 1] ^= 1;
	return spoilt;
}
