/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * What hosts store of themselves: SIP registrations, and locators. What is
 * taken is written again as the same bytes.
 */
#include "resolver/kinds.h"
#include "resolver/registration.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

static void try_locators(const uint8_t *data, size_t size)
{
	static uint8_t again[512];
	struct wr w = wr_init(again, sizeof(again));
	struct locator at[KIND_LOCATORS_MAX];
	size_t n = 0;

	if (!kinds_locators_parse((struct span){ data, size }, at, &n))
		return;
	kinds_locators_write(&w, at, n);
	assert(!wr_failed(&w) && wr_len(&w) == size &&
	       memcmp(again, data, size) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t again[2048];
	struct wr w = wr_init(again, sizeof(again));
	struct span prefs;
	struct hit node;

	try_locators(data, size);
	if (!registration_parse((struct span){ data, size }, &node, &prefs))
		return 0;
	assert(hit_is_hit(&node));
	if (prefs.len > REGISTRATION_BYTES_MAX)
		return 0;
	registration_write(&w, &node, prefs);
	assert(wr_len(&w) == size && memcmp(again, data, size) == 0);
	return 0;
}
