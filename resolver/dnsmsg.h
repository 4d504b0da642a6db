/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * DNS messages: RFC 1035 4.1, EDNS0 (RFC 6891). What a stub needs of them: a
 * query with one question is read whole, a reply is written record after
 * record, and of an upstream's reply it is known what it answers.
 */
#ifndef HIPLINE_DNSMSG_H
#define HIPLINE_DNSMSG_H

#include "daemon/hip/hit.h"
#include "resolver/dnsname.h"

enum {
	DNSMSG_HEADER_LEN = 12,
	DNSMSG_MAX = 65535,
	DNSMSG_UDP_MIN = 512,  /* RFC 1035 4.2.1: without EDNS */
	DNSMSG_UDP_MAX = 1232, /* passes IPv6 links unfragmented */
	DNSMSG_CLASS_IN = 1,
	DNSMSG_CLASS_ANY = 255,
};

enum dnsmsg_type {
	DNSMSG_NS = 2,
	DNSMSG_SOA = 6,
	DNSMSG_PTR = 12,
	DNSMSG_TXT = 16,
	DNSMSG_AAAA = 28,  /* RFC 3596 */
	DNSMSG_SRV = 33,   /* RFC 2782 */
	DNSMSG_NAPTR = 35, /* RFC 3403 */
	DNSMSG_OPT = 41,
	DNSMSG_HIP = 55, /* RFC 8005 */
	DNSMSG_IXFR = 251,
	DNSMSG_AXFR = 252,
	DNSMSG_ANY = 255,
};

enum dnsmsg_rcode {
	DNSMSG_NOERROR = 0,
	DNSMSG_FORMERR = 1,
	DNSMSG_SERVFAIL = 2,
	DNSMSG_NXDOMAIN = 3,
	DNSMSG_NOTIMP = 4,
	DNSMSG_REFUSED = 5,
	DNSMSG_BADVERS = 16, /* RFC 6891 9 */
};

/* Header bits, RFC 1035 4.1.1. */
enum dnsmsg_flag {
	DNSMSG_QR = 0x8000,
	DNSMSG_OPCODE = 0x7800,
	DNSMSG_AA = 0x0400,
	DNSMSG_TC = 0x0200,
	DNSMSG_RD = 0x0100,
	DNSMSG_RA = 0x0080,
	DNSMSG_AD = 0x0020, /* RFC 4035 3.2.3 */
	DNSMSG_CD = 0x0010, /* RFC 4035 3.2.2 */
};

/* A query, as far as it was understood. */
struct dnsmsg_query {
	uint16_t id, flags;
	bool has_question;
	struct dnsname name;
	uint16_t type, class;
	bool edns, dnssec_ok;
	uint16_t udp_size; /* what the asker takes by UDP */
};

/*
 * Reads a query. False when it gets no answer at all: it is no whole header,
 * or a reply itself. Else *rcode says what is wrong with it, if anything.
 */
bool dnsmsg_query_read(const uint8_t *bytes, size_t len,
		       struct dnsmsg_query *out, enum dnsmsg_rcode *rcode);

/* A reply that is being written. */
struct dnsmsg_reply {
	struct wr w;
	const struct dnsmsg_query *query;
	enum dnsmsg_rcode rcode;
	uint16_t flags;
	uint16_t counts[4]; /* questions, answers, authority, additional */
};

/* Where a record belongs. */
enum dnsmsg_section { DNSMSG_ANSWER = 1, DNSMSG_AUTHORITY = 2 };

/* Begins a reply in out[cap]; `query` is borrowed until it ends. */
void dnsmsg_reply_begin(struct dnsmsg_reply *r,
			const struct dnsmsg_query *query, uint8_t *out,
			size_t cap);

/*
 * Begins a record of the question's own name; its data is then written to
 * r->w, and dnsmsg_record_end told what this one gave.
 */
size_t dnsmsg_record_begin(struct dnsmsg_reply *r, enum dnsmsg_section section,
			   enum dnsmsg_type type, uint32_t ttl_s);

/* The same for any owner. */
size_t dnsmsg_record_begin_at(struct dnsmsg_reply *r,
			      enum dnsmsg_section section,
			      const struct dnsname *owner,
			      enum dnsmsg_type type, uint32_t ttl_s);
void dnsmsg_record_end(struct dnsmsg_reply *r, size_t begin);

/*
 * Ends it with EDNS where the query had it; over `limit` bytes, it is
 * the question alone, and says that it is truncated. Returns its length.
 */
size_t dnsmsg_reply_end(struct dnsmsg_reply *r, size_t limit);

/* How much the asker of this query takes. */
size_t dnsmsg_limit(const struct dnsmsg_query *q, bool tcp);

/* Writes a query of our own for the same question. Its length, or 0. */
size_t dnsmsg_forward(const struct dnsmsg_query *q, uint16_t id, uint8_t *out,
		      size_t cap);

/*
 * Makes of an upstream's reply one to the query: its id, and the question in
 * the asker's case; without the AD bit, since nothing was validated on the way
 * (RFC 4035 3.2.3). False when it is no reply to that question.
 */
bool dnsmsg_adopt(const struct dnsmsg_query *q, uint8_t *bytes, size_t len);

/* Whether any record of a reply is a HIT: an AAAA with one, or of type HIP.
 * True, too, for what cannot be read to its end. */
bool dnsmsg_names_hit(const uint8_t *bytes, size_t len);

#endif
