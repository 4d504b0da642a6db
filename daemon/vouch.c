/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Where there is no room for another host, any that was vouched for before
 * is forgotten: it loses its name in `peers`, and revoking it takes effect
 * when its association ends.
 */
#include "daemon/vouch.h"

#include "daemon/base/table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct vouched {
	struct hit hit;
	struct table_node node;
	uint8_t serial[CERTIFICATE_SERIAL_LEN];
	uint64_t not_after_s; /* 0: no certificate that holds is known */
	bool let_go;	      /* for the last one was revoked */
	char name[];	      /* with its NUL */
};

struct vouch {
	struct authority authority;
	bool is_set;
	struct revocations revocations;
	struct table hosts;
};

struct vouch *vouch_new(const uint8_t seed[16])
{
	struct vouch *v = calloc(1, sizeof(*v));

	if (v)
		table_init(&v->hosts, sizeof(struct hit), VOUCHED_MAX, seed);
	return v;
}

static void forget(struct vouch *v, struct vouched *h)
{
	table_remove(&v->hosts, &h->node);
	free(h);
}

static void forget_all(struct vouch *v)
{
	struct table_iter it = table_iterate(&v->hosts);
	struct vouched *h;

	while ((h = table_next(&it)))
		forget(v, h);
	if (v->is_set)
		authority_clear(&v->authority);
	v->is_set = false;
	revocations_clear(&v->revocations);
}

void vouch_free(struct vouch *v)
{
	if (!v)
		return;
	forget_all(v);
	table_clear(&v->hosts);
	free(v);
}

static bool is_same(const struct vouch *v, const struct membership *m)
{
	const struct authority *a = &v->authority;

	return v->is_set && membership_is_set(m) &&
	       strcmp(a->overlay, m->overlay) == 0 &&
	       a->algorithm == m->authority_algorithm &&
	       a->hi_len == m->authority_hi_len &&
	       memcmp(a->hi, m->authority_hi, a->hi_len) == 0;
}

int vouch_set(struct vouch *v, const struct membership *m, bool *is_another)
{
	int err;

	*is_another = false;
	if (is_same(v, m) || (!v->is_set && !membership_is_set(m)))
		return 0;
	*is_another = true;
	forget_all(v);
	if (!membership_is_set(m))
		return 0;
	err = authority_init(&v->authority, m->overlay, m->authority_algorithm,
			     m->authority_hi, m->authority_hi_len);
	v->is_set = err == 0;
	return err;
}

/* Whose place another one gets: of no certificate, or that ends first. */
static struct vouched *find_least(const struct vouch *v)
{
	struct table_iter it = table_iterate(&v->hosts);
	struct vouched *h, *least = NULL;

	while ((h = table_next(&it)))
		if (!least || h->not_after_s < least->not_after_s)
			least = h;
	return least;
}

static void remember(struct vouch *v, const struct hit *hit, const char *name,
		     const uint8_t serial[CERTIFICATE_SERIAL_LEN],
		     uint64_t not_after_s)
{
	struct vouched *h = table_find(&v->hosts, hit);
	size_t len = strlen(name) + 1;

	/* Of two that hold, the one that ends later: whoever was let in by it
	 * is to be found by its number. */
	if (h && h->not_after_s > not_after_s &&
	    !revocations_has(&v->revocations, h->serial))
		return;
	if (!h && table_count(&v->hosts) >= VOUCHED_MAX)
		h = find_least(v);
	if (h)
		forget(v, h);
	h = calloc(1, sizeof(*h) + len);
	if (!h)
		return;
	h->hit = *hit;
	memcpy(h->serial, serial, sizeof(h->serial));
	h->not_after_s = not_after_s;
	memcpy(h->name, name, len);
	if (table_add(&v->hosts, &h->node, &h->hit, h) < 0)
		free(h);
}

uint64_t vouch_for(struct vouch *v, const struct hit *hit, const uint8_t *bytes,
		   size_t len, uint64_t now_s)
{
	struct certificate c;

	if (!v->is_set || certificate_verify(&v->authority, bytes, len, now_s,
					     &c) != CERTIFICATE_OK)
		return 0;
	/* In the last second, and while clocks differ, it is as good as over.
	 */
	if (!hit_equal(&c.hit, hit) || c.not_after_s <= now_s ||
	    revocations_has(&v->revocations, c.serial))
		return 0;
	remember(v, hit, c.name, c.serial, c.not_after_s);
	return (c.not_after_s - now_s) * 1000;
}

uint64_t vouch_until_s(const struct vouch *v, const struct hit *hit)
{
	const struct vouched *h = table_find(&v->hosts, hit);

	return h ? h->not_after_s : 0;
}

uint64_t vouch_list(const struct vouch *v, size_t *entries)
{
	*entries = v->revocations.n;
	return v->revocations.number;
}

bool vouch_is_revoked(const struct vouch *v,
		      const uint8_t serial[CERTIFICATE_SERIAL_LEN])
{
	return revocations_has(&v->revocations, serial);
}

bool vouch_take_list(struct vouch *v, const uint8_t *bytes, size_t len,
		     uint64_t now_s, bool *adds)
{
	struct revocation *fresh = malloc(sizeof(*fresh));
	enum revocations_news news = REVOCATIONS_OLD;

	if (fresh && v->is_set &&
	    revocation_verify(&v->authority, bytes, len, now_s, fresh) ==
		    CERTIFICATE_OK)
		news = revocations_take(&v->revocations, fresh);
	free(fresh);
	*adds = news == REVOCATIONS_ADDS;
	return news != REVOCATIONS_OLD;
}

bool vouch_next_revoked(struct vouch *v, struct hit *out)
{
	struct table_iter it = table_iterate(&v->hosts);
	struct vouched *h;

	while ((h = table_next(&it))) {
		if (h->let_go || !revocations_has(&v->revocations, h->serial))
			continue;
		*out = h->hit;
		h->let_go = true;
		h->not_after_s = 0;
		return true;
	}
	return false;
}

bool vouch_was_revoked(const struct vouch *v, const struct hit *hit)
{
	const struct vouched *h = table_find(&v->hosts, hit);

	return h && h->let_go;
}

void vouch_note(struct vouch *v, const struct hit *hit, const char *name)
{
	static const uint8_t none[CERTIFICATE_SERIAL_LEN]; /* is never given */

	if (!vouch_name(v, hit))
		remember(v, hit, name, none, 0);
}

const char *vouch_name(const struct vouch *v, const struct hit *hit)
{
	const struct vouched *h = table_find(&v->hosts, hit);

	return h && !h->let_go ? h->name : NULL;
}
