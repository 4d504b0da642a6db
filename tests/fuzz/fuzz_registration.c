/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * SIP registrations. What is taken is written again as the same bytes.
 */
#include "resolver/registration.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t again[2048];
	struct wr w = wr_init(again, sizeof(again));
	struct span prefs;
	struct hit node;

	if (!registration_parse((struct span){ data, size }, &node, &prefs))
		return 0;
	assert(hit_is_hit(&node));
	if (prefs.len > REGISTRATION_BYTES_MAX)
		return 0;
	registration_write(&w, &node, prefs);
	assert(wr_len(&w) == size && memcmp(again, data, size) == 0);
	return 0;
}
