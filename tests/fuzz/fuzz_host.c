/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Two hosts and the wire between them, driven by the input: it says who
 * begins, what time it is, and which packets arrive, are lost, doubled,
 * changed, or changed and then protected with the right keys. Seeds are in
 * corpus/host; each operation is one byte and what it reads behind it.
 */
#include "daemon/base/cursor.h"
#include "daemon/hip/host_impl.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/hosts.h"
#include "tests/unit/keys.h"

#include <stdlib.h>
#include <string.h>

enum { OPS_MAX = 64, WIRE_MAX = 16, TICKS_MAX = 100, SAS_MAX = 64 };

/* What the input's bytes mean, modulo OP_COUNT. */
enum op {
	OP_DELIVER, /* the oldest packet */
	OP_ACQUIRE,
	OP_WAIT,
	OP_LOSE,    /* the oldest packet */
	OP_REPEAT,  /* any packet, which stays on the wire */
	OP_CHANGE,  /* the oldest packet, bytes of it overwritten */
	OP_PROTECT, /* the same, one parameter, MAC and signature new */
	OP_FORGE,   /* bytes of the input, with HITs that are right */
	OP_CLOSE,
	OP_TRAFFIC,
	OP_SOLVE,
	OP_STRANGE_ESP,
	OP_PEER,
	OP_RESTART,
	OP_COUNT,
};

struct side {
	struct host *h;
	struct identity *id;
	struct hit hit;
	struct locator at;
	uint32_t in[SAS_MAX], out[SAS_MAX];
	size_t n_in, n_out;
	uint64_t job;
	struct puzzle puzzle; /* of that job */
};

struct on_wire {
	int to;
	bool inside;
	struct bytes packet;
};

static const char *const keys[HOSTS] = { KEY_P256, KEY_RFC8032 };
static struct side sides[HOSTS];
static struct on_wire wire[WIRE_MAX];
static size_t n_wire;
static struct prng dice;
static uint64_t now_ms;

/* One that ends in an odd byte lets in, for so many milliseconds. */
static uint64_t admit(void *ctx, const struct hit *hit, const uint8_t *bytes,
		      size_t len)
{
	(void)ctx;
	(void)hit;
	assert(len > 0);
	return bytes[len - 1] & 1 ? 1000 * (uint64_t)bytes[len - 1] : 0;
}

static void start(int who)
{
	struct side *s = &sides[who];
	struct host_conf conf;
	int err;

	host_conf_defaults(&conf);
	conf.id = s->id;
	conf.env = prng_env(&dice);
	conf.n_dh = 1; /* P-256: the cheapest */
	conf.assoc_max = 4;
	conf.admit = admit;
	conf.puzzle_k = who == B ? 1 : 0;
	err = host_new(&conf, now_ms, &s->h);
	assert(!err);
	s->n_in = s->n_out = 0;
	s->job = 0;
}

static void begin(void)
{
	prng_init(&dice, 1);
	prng_lend_to_openssl(&dice);
	now_ms = HOSTS_START_MS;
	n_wire = 0;
	for (int who = A; who < HOSTS; who++) {
		struct side *s = &sides[who];
		int err = 0;

		if (!s->id) {
			err = identity_from_pem(keys[who], strlen(keys[who]),
						&s->id);
			s->hit = *identity_hit(s->id);
			s->at.addr[15] = (uint8_t)(who + 1);
			s->at.port = HIP_UDP_PORT;
		}
		assert(!err);
		start(who);
	}
}

static void end(void)
{
	for (int who = A; who < HOSTS; who++)
		host_free(sides[who].h);
	prng_lend_to_openssl(NULL);
}

/* The data plane's books: what is deleted was there, and nothing twice. */
static void keep_sa(uint32_t *spis, size_t *n, uint32_t spi)
{
	for (size_t i = 0; i < *n; i++)
		assert(spis[i] != spi);
	assert(*n < SAS_MAX && spi >= 256);
	spis[(*n)++] = spi;
}

static void drop_sa(uint32_t *spis, size_t *n, uint32_t spi)
{
	for (size_t i = 0; i < *n; i++) {
		if (spis[i] == spi) {
			spis[i] = spis[--*n];
			return;
		}
	}
	assert(!"an SA is deleted that is not there");
}

static void on_output(struct side *s, int who, const struct hip_output *out)
{
	switch (out->kind) {
	case HIP_OUT_SEND:
		assert(out->len >= HIP_HEADER_LEN &&
		       out->len <= HIP_PACKET_MAX);
		if (n_wire == WIRE_MAX)
			return; /* lost */
		wire[n_wire].to = 1 - who;
		wire[n_wire].inside = out->inside;
		wire[n_wire].packet.len = out->len;
		memcpy(wire[n_wire++].packet.b, out->bytes, out->len);
		return;
	case HIP_OUT_SA_IN:
		keep_sa(s->in, &s->n_in, out->spi);
		return;
	case HIP_OUT_SA_OUT:
		keep_sa(s->out, &s->n_out, out->spi);
		return;
	case HIP_OUT_SA_DELETE:
		if (out->inbound)
			drop_sa(s->in, &s->n_in, out->spi);
		else
			drop_sa(s->out, &s->n_out, out->spi);
		return;
	case HIP_OUT_INJECT:
		assert(s->n_out > 0);
		return;
	case HIP_OUT_SOLVE:
		s->job = out->job;
		s->puzzle = out->puzzle;
		return;
	case HIP_OUT_UNREACHABLE:
	case HIP_OUT_PEER:
	case HIP_OUT_WANT:
	case HIP_OUT_PATH:
		return;
	}
}

/* Whatever happens to an association, something moves it on. */
static void check_alive(const struct host *h)
{
	struct table_iter it = table_iterate(&h->assocs);
	const struct assoc *a;

	while ((a = table_next(&it))) {
		assert(a->exchange || timer_is_set(&a->timer) ||
		       (a->is_kept && a->state == ASSOC_ESTABLISHED));
		assert(!a->exchange || timer_is_set(&a->exchange->timer));
		assert(a->pending.n == 0 || a->exchange);
		assert(a->state < ASSOC_R2_SENT || a->state > ASSOC_CLOSED ||
		       a->agreed);
	}
}

static void drain(int who)
{
	struct side *s = &sides[who];
	struct hip_output out;
	size_t n;

	while (host_output(s->h, &out))
		on_output(s, who, &out);
	n = host_assoc_list(s->h, NULL, 0);
	/* Replaced ones receive a little longer, a rekey's already. */
	assert(n <= 4 && s->n_out <= n && s->n_in <= (SAS_OLD_MAX + 2) * n);
	check_alive(s->h);
}

static void input(int who, struct hip_input *in)
{
	host_input(sides[who].h, in, now_ms);
	drain(who);
}

static void deliver(int to, const struct bytes *packet, bool inside)
{
	/* Just as long, so that reading beyond it shows. */
	uint8_t *exact = malloc(packet->len > 0 ? packet->len : 1);
	struct hip_input in = { .kind = HIP_IN_PACKET,
				.bytes = exact,
				.len = packet->len,
				.local = sides[to].at,
				.remote = sides[1 - to].at,
				.inside = inside };

	assert(exact);
	memcpy(exact, packet->b, packet->len);
	input(to, &in);
	free(exact);
}

static struct on_wire take_oldest(void)
{
	struct on_wire first = wire[0];

	memmove(wire, wire + 1, --n_wire * sizeof(wire[0]));
	return first;
}

static void change(struct rd *r)
{
	struct on_wire w = take_oldest();

	for (uint8_t n = rd_u8(r) % 8 + 1; n > 0; n--) {
		size_t at = rd_u16(r) % w.packet.len;

		w.packet.b[at] = rd_u8(r);
	}
	deliver(w.to, &w.packet, w.inside);
}

/* The agreement under which a host sends now, or NULL. */
static const struct agreed *agreed_of(int who)
{
	const struct assoc *a = assoc_find(sides[who].h, &sides[1 - who].hit);

	if (!a)
		return NULL;
	if (a->exchange && a->exchange->agreed)
		return a->exchange->agreed;
	return a->agreed;
}

static void protect(struct rd *r)
{
	struct on_wire w = take_oldest();
	int from = 1 - w.to;
	const struct agreed *g = agreed_of(from);
	uint16_t type = rd_u16(r);
	size_t len = rd_u8(r);
	const uint8_t *body = rd_bytes(r, len < rd_left(r) ? len : rd_left(r));
	struct edit e = { .type = type, .body = body, .len = len };
	struct remake how = { .edits = &e,
			      .n_edits = 1,
			      .hit_suite = hit_suite(&sides[w.to].hit),
			      .signer = sides[from].id };
	struct packet p;

	if (packet_parse(w.packet.b, w.packet.len, &p, NULL) != DROP_NONE)
		return;
	e.len = body ? (size_t)(r->p - body) : 0;
	/* An existing parameter of the packet, most of the time. */
	if (type % 4 != 0 && p.n_params > 0)
		e.type = p.params[type % p.n_params].type;
	if (p.len + e.len + 64 > HIP_PACKET_MAX)
		return;
	if (g && p.type != HIP_I1 && p.type != HIP_R1) {
		how.mac_key = g->keys.mac_out;
		how.hit_suite = g->keymat.hit_suite;
	}
	w.packet = remake_packet(&w.packet, &how);
	deliver(w.to, &w.packet, w.inside);
}

static void forge(struct rd *r)
{
	int to = rd_u8(r) % HOSTS;
	struct bytes packet = { .len = rd_u16(r) % HIP_PACKET_MAX };

	if (packet.len > rd_left(r))
		packet.len = rd_left(r);
	rd_copy(r, packet.b, packet.len);
	if (packet.len >= HIP_HEADER_LEN) {
		memcpy(packet.b + 8, sides[1 - to].hit.bytes, 16);
		memcpy(packet.b + 24, sides[to].hit.bytes, 16);
	}
	deliver(to, &packet, false);
}

static void wait_and_tick(struct rd *r)
{
	uint64_t next;

	now_ms += (uint64_t)rd_u16(r) << rd_u8(r) % 8;
	for (int who = A; who < HOSTS; who++) {
		int ticks = 0;

		do {
			host_tick(sides[who].h, now_ms);
			drain(who);
			next = host_deadline(sides[who].h);
			assert(++ticks < TICKS_MAX);
		} while (next <= now_ms);
	}
}

/* The solution, or something else. */
static void solve(struct rd *r, int who)
{
	uint8_t flags = rd_u8(r);
	struct hip_input in = { .kind = HIP_IN_SOLVED,
				.hit = sides[1 - who].hit,
				.job = sides[who].job,
				.solved = flags != 1 };

	if (sides[who].job != 0 && flags == 0)
		(void)puzzle_solve_slice(&sides[who].puzzle, in.j, 64);
	input(who, &in);
}

/* It is in an overlay from now on, or in another, or in none. */
static void join(int who, uint8_t flags)
{
	const uint8_t bytes[] = { 0x30, 1, flags };
	const struct host_membership m = { .is_member = flags & 1,
					   .is_another = flags & 2,
					   .certificate = bytes,
					   .certificate_len =
						   flags & 4 ? 3 : 0 };
	int err = host_set_membership(sides[who].h, &m, now_ms);

	assert(!err);
	drain(who);
}

static void other_input(struct rd *r, int who, enum op op)
{
	uint8_t flags = rd_u8(r);
	struct hip_input in = { .hit = sides[1 - who].hit,
				.remote = sides[1 - who].at,
				.locators = &sides[1 - who].at,
				.n_locators = flags % 2,
				.bytes = (const uint8_t *)"packet",
				.len = flags % 7,
				.in = flags & 1,
				.out = flags & 2,
				.all = flags & 1,
				.keep = flags & 1 };

	switch (op) {
	case OP_ACQUIRE:
		in.kind = HIP_IN_ACQUIRE;
		break;
	case OP_CLOSE:
		in.kind = HIP_IN_CLOSE;
		break;
	case OP_TRAFFIC:
		in.kind = HIP_IN_TRAFFIC;
		break;
	case OP_STRANGE_ESP:
		in.kind = HIP_IN_UNKNOWN_SPI;
		break;
	default:
		if (flags & 0x80) {
			join(who, flags);
			return;
		}
		in.kind = flags & 0x40	 ? HIP_IN_KEEP
			  : flags & 0x20 ? HIP_IN_FOUND
			  : flags & 0x10 ? HIP_IN_RENDEZVOUS
			  : flags & 4	 ? HIP_IN_PEER_REMOVE
					 : HIP_IN_PEER;
		break;
	}
	input(who, &in);
}

/* What needs a packet on the wire. */
static void wire_op(struct rd *r, enum op op)
{
	struct on_wire w;

	if (n_wire == 0)
		return;
	switch (op) {
	case OP_DELIVER:
		w = take_oldest();
		deliver(w.to, &w.packet, w.inside);
		return;
	case OP_LOSE:
		(void)take_oldest();
		return;
	case OP_REPEAT:
		w = wire[rd_u8(r) % n_wire];
		deliver(w.to, &w.packet, w.inside);
		return;
	case OP_CHANGE:
		change(r);
		return;
	default:
		protect(r);
		return;
	}
}

static void run_op(struct rd *r)
{
	uint8_t byte = rd_u8(r);
	enum op op = (enum op)(byte % OP_COUNT);
	int who = byte & 0x80 ? B : A;

	switch (op) {
	case OP_DELIVER:
	case OP_LOSE:
	case OP_REPEAT:
	case OP_CHANGE:
	case OP_PROTECT:
		wire_op(r, op);
		return;
	case OP_WAIT:
		wait_and_tick(r);
		return;
	case OP_FORGE:
		forge(r);
		return;
	case OP_SOLVE:
		solve(r, who);
		return;
	case OP_RESTART:
		host_free(sides[who].h);
		start(who);
		return;
	default:
		other_input(r, who, op);
		return;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rd r = rd_init(data, size);

	begin();
	for (int who = A; who < HOSTS; who++) {
		struct hip_input in = { .kind = HIP_IN_PEER,
					.hit = sides[1 - who].hit,
					.locators = &sides[1 - who].at,
					.n_locators = 1 };

		input(who, &in);
	}
	for (int n = 0; n < OPS_MAX && rd_left(&r) > 0; n++)
		run_op(&r);
	end();
	return 0;
}
