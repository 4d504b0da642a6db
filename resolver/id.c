/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Ring positions and hashes of the overlay: RFC 6940 6.3.2, 10.2. Hashing
 * is OpenSSL's, but for places: OpenSSL looks an algorithm up every time,
 * which takes longer than to hash a HIT.
 */
#include "resolver/id.h"

#include "daemon/pki/authority.h"

#include <assert.h>
#include <openssl/evp.h>
#include <sodium/crypto_hash_sha256.h>
#include <string.h>

static void digest(const EVP_MD *md, const void *bytes, size_t len,
		   uint8_t out[EVP_MAX_MD_SIZE])
{
	int ok = EVP_Digest(bytes, len, out, NULL, md, NULL);

	assert(ok == 1); /* both hashes are always there */
	(void)ok;	 /* used by the assertion only */
}

static ring_t from_bytes(const uint8_t bytes[ID_LEN])
{
	ring_t at = 0;

	for (size_t i = 0; i < ID_LEN; i++)
		at = at << 8 | bytes[i];
	return at;
}

void id_resource(const void *name, size_t len, struct resource_id *out)
{
	uint8_t md[EVP_MAX_MD_SIZE];

	digest(EVP_sha1(), name, len, md);
	memcpy(out->bytes, md, ID_LEN);
}

void id_sha256(const void *bytes, size_t len, uint8_t out[32])
{
	uint8_t md[EVP_MAX_MD_SIZE];

	digest(EVP_sha256(), bytes, len, md);
	memcpy(out, md, 32);
}

uint32_t id_overlay(const char *name, size_t len)
{
	return authority_overlay_hash(name, len);
}

ring_t id_of_node(const struct hit *node)
{
	uint8_t md[crypto_hash_sha256_BYTES];

	(void)crypto_hash_sha256(md, node->bytes,
				 sizeof(node->bytes)); /* cannot fail */
	return from_bytes(md);
}

ring_t id_of_resource(const struct resource_id *resource)
{
	return from_bytes(resource->bytes);
}

void id_to_resource(ring_t at, struct resource_id *out)
{
	for (size_t i = ID_LEN; i-- > 0; at >>= 8)
		out->bytes[i] = (uint8_t)at;
}
