/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The process with rights, which reads no network: it opens and makes all
 * that needs a right, hands it to the engine, keeps four capabilities, and
 * waits. When either of the two ends, so does the other.
 */
#ifndef HIPLINE_MONITOR_H
#define HIPLINE_MONITOR_H

#include <stdbool.h>

struct monitor_options {
	const char *file; /* configuration */
	bool file_named;  /* it must be there */
	bool verbose;
	const char *libexec; /* where other programs are; or NULL */
};

/* Runs until a signal or a failure; returns the exit status. */
int monitor_run(const struct monitor_options *o);

/* Removes the guard that a daemon has left; returns the exit status. */
int monitor_unguard(const struct monitor_options *o);

#endif
