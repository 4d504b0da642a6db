/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * A locator's text: what is taken is written, and then taken as the same.
 */
#include "daemon/base/locator.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size);
	char again[LOCATOR_TEXT_MAX];
	struct sockaddr_storage sa;
	struct locator a, b;

	if (text && locator_from_text(text, 10500, &a) == 0) {
		locator_text(&a, again);
		assert(locator_from_text(again, 1, &b) == 0);
		assert(locator_equal(&a, &b));
		(void)locator_to_sockaddr(&a, &sa);
		assert(locator_from_sockaddr(&sa, &b) == 0);
		assert(locator_equal(&a, &b));
		assert(locator_scope(&a) <= LOCATOR_SCOPE_GLOBAL);
	}
	free(text);
	return 0;
}
