/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * A pair of ESP SAs. Their keys are not kept: they are drawn from KEYMAT
 * when an SA is asked for.
 */
#include "daemon/hip/sa_pair.h"

#include "daemon/hip/host_impl.h"

#include <assert.h>
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum { SPI_TRIES = 16 };

struct sa_pair *sa_pair_new(void)
{
	return calloc(1, sizeof(struct sa_pair));
}

void sa_pair_free(struct host *h, struct sa_pair *pair)
{
	if (!pair)
		return;
	assert(!pair->has_in && !pair->has_out);
	if (pair->spi_in != 0)
		table_remove(&h->spis, &pair->node);
	free(pair);
}

/* Near the end of the range it may come round to one below SPI_MIN. */
static uint32_t with_remainder_of(uint32_t spi, const struct hit *peer,
				  uint32_t modulus)
{
	const uint8_t *end = peer->bytes + sizeof(peer->bytes) - 2;
	uint32_t wanted = (uint32_t)end[0] << 8 | end[1];

	return modulus > 1 ? spi - spi % modulus + wanted % modulus : spi;
}

int sa_pair_draw(struct host *h, struct sa_pair *pair, const struct hit *peer)
{
	assert(pair->spi_in == 0);
	for (int i = 0; i < SPI_TRIES; i++) {
		int err;

		pair->spi_in = with_remainder_of(env_random_u32(&h->conf.env),
						 peer, h->conf.spi_modulus);
		if (pair->spi_in < SPI_MIN)
			continue;
		err = table_add(&h->spis, &pair->node, &pair->spi_in, pair);
		if (!err)
			return 0;
		if (err != -EEXIST)
			break;
	}
	pair->spi_in = 0;
	return -ENOSPC;
}

/* Adds an output with one direction's key; NULL when it cannot be drawn. */
static struct hip_output *add_sa(struct host *h, enum hip_output_kind kind,
				 const struct hit *peer,
				 const struct esp_source *source)
{
	bool inbound = kind == HIP_OUT_SA_IN;
	struct hip_output *out = NULL;
	struct esp_keys keys;
	size_t next;

	if (!keymat_esp_keys(&source->keymat, source->suite, source->index,
			     &h->hit, &keys, &next)) {
		out = outputs_add(&h->out, kind, peer);
		out->inbound = inbound;
		out->esp_suite = source->suite;
		out->key_len = keys.len;
		memcpy(out->key, inbound ? keys.in : keys.out, keys.len);
	}
	sodium_memzero(&keys, sizeof(keys));
	return out;
}

int sa_pair_open_in(struct host *h, struct sa_pair *pair,
		    const struct hit *peer, const struct esp_source *source)
{
	struct hip_output *out;

	assert(pair->spi_in != 0 && !pair->has_in);
	out = add_sa(h, HIP_OUT_SA_IN, peer, source);
	if (!out)
		return -EIO;
	out->spi = pair->spi_in;
	pair->has_in = true;
	return 0;
}

struct hip_output *sa_pair_open_out(struct host *h, struct sa_pair *pair,
				    const struct hit *peer,
				    const struct esp_source *source)
{
	struct hip_output *out;

	assert(pair->spi_out != 0 && !pair->has_out);
	out = add_sa(h, HIP_OUT_SA_OUT, peer, source);
	if (!out)
		return NULL;
	out->spi = pair->spi_out;
	pair->has_out = true;
	return out;
}

static void close_sa(struct host *h, const struct hit *peer, uint32_t spi,
		     bool inbound)
{
	struct hip_output *out = outputs_add(&h->out, HIP_OUT_SA_DELETE, peer);

	out->spi = spi;
	out->inbound = inbound;
}

void sa_pair_close_in(struct host *h, struct sa_pair *pair,
		      const struct hit *peer)
{
	if (pair->has_in)
		close_sa(h, peer, pair->spi_in, true);
	pair->has_in = false;
}

void sa_pair_close_out(struct host *h, struct sa_pair *pair,
		       const struct hit *peer)
{
	if (pair->has_out)
		close_sa(h, peer, pair->spi_out, false);
	pair->has_out = false;
}
