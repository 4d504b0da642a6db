/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * An authority and hosts with certificates, for tests: what the engine and
 * the resolver do together, in one place.
 */
#ifndef HIPLINE_TEST_ENROLLED_H
#define HIPLINE_TEST_ENROLLED_H

#include "daemon/pki/revocation.h"

/* 2026-01-01 00:00:00. */
#define ENROLLED_NOW_S 1767225600ull

struct enrolled_authority {
	struct identity *key;
	struct authority public;
};

/* A host's identity; asserts that the text is a key. */
struct identity *enrolled_key(const char *pem);

void enrolled_authority_make(struct enrolled_authority *a, const char *overlay,
			     const char *pem);
void enrolled_authority_free(struct enrolled_authority *a);

/* Signs what is written as TBS; the length of the whole. */
size_t enrolled_sign(const struct enrolled_authority *a, struct span tbs,
		     uint8_t *out, size_t cap);

/* Issues one; serial is the last byte of its serial number. */
size_t enrolled_issue(const struct enrolled_authority *a, const char *name,
		      const struct identity *holder, uint8_t serial,
		      uint64_t now_s, uint8_t out[CERTIFICATE_MAX]);

size_t enrolled_revoke(const struct enrolled_authority *a,
		       const struct revocation *v, uint8_t out[REVOCATION_MAX]);

#endif
