/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * How many R1s one source may have: RFC 7401 6.7 and 8 ask for a limit per
 * address, because R1 is longer than I1 and I1's source may be forged. A
 * source is an IPv4 address or an IPv6 /64. The table never grows.
 */
#ifndef HIPLINE_QUOTA_H
#define HIPLINE_QUOTA_H

#include "daemon/base/locator.h"

enum { QUOTA_SEED_LEN = 16 };

struct quota_entry;

struct quota {
	struct quota_entry *entries;
	uint8_t seed[QUOTA_SEED_LEN];
};

/* `seed` is random, for the hash. 0 or -ENOMEM. */
__attribute__((warn_unused_result)) int
quota_init(struct quota *q, const uint8_t seed[QUOTA_SEED_LEN]);

void quota_clear(struct quota *q);

/*
 * May `from`, which sent in_len bytes, get out_len bytes now? Yes up to
 * R1_PER_SOURCE_MAX times in any R1_PER_SOURCE_MS; beyond that as long as
 * no more than R1_BYTES_PER_BYTE bytes go out per byte that came in. A yes
 * counts as sent.
 */
bool quota_allow(struct quota *q, const struct locator *from, size_t in_len,
		 size_t out_len, uint64_t now_ms);

#endif
