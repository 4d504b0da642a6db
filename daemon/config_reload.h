/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * A configuration in place of the one that runs: what takes effect at once
 * goes over, what needs a restart is named and stays as it was.
 */
#ifndef HIPLINE_CONFIG_RELOAD_H
#define HIPLINE_CONFIG_RELOAD_H

#include "daemon/config.h"

enum { CONFIG_RESTART_MAX = 960 };

/*
 * Moves peers, the log level and everything else that a reload applies from
 * `fresh` to `running`, and what was there the other way: then *fresh has
 * the old values and must be cleared. Writes the names of keys that differ
 * and need a restart, as "host port, host mtu"; empty when there are none.
 */
void config_reload(struct config *running, struct config *fresh,
		   char restart[CONFIG_RESTART_MAX]);

#endif
