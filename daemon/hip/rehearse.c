/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Both roles of RFC 7401 4.1 are played in one process, so that each of them
 * is known afterwards. What one host sends the other gets at once.
 */
#include "daemon/hip/rehearse.h"

#include "daemon/hip/suite.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum {
	STEPS_MAX = 16, /* more than an exchange has packets */
	SOLVE_TRIES = 1 << 12,
};

/* A packet under way; none when it has no length. */
struct letter {
	uint8_t bytes[HIP_PACKET_MAX];
	size_t len;
};

struct side {
	struct host *host;
	struct locator at;
	bool established;
};

/* 192.0.2.n: RFC 5737. */
static struct locator locator_of(uint8_t n)
{
	return (struct locator){ .addr = { [10] = 0xff, 0xff, 192, 0, 2, n },
				 .port = HIP_UDP_PORT };
}

/* Takes what came of an input; the last packet and puzzle stay. */
static void take(struct side *s, struct letter *sent, struct hip_output *puzzle)
{
	struct hip_output o;

	while (host_output(s->host, &o)) {
		if (o.kind == HIP_OUT_SEND && o.len <= sizeof(sent->bytes)) {
			memcpy(sent->bytes, o.bytes, o.len);
			sent->len = o.len;
		} else if (o.kind == HIP_OUT_SOLVE) {
			*puzzle = o;
		} else if (o.kind == HIP_OUT_SA_OUT) {
			s->established = true;
		}
		sodium_memzero(o.key, sizeof(o.key));
	}
}

static void give(struct side *s, const struct hip_input *in, uint64_t now_ms,
		 struct letter *sent)
{
	struct hip_output puzzle = { .kind = HIP_OUT_SEND };
	struct hip_input solved = { .kind = HIP_IN_SOLVED };

	host_input(s->host, in, now_ms);
	take(s, sent, &puzzle);
	if (puzzle.kind != HIP_OUT_SOLVE)
		return;
	solved.hit = puzzle.hit;
	solved.job = puzzle.job;
	solved.solved =
		puzzle_solve_slice(&puzzle.puzzle, solved.j, SOLVE_TRIES);
	host_input(s->host, &solved, now_ms);
	take(s, sent, &puzzle);
}

static bool exchange(struct side sides[2], const struct hit *responder,
		     uint64_t now_ms)
{
	struct letter letters[2] = { 0 };
	const struct hip_input peer = { .kind = HIP_IN_PEER,
					.hit = *responder,
					.locators = &sides[1].at,
					.n_locators = 1 };
	const struct hip_input acquire = { .kind = HIP_IN_ACQUIRE,
					   .hit = *responder };

	give(&sides[0], &peer, now_ms, &letters[0]);
	give(&sides[0], &acquire, now_ms, &letters[0]);
	for (size_t i = 0; i < STEPS_MAX && letters[i % 2].len > 0; i++) {
		struct letter *got = &letters[i % 2];
		const struct hip_input in = { .kind = HIP_IN_PACKET,
					      .bytes = got->bytes,
					      .len = got->len,
					      .local = sides[1 - i % 2].at,
					      .remote = sides[i % 2].at };

		letters[1 - i % 2].len = 0;
		give(&sides[1 - i % 2], &in, now_ms, &letters[1 - i % 2]);
		got->len = 0;
	}
	return sides[0].established && sides[1].established;
}

/* A peer like us; an RSA key would take too long to make. */
static int make_peer(const struct host_conf *conf, struct identity **out)
{
	enum identity_kind kind = identity_kind(conf->id);

	if (identity_algorithm(conf->id) == HI_RSA)
		kind = IDENTITY_ECDSA_P256;
	return identity_generate(kind, out);
}

bool rehearse(const struct host_conf *conf, uint64_t now_ms)
{
	struct side sides[2] = { { .at = locator_of(1) },
				 { .at = locator_of(2) } };
	struct host_conf mine = *conf, theirs;
	struct identity *peer = NULL;
	bool done = false;

	if (mine.n_dh > 1)
		mine.n_dh = 1; /* the one that is preferred */
	mine.accept_any = true;
	mine.admit = NULL;
	theirs = mine;
	if (make_peer(conf, &peer) == 0) {
		theirs.id = peer;
		if (host_new(&mine, now_ms, &sides[0].host) == 0 &&
		    host_new(&theirs, now_ms, &sides[1].host) == 0)
			done = exchange(sides, identity_hit(peer), now_ms);
	}
	host_free(sides[0].host);
	host_free(sides[1].host);
	identity_free(peer);
	return done;
}
