/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * A peer's HOST_ID: its contents as the parameter has them, then the Host
 * Identity in it, and a signature that cannot be right.
 */
#include "daemon/hip/hi_public.h"
#include "daemon/hip/param.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hi_public *pub;
	struct host_id id;

	if (host_id_parse(rd_init(data, size), &id) != DROP_NONE ||
	    hi_public_parse(id.algorithm, id.hi, id.hi_len, &pub) != DROP_NONE)
		return 0;
	assert(hi_public_algorithm(pub) == id.algorithm);
	assert(hi_public_verify(pub, data, size, data, size) == DROP_SIGNATURE);
	hi_public_free(pub);
	return 0;
}
