/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The places in the file system that the monitor prepares: the state
 * directory and the control socket. What is wrong is logged with its remedy.
 */
#ifndef HIPLINE_PLACE_H
#define HIPLINE_PLACE_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * Makes the state directory with what leads there: mode 0700, owned by the
 * engine's user. A directory that others may write to, or that belongs to
 * somebody else, is refused. Takes a lock in it, which ends with the
 * descriptor *lock. 0 or a negative errno.
 */
__attribute__((warn_unused_result)) int place_state(const char *path, uid_t uid,
						    gid_t gid, int *lock);

/*
 * What place_state would say, started as root, of a directory for the
 * engine's user `uid`; makes nothing. 0 or a negative errno, which is logged:
 * all but -EACCES, when it takes more rights to tell.
 */
__attribute__((warn_unused_result)) int place_test_state(const char *path,
							 uid_t uid);

/* Whether place_state would make that directory on its way to `state`. */
bool place_state_makes(const char *state, const char *directory);

/*
 * The folder "names" in the state directory, mode 0700, owned by the
 * resolver's user: its descriptor. What is in the way is logged as a
 * warning, and the answer a negative errno.
 */
__attribute__((warn_unused_result)) int place_names(const char *state,
						    uid_t uid, gid_t gid);

/* 0 when no daemon answers on that socket, -EADDRINUSE when one does, or
 * another negative errno when that cannot be told. One that answers though
 * its monitor was killed is given time to end. */
__attribute__((warn_unused_result)) int place_socket_free(const char *path);

/*
 * Listens on that path for everybody, replacing a socket that nobody
 * answers on. Returns the descriptor (non-blocking) or a negative errno.
 */
__attribute__((warn_unused_result)) int place_socket(const char *path);

#endif
