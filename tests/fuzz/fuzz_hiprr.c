/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * A reply of DNS and each HIP record in it: what is taken apart is written
 * again byte by byte, and a sound record has the HIT of its key.
 */
#include "daemon/base/dnsreply.h"
#include "daemon/pki/hiprr.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>

static void try_record(struct rd rdata)
{
	size_t len = rd_left(&rdata);
	uint8_t *again = malloc(len + 1);
	char name[NAME_DOMAIN_MAX + 1], text[HIPRR_TEXT_MAX];
	struct wr w = wr_init(again, len);
	struct hiprr rr;
	struct hit hit;

	assert(again);
	if (hiprr_parse(rdata, &rr) == DROP_NONE) {
		hiprr_write(&rr, &w);
		assert(!wr_failed(&w) && wr_len(&w) == len);
		assert(memcmp(again, rdata.p, len) == 0);
		for (size_t i = 0; i < rr.n_servers && i < 64; i++)
			if (hiprr_server(&rr, i, name))
				assert(name[0] != '\0');
		if (hiprr_verify(&rr, &hit) == HIPRR_SOUND)
			assert(hit_is_hit(&hit) && hiprr_text(&rr, text));
	}
	free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dnsreply reply;
	struct rd rdata;
	uint32_t ttl_s;

	try_record(rd_init(data, size));
	if (!dnsreply_begin(data, size, HIPRR_TYPE, &reply))
		return 0;
	for (int i = 0; i < 16 && dnsreply_next(&reply, &rdata, &ttl_s); i++) {
		assert(rdata.p >= data && rdata.end <= data + size);
		try_record(rdata);
	}
	return 0;
}
