/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * What a protocol core needs from outside and may not fetch by itself.
 * Time is not here: it is an argument of every call.
 */
#ifndef HIPLINE_ENV_H
#define HIPLINE_ENV_H

#include <stddef.h>
#include <stdint.h>

struct env {
	/* Fills buf with len unpredictable bytes. Never fails. */
	void (*random)(void *ctx, void *buf, size_t len);
	void *ctx;
};

static inline void env_random(const struct env *env, void *buf, size_t len)
{
	env->random(env->ctx, buf, len);
}

static inline uint32_t env_random_u32(const struct env *env)
{
	uint32_t v = 0;

	env->random(env->ctx, &v, sizeof(v));
	return v;
}

#endif
