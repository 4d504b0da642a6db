/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The first certificate of an I2 counts, and no other. What it means is the
 * caller's business: the host only knows whose HIT has proved itself.
 */
#include "daemon/hip/admit.h"

#include "daemon/hip/host_impl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	CERT_X509 = 1, /* RFC 8002 2 */
	CERT_GROUP = 1,
	CERT_FIRST = 1,
};

static bool is_admitted(const struct host *h, const struct assoc *a)
{
	return a && a->known_until_ms > h->now_ms;
}

bool host_is_known(const struct host *h, const struct hit *peer)
{
	return peers_find(&h->peers, peer) ||
	       is_admitted(h, assoc_find(h, peer));
}

/* Without a certificate now or before; or with one that does not hold. */
static bool lets_in_anyway(const struct host *h, const struct hit *peer,
			   bool has_bad)
{
	return h->conf.accept_any || h->guests == HOST_GUESTS_ALL ||
	       (h->guests == HOST_GUESTS_FRESH && !has_bad) ||
	       peers_find(&h->peers, peer);
}

bool host_lets_in(const struct host *h, const struct hit *peer)
{
	return lets_in_anyway(h, peer, false) || host_is_known(h, peer);
}

bool admit_is_possible(const struct host *h, const struct hit *peer)
{
	return (h->admits && h->conf.admit) || host_lets_in(h, peer);
}

enum drop admit_find(const struct host *h, const struct packet *i2,
		     struct cert_param *out)
{
	const struct param *param = packet_find(i2, PARAM_CERT);
	struct cert_param cert = { .len = 0 };
	bool needs = !host_lets_in(h, &i2->sender);

	*out = cert;
	if (needs && !admit_is_possible(h, &i2->sender))
		return DROP_NOT_KNOWN;
	if (!h->admits || !h->conf.admit || !param ||
	    peers_find(&h->peers, &i2->sender))
		return needs ? DROP_NOT_KNOWN : DROP_NONE;
	if (cert_parse(param_rd(param), &cert) == DROP_NONE &&
	    cert.type == CERT_X509 && cert.count == 1 && cert.id == CERT_FIRST)
		*out = cert;
	return needs && out->len == 0 ? DROP_NOT_KNOWN : DROP_NONE;
}

static uint64_t later(const struct host *h, uint64_t for_ms)
{
	return for_ms < TIMERS_NEVER - h->now_ms ? h->now_ms + for_ms
						 : TIMERS_NEVER;
}

enum drop admit_judge(struct host *h, const struct hit *peer,
		      const struct cert_param *cert, uint64_t *known_until_ms)
{
	uint64_t for_ms;

	*known_until_ms = 0;
	if (cert->len == 0)
		return DROP_NONE;
	h->counters.certificates_judged++;
	for_ms = h->conf.admit(h->conf.admit_ctx, peer, cert->bytes, cert->len);
	if (for_ms > 0) {
		*known_until_ms = later(h, for_ms);
		return DROP_NONE;
	}
	/* What was let in before may have been revoked since. */
	return lets_in_anyway(h, peer, true) ? DROP_NONE : DROP_CERTIFICATE;
}

void admit_write(const struct host *h, struct packet_out *i2)
{
	const struct cert_param cert = { .group = CERT_GROUP,
					 .count = 1,
					 .id = CERT_FIRST,
					 .type = CERT_X509,
					 .bytes = h->certificate,
					 .len = h->certificate_len };

	if (cert.len > 0)
		cert_write(i2, &cert);
}

uint64_t admit_end_ms(const struct host *h, const struct assoc *a)
{
	uint64_t idle_ms = h->conf.idle_ms && !a->is_kept
				   ? a->used_ms + h->conf.idle_ms
				   : TIMERS_NEVER;

	if (a->known_until_ms == 0 || h->conf.accept_any ||
	    peers_find(&h->peers, &a->hit))
		return idle_ms;
	return a->known_until_ms < idle_ms ? a->known_until_ms : idle_ms;
}

void admit_know(struct host *h, struct assoc *a, uint64_t for_ms)
{
	uint64_t until_ms = later(h, for_ms);

	if (until_ms <= a->known_until_ms)
		return;
	a->known_until_ms = until_ms;
	strangers_remove(h, a);
	if (a->state == ASSOC_ESTABLISHED)
		timers_set(&h->timers, &a->timer, admit_end_ms(h, a));
}

/* Whoever was let in by what does not count any more. */
static void end_all(struct host *h)
{
	struct table_iter it = table_iterate(&h->assocs);
	struct assoc *a;

	while ((a = table_next(&it))) {
		if (a->known_until_ms == 0)
			continue;
		a->known_until_ms = h->now_ms;
		if (a->state == ASSOC_ESTABLISHED)
			timers_set(&h->timers, &a->timer, admit_end_ms(h, a));
	}
}

void host_let_guests_in(struct host *h, enum host_guests guests)
{
	h->guests = guests;
}

int host_set_membership(struct host *h, const struct host_membership *m,
			uint64_t now_ms)
{
	uint8_t *copy = NULL;

	if (m->certificate_len > CERT_MAX)
		return -EINVAL;
	if (m->certificate_len > 0) {
		copy = malloc(m->certificate_len);
		if (!copy)
			return -ENOMEM;
		memcpy(copy, m->certificate, m->certificate_len);
	}
	h->now_ms = now_ms;
	free(h->certificate);
	h->certificate = copy;
	h->certificate_len = m->certificate_len;
	h->admits = m->is_member;
	if (!m->is_member || m->is_another)
		end_all(h);
	return 0;
}
