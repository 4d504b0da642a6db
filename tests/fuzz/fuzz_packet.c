/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * A HIP packet and all of its parameters. What was parsed and written again
 * parses, and is then written the same (T4).
 */
#include "tests/fuzz/fuzz.h"
#include "tests/unit/rewrite.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct locator from = { .addr = { 1 } };
	static struct packet_out once, twice;
	struct packet p;

	if (packet_parse(data, size, &p, NULL) != DROP_NONE)
		return 0;
	(void)packet_checksum(p.bytes, p.len, &from, &from);
	if (rewrite_packet(&p, &once) != DROP_NONE)
		return 0;
	assert(packet_len(&once) <= p.len);
	assert(packet_parse(once.bytes, packet_len(&once), &p, NULL) ==
	       DROP_NONE);
	assert(rewrite_packet(&p, &twice) == DROP_NONE);
	assert(packet_len(&twice) == packet_len(&once));
	assert(memcmp(twice.bytes, once.bytes, packet_len(&once)) == 0);
	return 0;
}
