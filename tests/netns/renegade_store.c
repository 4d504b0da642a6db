/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * What renegade stores: RFC 6940 7.4.1, wrong in one way each.
 */
#include "tests/netns/renegade.h"

#include <stdio.h>
#include <string.h>

/* A Store, right in all until something is changed. */
struct attempt {
	struct claim c;
	struct resource_id at; /* where it shall be put */
	uint8_t replica;
	bool bare; /* no certificate with it */
};

static void no_change(struct work *w, struct attempt *a)
{
	(void)w;
	(void)a;
}

static void without_certificate(struct work *w, struct attempt *a)
{
	(void)w;
	a->bare = true;
}

static void of_another_overlay(struct work *w, struct attempt *a)
{
	a->c.signer = &w->foreign;
}

static void of_a_pretender(struct work *w, struct attempt *a)
{
	a->c.signer = &w->forged;
}

static void for_another_domain(struct work *w, struct attempt *a)
{
	a->c.signer = &w->misnamed;
}

static void when_expired(struct work *w, struct attempt *a)
{
	a->c.signer = &w->expired;
}

static void when_revoked(struct work *w, struct attempt *a)
{
	a->c.signer = &w->revoked;
}

static void when_early(struct work *w, struct attempt *a)
{
	a->c.signer = &w->early;
}

static void with_borrowed(struct work *w, struct attempt *a)
{
	a->c.signer = &w->borrowed;
}

static void as_another(struct work *w, struct attempt *a)
{
	a->c.signer = &w->borrowed;
	a->c.key = w->other.hit;
	claim_route(&a->c, &w->other.hit, 0);
}

static void under_anothers_key(struct work *w, struct attempt *a)
{
	a->c.key = w->other.hit;
}

static void to_another_host(struct work *w, struct attempt *a)
{
	claim_route(&a->c, &w->other.hit, 0);
}

static void with_a_bad_signature(struct work *w, struct attempt *a)
{
	(void)w;
	a->c.spoiled = true;
}

static void by_nobody(struct work *w, struct attempt *a)
{
	(void)w;
	a->c.no_signer = true;
}

static void at_another_place(struct work *w, struct attempt *a)
{
	(void)w;
	a->at.bytes[0] ^= 1;
}

static void again(struct work *w, struct attempt *a)
{
	a->c.storage_time_ms = w->begun_ms;
}

static void older(struct work *w, struct attempt *a)
{
	a->c.storage_time_ms = w->begun_ms - 1;
}

static void of_tomorrow(struct work *w, struct attempt *a)
{
	(void)w;
	a->c.storage_time_ms += DAY_S * 1000ull;
}

static void long_past(struct work *w, struct attempt *a)
{
	struct resource_id places[REGISTRATION_KEYS];

	(void)w;
	registration_resources(OUR_NAME, places);
	a->at = a->c.at = places[1];
	a->c.storage_time_ms -= 2 * 3600 * 1000;
}

static void too_long(struct work *w, struct attempt *a)
{
	claim_route(&a->c, &w->self.hit, REGISTRATION_BYTES_MAX);
}

static void of_no_form(struct work *w, struct attempt *a)
{
	(void)w;
	a->c.data_len--;
}

static void as_a_copy(struct work *w, struct attempt *a)
{
	(void)w;
	a->replica = 1;
}

static void of_an_unknown_kind(struct work *w, struct attempt *a)
{
	(void)w;
	a->c.kind = 0xf0000077u;
}

static void locators_of_another(struct work *w, struct attempt *a)
{
	struct resource_id places[REGISTRATION_KEYS];
	struct wr d = wr_init(a->c.data, sizeof(a->c.data));

	kinds_locator_resources(&w->other.hit, places);
	kinds_locators_write(&d, NULL, 0);
	a->c.data_len = wr_len(&d);
	a->c.kind = KIND_LOCATORS;
	a->c.model = DATA_SINGLE;
	a->at = a->c.at = places[0];
}

/* A list in which nobody is revoked, by who is not the authority. */
static void list_of_a_pretender(struct work *w, struct attempt *a)
{
	static struct revocation v;
	struct resource_id places[REGISTRATION_KEYS];
	uint8_t tbs[CERTIFICATE_MAX], sig[SIGNATURE_MAX];
	struct wr t = wr_init(tbs, sizeof(tbs));
	struct wr d = wr_init(a->c.data, sizeof(a->c.data));
	uint64_t now_s = w->begun_ms / 1000;
	size_t len;

	v = (struct revocation){ .number = now_s,
				 .this_update_s = now_s,
				 .next_update_s = now_s + REVOCATION_PERIOD_S };
	revocation_tbs_write(&t, &w->pretender.public, &v);
	if (identity_sign(w->pretender.key, tbs, wr_len(&t), sig, &len) < 0)
		speaker_give_up("list");
	revocation_write(&d, &w->pretender.public,
			 (struct span){ tbs, wr_len(&t) }, sig, len);
	kinds_revocation_resources("", places);
	a->c.data_len = wr_len(&d);
	a->c.kind = KIND_REVOCATIONS;
	a->c.model = DATA_SINGLE;
	a->c.storage_time_ms = now_s * 1000;
	a->at = a->c.at = places[0];
}

static const struct store_case {
	const char *what;
	void (*change)(struct work *w, struct attempt *a);
	int want;
} store_cases[] = {
	{ "the own name", again, STORED },
	{ "the same again", again, RELOAD_ERROR_DATA_TOO_OLD },
	{ "an older one", older, RELOAD_ERROR_DATA_TOO_OLD },
	{ "one of tomorrow", of_tomorrow, RELOAD_ERROR_FORBIDDEN },
	{ "one that has expired", long_past, RELOAD_ERROR_DATA_TOO_OLD },
	{ "without certificate", without_certificate, RELOAD_ERROR_FORBIDDEN },
	{ "certificate of another overlay", of_another_overlay,
	  RELOAD_ERROR_FORBIDDEN },
	{ "certificate of another authority", of_a_pretender,
	  RELOAD_ERROR_FORBIDDEN },
	{ "certificate for another domain", for_another_domain,
	  RELOAD_ERROR_FORBIDDEN },
	{ "certificate that has expired", when_expired,
	  RELOAD_ERROR_FORBIDDEN },
	{ "certificate that is revoked", when_revoked, RELOAD_ERROR_FORBIDDEN },
	{ "certificate of tomorrow", when_early, RELOAD_ERROR_FORBIDDEN },
	{ "certificate of another host", with_borrowed,
	  RELOAD_ERROR_FORBIDDEN },
	{ "another host's certificate, key and HIT", as_another,
	  RELOAD_ERROR_FORBIDDEN },
	{ "under another's HIT", under_anothers_key, RELOAD_ERROR_FORBIDDEN },
	{ "that leads to another HIT", to_another_host,
	  RELOAD_ERROR_FORBIDDEN },
	{ "signature that does not hold", with_a_bad_signature,
	  RELOAD_ERROR_FORBIDDEN },
	{ "signed by nobody", by_nobody, RELOAD_ERROR_FORBIDDEN },
	{ "signed for another Resource-ID", at_another_place,
	  RELOAD_ERROR_FORBIDDEN },
	{ "too long", too_long, RELOAD_ERROR_DATA_TOO_LARGE },
	{ "of no form", of_no_form, RELOAD_ERROR_FORBIDDEN },
	{ "as a copy", as_a_copy, RELOAD_ERROR_FORBIDDEN },
	{ "unknown Kind", of_an_unknown_kind, RELOAD_ERROR_UNKNOWN_KIND },
	{ "another's locators", locators_of_another, RELOAD_ERROR_FORBIDDEN },
	{ "a pretender's revocation list", list_of_a_pretender,
	  RELOAD_ERROR_FORBIDDEN },
	{ "the own name, later", no_change, STORED },
};

static struct letter letter_of(struct work *w, const struct attempt *a,
			       uint8_t *body)
{
	struct wr b = wr_init(body, RELOAD_MESSAGE_MAX);
	struct store_writer sw =
		store_req_begin(&b, &a->at, a->replica, a->c.kind, 0);
	struct letter l;

	claim_write(&b, &a->c);
	store_req_end(&b, &sw);
	l = speaker_letter(&w->s, RELOAD_STORE_REQ,
			   (struct span){ body, wr_len(&b) });
	l.certificates[0] = (struct span){ a->c.signer->certificate,
					   a->c.signer->certificate_len };
	l.n_certificates = !a->bare;
	return l;
}

static int store(struct work *w, const struct attempt *a)
{
	uint8_t body[RELOAD_MESSAGE_MAX];
	struct letter l = letter_of(w, a, body);

	speaker_send(&w->s, &l);
	return renegade_await(w, l.header.transaction_id);
}

static struct attempt attempt_of(const struct papers *p, const char *name)
{
	struct attempt a = { .c = claim_name(p, name) };

	a.at = a.c.at;
	return a;
}

struct letter renegade_letter(struct work *w, uint8_t *body)
{
	struct attempt a = attempt_of(&w->self, OUR_NAME);

	return letter_of(w, &a, body);
}

static void store_each(struct work *w)
{
	for (size_t i = 0; i < sizeof(store_cases) / sizeof(*store_cases);
	     i++) {
		const struct store_case *c = &store_cases[i];
		struct attempt a = attempt_of(&w->self, OUR_NAME);

		c->change(w, &a);
		renegade_tell(w, c->what, c->want, store(w, &a));
	}
}

/* Names that no certificate of theirs is for: of one name, and of one host. */
static void store_too_many(struct work *w)
{
	char what[64];
	struct attempt a;
	int got = STORED;

	for (int i = 0; i <= STORE_UNPROVEN_MAX; i++) {
		a = attempt_of(&w->strangers[i], "nobody@example.com");
		(void)snprintf(what, sizeof(what), "unproven %d of a name",
			       i + 1);
		renegade_tell(w, what,
			      i < STORE_UNPROVEN_MAX
				      ? STORED
				      : RELOAD_ERROR_DATA_TOO_LARGE,
			      store(w, &a));
	}
	for (int i = 0; i < STORE_PER_SIGNER_MAX && got == STORED; i++) {
		(void)snprintf(what, sizeof(what), "many%d@example.com", i);
		a = attempt_of(&w->strangers[STRANGERS - 1], what);
		got = store(w, &a);
	}
	renegade_tell(w, "64 of a signer", STORED, got);
	a = attempt_of(&w->strangers[STRANGERS - 1], "more@example.com");
	renegade_tell(w, "65 of a signer", RELOAD_ERROR_DATA_TOO_LARGE,
		      store(w, &a));
}

/* Fetches another's record and stores it again as it is. */
static void replay(struct work *w, const char *name)
{
	struct resource_id places[REGISTRATION_KEYS];
	uint8_t body[RELOAD_MESSAGE_MAX], certificate[CERTIFICATE_MAX];
	struct wr b = wr_init(body, sizeof(body));
	struct store_kind kind;
	struct store_writer sw;
	struct stored v;
	struct letter l;
	struct message m;
	struct rd kinds;

	registration_resources(name, places);
	fetch_req_write_keys(&b, &places[0], REGISTRATION_KIND, NULL, 0);
	l = speaker_letter(&w->s, RELOAD_FETCH_REQ,
			   (struct span){ body, wr_len(&b) });
	speaker_send(&w->s, &l);
	do {
		if (!speaker_receive(&w->s, &m, SPEAKER_WAIT_MS))
			speaker_give_up("fetch");
	} while (m.header.transaction_id != l.header.transaction_id);
	if (m.code != RELOAD_FETCH_ANS || m.n_certificates == 0 ||
	    m.certificates[m.n_certificates - 1].len > sizeof(certificate) ||
	    !fetch_ans_parse(rd_init(m.body.bytes, m.body.len), &kinds) ||
	    !fetch_ans_next(&kinds, &kind) ||
	    !stored_next(&kind.values, DATA_DICTIONARY, &v)) {
		renegade_tell(w, "another's record is fetched", STORED,
			      NOTHING);
		return;
	}
	b = wr_init(body, sizeof(body));
	sw = store_req_begin(&b, &places[0], 0, REGISTRATION_KIND, 0);
	wr_bytes(&b, v.whole.bytes, v.whole.len);
	store_req_end(&b, &sw);
	l = speaker_letter(&w->s, RELOAD_STORE_REQ,
			   (struct span){ body, wr_len(&b) });
	l.certificates[0].len = m.certificates[m.n_certificates - 1].len;
	l.certificates[0].bytes = certificate;
	memcpy(certificate, m.certificates[m.n_certificates - 1].bytes,
	       l.certificates[0].len);
	speaker_send(&w->s, &l);
	renegade_tell(w, "another's record, repeated",
		      RELOAD_ERROR_DATA_TOO_OLD,
		      renegade_await(w, l.header.transaction_id));
}

/* It may be taken: who asks sees that the certificate is for another name. */
static void claim_anothers(struct work *w, const char *name)
{
	struct attempt a = attempt_of(&w->self, name);

	renegade_tell(w, "another's name, which nobody believes", STORED,
		      store(w, &a));
}

void renegade_store_all(struct work *w)
{
	store_each(w);
	store_too_many(w);
	replay(w, "bob@example.com");
	claim_anothers(w, "bob@example.com");
}
