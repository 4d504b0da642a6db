/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * What the monitor does while the engine runs: it waits for signals, reads
 * the configuration again when it is told to, and hands over what is right.
 */
#ifndef HIPLINE_WATCH_H
#define HIPLINE_WATCH_H

#include "daemon/helper.h"

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

/* The signals that count, which have to be blocked from the beginning. */
void watch_signals(sigset_t *out);

struct watch {
	const char *file; /* the configuration */
	bool file_named;  /* it must be there */
	bool verbose;	  /* log everything, whatever the file says */
	int channel;	  /* to the engine */
	pid_t engine;
	struct helper *resolver; /* opened; it is started here */
};

/*
 * Until the engine has ended, by itself or because a signal asked for it.
 * Returns the exit status.
 */
int watch_engine(const struct watch *w);

#endif
