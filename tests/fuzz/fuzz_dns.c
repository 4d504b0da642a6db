/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * DNS messages: the input is a query, and an upstream's reply to it. A
 * name that is read is written back the same; a reply to a query is no
 * longer than what its asker takes.
 */
#include "resolver/dnsform.h"
#include "resolver/dnsmsg.h"
#include "resolver/dnsrecord.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

static void check_form(const struct dnsmsg_query *q)
{
	struct dnsform f;
	struct dnsname host;
	char once[NAME_LEN_MAX + 1];

	dnsform_parse(&q->name, "hip.internal", &f);
	assert(f.zone_at < q->name.len);
	if (f.kind == DNSFORM_HIT || f.kind == DNSFORM_REVERSE)
		assert(hit_is_hit(&f.hit));
	if (f.kind != DNSFORM_NAME)
		return;
	assert(name_canonical(f.name, once) == 0 && !strcmp(once, f.name));
	if (dnsform_host(f.name, "hip.internal", &host) == 0) {
		struct dnsform back;

		dnsform_parse(&host, "hip.internal", &back);
		assert(back.kind == DNSFORM_NAME);
		assert(strcmp(back.name, f.name) == 0);
	}
}

static void check_reply(const struct dnsmsg_query *q)
{
	static uint8_t out[DNSMSG_MAX];
	const struct dnsrecord_hit hit = {
		.hit = { { 0x20, 0x01, 0x00, 0x22 } }, .proof = "pin"
	};
	const struct dnsrecord_known known = { .hits = &hit, .n_hits = 1 };
	struct dnsmsg_reply r;
	struct dnsform f;
	size_t limit = dnsmsg_limit(q, false);

	dnsform_parse(&q->name, "hip.internal", &f);
	dnsmsg_reply_begin(&r, q, out, sizeof(out));
	dnsrecord_write(&r, &f, &known, "hip.internal", 60);
	assert(dnsmsg_reply_end(&r, limit) <= limit);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t bytes[DNSMSG_MAX];
	struct dnsmsg_query q, again;
	enum dnsmsg_rcode rcode;
	size_t len;

	if (size > sizeof(bytes) ||
	    !dnsmsg_query_read(data, size, &q, &rcode) ||
	    rcode != DNSMSG_NOERROR)
		return 0;
	len = dnsmsg_forward(&q, 1, bytes, sizeof(bytes));
	assert(dnsmsg_query_read(bytes, len, &again, &rcode));
	assert(rcode == DNSMSG_NOERROR && dnsname_equal(&q.name, &again.name));
	check_form(&q);
	check_reply(&q);
	memcpy(bytes, data, size);
	bytes[2] |= 0x80;
	if (dnsmsg_adopt(&q, bytes, size))
		assert(memcmp(bytes, data, 2) == 0);
	return 0;
}
