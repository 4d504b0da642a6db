/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Places on the ring. A Node-ID on the wire is the HIT; its place is the
 * first 128 bits of SHA-256(HIT), because HITs of one suite share 32 bits.
 * A Resource-ID is the first 16 bytes of SHA-1 (RFC 6940 10.2) and is its
 * own place. Arithmetic is modulo 2^128 (RFC 6940 10.1).
 */
#ifndef HIPLINE_ID_H
#define HIPLINE_ID_H

#include "daemon/hip/hit.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	ID_LEN = 16,
	ID_BITS = 128,
};

/* A Resource-ID of ours: always 16 bytes long. */
struct resource_id {
	uint8_t bytes[ID_LEN];
};

/* A place on the ring: an unsigned number below 2^128. */
typedef unsigned __int128 ring_t;

/* RFC 6940 10.2. */
void id_resource(const void *name, size_t len, struct resource_id *out);

/* SHA-256, of certificates and of stored values (RFC 6940 6.3.4, 7.4.3.2). */
void id_sha256(const void *bytes, size_t len, uint8_t out[32]);

/* RFC 6940 6.3.2: the low 32 bits of SHA-1 over the overlay's name. */
uint32_t id_overlay(const char *name, size_t len);

ring_t id_of_node(const struct hit *node);
ring_t id_of_resource(const struct resource_id *resource);

/* The Resource-ID whose place is `at`. */
void id_to_resource(ring_t at, struct resource_id *out);

/* How far clockwise from `from` to `to`. */
static inline ring_t id_distance(ring_t from, ring_t to)
{
	return to - from;
}

/*
 * after < x <= upto, going clockwise. When after == upto the whole ring is
 * meant: one peer alone owns everything.
 */
static inline bool id_is_between(ring_t after, ring_t x, ring_t upto)
{
	return id_distance(after, x) - 1 <= id_distance(after, upto) - 1;
}

#endif
