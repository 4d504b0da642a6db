/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The two texts of a HIT: what is taken is written, and then taken as the
 * same.
 */
#include "daemon/hip/hit.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size);
	char address[HIT_TEXT_MAX], label[HIT_SELF_LABEL_LEN + 1];
	struct hit a, b;

	if (text && (hit_from_text(text, &a) == 0 ||
		     hit_from_self_label(text, &a) == 0)) {
		assert(hit_is_hit(&a));
		hit_text(&a, address);
		assert(hit_from_text(address, &b) == 0 && hit_equal(&a, &b));
		hit_self_label(&a, label);
		assert(hit_from_self_label(label, &b) == 0);
		assert(hit_equal(&a, &b));
	}
	free(text);
	return 0;
}
