/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Names: one canonical form, which gives itself, or none (T51).
 */
#include "daemon/base/name.h"
#include "daemon/hip/hit.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char text[4096];
	char once[NAME_LEN_MAX + 1], twice[NAME_LEN_MAX + 1];
	struct hit hit;

	if (size >= sizeof(text))
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	if (name_canonical(text, once) < 0)
		return 0;
	assert(strlen(once) <= NAME_LEN_MAX);
	assert(name_is_utf8(once, strlen(once)));
	assert(name_canonical(once, twice) == 0);
	assert(strcmp(once, twice) == 0);
	if (hit_from_self_name(once, "hip.internal", &hit))
		assert(hit_is_hit(&hit));
	return 0;
}
