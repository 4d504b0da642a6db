/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Answers of a DNS reply (RFC 1035 4.1). A pointer ends a name and is not
 * followed (4.1.4), so that nothing is read twice.
 */
#include "daemon/base/dnsreply.h"

enum {
	FLAG_QR = 0x8000,
	RCODE = 0x000f,
	CLASS_IN = 1,
	LABEL_MAX = 63,
	POINTER = 0xc0,
};

static void skip_name(struct rd *r)
{
	for (uint8_t len = rd_u8(r); len > 0; len = rd_u8(r)) {
		if ((len & POINTER) == POINTER) {
			rd_skip(r, 1);
			return;
		}
		/* The other two kinds of labels were never taken up. */
		rd_skip(r, len <= LABEL_MAX ? len : SIZE_MAX);
	}
}

bool dnsreply_begin(const uint8_t *bytes, size_t len, uint16_t type,
		    struct dnsreply *out)
{
	struct dnsreply reply = { .r = rd_init(bytes, len), .type = type };
	uint16_t flags, questions;

	rd_skip(&reply.r, 2); /* its id */
	flags = rd_u16(&reply.r);
	questions = rd_u16(&reply.r);
	reply.left = rd_u16(&reply.r);
	rd_skip(&reply.r, 4);
	for (; questions > 0 && !rd_failed(&reply.r); questions--) {
		skip_name(&reply.r);
		rd_skip(&reply.r, 4);
	}
	if (rd_failed(&reply.r) || !(flags & FLAG_QR) || (flags & RCODE))
		return false;
	*out = reply;
	return true;
}

bool dnsreply_next(struct dnsreply *reply, struct rd *rdata, uint32_t *ttl_s)
{
	struct rd *r = &reply->r;

	while (reply->left > 0) {
		uint16_t type, class, len;
		uint32_t ttl;
		struct rd data;

		reply->left--;
		skip_name(r);
		type = rd_u16(r);
		class = rd_u16(r);
		ttl = rd_u32(r);
		len = rd_u16(r);
		data = rd_sub(r, len);
		if (rd_failed(r))
			break;
		if (type != reply->type || class != CLASS_IN)
			continue;
		*rdata = data;
		*ttl_s = ttl;
		return true;
	}
	reply->left = 0;
	return false;
}
