/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * What the monitor's start has to ask libcrypto and the ciphers: a process of
 * its own does it and ends. So the monitor, which runs for months with rights,
 * links neither, and no key file is parsed in it.
 */
#ifndef HIPLINE_ERRAND_H
#define HIPLINE_ERRAND_H

#include "daemon/config.h"
#include "daemon/handover.h"

enum errand_kind {
	ERRAND_LOAD, /* read the host's key */
	ERRAND_MAKE, /* make it, and its file */
};

enum {
	ERRAND_FIXED_LEN = 4 + 16, /* of an answer: result and HIT */
	/* So that an answer fits the first buffer of an ipc_in. */
	ERRAND_KEY_MAX = HANDOVER_KEY_MAX - ERRAND_FIXED_LEN,
};

/* The host's key; wipe it. */
struct errand_key {
	struct hit hit;
	size_t len;
	char pem[ERRAND_KEY_MAX];
};

/*
 * Has it done, waiting, by the engine's program in `libexec` (NULL: where it
 * belongs). 0; -ENOENT (not logged) when there is no key to load; -ENOTSUP
 * when the configuration's aead does not work here; or what hostkey.h says.
 * `out` is untouched after a failure.
 */
__attribute__((warn_unused_result)) int errand_run(enum errand_kind kind,
						   const struct config *c,
						   const char *libexec,
						   struct errand_key *out);

/* In the process that does it: one errand; the exit status. */
int errand_serve(int channel);

#endif
