/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * A DNS reply as libnss_hipline reads it: HITs come out, or none. The first
 * byte is the length of the question.
 */
#include "resolver/nss.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nss_hipline_answer a;
	char name[256];

	if (size < 1)
		return 0;
	nss_hipline_read(data + 1, size - 1, 12 + (size_t)data[0], &a);
	assert(a.n <= NSS_HIPLINE_HITS_MAX);
	assert((a.result == NSS_HIPLINE_FOUND) == (a.n > 0));
	for (size_t i = 0; i < a.n; i++)
		assert(a.hits[i][0] == 0x20 && a.hits[i][1] == 0x01 &&
		       a.hits[i][2] == 0 && a.hits[i][3] >> 4 == 2);
	size = size < sizeof(name) ? size : sizeof(name);
	memcpy(name, data, size);
	name[size - 1] = '\0';
	(void)nss_hipline_is_ours(name);
	return 0;
}
