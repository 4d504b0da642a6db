/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The resolver's process as the monitor has it: its listening sockets are
 * opened once and passed to it, again after each start; when it dies it is
 * started anew, at a pace, and the engine gets a new socket to it. Whatever
 * goes wrong with it is a warning of the engine's, and nothing stops.
 */
#ifndef HIPLINE_HELPER_H
#define HIPLINE_HELPER_H

#include "daemon/base/resolve.h"
#include "daemon/config.h"
#include "daemon/program.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum {
	HELPER_SOCKETS_MAX = 28, /* with the two below one message */
	HELPER_TROUBLE_MAX = 256,
	HELPER_AGAIN_FIRST_MS = 100,
	HELPER_AGAIN_MAX_MS = 30 * 1000,
	HELPER_STEADY_MS = 60 * 1000, /* lived so long: all is well again */
};

#define HELPER_NEVER UINT64_MAX

struct helper {
	char program[PROGRAM_PATH_MAX];
	struct resolve_start start;
	bool has_user;
	int sockets[HELPER_SOCKETS_MAX]; /* UDP, and TCP that listens */
	size_t n_sockets;
	int overlay;			  /* UDP 6084 of our HIT; -1: none */
	int names;			  /* its folder; -1: none */
	char trouble[HELPER_TROUBLE_MAX]; /* what is not listened on; or "" */
	int engine; /* the socket to the engine; not ours */
	pid_t pid;  /* 0: it does not run */
	int status; /* what waitpid said of its last end */
	uint64_t started_ms, again_ms, wait_ms;
	uint64_t tell_ms; /* when its end is told */
};

/* Nothing opened yet. */
void helper_init(struct helper *h);

/*
 * Finds program and user and opens the sockets, while there are rights.
 * `libexec` is where the program is looked for first, or NULL.
 */
void helper_open(struct helper *h, const struct config *c, const char *libexec,
		 bool verbose);

/*
 * Opens, once the interface has its HIT, the socket of the overlay, which
 * takes nothing from any other interface, and the resolver's folder in the
 * state directory. What cannot be had is a warning.
 */
void helper_open_overlay(struct helper *h, const struct config *c,
			 const struct hit *own);

/* Starts it for the first time; the engine hears of it through `engine`. */
void helper_begin(struct helper *h, int engine, uint64_t now_ms);

/* When helper_tick is due, or HELPER_NEVER. */
uint64_t helper_deadline(const struct helper *h);

/* A child has ended, or the time has come. */
void helper_tick(struct helper *h, uint64_t now_ms);

/* It is not started any more. */
void helper_stop(struct helper *h);

void helper_close(struct helper *h);

#endif
