/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The text of an identity file. What is taken is written, and then taken as
 * the same identity.
 */
#include "daemon/base/keyfile.h"
#include "daemon/hip/identity.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char pem[KEYFILE_MAX];
	struct identity *id, *again;
	size_t len;

	if (identity_from_pem((const char *)data, size, &id) != 0)
		return 0;
	assert(identity_to_pem(id, pem, sizeof(pem), &len) == 0);
	assert(identity_from_pem(pem, len, &again) == 0);
	assert(hit_equal(identity_hit(id), identity_hit(again)));
	identity_free(id);
	identity_free(again);
	return 0;
}
