/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * One message of each kind that we speak, whole and well formed, for tests,
 * corpora and the capture that tshark judges.
 */
#ifndef HIPLINE_TEST_RELOAD_SAMPLES_H
#define HIPLINE_TEST_RELOAD_SAMPLES_H

#include "resolver/body.h"
#include "resolver/stored.h"

enum { SAMPLE_KIND_SIP = 1, SAMPLE_KIND_ARRAY = 0x10 };

struct reload_sample {
	const char *name;
	uint16_t code;
	void (*body)(struct wr *w);
};

extern const struct reload_sample reload_samples[];
extern const size_t reload_samples_count;

/* A HIT that ends in n. */
struct hit sample_hit(uint8_t n);

/* SignerIdentity and Signature without meaning, of the true sizes. */
struct reload_signature sample_signature(void);

/* The body alone, and the whole message; both return the length. */
size_t reload_sample_body(const struct reload_sample *s, uint8_t *out,
			  size_t cap);
size_t reload_sample_make(const struct reload_sample *s, uint8_t *out,
			  size_t cap);

/* A SIP-REGISTRATION of lifetime 86400 s under that key, or its absence. */
struct stored sample_stored(const struct hit *key, uint8_t scratch[512]);

#endif
