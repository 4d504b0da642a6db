/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * What a base exchange agrees on. ESP keys are not kept: they are drawn
 * again from KEYMAT when an SA is asked for.
 */
#include "daemon/hip/agreed.h"

#include "daemon/hip/host_impl.h"
#include "daemon/hip/suite.h"

#include <assert.h>
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum {
	SPI_MIN = 256, /* RFC 4303 2.1 */
	SPI_TRIES = 16,
};

struct agreed *agreed_new(struct host *h, const struct agreed_from *from)
{
	uint8_t suite = hit_suite(from->responder);
	size_t rhash_len = suite_rhash_len(suite);
	struct agreed *a = calloc(1, sizeof(*a));
	size_t index = 0;
	int err;

	if (!a)
		return NULL;
	a->hip_cipher = from->hip_cipher;
	a->esp_suite = from->esp_suite;
	a->dh_group = from->dh_group;
	memcpy(a->i, from->i, rhash_len);
	memcpy(a->j, from->j, rhash_len);
	err = keymat_init(&a->keymat, suite, from->i, from->j, from->kij,
			  from->kij_len, from->initiator, from->responder);
	if (!err)
		err = keymat_hip_keys(&a->keymat, a->hip_cipher, &h->hit,
				      &a->keys, &index);
	if (err) {
		agreed_free(h, a);
		return NULL;
	}
	a->keymat_index = (uint16_t)index; /* under 256 */
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

int agreed_draw_spi(struct host *h, struct agreed *a)
{
	assert(a->spi_in == 0);
	for (int i = 0; i < SPI_TRIES; i++) {
		int err;

		a->spi_in = env_random_u32(&h->conf.env);
		if (a->spi_in < SPI_MIN)
			continue;
		err = table_add(&h->spis, &a->spi_node, &a->spi_in, a);
		if (!err)
			return 0;
		if (err != -EEXIST)
			break;
	}
	a->spi_in = 0;
	return -ENOSPC;
}

/* Adds an output with one direction's key; NULL when it cannot be drawn. */
static struct hip_output *add_sa(struct host *h, const struct agreed *a,
				 const struct hit *peer, bool inbound)
{
	struct hip_output *out = NULL;
	struct esp_keys keys;
	size_t next;

	if (!keymat_esp_keys(&a->keymat, a->esp_suite, a->keymat_index, &h->hit,
			     &keys, &next)) {
		out = outputs_add(&h->out,
				  inbound ? HIP_OUT_SA_IN : HIP_OUT_SA_OUT,
				  peer);
		out->inbound = inbound;
		out->spi = inbound ? a->spi_in : a->spi_out;
		out->esp_suite = a->esp_suite;
		out->key_len = keys.len;
		memcpy(out->key, inbound ? keys.in : keys.out, keys.len);
	}
	sodium_memzero(&keys, sizeof(keys));
	return out;
}

int agreed_open_in(struct host *h, struct agreed *a, const struct hit *peer)
{
	assert(a->spi_in != 0 && !a->has_sa_in);
	if (!add_sa(h, a, peer, true))
		return -EIO;
	a->has_sa_in = true;
	return 0;
}

int agreed_open_out(struct host *h, struct agreed *a, const struct hit *peer,
		    const struct locator *local, const struct locator *remote)
{
	struct hip_output *out;

	assert(a->spi_out != 0 && !a->has_sa_out);
	out = add_sa(h, a, peer, false);
	if (!out)
		return -EIO;
	out->local = *local;
	out->remote = *remote;
	a->has_sa_out = true;
	return 0;
}

static void close_sa(struct host *h, const struct hit *peer, uint32_t spi,
		     bool inbound)
{
	struct hip_output *out = outputs_add(&h->out, HIP_OUT_SA_DELETE, peer);

	out->spi = spi;
	out->inbound = inbound;
}

void agreed_close(struct host *h, struct agreed *a, const struct hit *peer)
{
	if (a->has_sa_out)
		close_sa(h, peer, a->spi_out, false);
	if (a->has_sa_in)
		close_sa(h, peer, a->spi_in, true);
	a->has_sa_in = a->has_sa_out = false;
}

void agreed_free(struct host *h, struct agreed *a)
{
	if (!a)
		return;
	assert(!a->has_sa_in && !a->has_sa_out);
	if (a->spi_in != 0)
		table_remove(&h->spis, &a->spi_node);
	free(a->host_id);
	keymat_clear(&a->keymat);
	sodium_memzero(a, sizeof(*a));
	free(a);
}

enum drop agreed_public(const struct agreed *a, struct hi_public **out)
{
	struct whole_param whole = { .bytes = a->host_id,
				     .len = a->host_id_len };
	struct host_id id;
	enum drop d = msg_host_id_parse(&whole, &id);

	if (d != DROP_NONE)
		return d;
	return hi_public_parse(id.algorithm, id.hi, id.hi_len, out);
}
