/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * What each process gives up before it goes to work. All of it is final,
 * and all of it is checked afterwards. confine.h takes more away.
 */
#ifndef HIPLINE_SANDBOX_H
#define HIPLINE_SANDBOX_H

#include <stdbool.h>
#include <sys/types.h>

/* Capabilities that the monitor cannot do without; NULL when it has all of
 * them, else the name of one that is missing. Bound below 1024: `port`.
 * Raw sockets are opened too: `raw`; none needs CAP_NET_RAW after that. */
const char *sandbox_missing_capability(unsigned port, bool raw);

/*
 * For a child of the monitor, first thing: no capability can be got back by
 * executing anything, no core is dumped, nobody traces us. 0 or a negative
 * errno.
 */
__attribute__((warn_unused_result)) int sandbox_begin(void);

/*
 * For a child, before it reads a byte from the network: becomes that
 * user, without other groups and without any capability, for good; is
 * killed when its parent ends. 0 or a negative errno.
 */
__attribute__((warn_unused_result)) int sandbox_become(uid_t uid, gid_t gid);

/*
 * For the monitor, once all is set up: keeps CAP_NET_ADMIN,
 * CAP_NET_BIND_SERVICE, CAP_SETUID and CAP_SETGID as far as it had them, and
 * nothing else. 0 or a negative errno.
 */
__attribute__((warn_unused_result)) int sandbox_monitor(void);

#endif
