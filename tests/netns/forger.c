/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * forger - I2s that are wrong, or that come too often.
 *
 *   forger FIRST TO HIT wrong N RATE    one R1, then I2s with wrong solutions
 *   forger FIRST TO HIT stale N RATE    the same with an I that is not TO's
 *   forger FIRST TO HIT repeat N RATE   a good I2, and then the same again
 *   forger FIRST TO HIT forged SECONDS AT-ONCE
 *       from many addresses: right solutions, bad signatures, each sent twice
 *
 * FIRST is its first IPv4 address (crowd.h). Before `wrong` it forges until
 * puzzles are hard enough for a solution to be wrong. Prints "sent N", before
 * that "before N", the K of the last puzzle as "K N", and how many R2s came:
 * "answered N".
 */
#include "tests/netns/crowd.h"

#include "daemon/hip/packet.h"
#include "daemon/hip/suite.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	ADDRESSES = 16384,
	WARM_AT_ONCE = 8,
	WARM_K = 4,
	GIVE_UP_MS = 20 * 1000,
	TURN_MS = 2,
	LINGER_MS = 500,
	SPI_LEN = 4,
	TYPE_AT = SPI_LEN + 2,
	I_AT = 4, /* in SOLUTION's contents, J behind it: RFC 7401 5.2.5 */
};

enum mode {
	FORGED,
	WRONG,
	STALE,
	REPEAT,
};

struct forger {
	enum mode mode;
	bool has_i2; /* and ends with it */
	uint8_t i2[HIP_PACKET_MAX];
	size_t len;
	size_t member;
	uint8_t k;
	bool established;
	uint64_t sent, answered;
};

/* Where SOLUTION's contents and the signature's last byte are. */
static bool look(struct forger *f, const uint8_t *bytes, size_t len,
		 size_t *solution, size_t *signature)
{
	const struct param *s, *last;
	struct packet p;

	if (packet_parse(bytes, len, &p, NULL) != DROP_NONE || p.type != HIP_I2)
		return false;
	s = packet_find(&p, PARAM_SOLUTION);
	last = packet_find(&p, PARAM_HIP_SIGNATURE);
	if (!s || !last)
		return false;
	*solution = s->offset + 4;
	*signature = last->offset + 4 + last->len - 1;
	f->k = s->body[0];
	return true;
}

static bool forge(struct crowd *c, size_t i, const struct hip_output *o)
{
	struct forger *f = c->mine;
	size_t solution, signature;

	if (o->kind != HIP_OUT_SEND)
		return true;
	memcpy(f->i2, o->bytes, o->len);
	if (!look(f, f->i2, o->len, &solution, &signature))
		return false; /* I1 */
	f->i2[signature] ^= 1;
	crowd_send_hip(c, i, f->i2, o->len);
	crowd_send_hip(c, i, f->i2, o->len);
	f->sent += 2;
	crowd_end(c, i);
	return true;
}

/* Keeps the I2; where it is to be good, sends it. */
static bool keep(struct crowd *c, size_t i, const struct hip_output *o)
{
	struct forger *f = c->mine;
	size_t solution, signature;

	if (o->kind == HIP_OUT_SA_OUT)
		f->established = true;
	if (o->kind != HIP_OUT_SEND)
		return true;
	if (!look(f, o->bytes, o->len, &solution, &signature))
		return false;
	memcpy(f->i2, o->bytes, o->len);
	f->len = o->len;
	f->has_i2 = true;
	if (f->mode == REPEAT)
		return false;
	crowd_end(c, i);
	return true;
}

static bool on_output(struct crowd *c, size_t i, struct hip_output *o)
{
	const struct forger *f = c->mine;

	return f->mode == FORGED ? forge(c, i, o) : keep(c, i, o);
}

static void on_datagram(struct crowd *c, size_t i, uint8_t *bytes, size_t len)
{
	struct forger *f = c->mine;

	(void)i;
	if (len > TYPE_AT && bytes[TYPE_AT] == HIP_R2)
		f->answered++;
}

/* Until the time is over, or puzzles are so hard. */
static void forge_for(struct crowd *c, uint64_t ms, size_t at_once, uint8_t k)
{
	struct forger *f = c->mine;
	uint64_t end = crowd_now_ms() + ms;

	f->mode = FORGED;
	while (crowd_now_ms() < end && f->k < k) {
		while (c->n_alive < at_once) {
			crowd_begin(c, f->member);
			f->member = (f->member + 1) % c->n;
		}
		crowd_turn(c, TURN_MS);
	}
	while (c->n_alive > 0)
		crowd_end(c, c->alive[0]);
}

/* A real exchange as far as it is needed. */
static bool begin(struct crowd *c)
{
	struct forger *f = c->mine;
	uint64_t end = crowd_now_ms() + GIVE_UP_MS;

	crowd_begin(c, f->member);
	while (crowd_now_ms() < end &&
	       !(f->mode == REPEAT ? f->established : f->has_i2))
		crowd_turn(c, TURN_MS);
	if (c->n_alive > 0)
		crowd_end(c, f->member);
	return f->mode == REPEAT ? f->established : f->has_i2;
}

static void spoil(struct crowd *c)
{
	struct forger *f = c->mine;
	size_t solution, signature, len = suite_rhash_len(hit_suite(&c->peer));
	struct puzzle puzzle = { .k = f->k,
				 .hit_suite = hit_suite(&c->peer),
				 .responder = c->peer };
	uint8_t *j;

	if (!look(f, f->i2, f->len, &solution, &signature))
		return;
	j = f->i2 + solution + I_AT + len;
	memcpy(puzzle.i, f->i2 + solution + I_AT, len);
	memcpy(&puzzle.initiator, f->i2 + 8, sizeof(puzzle.initiator));
	if (f->mode == STALE)
		randombytes_buf(f->i2 + solution + I_AT, len);
	do
		randombytes_buf(j, len);
	while (f->mode == WRONG && puzzle_verify(&puzzle, j));
}

static void send_all(struct crowd *c, uint64_t n, uint64_t rate)
{
	struct forger *f = c->mine;
	uint64_t start = crowd_now_ms();

	f->sent = 0;
	while (f->sent < n) {
		uint64_t due = (crowd_now_ms() - start + 1) * rate / 1000;

		for (; f->sent < due && f->sent < n; f->sent++) {
			if (f->mode != REPEAT)
				spoil(c);
			crowd_send_hip(c, f->member, f->i2, f->len);
		}
		crowd_turn(c, 1);
	}
	for (start = crowd_now_ms(); crowd_now_ms() - start < LINGER_MS;)
		crowd_turn(c, TURN_MS);
}

static int usage(void)
{
	fprintf(stderr, "usage: forger FIRST TO HIT wrong|stale|repeat N RATE\n"
			"       forger FIRST TO HIT forged SECONDS AT-ONCE\n");
	return 2;
}

static bool mode_from_text(const char *text, enum mode *out)
{
	static const char *const names[] = { "forged", "wrong", "stale",
					     "repeat" };

	for (enum mode m = FORGED; m <= REPEAT; m++) {
		if (strcmp(text, names[m]) == 0) {
			*out = m;
			return true;
		}
	}
	return false;
}

int main(int argc, char **argv)
{
	struct crowd c = { .on_output = on_output, .on_datagram = on_datagram };
	static struct forger f;
	uint64_t n, rate, forged = 0;
	enum mode mode;

	if (argc != 7 || !mode_from_text(argv[4], &mode))
		return usage();
	n = strtoull(argv[5], NULL, 10);
	rate = strtoull(argv[6], NULL, 10);
	if (n == 0 || rate == 0)
		return usage();
	c.mine = &f;
	crowd_open(&c, argv[1], argv[2], argv[3], ADDRESSES);
	if (mode == FORGED)
		forge_for(&c, n * 1000, rate, UINT8_MAX);
	if (mode == WRONG)
		forge_for(&c, GIVE_UP_MS, WARM_AT_ONCE, WARM_K);
	f.mode = mode;
	if (mode != FORGED) {
		forged = f.sent;
		if (!begin(&c)) {
			fprintf(stderr, "forger: no R1, or no R2\n");
			return 1;
		}
		send_all(&c, n, rate);
	}
	printf("sent %llu\nbefore %llu\nK %d\nanswered %llu\n",
	       (unsigned long long)f.sent, (unsigned long long)forged, f.k,
	       (unsigned long long)f.answered);
	crowd_close(&c);
	return 0;
}
