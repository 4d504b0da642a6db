/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The text of a configuration: it is taken, or refused with file and line.
 * Peers that are taken have a HIT, and their names are canonical.
 */
#include "daemon/base/name.h"
#include "daemon/config.h"
#include "tests/fuzz/fuzz.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void check_peer(const struct config_peer *peer)
{
	char name[NAME_LEN_MAX + 1];

	assert(peer->title && hit_is_hit(&peer->hit));
	assert(peer->locators.n <= LOCATORS_MAX);
	for (size_t i = 0; i < peer->names.n; i++) {
		assert(name_canonical(peer->names.items[i].text, name) == 0);
		assert(strcmp(name, peer->names.items[i].text) == 0);
		assert(peer->names.items[i].line > 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char error[CONFIG_ERROR_MAX];
	struct config c;
	int err = config_parse("f", (const char *)data, size, &c, error);

	if (err < 0) {
		assert(err == -EINVAL);
		assert(strncmp(error, "f:", 2) == 0);
		assert(strtol(error + 2, NULL, 10) > 0);
		return 0;
	}
	assert(c.port > 0 && c.port <= UINT16_MAX);
	assert(c.users.n == CONFIG_USERS);
	assert(c.dh.n > 0 && c.cipher.n > 0 && c.esp.n > 0);
	for (size_t i = 0; i < c.n_peers; i++)
		check_peer(&c.peers[i]);
	config_clear(&c);
	return 0;
}
