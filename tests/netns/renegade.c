/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * renegade - a member that does what it must not, one thing after the other.
 *
 *	renegade AUTHORITY PEM STATE REVOKED-STATE OTHER-PEM OTHER-STATE HIT
 *
 * The host is that of PEM, a member by STATE, and was one by REVOKED-STATE,
 * with a certificate that was revoked; OTHER is another member, whose
 * key is not used; the node of HIT hears it all. AUTHORITY is the authority's
 * key, with which certificates are made that a member could have had. Prints
 * "ok" or "FAIL" and what was done, and at last how much was refused there.
 */
#include "tests/netns/renegade.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void renegade_tell(struct work *w, const char *what, int want, int got)
{
	printf("%s %s: %d\n", want == got ? "ok" : "FAIL", what, got);
	if (want != got) {
		printf("     wanted %d\n", want);
		w->failed = true;
	}
	w->refused += want != STORED;
}

static int outcome_of(const struct message *m)
{
	struct error_body e;

	if (m->code != RELOAD_ERROR)
		return STORED;
	return error_parse(rd_init(m->body.bytes, m->body.len), &e) ? e.code
								    : SILENCE;
}

static uint64_t ping(struct work *w, const struct hit *node)
{
	struct letter l =
		speaker_letter(&w->s, RELOAD_PING_REQ,
			       (struct span){ (const uint8_t *)"\0\0", 2 });

	l.header.destination.at[0] = destination_node(node);
	speaker_send(&w->s, &l);
	return l.header.transaction_id;
}

/* What we send is sent once: a frame, or what answers it, may be lost. */
int renegade_await(struct work *w, uint64_t transaction)
{
	enum { TIMES = 4 };
	uint64_t later[TIMES][2];
	bool answered[2] = { false, false };
	struct message m;

	for (int n = 0; n < TIMES; n++) {
		later[n][0] = ping(w, &w->s.to);
		later[n][1] = ping(w, &w->other.hit);
		while (speaker_receive(&w->s, &m, SPEAKER_WAIT_MS / TIMES)) {
			if (code_is_request(m.code))
				continue;
			if (m.header.transaction_id == transaction)
				return outcome_of(&m);
			for (int i = 0; i < 2 * (n + 1); i++)
				answered[i % 2] |= m.header.transaction_id ==
						   later[i / 2][i % 2];
			if (answered[0] && answered[1])
				return SILENCE;
		}
	}
	return NOTHING;
}

static void add_via(struct letter *l, struct destination d)
{
	l->header.via.at[l->header.via.n++] = d;
}

static void through(struct work *w, struct letter *l)
{
	l->header.destination.at[0] = destination_node(&w->other.hit);
}

static void through_unsigned(struct work *w, struct letter *l)
{
	through(w, l);
	l->n_certificates = 0;
}

static void through_spoiled(struct work *w, struct letter *l)
{
	through(w, l);
	l->spoiled = true;
}

static void made_by_another(struct work *w, struct letter *l)
{
	add_via(l, destination_node(&w->other.hit));
}

static void through_by_another(struct work *w, struct letter *l)
{
	through(w, l);
	add_via(l, destination_node(&w->strangers[0].hit));
}

static void been_there(struct work *w, struct letter *l)
{
	add_via(l, destination_node(&w->s.to));
}

static void been_here(struct work *w, struct letter *l)
{
	add_via(l, destination_node(&w->self.hit));
}

static void in_a_circle(struct work *w, struct letter *l)
{
	through(w, l);
	l->header.destination.at[1] = destination_node(&w->s.to);
	l->header.destination.at[2] = destination_node(&w->other.hit);
	l->header.destination.n = 3;
}

static void opaque(struct work *w, struct letter *l)
{
	(void)w;
	add_via(l, (struct destination){
			   .type = DESTINATION_OPAQUE,
			   .opaque = { (const uint8_t *)"abc", 3 } });
}

static void many_lives(struct work *w, struct letter *l)
{
	through(w, l);
	l->header.ttl = RELOAD_TTL_MAX + 1;
}

static void last_life(struct work *w, struct letter *l)
{
	through(w, l);
	l->header.ttl = 1;
}

static void no_life(struct work *w, struct letter *l)
{
	through(w, l);
	l->header.ttl = 0;
}

static void to_another_overlay(struct work *w, struct letter *l)
{
	(void)w;
	l->header.overlay ^= 1;
}

static void join_without_certificate(struct work *w, struct letter *l)
{
	static uint8_t body[32];
	const struct join_req join = { .node = w->self.hit };
	struct wr b = wr_init(body, sizeof(body));

	join_req_write(&b, &join);
	l->code = RELOAD_JOIN_REQ;
	l->body = (struct span){ body, wr_len(&b) };
	l->n_certificates = 0;
}

/* Signed and shown by other papers than the good ones. */
static void show(struct letter *l, const struct papers *p)
{
	l->signer = p;
	l->certificates[0] =
		(struct span){ p->certificate, p->certificate_len };
	l->n_certificates = 1;
}

static void join_with_an_expired_one(struct work *w, struct letter *l)
{
	join_without_certificate(w, l);
	show(l, &w->expired);
}

static void join_with_a_revoked_one(struct work *w, struct letter *l)
{
	join_without_certificate(w, l);
	show(l, &w->revoked);
}

static void ready_without_certificate(struct work *w, struct letter *l)
{
	static uint8_t body[64];
	static const struct chord_update u = { .type = CHORD_PEER_READY };
	struct wr b = wr_init(body, sizeof(body));

	(void)w;
	chord_update_write(&b, &u);
	l->code = RELOAD_UPDATE_REQ;
	l->body = (struct span){ body, wr_len(&b) };
	l->n_certificates = 0;
}

static void ready_with_a_revoked_one(struct work *w, struct letter *l)
{
	ready_without_certificate(w, l);
	show(l, &w->revoked);
}

/* Pings, unless they are made something else. */
static const struct letter_case {
	const char *what;
	void (*change)(struct work *w, struct letter *l);
	int want;
	bool refused_by_other;
} letter_cases[] = {
	{ "to another through it", through, STORED, false },
	{ "without certificate", through_unsigned, SILENCE, true },
	{ "signature that does not hold", through_spoiled, SILENCE, true },
	{ "via another, who did not make it", made_by_another, SILENCE, false },
	{ "through it, as if by another", through_by_another, SILENCE, true },
	{ "a loop: it was there", been_there, SILENCE, false },
	{ "a loop: it was here", been_here, SILENCE, false },
	{ "a loop to come", in_a_circle, SILENCE, false },
	{ "an opaque id in the Via List", opaque, SILENCE, false },
	{ "a TTL of 101", many_lives, RELOAD_ERROR_TTL_EXCEEDED, false },
	{ "a TTL of 1, with a hop to go", last_life, RELOAD_ERROR_TTL_EXCEEDED,
	  false },
	{ "a TTL of 0", no_life, RELOAD_ERROR_TTL_EXCEEDED, false },
	{ "another overlay", to_another_overlay, SILENCE, false },
	{ "Join without certificate", join_without_certificate,
	  RELOAD_ERROR_FORBIDDEN, false },
	{ "Join with one that has expired", join_with_an_expired_one,
	  RELOAD_ERROR_FORBIDDEN, false },
	{ "Join with one that is revoked", join_with_a_revoked_one,
	  RELOAD_ERROR_FORBIDDEN, false },
	{ "Update without certificate", ready_without_certificate,
	  RELOAD_ERROR_FORBIDDEN, false },
	{ "Update with one that is revoked", ready_with_a_revoked_one,
	  RELOAD_ERROR_FORBIDDEN, false },
};

static void send_all(struct work *w)
{
	const struct span ping = { (const uint8_t *)"\0\0", 2 };
	uint8_t garbage[200];

	for (size_t i = 0; i < sizeof(letter_cases) / sizeof(*letter_cases);
	     i++) {
		const struct letter_case *c = &letter_cases[i];
		struct letter l = speaker_letter(&w->s, RELOAD_PING_REQ, ping);

		c->change(w, &l);
		speaker_send(&w->s, &l);
		renegade_tell(w, c->what, c->want,
			      renegade_await(w, l.header.transaction_id));
		w->refused -= c->refused_by_other;
	}
	randombytes_buf(garbage, sizeof(garbage));
	speaker_send_bytes(&w->s, garbage, sizeof(garbage));
	renegade_tell(w, "bytes of no form", SILENCE,
		      renegade_await(w, UINT64_MAX));
}

static struct papers stranger(const struct issuing *by, const char *name,
			      uint64_t not_before_s)
{
	struct identity *id;
	struct papers p;

	if (identity_generate(IDENTITY_ECDSA_P256, &id) < 0)
		speaker_give_up("key");
	p = papers_new(id);
	papers_issue(&p, by, name, not_before_s);
	return p;
}

static struct papers more_papers(const struct work *w, const struct issuing *by,
				 const char *name, int64_t begin_s)
{
	struct papers p = papers_new(w->self.id);

	papers_issue(&p, by, name,
		     (uint64_t)((int64_t)(w->begun_ms / 1000) + begin_s));
	return p;
}

static void prepare(struct work *w, char *argv[])
{
	struct authority read;
	struct identity *key;
	struct hit to;

	w->begun_ms = speaker_wall_ms();
	w->self = papers_load(argv[2], argv[3], &read);
	w->revoked = papers_load(argv[2], argv[4], &read);
	w->other = papers_load(argv[5], argv[6], &read);
	w->authority = issuing_new(papers_key(argv[1]), "example.com");
	if (identity_generate(IDENTITY_ECDSA_P256, &key) < 0 ||
	    hit_from_text(argv[7], &to) < 0)
		speaker_give_up(argv[7]);
	w->elsewhere = issuing_new(key, "example.net");
	w->pretender = issuing_new(key, "example.com");
	w->foreign = more_papers(w, &w->elsewhere, "mallory@example.net", 0);
	w->forged = more_papers(w, &w->pretender, OUR_NAME, 0);
	w->misnamed = more_papers(w, &w->authority, "mallory@example.net", 0);
	w->expired = more_papers(w, &w->authority, OUR_NAME,
				 -(int64_t)CERTIFICATE_LIFETIME_S - 60);
	w->early = more_papers(w, &w->authority, OUR_NAME, DAY_S);
	w->borrowed = w->other;
	w->borrowed.id = w->self.id;
	for (int i = 0; i < STRANGERS; i++) {
		char name[32];

		(void)snprintf(name, sizeof(name), "m%d@example.com", i);
		w->strangers[i] =
			stranger(&w->authority, name, w->begun_ms / 1000);
	}
	speaker_open(&w->s, &w->self, &to, "example.com");
}

/* What the other end says finds its way only when its node, too, has heard of
 * the association. */
static bool is_linked(struct work *w)
{
	for (int i = 0; i < 5; i++)
		if (renegade_await(w, ping(w, &w->s.to)) == STORED)
			return true;
	return false;
}

int main(int argc, char *argv[])
{
	static struct work w;

	if (argc != 8 || sodium_init() < 0) {
		fprintf(stderr, "usage: renegade AUTHORITY PEM STATE "
				"REVOKED-STATE OTHER-PEM OTHER-STATE HIT\n");
		return 2;
	}
	prepare(&w, argv);
	if (!is_linked(&w))
		speaker_give_up("no answer");
	renegade_store_all(&w);
	send_all(&w);
	renegade_size_all(&w);
	printf("refused %u\n", w.refused);
	return w.failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
