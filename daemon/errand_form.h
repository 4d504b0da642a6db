/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The two messages of an errand.
 */
#ifndef HIPLINE_ERRAND_FORM_H
#define HIPLINE_ERRAND_FORM_H

#include "daemon/errand.h"

#include <linux/limits.h>

enum errand_type {
	ERRAND_QUESTION = 32, /* none of the handover's */
	ERRAND_ANSWER = 33,
};

enum {
	ERRAND_QUESTION_MAX = 16 + PATH_MAX,
	ERRAND_ERRNO_MAX = 4095, /* Linux's */
	ERRAND_ANSWER_MAX = ERRAND_FIXED_LEN + ERRAND_KEY_MAX,
};

struct errand_question {
	enum errand_kind kind;
	enum log_level log;
	enum cipher_backend aead;
	enum identity_kind algorithm;
	bool algorithm_set;
	const char *identity; /* the file; of what is parsed, borrowed */
};

/* The length, or 0 when it does not fit. */
size_t errand_write_question(const struct errand_question *q, uint8_t *out,
			     size_t cap);
bool errand_parse_question(const uint8_t *bytes, size_t len,
			   struct errand_question *out);

/* `result` is 0 or a negative errno; without 0 there is no key. */
size_t errand_write_answer(int result, const struct errand_key *key,
			   uint8_t *out, size_t cap);
bool errand_parse_answer(const uint8_t *bytes, size_t len, int *result,
			 struct errand_key *out);

#endif
