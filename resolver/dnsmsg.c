/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The first question stands right behind the header, hence its name can be
 * pointed to from every record (RFC 1035 4.1.4).
 */
#include "resolver/dnsmsg.h"

#include <assert.h>
#include <string.h>

enum {
	POINT_TO_QUESTION = 0xc000 | DNSMSG_HEADER_LEN,
	EDNS_DO = 0x8000,      /* RFC 6891 6.1.4 */
	RECORDS_READ_MAX = 16, /* of a query's additional section */
};

/* A record of a query; OPT is the only one that means anything. */
static void read_record(struct rd *r, const struct rd *message,
			struct dnsmsg_query *q, bool *again, uint8_t *version)
{
	struct dnsname owner = { .len = 0 };
	uint16_t type, size, len;
	uint32_t ttl;

	dnsname_read(r, message, &owner);
	type = rd_u16(r);
	size = rd_u16(r);
	ttl = rd_u32(r);
	len = rd_u16(r);
	rd_skip(r, len);
	if (rd_failed(r) || type != DNSMSG_OPT)
		return;
	/* RFC 6891 6.1.1: at most one, and of the root. */
	*again = q->edns || owner.len != 1;
	q->edns = true;
	q->udp_size = size;
	q->dnssec_ok = ttl & EDNS_DO;
	*version = (uint8_t)(ttl >> 16);
}

/* The question, and whatever stands behind it. */
static enum dnsmsg_rcode read_rest(struct rd *r, const struct rd *message,
				   const uint16_t counts[4],
				   struct dnsmsg_query *q)
{
	uint8_t version = 0;
	bool again = false;
	unsigned records = (unsigned)counts[1] + counts[2] + counts[3];

	if (q->flags & DNSMSG_OPCODE)
		return DNSMSG_NOTIMP;
	if (counts[0] != 1)
		return DNSMSG_FORMERR;
	dnsname_read(r, message, &q->name);
	q->type = rd_u16(r);
	q->class = rd_u16(r);
	q->has_question = !rd_failed(r);
	if (records > RECORDS_READ_MAX)
		return DNSMSG_FORMERR;
	for (unsigned i = 0; i < records && !rd_failed(r) && !again; i++)
		read_record(r, message, q, &again, &version);
	if (again || !rd_done(r))
		return DNSMSG_FORMERR;
	return version == 0 ? DNSMSG_NOERROR : DNSMSG_BADVERS;
}

bool dnsmsg_query_read(const uint8_t *bytes, size_t len,
		       struct dnsmsg_query *out, enum dnsmsg_rcode *rcode)
{
	const struct rd message = rd_init(bytes, len);
	struct dnsmsg_query q = { .udp_size = DNSMSG_UDP_MIN };
	struct rd r = message;
	uint16_t counts[4];

	q.id = rd_u16(&r);
	q.flags = rd_u16(&r);
	for (size_t i = 0; i < 4; i++)
		counts[i] = rd_u16(&r);
	if (rd_failed(&r) || (q.flags & DNSMSG_QR))
		return false;
	*rcode = read_rest(&r, &message, counts, &q);
	*out = q;
	return true;
}

void dnsmsg_reply_begin(struct dnsmsg_reply *r,
			const struct dnsmsg_query *query, uint8_t *out,
			size_t cap)
{
	*r = (struct dnsmsg_reply){ .w = wr_init(out, cap), .query = query };
	wr_zero(&r->w, DNSMSG_HEADER_LEN);
	if (!query->has_question)
		return;
	r->counts[0] = 1;
	dnsname_write(&r->w, &query->name);
	wr_u16(&r->w, query->type);
	wr_u16(&r->w, query->class);
}

static size_t begin_behind_owner(struct dnsmsg_reply *r,
				 enum dnsmsg_section section,
				 enum dnsmsg_type type, uint32_t ttl_s)
{
	r->counts[section]++;
	wr_u16(&r->w, (uint16_t)type);
	wr_u16(&r->w, DNSMSG_CLASS_IN);
	wr_u32(&r->w, ttl_s);
	wr_u16(&r->w, 0); /* its length, at the end */
	return wr_len(&r->w);
}

size_t dnsmsg_record_begin(struct dnsmsg_reply *r, enum dnsmsg_section section,
			   enum dnsmsg_type type, uint32_t ttl_s)
{
	assert(r->query->has_question);
	wr_u16(&r->w, POINT_TO_QUESTION);
	return begin_behind_owner(r, section, type, ttl_s);
}

size_t dnsmsg_record_begin_at(struct dnsmsg_reply *r,
			      enum dnsmsg_section section,
			      const struct dnsname *owner,
			      enum dnsmsg_type type, uint32_t ttl_s)
{
	dnsname_write(&r->w, owner);
	return begin_behind_owner(r, section, type, ttl_s);
}

void dnsmsg_record_end(struct dnsmsg_reply *r, size_t begin)
{
	wr_u16_at(&r->w, begin - 2, (uint16_t)(wr_len(&r->w) - begin));
}

static void write_opt(struct dnsmsg_reply *r)
{
	if (!r->query->edns)
		return;
	r->counts[3]++;
	wr_u8(&r->w, 0); /* the root */
	wr_u16(&r->w, DNSMSG_OPT);
	wr_u16(&r->w, DNSMSG_UDP_MAX);
	wr_u8(&r->w, (uint8_t)(r->rcode >> 4));
	wr_u8(&r->w, 0); /* version */
	wr_u16(&r->w, r->query->dnssec_ok ? EDNS_DO : 0);
	wr_u16(&r->w, 0);
}

static void write_header(struct dnsmsg_reply *r)
{
	const uint16_t copied = DNSMSG_OPCODE | DNSMSG_RD | DNSMSG_CD;

	wr_u16_at(&r->w, 0, r->query->id);
	wr_u16_at(&r->w, 2,
		  (uint16_t)(DNSMSG_QR | DNSMSG_RA | r->flags |
			     (r->query->flags & copied) | (r->rcode & 0xf)));
	for (size_t i = 0; i < 4; i++)
		wr_u16_at(&r->w, 4 + 2 * i, r->counts[i]);
}

size_t dnsmsg_reply_end(struct dnsmsg_reply *r, size_t limit)
{
	write_opt(r);
	if (wr_failed(&r->w) || wr_len(&r->w) > limit) {
		uint8_t *out = r->w.start;
		size_t cap = (size_t)(r->w.end - r->w.start);
		uint16_t flags = r->flags | DNSMSG_TC;
		enum dnsmsg_rcode rcode = r->rcode;

		dnsmsg_reply_begin(r, r->query, out, cap);
		r->flags = flags;
		r->rcode = rcode;
		write_opt(r);
	}
	write_header(r);
	assert(!wr_failed(&r->w)); /* a header, a question, and OPT fit */
	return wr_len(&r->w);
}

size_t dnsmsg_limit(const struct dnsmsg_query *q, bool tcp)
{
	if (tcp)
		return DNSMSG_MAX;
	if (q->udp_size < DNSMSG_UDP_MIN) /* RFC 6891 6.2.3 */
		return DNSMSG_UDP_MIN;
	return q->udp_size < DNSMSG_UDP_MAX ? q->udp_size : DNSMSG_UDP_MAX;
}

size_t dnsmsg_forward(const struct dnsmsg_query *q, uint16_t id, uint8_t *out,
		      size_t cap)
{
	struct wr w = wr_init(out, cap);

	wr_u16(&w, id);
	wr_u16(&w, q->flags & (DNSMSG_RD | DNSMSG_CD));
	wr_u16(&w, 1);
	wr_u32(&w, 0); /* no answers, no authority */
	wr_u16(&w, q->edns ? 1 : 0);
	dnsname_write(&w, &q->name);
	wr_u16(&w, q->type);
	wr_u16(&w, q->class);
	if (q->edns) {
		wr_u8(&w, 0);
		wr_u16(&w, DNSMSG_OPT);
		wr_u16(&w, DNSMSG_UDP_MAX);
		wr_u16(&w, 0);
		wr_u16(&w, q->dnssec_ok ? EDNS_DO : 0);
		wr_u16(&w, 0);
	}
	return wr_failed(&w) ? 0 : wr_len(&w);
}

bool dnsmsg_adopt(const struct dnsmsg_query *q, uint8_t *bytes, size_t len)
{
	const struct rd message = rd_init(bytes, len);
	struct rd r = message;
	struct dnsname name = { .len = 0 };
	uint16_t flags, questions, type, class;
	size_t name_len;
	struct wr w;

	rd_skip(&r, 2);
	flags = rd_u16(&r);
	questions = rd_u16(&r);
	rd_skip(&r, 6);
	dnsname_read(&r, &message, &name);
	name_len =
		rd_failed(&r) ? 0 : (size_t)(r.p - bytes) - DNSMSG_HEADER_LEN;
	type = rd_u16(&r);
	class = rd_u16(&r);
	if (rd_failed(&r) || !(flags & DNSMSG_QR) || (flags & DNSMSG_OPCODE) ||
	    questions != 1 || type != q->type || class != q->class ||
	    name_len != name.len || /* it must stand there whole */
	    !dnsname_equal(&name, &q->name))
		return false;
	w = wr_init(bytes, len);
	wr_u16(&w, q->id);
	wr_u16(&w, (uint16_t)((flags & ~(DNSMSG_RD | DNSMSG_CD | DNSMSG_AD)) |
			      (q->flags & (DNSMSG_RD | DNSMSG_CD))));
	memcpy(bytes + DNSMSG_HEADER_LEN, q->name.wire, q->name.len);
	return true;
}

bool dnsmsg_names_hit(const uint8_t *bytes, size_t len)
{
	const struct rd message = rd_init(bytes, len);
	struct rd r = message;
	struct dnsname name;
	struct hit hit;
	uint32_t questions, records;
	bool found = false;

	rd_skip(&r, 4);
	questions = rd_u16(&r);
	records = rd_u16(&r);
	records += rd_u16(&r);
	records += rd_u16(&r);
	for (; questions > 0 && !rd_failed(&r); questions--) {
		dnsname_read(&r, &message, &name);
		rd_skip(&r, 4);
	}
	for (; records > 0 && !rd_failed(&r) && !found; records--) {
		uint16_t type, data_len;
		struct rd data;

		dnsname_read(&r, &message, &name);
		type = rd_u16(&r);
		rd_skip(&r, 6); /* class, TTL */
		data_len = rd_u16(&r);
		data = rd_sub(&r, data_len);
		rd_copy(&data, hit.bytes, sizeof(hit.bytes));
		found = type == DNSMSG_HIP ||
			(type == DNSMSG_AAAA && !rd_failed(&data) &&
			 hit_is_hit(&hit));
	}
	return found || rd_failed(&r);
}
