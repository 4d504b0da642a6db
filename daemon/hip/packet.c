/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The HIP header and the order of parameters: RFC 7401 5.1, 5.2.1. A packet
 * is checked here as far as its form goes, whatever its type; which
 * parameters a type needs is for those who handle it. Checksums are
 * computed here, but judged where the addresses are known.
 */
#include "daemon/hip/packet.h"

#include <assert.h>

/* Offsets in the header (RFC 7401 5.1). */
enum {
	OFFSET_HEADER_LENGTH = 1,
	OFFSET_CHECKSUM = 4,
	PARAM_HEADER_LEN = 4,
	/* Header Length counts 8-byte units without the first one. */
	HEADER_LENGTH_MIN = HIP_HEADER_LEN / 8 - 1,
};

_Static_assert(HIP_PACKET_MAX == (UINT8_MAX + 1) * 8,
	       "Header Length reaches the longest packet");

/* A parameter that we recognise, and whether a packet may repeat it. */
struct known {
	uint16_t type;
	bool repeats;
};

/*
 * RFC 7401 5.3 shows which parameters may come several times, 5.2.19 to
 * 5.2.21 say so for NOTIFICATION and the echoes; RFC 8002 2 for CERT, RFC
 * 8046 5.3 for ESP_INFO, RFC 8004 4.2.2 for FROM, and so for the RVS_HMAC
 * of each. LOCATOR_SET is critical and missing on purpose:
 * only who handles it may say that it recognises it.
 */
static const struct known known[] = {
	{ PARAM_ESP_INFO, true },
	{ PARAM_R1_COUNTER, false },
	{ PARAM_PUZZLE, false },
	{ PARAM_SOLUTION, false },
	{ PARAM_SEQ, false },
	{ PARAM_ACK, false },
	{ PARAM_DH_GROUP_LIST, false },
	{ PARAM_DIFFIE_HELLMAN, false },
	{ PARAM_HIP_CIPHER, false },
	{ PARAM_ENCRYPTED, false },
	{ PARAM_HOST_ID, false },
	{ PARAM_HIT_SUITE_LIST, false },
	{ PARAM_CERT, true },
	{ PARAM_NOTIFICATION, true },
	{ PARAM_ECHO_REQUEST_SIGNED, false },
	{ PARAM_ECHO_RESPONSE_SIGNED, false },
	{ PARAM_TRANSPORT_FORMAT_LIST, false },
	{ PARAM_ESP_TRANSFORM, false },
	{ PARAM_HIP_TRANSPORT_MODE, false },
	{ PARAM_PADDING, false },
	{ PARAM_HIP_MAC, false },
	{ PARAM_HIP_MAC_2, false },
	{ PARAM_HIP_SIGNATURE_2, false },
	{ PARAM_HIP_SIGNATURE, false },
	{ PARAM_ECHO_RESPONSE_UNSIGNED, true },
	{ PARAM_ECHO_REQUEST_UNSIGNED, true },
	{ PARAM_FROM, true },
	{ PARAM_RVS_HMAC, true },
	{ PARAM_VIA_RVS, false },
};

static const struct known *find_known(uint16_t type)
{
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (known[i].type == type)
			return &known[i];
	}
	return NULL;
}

/* RFC 7401 5.2.1: critical parameters have odd types. */
static bool is_critical(uint16_t type)
{
	return (type & 1) != 0;
}

/* Padding behind len bytes of contents (RFC 7401 5.2.1). */
static size_t padding(size_t len)
{
	return (8 - (PARAM_HEADER_LEN + len) % 8) % 8;
}

static bool type_is_known(uint8_t type)
{
	switch (type) {
	case HIP_I1:
	case HIP_R1:
	case HIP_I2:
	case HIP_R2:
	case HIP_UPDATE:
	case HIP_NOTIFY:
	case HIP_CLOSE:
	case HIP_CLOSE_ACK:
		return true;
	default:
		return false;
	}
}

/* Reads one parameter at r, which is `offset` bytes into the packet. */
static enum drop parse_param(struct rd *r, size_t offset, struct param *out)
{
	struct param p = { .offset = offset };

	p.type = rd_u16(r);
	p.len = rd_u16(r);
	p.body = rd_bytes(r, p.len);
	/* 5.2.1: padding SHOULD NOT be checked. */
	rd_skip(r, padding(p.len));
	if (rd_failed(r))
		return DROP_MALFORMED;
	*out = p;
	return DROP_NONE;
}

/* 5.2.1: rising types, equal ones adjacent; and none twice that may not be. */
static enum drop check_order(const struct packet *p, const struct param *next)
{
	const struct known *k = find_known(next->type);
	uint16_t last;

	if (p->n_params == 0)
		return DROP_NONE;
	last = p->params[p->n_params - 1].type;
	if (next->type < last)
		return DROP_PARAM_ORDER;
	if (next->type == last && k && !k->repeats)
		return DROP_MALFORMED;
	return DROP_NONE;
}

/*
 * Walks all parameters, so that a malformed packet is never answered as one
 * whose critical parameter we do not know.
 */
static enum drop parse_params(struct rd r, struct packet *p, uint16_t *critical)
{
	const uint8_t *start = r.p;
	uint16_t unknown = 0;
	enum drop d;

	while (rd_left(&r) > 0) {
		size_t offset = HIP_HEADER_LEN + (size_t)(r.p - start);
		struct param next;

		if (p->n_params == PARAMS_MAX)
			return DROP_MALFORMED;
		d = parse_param(&r, offset, &next);
		if (d == DROP_NONE)
			d = check_order(p, &next);
		if (d != DROP_NONE)
			return d;
		if (unknown == 0 && is_critical(next.type) &&
		    !find_known(next.type))
			unknown = next.type;
		p->params[p->n_params++] = next;
	}
	if (unknown == 0)
		return DROP_NONE;
	if (critical)
		*critical = unknown;
	return DROP_PARAM_CRITICAL;
}

enum drop packet_parse(const uint8_t *bytes, size_t len, struct packet *out,
		       uint16_t *critical)
{
	struct rd r = rd_init(bytes, len);
	struct packet p = { .bytes = bytes };
	uint8_t next_header, version;
	struct rd params;
	enum drop d;

	next_header = rd_u8(&r);
	p.len = ((size_t)rd_u8(&r) + 1) * 8;
	/*
	 * RFC 7401 5.1: the two fixed bits and the reserved ones MUST be
	 * ignored when receiving.
	 */
	p.type = rd_u8(&r) & 0x7f;
	version = rd_u8(&r) >> 4;
	p.checksum = rd_u16(&r);
	p.controls = rd_u16(&r);
	rd_copy(&r, p.sender.bytes, sizeof(p.sender.bytes));
	rd_copy(&r, p.receiver.bytes, sizeof(p.receiver.bytes));
	if (rd_failed(&r))
		return DROP_MALFORMED;
	if (version != HIP_VERSION)
		return DROP_VERSION;
	/*
	 * 5.3: no chain of HIP headers. What follows under another Next
	 * Header MUST be ignored (5.1).
	 */
	if (next_header == HIP_PROTOCOL || p.len < HIP_HEADER_LEN)
		return DROP_MALFORMED;
	params = rd_sub(&r, p.len - HIP_HEADER_LEN);
	if (rd_failed(&r))
		return DROP_MALFORMED;
	if (!type_is_known(p.type))
		return DROP_PACKET_TYPE;
	d = parse_params(params, &p, critical);
	if (d != DROP_NONE)
		return d;
	*out = p;
	return DROP_NONE;
}

const struct param *packet_find(const struct packet *p, uint16_t type)
{
	for (size_t i = 0; i < p->n_params; i++) {
		if (p->params[i].type == type)
			return &p->params[i];
	}
	return NULL;
}

const struct param *packet_next(const struct packet *p,
				const struct param *after)
{
	const struct param *next = after + 1;

	assert(after >= p->params && after < p->params + p->n_params);
	if (next == p->params + p->n_params || next->type != after->type)
		return NULL;
	return next;
}

/* One's complement sum over len bytes; only the last piece may be odd. */
static uint64_t sum(uint64_t acc, const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i + 1 < len; i += 2)
		acc += (uint64_t)bytes[i] << 8 | bytes[i + 1];
	if (len % 2 != 0)
		acc += (uint64_t)bytes[len - 1] << 8;
	return acc;
}

uint16_t packet_checksum(const uint8_t *bytes, size_t len,
			 const struct locator *from, const struct locator *to)
{
	/* Pseudo header: with IPv4 only the last four bytes count. */
	bool v4 = locator_is_v4(from) && locator_is_v4(to);
	size_t skip = v4 ? sizeof(from->addr) - 4 : 0;
	uint64_t acc = HIP_PROTOCOL + len;

	assert(len >= HIP_HEADER_LEN && len <= HIP_PACKET_MAX);
	acc = sum(acc, from->addr + skip, sizeof(from->addr) - skip);
	acc = sum(acc, to->addr + skip, sizeof(to->addr) - skip);
	acc = sum(acc, bytes, OFFSET_CHECKSUM);
	acc = sum(acc, bytes + OFFSET_CHECKSUM + 2, len - OFFSET_CHECKSUM - 2);
	for (int i = 0; i < 4; i++) /* each round at most halves the bits */
		acc = (acc >> 16) + (acc & 0xffff);
	return (uint16_t)~acc;
}

void packet_set_checksum(uint8_t *bytes, size_t len, const struct locator *from,
			 const struct locator *to)
{
	uint16_t sum = packet_checksum(bytes, len, from, to);

	bytes[OFFSET_CHECKSUM] = (uint8_t)(sum >> 8);
	bytes[OFFSET_CHECKSUM + 1] = (uint8_t)sum;
}

void packet_clear_checksum(uint8_t *bytes)
{
	bytes[OFFSET_CHECKSUM] = bytes[OFFSET_CHECKSUM + 1] = 0;
}

void packet_begin(struct packet_out *out, enum hip_packet_type type,
		  uint16_t controls, const struct hit *sender,
		  const struct hit *receiver)
{
	out->w = wr_init(out->bytes, sizeof(out->bytes));
	out->last_type = 0;
	out->open = 0;
	wr_u8(&out->w, HIP_NEXT_HEADER_NONE);
	wr_u8(&out->w, HEADER_LENGTH_MIN);
	wr_u8(&out->w, (uint8_t)type);
	wr_u8(&out->w, HIP_VERSION << 4 | 1); /* the low fixed bit */
	wr_u16(&out->w, 0);		      /* checksum */
	wr_u16(&out->w, controls);
	wr_bytes(&out->w, sender->bytes, sizeof(sender->bytes));
	wr_bytes(&out->w, receiver->bytes, sizeof(receiver->bytes));
}

void param_begin(struct packet_out *out, uint16_t type)
{
	assert(out->open == 0 && type >= out->last_type);
	out->last_type = type;
	out->open = wr_len(&out->w);
	wr_u16(&out->w, type);
	wr_u16(&out->w, 0); /* Length, known at the end */
}

void param_end(struct packet_out *out)
{
	size_t len;

	assert(out->open != 0);
	if (!wr_failed(&out->w)) {
		len = wr_len(&out->w) - out->open - PARAM_HEADER_LEN;
		wr_u16_at(&out->w, out->open + 2, (uint16_t)len);
		wr_zero(&out->w, padding(len));
	}
	out->open = 0;
}

void packet_param(struct packet_out *out, uint16_t type, const void *body,
		  size_t len)
{
	param_begin(out, type);
	wr_bytes(&out->w, body, len);
	param_end(out);
}

bool packet_fix_length(struct packet_out *out)
{
	size_t len = wr_len(&out->w);

	assert(out->open == 0);
	if (wr_failed(&out->w))
		return false;
	assert(len % 8 == 0 && len >= HIP_HEADER_LEN);
	out->bytes[OFFSET_HEADER_LENGTH] = (uint8_t)(len / 8 - 1);
	return true;
}
