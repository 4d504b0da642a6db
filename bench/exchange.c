/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Base exchanges per second of one core as Responder with P-256 identities:
 * the host without I/O is given I1s, and then I2s, that were made before.
 * Beside it the ceiling, measured in the same run: the public-key operations
 * of one exchange alone (a key agreement, a verification, a signature). Pin
 * it: taskset -c 1 bench/exchange
 */
#include "daemon/hip/dh.h"
#include "daemon/hip/hi_public.h"
#include "daemon/hip/host.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	EXCHANGES = 1000,
	ROUNDS = 3,
	DH_P256 = 7,
	START_MS = 5000,
	SOLVE_TRIES = 1 << 24,
};

struct bytes {
	uint8_t b[HIP_PACKET_MAX];
	size_t len;
};

/* One that asks, and its two packets. */
struct initiator {
	struct identity *id;
	struct host *host;
	struct locator at;
	struct bytes i1, r1, i2;
};

static struct initiator initiators[EXCHANGES];
static const struct locator responder_at = {
	.addr = { [10] = 0xff, [11] = 0xff, [12] = 192, [14] = 2, [15] = 1 },
	.port = HIP_UDP_PORT,
};

static void die(const char *what)
{
	fprintf(stderr, "exchange: %s\n", what);
	exit(1);
}

/* Processor time: what else runs here does not count. */
static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void fill_random(void *ctx, void *buf, size_t len)
{
	(void)ctx;
	randombytes_buf(buf, len);
}

static struct host *make_host(const struct identity *id)
{
	struct host_conf conf;
	struct host *h;

	host_conf_defaults(&conf);
	conf.id = id;
	conf.env = (struct env){ .random = fill_random };
	conf.accept_any = true;
	conf.dh[0] = DH_P256;
	conf.n_dh = 1;
	if (host_new(&conf, START_MS, &h) < 0)
		die("no host");
	return h;
}

/* Gives an input and takes the packet that is sent for it. A puzzle is solved
 * into *solved: true when there was one. */
static bool give(struct host *h, const struct hip_input *in, uint64_t now_ms,
		 struct bytes *sent, struct hip_input *solved)
{
	struct hip_output o;

	*solved = (struct hip_input){ .kind = HIP_IN_SOLVED };
	host_input(h, in, now_ms);
	while (host_output(h, &o)) {
		if (o.kind == HIP_OUT_SEND) {
			memcpy(sent->b, o.bytes, o.len);
			sent->len = o.len;
		} else if (o.kind == HIP_OUT_SOLVE) {
			solved->hit = o.hit;
			solved->job = o.job;
			solved->solved = puzzle_solve_slice(
				&o.puzzle, solved->j, SOLVE_TRIES);
		}
	}
	return solved->solved;
}

static void step(struct host *h, const struct hip_input *in, uint64_t now_ms,
		 struct bytes *sent)
{
	struct hip_input solved, none;

	if (give(h, in, now_ms, sent, &solved))
		(void)give(h, &solved, now_ms, sent, &none); /* an I2 */
}

static void deliver(struct host *h, const struct bytes *packet,
		    const struct locator *from, uint64_t now_ms,
		    struct bytes *answer)
{
	const struct hip_input in = { .kind = HIP_IN_PACKET,
				      .bytes = packet->b,
				      .len = packet->len,
				      .local = responder_at,
				      .remote = *from };

	answer->len = 0;
	step(h, &in, now_ms, answer);
	if (answer->len == 0)
		die("no answer");
}

static void make_initiator(struct initiator *i, uint32_t number,
			   const struct hit *responder)
{
	const struct hip_input peer = { .kind = HIP_IN_PEER,
					.hit = *responder,
					.locators = &responder_at,
					.n_locators = 1 };
	const struct hip_input acquire = { .kind = HIP_IN_ACQUIRE,
					   .hit = *responder };

	if (identity_generate(IDENTITY_ECDSA_P256, &i->id) < 0)
		die("no identity");
	i->host = make_host(i->id);
	i->at = responder_at;
	i->at.addr[12] = 10;
	i->at.addr[14] = (uint8_t)(number >> 8);
	i->at.addr[15] = (uint8_t)number;
	step(i->host, &peer, START_MS, &i->i1);
	step(i->host, &acquire, START_MS, &i->i1);
	if (i->i1.len == 0)
		die("no I1");
}

/* Seconds for all exchanges. */
static double respond(const struct identity *id)
{
	struct host *h = make_host(id);
	uint64_t now_ms = START_MS;
	struct bytes r2;
	double start, took;

	for (uint32_t n = 0; n < EXCHANGES; n++)
		make_initiator(&initiators[n], n, identity_hit(id));
	start = now_s();
	for (uint32_t n = 0; n < EXCHANGES; n++)
		deliver(h, &initiators[n].i1, &initiators[n].at, now_ms++,
			&initiators[n].r1);
	took = now_s() - start;
	for (uint32_t n = 0; n < EXCHANGES; n++)
		deliver(initiators[n].host, &initiators[n].r1, &responder_at,
			START_MS + 1, &initiators[n].i2);
	start = now_s();
	for (uint32_t n = 0; n < EXCHANGES; n++)
		deliver(h, &initiators[n].i2, &initiators[n].at, now_ms++, &r2);
	took += now_s() - start;
	if (host_counters(h)->signatures_made < EXCHANGES)
		die("an exchange was not made");
	for (uint32_t n = 0; n < EXCHANGES; n++) {
		host_free(initiators[n].host);
		identity_free(initiators[n].id);
	}
	host_free(h);
	return took;
}

/* Seconds for the public-key operations of as many. */
static double ceiling(const struct identity *id)
{
	uint8_t text[400] = { 0 }, sig[SIGNATURE_MAX], secret[DH_SECRET_MAX];
	size_t sig_len, public_len, secret_len;
	struct hi_public *hi;
	struct dh *mine, *other;
	const uint8_t *public, *bytes;
	size_t len;
	double start;

	bytes = identity_hi(id, &len);
	if (dh_new(DH_P256, &mine) < 0 || dh_new(DH_P256, &other) < 0 ||
	    hi_public_parse(HI_ECDSA, bytes, len, &hi) != DROP_NONE)
		die("no keys");
	public = dh_public(other, &public_len);
	start = now_s();
	for (uint32_t n = 0; n < EXCHANGES; n++) {
		if (dh_agree(mine, public, public_len, secret, &secret_len) ||
		    identity_sign(id, text, sizeof(text), sig, &sig_len) < 0 ||
		    hi_public_verify(hi, text, sizeof(text), sig, sig_len))
			die("an operation failed");
	}
	start = now_s() - start;
	hi_public_free(hi);
	dh_free(mine);
	dh_free(other);
	return start;
}

int main(void)
{
	struct identity *id;
	double best = 1e9, bare = 1e9;

	if (sodium_init() < 0 ||
	    identity_generate(IDENTITY_ECDSA_P256, &id) < 0)
		die("no identity");
	for (int i = 0; i < ROUNDS; i++) {
		double took = respond(id), alone = ceiling(id);

		best = took < best ? took : best;
		bare = alone < bare ? alone : bare;
	}
	printf("public-key operations (ceiling) %8.0f exchanges/s  1.00\n",
	       EXCHANGES / bare);
	printf("base exchanges as Responder     %8.0f exchanges/s  %.2f x "
	       "ceiling\n",
	       EXCHANGES / best, bare / best);
	identity_free(id);
	return 0;
}
