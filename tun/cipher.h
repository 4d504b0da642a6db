/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The ESP suites behind one seal/open pair, their overheads as numbers:
 * RFC 7402 5.1.2; RFC 4106 (13), RFC 3602 with RFC 4868 (8, 9). Two
 * backends: libipsec-mb for AES-GCM where it was built in and the CPU has
 * the instructions, OpenSSL for everything and everywhere.
 */
#ifndef HIPLINE_CIPHER_H
#define HIPLINE_CIPHER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum cipher_backend {
	CIPHER_AUTO, /* the fastest that works here */
	CIPHER_OPENSSL,
	CIPHER_IPSEC_MB, /* for suites that it has; OpenSSL for the others */
};

enum cipher_direction {
	CIPHER_SEAL,
	CIPHER_OPEN,
};

enum {
	CIPHER_KEY_MAX = 64,
	CIPHER_LEN_MAX = 65536, /* of the bytes sealed or opened at once */
};

/* Numbers of one suite. */
struct cipher_suite {
	uint16_t id; /* ESP suite id */
	const char *name;
	uint8_t iv_len;
	uint8_t icv_len;
	uint8_t block;	 /* payload, padding and trailer fill this many bytes */
	uint8_t key_len; /* encryption key with salt, then authentication */
};

/* NULL when the suite is unknown. */
const struct cipher_suite *cipher_suite_find(uint16_t id);

/*
 * The length of the largest inner packet (IPv6 header included) that BEET
 * carries in an ESP packet of esp_max bytes, from SPI to ICV; no smaller
 * inner packet needs more. 0 when there is none. Thus the MTU of the TUN
 * device: 1478 of 1500 over IPv4 with suite 13.
 */
size_t cipher_inner_max(const struct cipher_suite *s, size_t esp_max);

/* Keys ready for use in one direction. Not for two threads at once. */
struct cipher;

/* Whether a backend can be had here. */
bool cipher_backend_works(enum cipher_backend backend);

/*
 * Makes one; NULL on an unknown suite, a wrong key length, a backend that
 * does not work here or want of memory. Free it with cipher_free, which
 * wipes the keys.
 */
struct cipher *cipher_new(uint16_t suite, enum cipher_backend backend,
			  enum cipher_direction direction, const uint8_t *key,
			  size_t key_len);
void cipher_free(struct cipher *c);

const struct cipher_suite *cipher_suite(const struct cipher *c);

/* "ipsec-mb" or "openssl". */
const char *cipher_backend_text(const struct cipher *c);

/*
 * Encrypts len bytes in place and authenticates. `esp` points at the SPI;
 * behind its 8 bytes the IV is written, then the len bytes lie (whole
 * blocks, at most CIPHER_LEN_MAX), then icv_len bytes are written. seq is
 * the whole 64-bit sequence number, whose low half already stands behind the
 * SPI; no two packets of one cipher may have the same. False only on an
 * internal error.
 */
bool cipher_seal(struct cipher *c, uint8_t *esp, size_t len, uint64_t seq);

/* The same with the len bytes taken from `plain`: their place behind the IV
 * itself, or memory apart from the packet's. */
bool cipher_seal_from(struct cipher *c, uint8_t *esp, const uint8_t *plain,
		      size_t len, uint64_t seq);

/* The reverse; false when the ICV is wrong or len is no number of whole
 * blocks, and the bytes are then useless. */
bool cipher_open(struct cipher *c, uint8_t *esp, size_t len, uint64_t seq);

#endif
