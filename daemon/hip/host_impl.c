/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * What the files that handle packets have in common.
 */
#include "daemon/hip/host_impl.h"

#include "daemon/hip/suite.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

enum {
	OFFSET_TYPE = 2, /* RFC 7401 5.1 */
	R1_RETRY_MS = 10 * 1000,
};

struct hip_output *host_send(struct host *h, const struct hit *peer,
			     const uint8_t *bytes, size_t len,
			     const struct locator *local,
			     const struct locator *remote, bool raw)
{
	uint8_t copy[HIP_PACKET_MAX];
	struct hip_output *out;

	assert(len >= HIP_HEADER_LEN && len <= sizeof(copy));
	if (raw) {
		memcpy(copy, bytes, len);
		packet_set_checksum(copy, len, local, remote);
		bytes = copy;
	}
	out = outputs_add_bytes(&h->out, HIP_OUT_SEND, peer, bytes, len);
	if (!out)
		return NULL;
	out->local = *local;
	out->remote = *remote;
	out->raw = raw;
	h->counters.sent[bytes[OFFSET_TYPE] % 32]++;
	return out;
}

void host_renew_r1(struct host *h)
{
	uint64_t next = h->now_ms + R1_LIFETIME_MS;

	if (r1_pool_renew(&h->r1))
		next = h->now_ms + R1_RETRY_MS; /* the old ones stay */
	else
		h->counters.signatures_made += r1_pool_size(&h->r1);
	timers_set(&h->timers, &h->r1_timer, next);
}

/* Where a peer may be found: first the places that somebody vouches for. */
struct places {
	const struct locator *good[LOCATORS_MAX + HINTS_MAX];
	const struct locator *unproven[LOCATORS_MAX];
	size_t n_good, n_unproven;
};

/* Those that are worth it, or all. */
static void add_unproven(struct places *w, const struct peer *p, bool all,
			 uint64_t now_ms)
{
	for (size_t i = 0; p && i < p->n_locators; i++) {
		const struct peer_locator *l = &p->locators[i];

		if (l->is_unproven && (all || peer_is_worth_it(l, now_ms)))
			w->unproven[w->n_unproven++] = &l->locator;
	}
}

static void find_places(const struct host *h, const struct assoc *a,
			struct places *w)
{
	const struct peer *p = peers_find(&h->peers, &a->hit);
	const struct hints *hints = a->exchange ? &a->exchange->hints : NULL;

	w->n_good = w->n_unproven = 0;
	for (size_t i = 0; p && i < p->n_locators; i++)
		if (!p->locators[i].is_unproven)
			w->good[w->n_good++] = &p->locators[i].locator;
	if (w->n_good == 0)
		for (size_t i = 0; hints && i < hints->n; i++)
			w->good[w->n_good++] = &hints->locators[i];
	if (w->n_good == 0 && !locator_is_unspecified(&a->remote))
		w->good[w->n_good++] = &a->remote;
	add_unproven(w, p, false, h->now_ms);
	if (w->n_good + w->n_unproven == 0)
		add_unproven(w, p, true, h->now_ms);
}

/* The good ones twice, then each of the others once, and so on. */
bool host_locator(const struct host *h, const struct assoc *a, size_t n,
		  struct locator *out)
{
	struct places w;

	find_places(h, a, &w);
	if (w.n_good + w.n_unproven == 0)
		return false;
	n %= 2 * w.n_good + w.n_unproven;
	*out = n < 2 * w.n_good ? *w.good[n % w.n_good]
				: *w.unproven[n - 2 * w.n_good];
	return true;
}

bool host_has_good_locator(const struct host *h, const struct assoc *a)
{
	struct places w;

	find_places(h, a, &w);
	return w.n_good > 0;
}

enum drop host_check_hi(const struct hit *hit, const struct host_id *id)
{
	struct hit made;

	if (suite_of_algorithm(id->algorithm) != hit_suite(hit))
		return DROP_HI_ALGORITHM;
	if (hit_from_hi(hit_suite(hit), id->hi, id->hi_len, &made))
		return DROP_HIT_SUITE;
	return hit_equal(&made, hit) ? DROP_NONE : DROP_HOST_ID;
}

enum drop host_check_esp_info(const struct esp_info *info,
			      const struct agreed *agreed)
{
	if (info->keymat_index != agreed->keymat_index || info->old_spi != 0 ||
	    info->new_spi < SPI_MIN)
		return DROP_ESP_INFO;
	return DROP_NONE;
}

int host_protect(struct host *h, const struct agreed *g, struct packet_out *p)
{
	int err = protect_add_mac(p, g->keymat.hit_suite, g->keys.mac_out);

	if (err)
		return err;
	h->counters.signatures_made++;
	err = protect_add_signature(p, h->conf.id);
	if (err)
		return err;
	return packet_fix_length(p) ? 0 : -ENOSPC;
}

enum drop host_check_signature(struct host *h, struct assoc *a,
			       const struct packet *p, const struct agreed *g)
{
	struct hi_public *pub = NULL;
	enum drop d;

	if (!checks_allow(&a->checks, p, h->now_ms))
		return DROP_RATE;
	d = agreed_public(g, &pub);
	if (d != DROP_NONE)
		return d;
	h->counters.signatures_verified++;
	d = protect_check_signature(p, pub);
	hi_public_free(pub);
	return d;
}

struct id_list host_id_list(const uint16_t *ids, size_t n)
{
	struct id_list list = { .n = n };

	memcpy(list.ids, ids, n * sizeof(*ids));
	return list;
}
