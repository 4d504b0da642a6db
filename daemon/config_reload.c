/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Which keys may change stands in their table (config_keys.h).
 */
#include "daemon/config_reload.h"

#include "daemon/config_value.h"

#include <stdio.h>
#include <string.h>

static void add_name(char restart[CONFIG_RESTART_MAX], const char *section,
		     const char *key)
{
	size_t len = strlen(restart);

	/* All keys of the table fit; that is tested. */
	(void)snprintf(restart + len, CONFIG_RESTART_MAX - len, "%s%s %s",
		       len > 0 ? ", " : "", section, key);
}

static void swap_peers(struct config *a, struct config *b)
{
	struct config_peer *peers = a->peers;
	struct config_peer **by_hit = a->by_hit;
	struct config_list unsupported = a->unsupported;
	size_t n = a->n_peers;

	a->peers = b->peers;
	a->by_hit = b->by_hit;
	a->n_peers = b->n_peers;
	a->unsupported = b->unsupported;
	b->peers = peers;
	b->by_hit = by_hit;
	b->n_peers = n;
	b->unsupported = unsupported;
}

void config_reload(struct config *running, struct config *fresh,
		   char restart[CONFIG_RESTART_MAX])
{
	restart[0] = '\0';
	for (size_t i = 0; i < config_n_sections; i++) {
		const struct config_section *s = &config_sections[i];

		for (size_t j = 0; !s->titled && j < s->n_keys; j++) {
			const struct config_key *key = &s->keys[j];

			if (key->reloads)
				config_value_swap(key, running, fresh);
			else if (!config_value_is_same(key, running, fresh))
				add_name(restart, s->name, key->name);
		}
	}
	swap_peers(running, fresh);
}
