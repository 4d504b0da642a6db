/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The authority's revocation lists: those of its certificates that are revoked
 * and have not ended by themselves.
 */
#include "daemon/base/log.h"
#include "daemon/issuer_impl.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

struct listing {
	uint64_t now_s;
	size_t n, cap;
	struct revoked *at; /* NULL: they are only counted */
};

static bool list_revoked(void *ctx, const struct registry_grant *g)
{
	struct listing *l = ctx;

	if (g->revoked_s == 0 || g->not_after_s <= l->now_s)
		return true;
	if (l->at && l->n < l->cap) {
		memcpy(l->at[l->n].serial, g->serial, CERTIFICATE_SERIAL_LEN);
		l->at[l->n].when_s = g->revoked_s;
	}
	l->n++;
	return true;
}

static int count_revoked(struct issuer *is, uint64_t now_s, size_t *n)
{
	struct listing l = { .now_s = now_s };
	int err = registry_grants(is->registry, list_revoked, &l);

	*n = l.n;
	return err;
}

int issuer_has_room(struct issuer *is, uint64_t now_s)
{
	size_t n = 0;
	int err = count_revoked(is, now_s, &n);

	return err ? err : n >= ISSUER_REVOKED_MAX ? -ENOSPC : 0;
}

/*
 * The list's number is used up before it is seen by anybody. It is no lower
 * than the time, so that one restored from a backup is above all it gave.
 */
static int next_number(struct issuer *is, uint64_t now_s, uint64_t *out)
{
	struct registry_about about = is->about;
	int err;

	about.list_number =
		about.list_number < now_s ? now_s : about.list_number + 1;
	err = registry_set_about(is->registry, &about);
	if (!err) {
		is->about.list_number = about.list_number;
		*out = about.list_number;
	}
	sodium_memzero(&about, sizeof(about));
	return err;
}

static int sign_list(void *ctx, struct span tbs, uint8_t *out, size_t cap,
		     size_t *len)
{
	return issuer_sign(ctx, tbs, out, cap, len);
}

struct reading {
	const struct issuer *is;
	uint64_t now_s;
};

static bool take_part(void *ctx, struct span list)
{
	const struct reading *in = ctx;

	(void)parts_take(in->is->parts, &in->is->public, list,
			 in->now_s); /* else it is signed again */
	return true;
}

/* What was signed before the start. */
static int read_parts(struct issuer *is, uint64_t now_s)
{
	struct reading in = { is, now_s };

	if (is->parts)
		return 0;
	is->parts = parts_new();
	if (!is->parts)
		return -ENOMEM;
	if (registry_parts(is->registry, take_part, &in) < 0)
		log_warning("authority", "parts of the revocation list cannot "
					 "be read: they are signed again");
	return 0;
}

static int put_parts(struct issuer *is)
{
	size_t of = parts_count(is->parts);
	struct span list;
	uint16_t index;
	int err = registry_keep_parts(is->registry, of);

	while (!err && parts_next_kept(is->parts, &index, &list))
		err = registry_put_part(is->registry, of, index, list);
	return err;
}

/* The list is as good when they find no room: the next start signs them. */
static void write_parts(struct issuer *is)
{
	int err = registry_begin(is->registry);

	if (!err)
		err = registry_end(is->registry, put_parts(is));
	if (!err)
		return;
	log_warning("authority",
		    "parts of the revocation list cannot be kept: %s",
		    strerror(-err));
	parts_again(is->parts, PARTS_DISK);
}

int issuer_make_list(struct issuer *is, uint64_t now_s)
{
	struct parts_signer s = { .authority = &is->public,
				  .now_s = now_s,
				  .sign = sign_list,
				  .ctx = is };
	struct listing l = { .now_s = now_s };
	int err = count_revoked(is, now_s, &l.cap);

	if (err == 0)
		err = read_parts(is, now_s);
	if (err == 0)
		l.at = calloc(l.cap + 1, sizeof(*l.at));
	if (err == 0 && !l.at)
		err = -ENOMEM;
	if (err == 0)
		err = registry_grants(is->registry, list_revoked, &l);
	if (err == 0)
		err = next_number(is, now_s, &s.number);
	if (err == 0)
		err = parts_make(is->parts, &s, l.at,
				 l.n < l.cap ? l.n : l.cap);
	if (err == 0)
		write_parts(is);
	free(l.at);
	return err;
}

bool issuer_next_list(struct issuer *is, enum parts_to to, struct span *out)
{
	return is->parts && parts_next(is->parts, to, out);
}

void issuer_list_again(struct issuer *is, enum parts_to to)
{
	if (is && is->parts)
		parts_again(is->parts, to);
}
