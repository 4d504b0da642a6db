/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * What a base exchange agrees on.
 */
#include "daemon/hip/agreed.h"

#include "daemon/hip/host_impl.h"
#include "daemon/hip/suite.h"

#include <assert.h>
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

/* Algorithms, and what a rekey may need. 0 or -ENOMEM. */
static int copy_from(struct agreed *a, const struct agreed_from *from,
		     size_t rhash_len)
{
	size_t len;

	a->hip_cipher = from->hip_cipher;
	a->esp_suite = from->esp_suite;
	a->dh_group = dh_group(from->dh);
	len = dh_public_len(a->dh_group);
	memcpy(a->i, from->i, rhash_len);
	memcpy(a->j, from->j, rhash_len);
	a->sa = sa_pair_new();
	a->peer_public = malloc(len);
	if (!a->sa || !a->peer_public)
		return -ENOMEM;
	memcpy(a->peer_public, from->peer_public, len);
	return dh_copy(from->dh, &a->dh);
}

struct agreed *agreed_new(struct host *h, const struct agreed_from *from)
{
	uint8_t suite = hit_suite(from->responder);
	struct agreed *a = calloc(1, sizeof(*a));
	size_t index = 0;
	int err;

	if (!a)
		return NULL;
	a->dh_ms = h->now_ms;
	err = copy_from(a, from, suite_rhash_len(suite));
	if (!err)
		err = keymat_init(&a->keymat, suite, from->i, from->j,
				  from->kij, from->kij_len, from->initiator,
				  from->responder);
	if (!err)
		err = keymat_hip_keys(&a->keymat, a->hip_cipher, &h->hit,
				      &a->keys, &index);
	if (err) {
		agreed_free(h, a);
		return NULL;
	}
	a->keymat_index = (uint16_t)index; /* under 256 */
	a->keymat_next = a->keymat_index + suite_esp_keys_len(a->esp_suite);
	return a;
}

int agreed_set_host_id(struct agreed *a, const struct whole_param *host_id)
{
	assert(!a->host_id);
	a->host_id = malloc(host_id->len);
	if (!a->host_id)
		return -ENOMEM;
	memcpy(a->host_id, host_id->bytes, host_id->len);
	a->host_id_len = host_id->len;
	return 0;
}

static struct esp_source source_of(const struct agreed *a)
{
	return (struct esp_source){ .keymat = a->keymat,
				    .suite = a->esp_suite,
				    .index = a->keymat_index };
}

int agreed_open_in(struct host *h, struct agreed *a, const struct hit *peer)
{
	struct esp_source source = source_of(a);
	int err = sa_pair_open_in(h, a->sa, peer, &source);

	sodium_memzero(&source, sizeof(source));
	return err;
}

int agreed_open_out(struct host *h, struct agreed *a, const struct hit *peer,
		    const struct locator *local, const struct locator *remote)
{
	struct esp_source source = source_of(a);
	struct hip_output *out = sa_pair_open_out(h, a->sa, peer, &source);

	sodium_memzero(&source, sizeof(source));
	if (!out)
		return -EIO;
	out->local = *local;
	out->remote = *remote;
	return 0;
}

void agreed_close(struct host *h, struct agreed *a, const struct hit *peer)
{
	sa_pair_close_out(h, a->sa, peer);
	sa_pair_close_in(h, a->sa, peer);
}

void agreed_free(struct host *h, struct agreed *a)
{
	if (!a)
		return;
	sa_pair_free(h, a->sa);
	dh_free(a->dh);
	free(a->peer_public);
	free(a->host_id);
	keymat_clear(&a->keymat);
	sodium_memzero(a, sizeof(*a));
	free(a);
}

enum drop agreed_host_id(const struct agreed *a, struct host_id *out)
{
	struct whole_param whole = { .bytes = a->host_id,
				     .len = a->host_id_len };

	return msg_host_id_parse(&whole, out);
}

enum drop agreed_public(const struct agreed *a, struct hi_public **out)
{
	struct host_id id;
	enum drop d = agreed_host_id(a, &id);

	if (d != DROP_NONE)
		return d;
	return hi_public_parse(id.algorithm, id.hi, id.hi_len, out);
}
