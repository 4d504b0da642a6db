/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The table, and how its changes are made. Changes to parameters take the
 * packet apart and lay it out again, with a Header Length that fits; so each
 * packet is wrong only in the way that its name says.
 */
#include "tests/unit/malformed.h"

#include "tests/unit/pcap.h"
#include "tests/unit/rewrite.h"

#include <string.h>

enum { PIECES_MAX = 2 * PARAMS_MAX, BODY_MAX = HIP_PACKET_MAX };

const struct malformed malformed[] = {
	/* Header. */
	{ "nothing at all", HIP_I1, CUT, 0, 0, 0, DROP_MALFORMED },
	{ "one byte", HIP_I1, CUT, 0, 1, 0, DROP_MALFORMED },
	{ "three bytes", HIP_I1, CUT, 0, 3, 0, DROP_MALFORMED },
	{ "no receiver HIT", HIP_I1, CUT, 0, 24, 0, DROP_MALFORMED },
	{ "half a receiver HIT", HIP_I1, CUT, 0, 39, 0, DROP_MALFORMED },
	{ "parameters cut off", HIP_R1, CUT, 0, 40, 0, DROP_MALFORMED },
	{ "last 8 bytes cut off", HIP_R1, CUT, 0, 752, 0, DROP_MALFORMED },
	{ "last byte cut off", HIP_R1, CUT, 0, 759, 0, DROP_MALFORMED },
	{ "Header Length 0", HIP_I1, BYTE, 0, 1, 0, DROP_MALFORMED },
	{ "Header Length 3", HIP_I1, BYTE, 0, 1, 3, DROP_MALFORMED },
	{ "Header Length in the middle of a parameter", HIP_I1, BYTE, 0, 1, 5,
	  DROP_MALFORMED },
	{ "Header Length one too long", HIP_I1, BYTE, 0, 1, 7, DROP_MALFORMED },
	{ "Header Length 255", HIP_R1, BYTE, 0, 1, 255, DROP_MALFORMED },
	{ "Next Header HIP", HIP_R1, BYTE, 0, 0, 139, DROP_MALFORMED },
	{ "version 0", HIP_R1, BYTE, 0, 3, 0x01, DROP_VERSION },
	{ "version 1", HIP_R1, BYTE, 0, 3, 0x11, DROP_VERSION },
	{ "version 3", HIP_R1, BYTE, 0, 3, 0x31, DROP_VERSION },
	{ "version 15", HIP_R1, BYTE, 0, 3, 0xf1, DROP_VERSION },
	{ "packet type 0", HIP_I2, BYTE, 0, 2, 0, DROP_PACKET_TYPE },
	{ "packet type 5", HIP_I2, BYTE, 0, 2, 5, DROP_PACKET_TYPE },
	{ "packet type 15", HIP_I2, BYTE, 0, 2, 15, DROP_PACKET_TYPE },
	{ "packet type HDRR", HIP_I2, BYTE, 0, 2, 20, DROP_PACKET_TYPE },
	{ "packet type HIP_DATA", HIP_I2, BYTE, 0, 2, 32, DROP_PACKET_TYPE },
	{ "packet type 127", HIP_I2, BYTE, 0, 2, 127, DROP_PACKET_TYPE },

	/* Type and Length of parameters. */
	{ "the only parameter beyond the end", HIP_I1, LENGTH,
	  PARAM_DH_GROUP_LIST, 13, 0, DROP_MALFORMED },
	{ "the only parameter far beyond the end", HIP_I1, LENGTH,
	  PARAM_DH_GROUP_LIST, 65535, 0, DROP_MALFORMED },
	{ "the first parameter far beyond the end", HIP_R1, LENGTH,
	  PARAM_PUZZLE, 65535, 0, DROP_MALFORMED },
	{ "a parameter whose padded length wraps 16 bits", HIP_R1, LENGTH,
	  PARAM_HOST_ID, 65533, 0, DROP_MALFORMED },
	{ "the last parameter beyond the end", HIP_R1, LENGTH,
	  PARAM_HIP_SIGNATURE_2, 261, 0, DROP_MALFORMED },
	{ "the last parameter far beyond the end", HIP_UPDATE, LENGTH,
	  PARAM_HIP_SIGNATURE, 65535, 0, DROP_MALFORMED },
	{ "more parameters than a packet needs", HIP_NOTIFY, MANY,
	  PARAM_NOTIFICATION, PARAMS_MAX + 1, 4, DROP_MALFORMED },

	/* Order (RFC 7401 5.2.1). */
	{ "PUZZLE behind DH_GROUP_LIST", HIP_R1, SWAP, PARAM_PUZZLE, 0, 0,
	  DROP_PARAM_ORDER },
	{ "HIP_CIPHER behind HOST_ID", HIP_R1, SWAP, PARAM_HIP_CIPHER, 0, 0,
	  DROP_PARAM_ORDER },
	{ "ESP_TRANSFORM behind the signature", HIP_R1, SWAP,
	  PARAM_ESP_TRANSFORM, 0, 0, DROP_PARAM_ORDER },
	{ "ESP_INFO behind SOLUTION", HIP_I2, SWAP, PARAM_ESP_INFO, 0, 0,
	  DROP_PARAM_ORDER },
	{ "HIP_MAC behind the signature", HIP_I2, SWAP, PARAM_HIP_MAC, 0, 0,
	  DROP_PARAM_ORDER },
	{ "HIP_MAC_2 behind the signature", HIP_R2, SWAP, PARAM_HIP_MAC_2, 0, 0,
	  DROP_PARAM_ORDER },
	{ "SEQ behind HIP_MAC", HIP_UPDATE, SWAP, PARAM_SEQ, 0, 0,
	  DROP_PARAM_ORDER },
	{ "the highest type comes first", HIP_R1, TYPE, PARAM_PUZZLE, 65534, 0,
	  DROP_PARAM_ORDER },
	{ "the lowest type comes last", HIP_R1, TYPE, PARAM_HIP_SIGNATURE_2, 0,
	  0, DROP_PARAM_ORDER },
	{ "equal types that are not adjacent", HIP_R1, APPEND, PARAM_PUZZLE, 36,
	  0, DROP_PARAM_ORDER },
	{ "an unknown type out of order", HIP_I2, APPEND, 32768, 4, 0,
	  DROP_PARAM_ORDER },
	{ "a critical type out of order", HIP_I2, APPEND, 32769, 4, 0,
	  DROP_PARAM_ORDER },

	/* Twice what may come once. */
	{ "ESP_INFO with the contents of two", HIP_I2, SIZE, PARAM_ESP_INFO, 24,
	  0, DROP_MALFORMED },
	{ "two R1_COUNTERs", HIP_R1, MANY, PARAM_R1_COUNTER, 2, 12,
	  DROP_MALFORMED },
	{ "two PUZZLEs", HIP_R1, TWICE, PARAM_PUZZLE, 0, 0, DROP_MALFORMED },
	{ "two SOLUTIONs", HIP_I2, TWICE, PARAM_SOLUTION, 0, 0,
	  DROP_MALFORMED },
	{ "two SEQs", HIP_UPDATE, TWICE, PARAM_SEQ, 0, 0, DROP_MALFORMED },
	{ "two ACKs", HIP_UPDATE, MANY, PARAM_ACK, 2, 4, DROP_MALFORMED },
	{ "two DH_GROUP_LISTs", HIP_I1, TWICE, PARAM_DH_GROUP_LIST, 0, 0,
	  DROP_MALFORMED },
	{ "two DIFFIE_HELLMANs", HIP_R1, TWICE, PARAM_DIFFIE_HELLMAN, 0, 0,
	  DROP_MALFORMED },
	{ "two HIP_CIPHERs", HIP_R1, TWICE, PARAM_HIP_CIPHER, 0, 0,
	  DROP_MALFORMED },
	{ "two ENCRYPTEDs", HIP_I2, MANY, PARAM_ENCRYPTED, 2, 36,
	  DROP_MALFORMED },
	{ "two HOST_IDs", HIP_R1, TWICE, PARAM_HOST_ID, 0, 0, DROP_MALFORMED },
	{ "two HIT_SUITE_LISTs", HIP_R1, TWICE, PARAM_HIT_SUITE_LIST, 0, 0,
	  DROP_MALFORMED },
	{ "two ECHO_REQUEST_SIGNEDs", HIP_CLOSE, MANY,
	  PARAM_ECHO_REQUEST_SIGNED, 2, 8, DROP_MALFORMED },
	{ "two ECHO_RESPONSE_SIGNEDs", HIP_CLOSE_ACK, MANY,
	  PARAM_ECHO_RESPONSE_SIGNED, 2, 8, DROP_MALFORMED },
	{ "two TRANSPORT_FORMAT_LISTs", HIP_R1, TWICE,
	  PARAM_TRANSPORT_FORMAT_LIST, 0, 0, DROP_MALFORMED },
	{ "two ESP_TRANSFORMs", HIP_R1, TWICE, PARAM_ESP_TRANSFORM, 0, 0,
	  DROP_MALFORMED },
	{ "two HIP_MACs", HIP_I2, TWICE, PARAM_HIP_MAC, 0, 0, DROP_MALFORMED },
	{ "two HIP_MAC_2s", HIP_R2, TWICE, PARAM_HIP_MAC_2, 0, 0,
	  DROP_MALFORMED },
	{ "two HIP_SIGNATURE_2s", HIP_R1, TWICE, PARAM_HIP_SIGNATURE_2, 0, 0,
	  DROP_MALFORMED },
	{ "two HIP_SIGNATUREs", HIP_I2, TWICE, PARAM_HIP_SIGNATURE, 0, 0,
	  DROP_MALFORMED },

	/* Critical parameters that nobody here knows (T6). */
	{ "critical type 1", HIP_R1, ADD, 1, 4, 0, DROP_PARAM_CRITICAL },
	{ "LOCATOR_SET", HIP_I2, ADD, PARAM_LOCATOR_SET, 24, 0,
	  DROP_PARAM_CRITICAL },
	{ "HIPv1's HIP_TRANSFORM", HIP_R1, ADD, 577, 4, 0,
	  DROP_PARAM_CRITICAL },
	{ "ROUTE_DST", HIP_I1, ADD, 4601, 20, 0, DROP_PARAM_CRITICAL },
	{ "a private critical type", HIP_UPDATE, ADD, 32769, 0, 0,
	  DROP_PARAM_CRITICAL },
	{ "OVERLAY_TTL behind the signature", HIP_R2, ADD, 64011, 4, 0,
	  DROP_PARAM_CRITICAL },
	{ "critical type 65535", HIP_I2, ADD, 65535, 4, 0,
	  DROP_PARAM_CRITICAL },

	/* Contents. */
	{ "ESP_INFO short", HIP_I2, SIZE, PARAM_ESP_INFO, 11, 0,
	  DROP_MALFORMED },
	{ "ESP_INFO long", HIP_R2, SIZE, PARAM_ESP_INFO, 13, 0,
	  DROP_MALFORMED },
	{ "ESP_INFO empty", HIP_R2, SIZE, PARAM_ESP_INFO, 0, 0,
	  DROP_MALFORMED },
	{ "R1_COUNTER short", HIP_R1, ADD, PARAM_R1_COUNTER, 11, 0,
	  DROP_MALFORMED },
	{ "R1_COUNTER long", HIP_I2, ADD, PARAM_R1_COUNTER, 13, 0,
	  DROP_MALFORMED },
	{ "PUZZLE empty", HIP_R1, SIZE, PARAM_PUZZLE, 0, 0, DROP_MALFORMED },
	{ "PUZZLE of HIPv1's length", HIP_R1, SIZE, PARAM_PUZZLE, 12, 0,
	  DROP_MALFORMED },
	{ "PUZZLE short", HIP_R1, SIZE, PARAM_PUZZLE, 35, 0, DROP_MALFORMED },
	{ "PUZZLE long", HIP_R1, SIZE, PARAM_PUZZLE, 37, 0, DROP_MALFORMED },
	{ "SOLUTION of HIPv1's length", HIP_I2, SIZE, PARAM_SOLUTION, 20, 0,
	  DROP_MALFORMED },
	{ "SOLUTION short", HIP_I2, SIZE, PARAM_SOLUTION, 67, 0,
	  DROP_MALFORMED },
	{ "SOLUTION long", HIP_I2, SIZE, PARAM_SOLUTION, 69, 0,
	  DROP_MALFORMED },
	{ "SEQ short", HIP_UPDATE, SIZE, PARAM_SEQ, 3, 0, DROP_MALFORMED },
	{ "SEQ long", HIP_UPDATE, SIZE, PARAM_SEQ, 8, 0, DROP_MALFORMED },
	{ "ACK of nothing", HIP_UPDATE, ADD, PARAM_ACK, 0, 0, DROP_MALFORMED },
	{ "ACK of one id and a half", HIP_UPDATE, ADD, PARAM_ACK, 6, 0,
	  DROP_MALFORMED },
	{ "DH_GROUP_LIST empty", HIP_I1, SIZE, PARAM_DH_GROUP_LIST, 0, 0,
	  DROP_MALFORMED },
	{ "DIFFIE_HELLMAN empty", HIP_R1, SIZE, PARAM_DIFFIE_HELLMAN, 0, 0,
	  DROP_MALFORMED },
	{ "DIFFIE_HELLMAN with nothing behind its header", HIP_R1, SIZE,
	  PARAM_DIFFIE_HELLMAN, 3, 0, DROP_MALFORMED },
	{ "Public Value longer than its parameter", HIP_R1, BODY,
	  PARAM_DIFFIE_HELLMAN, 2, 65, DROP_MALFORMED },
	{ "Public Value shorter than its parameter", HIP_I2, BODY,
	  PARAM_DIFFIE_HELLMAN, 2, 63, DROP_MALFORMED },
	{ "Public Value far longer than the packet", HIP_I2, BODY,
	  PARAM_DIFFIE_HELLMAN, 1, 255, DROP_MALFORMED },
	{ "HIP_CIPHER empty", HIP_R1, SIZE, PARAM_HIP_CIPHER, 0, 0,
	  DROP_MALFORMED },
	{ "HIP_CIPHER of an odd length", HIP_I2, SIZE, PARAM_HIP_CIPHER, 3, 0,
	  DROP_MALFORMED },
	{ "ENCRYPTED empty", HIP_I2, ADD, PARAM_ENCRYPTED, 0, 0,
	  DROP_MALFORMED },
	{ "ENCRYPTED without a block", HIP_I2, ADD, PARAM_ENCRYPTED, 20, 0,
	  DROP_MALFORMED },
	{ "ENCRYPTED with half a block", HIP_I2, ADD, PARAM_ENCRYPTED, 44, 0,
	  DROP_MALFORMED },
	{ "HOST_ID empty", HIP_R1, SIZE, PARAM_HOST_ID, 0, 0, DROP_MALFORMED },
	{ "HOST_ID short", HIP_R1, SIZE, PARAM_HOST_ID, 283, 0,
	  DROP_MALFORMED },
	{ "HOST_ID long", HIP_I2, SIZE, PARAM_HOST_ID, 285, 0, DROP_MALFORMED },
	{ "Host Identity of no length", HIP_R1, MANY, PARAM_HOST_ID, 1, 6,
	  DROP_MALFORMED },
	{ "Host Identity longer than its parameter", HIP_R1, BODY,
	  PARAM_HOST_ID, 0, 255, DROP_MALFORMED },
	{ "Domain Identifier longer than its parameter", HIP_I2, BODY,
	  PARAM_HOST_ID, 2, 0x2f, DROP_MALFORMED },
	{ "Domain Identifier without a type", HIP_R1, BODY, PARAM_HOST_ID, 2, 0,
	  DROP_MALFORMED },
	{ "HIT_SUITE_LIST empty", HIP_R1, SIZE, PARAM_HIT_SUITE_LIST, 0, 0,
	  DROP_MALFORMED },
	{ "a HIT suite in the lower half", HIP_R1, BODY, PARAM_HIT_SUITE_LIST,
	  0, 0x01, DROP_HIT_SUITE },
	{ "NOTIFICATION short", HIP_NOTIFY, ADD, PARAM_NOTIFICATION, 3, 0,
	  DROP_MALFORMED },
	{ "TRANSPORT_FORMAT_LIST empty", HIP_R1, SIZE,
	  PARAM_TRANSPORT_FORMAT_LIST, 0, 0, DROP_MALFORMED },
	{ "TRANSPORT_FORMAT_LIST of an odd length", HIP_I2, SIZE,
	  PARAM_TRANSPORT_FORMAT_LIST, 3, 0, DROP_MALFORMED },
	{ "ESP_TRANSFORM without a suite", HIP_R1, SIZE, PARAM_ESP_TRANSFORM, 2,
	  0, DROP_MALFORMED },
	{ "ESP_TRANSFORM of an odd length", HIP_I2, SIZE, PARAM_ESP_TRANSFORM,
	  5, 0, DROP_MALFORMED },
	{ "HIP_SIGNATURE empty", HIP_I2, SIZE, PARAM_HIP_SIGNATURE, 0, 0,
	  DROP_MALFORMED },
	{ "HIP_SIGNATURE without a signature", HIP_R2, SIZE,
	  PARAM_HIP_SIGNATURE, 2, 0, DROP_MALFORMED },
	{ "HIP_SIGNATURE_2 without a signature", HIP_R1, SIZE,
	  PARAM_HIP_SIGNATURE_2, 2, 0, DROP_MALFORMED },
};

const size_t malformed_count = sizeof(malformed) / sizeof(malformed[0]);

/* A packet taken apart. */
struct pieces {
	struct {
		uint16_t type;
		uint32_t length; /* what the Length field says */
		size_t len;
		uint8_t body[BODY_MAX];
	} p[PIECES_MAX];
	size_t n;
};

/*
 * The first packet of that type in a capture. It has no NOTIFY, CLOSE or
 * CLOSE_ACK: UPDATE's header serves for those.
 */
static bool find_valid(uint8_t type, struct pcap *cap, struct packet *out)
{
	uint8_t wanted = type > HIP_UPDATE ? HIP_UPDATE : type;
	struct pcap_packet c;

	if (!pcap_open(cap, "cutehip-7401-udp"))
		return false;
	while (pcap_next(cap, &c)) {
		if (c.kind == PCAP_HIP &&
		    packet_parse(c.bytes, c.len, out, NULL) == DROP_NONE &&
		    out->type == wanted)
			return true;
	}
	pcap_close(cap);
	return false;
}

static void take_apart(const struct packet *p, struct pieces *out)
{
	for (size_t i = 0; i < p->n_params; i++) {
		out->p[i].type = p->params[i].type;
		out->p[i].length = p->params[i].len;
		out->p[i].len = p->params[i].len;
		memcpy(out->p[i].body, p->params[i].body, p->params[i].len);
	}
	out->n = p->n_params;
}

static void insert(struct pieces *ps, size_t at, uint16_t type, size_t len,
		   uint8_t fill)
{
	memmove(&ps->p[at + 1], &ps->p[at], (ps->n - at) * sizeof(ps->p[0]));
	ps->n++;
	ps->p[at].type = type;
	ps->p[at].length = (uint32_t)len;
	ps->p[at].len = len;
	memset(ps->p[at].body, fill, len);
}

/* Where a parameter of that type belongs. */
static size_t place(const struct pieces *ps, uint16_t type)
{
	size_t at = 0;

	while (at < ps->n && ps->p[at].type <= type)
		at++;
	return at;
}

/* Changes pieces; false when the parameter is not there. */
static bool change(struct pieces *ps, const struct malformed *m)
{
	static struct pieces copy;
	size_t at = 0;

	switch (m->change) {
	case CUT:
	case BYTE:
		return true;
	case ADD:
		insert(ps, place(ps, m->param), m->param, m->a, (uint8_t)m->b);
		return true;
	case APPEND:
		insert(ps, ps->n, m->param, m->a, (uint8_t)m->b);
		return true;
	case MANY:
		for (uint32_t i = 0; i < m->a; i++)
			insert(ps, place(ps, m->param), m->param, m->b, 0);
		return true;
	default:
		break;
	}
	while (at < ps->n && ps->p[at].type != m->param)
		at++;
	if (at == ps->n)
		return false;
	switch (m->change) {
	case TYPE:
		ps->p[at].type = (uint16_t)m->a;
		return true;
	case LENGTH:
		ps->p[at].length = m->a;
		return true;
	case SIZE:
		ps->p[at].len = m->a;
		ps->p[at].length = m->a;
		return true;
	case BODY:
		ps->p[at].body[m->a] = (uint8_t)m->b;
		return true;
	case TWICE:
		insert(ps, at, ps->p[at].type, ps->p[at].len, 0);
		memcpy(ps->p[at].body, ps->p[at + 1].body, ps->p[at].len);
		return true;
	case SWAP:
		copy.p[0] = ps->p[at];
		ps->p[at] = ps->p[at + 1];
		ps->p[at + 1] = copy.p[0];
		return at + 1 < ps->n;
	default:
		return false;
	}
}

/* Lays a packet out, whatever is in it; its length, or 0. */
static size_t lay_out(const struct packet *p, uint8_t type,
		      const struct pieces *ps, uint8_t *out, size_t cap)
{
	struct wr w = wr_init(out, cap);
	size_t len;

	wr_bytes(&w, p->bytes, HIP_HEADER_LEN);
	for (size_t i = 0; i < ps->n; i++) {
		wr_u16(&w, ps->p[i].type);
		wr_u16(&w, (uint16_t)ps->p[i].length);
		wr_bytes(&w, ps->p[i].body, ps->p[i].len);
		wr_zero(&w, (8 - wr_len(&w) % 8) % 8);
	}
	len = wr_len(&w);
	if (wr_failed(&w) || len > HIP_PACKET_MAX)
		return 0;
	out[1] = (uint8_t)(len / 8 - 1);
	out[2] = type;
	return len;
}

size_t malformed_make(const struct malformed *m, uint8_t *out, size_t cap)
{
	static struct pieces ps;
	struct packet p;
	struct pcap cap_file;
	size_t len;

	if (!find_valid(m->packet, &cap_file, &p))
		return 0;
	take_apart(&p, &ps);
	len = change(&ps, m) ? lay_out(&p, m->packet, &ps, out, cap) : 0;
	pcap_close(&cap_file);
	if (m->change == CUT)
		len = m->a < len ? m->a : 0;
	else if (m->change == BYTE && len > m->a)
		out[m->a] = (uint8_t)m->b;
	return len;
}

enum drop malformed_judge(const uint8_t *bytes, size_t len)
{
	static struct packet_out out;
	struct packet p;
	enum drop d = packet_parse(bytes, len, &p, NULL);

	return d == DROP_NONE ? rewrite_packet(&p, &out) : d;
}
