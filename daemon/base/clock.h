/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Time that only goes forward, for everything that waits or compares times.
 * libev's ev_now is the wall clock, which an operator or NTP may set back.
 */
#ifndef HIPLINE_CLOCK_H
#define HIPLINE_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Milliseconds of the monotonic clock. */
static inline uint64_t clock_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts); /* cannot fail on Linux */
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

#endif
