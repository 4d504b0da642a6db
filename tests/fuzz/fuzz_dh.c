/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * A peer's public value. The first byte of the input chooses the group.
 */
#include "daemon/hip/dh.h"
#include "tests/fuzz/fuzz.h"

static const uint8_t groups[] = { DH_MODP_1536, DH_MODP_3072, DH_NIST_P256,
				  DH_NIST_P384, DH_NIST_P521 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t private_value[32] = { 1, 2, 3 };
	static struct dh *keys[sizeof(groups)];
	uint8_t secret[DH_SECRET_MAX];
	size_t n, len = 0;

	if (size == 0)
		return 0;
	n = data[0] % sizeof(groups);
	if (!keys[n])
		assert(dh_from_private(groups[n], private_value,
				       sizeof(private_value), &keys[n]) == 0);
	if (dh_agree(keys[n], data + 1, size - 1, secret, &len) == DROP_NONE) {
		assert(size - 1 == dh_public_len(groups[n]));
		assert(len == dh_secret_len(groups[n]));
	}
	return 0;
}
