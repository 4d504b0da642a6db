/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * clockshift.so - a wall clock that a test sets, for the programs that are
 * started with it in LD_PRELOAD. The file that CLOCK_SHIFT names holds how many
 * seconds it is ahead, as text in SHIFT_MAX bytes: it is mapped before a
 * sandbox could forbid that, and written in place. Other clocks are as they
 * are.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { SHIFT_MAX = 32 };

static const char *shift_text;
static int (*real_clock_gettime)(clockid_t, struct timespec *);

__attribute__((constructor)) static void begin(void)
{
	const char *path = getenv("CLOCK_SHIFT");
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	void *p = MAP_FAILED;

	*(void **)&real_clock_gettime = dlsym(RTLD_NEXT, "clock_gettime");
	if (fd >= 0)
		p = mmap(NULL, SHIFT_MAX, PROT_READ, MAP_SHARED, fd, 0);
	if (p != MAP_FAILED)
		shift_text = p;
	if (fd >= 0)
		(void)close(fd);
}

int clock_gettime(clockid_t clock, struct timespec *ts)
{
	int err = real_clock_gettime ? real_clock_gettime(clock, ts) : -1;

	if (err == 0 && shift_text &&
	    (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
		ts->tv_sec += strtol(shift_text, NULL, 10);
	return err;
}

time_t time(time_t *out)
{
	struct timespec ts = { 0 };

	(void)clock_gettime(CLOCK_REALTIME, &ts);
	if (out)
		*out = ts.tv_sec;
	return ts.tv_sec;
}

int gettimeofday(struct timeval *restrict tv, void *restrict zone)
{
	struct timespec ts = { 0 };

	(void)zone;
	(void)clock_gettime(CLOCK_REALTIME, &ts);
	tv->tv_sec = ts.tv_sec;
	tv->tv_usec = ts.tv_nsec / 1000;
	return 0;
}
