/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The parameters of RFC 7401 5.2 and RFC 7402 5.1. A parser takes exactly
 * one parameter's contents: bytes that are missing or left over are
 * malformed. Reserved fields are zero when sent and ignored when received.
 */
#include "daemon/hip/param.h"

#include <assert.h>

enum {
	/* RFC 7401 5.2.8, RFC 7402 5.1.2: none may be sent beyond these. */
	SUITE_IDS_MAX = 6,
	/* RFC 7401 5.2.9: DI-Type takes 4 bits of 16. */
	DI_LEN_BITS = 12,
	/* RFC 3602: AES's block, hence the IV; all our ciphers are AES. */
	CIPHER_BLOCK_LEN = 16,
};

_Static_assert((int)SUITE_IDS_MAX <= (int)IDS_MAX,
	       "a list holds all suite ids");
_Static_assert((int)DI_MAX < 1 << DI_LEN_BITS, "DI Length holds our longest");

enum drop esp_info_parse(struct rd r, struct esp_info *out)
{
	struct esp_info v = { 0 };

	rd_skip(&r, 2); /* Reserved */
	v.keymat_index = rd_u16(&r);
	v.old_spi = rd_u32(&r);
	v.new_spi = rd_u32(&r);
	if (!rd_done(&r))
		return DROP_MALFORMED;
	*out = v;
	return DROP_NONE;
}

void esp_info_write(struct packet_out *p, const struct esp_info *v)
{
	param_begin(p, PARAM_ESP_INFO);
	wr_u16(&p->w, 0); /* Reserved */
	wr_u16(&p->w, v->keymat_index);
	wr_u32(&p->w, v->old_spi);
	wr_u32(&p->w, v->new_spi);
	param_end(p);
}

enum drop r1_counter_parse(struct rd r, struct r1_counter *out)
{
	struct r1_counter v = { 0 };

	v.reserved = rd_u32(&r);
	v.counter = rd_u64(&r);
	if (!rd_done(&r))
		return DROP_MALFORMED;
	*out = v;
	return DROP_NONE;
}

void r1_counter_write(struct packet_out *p, const struct r1_counter *v)
{
	param_begin(p, PARAM_R1_COUNTER);
	wr_u32(&p->w, v->reserved);
	wr_u64(&p->w, v->counter);
	param_end(p);
}

enum drop puzzle_param_parse(struct rd r, size_t rhash_len,
			     struct puzzle_param *out)
{
	struct puzzle_param v = { 0 };

	assert(rhash_len <= sizeof(v.i)); /* the caller chose the suite */
	v.k = rd_u8(&r);
	v.lifetime = rd_u8(&r);
	v.opaque = rd_u16(&r);
	rd_copy(&r, v.i, rhash_len);
	if (!rd_done(&r))
		return DROP_MALFORMED;
	*out = v;
	return DROP_NONE;
}

void puzzle_param_write(struct packet_out *p, size_t rhash_len,
			const struct puzzle_param *v)
{
	assert(rhash_len <= sizeof(v->i));
	param_begin(p, PARAM_PUZZLE);
	wr_u8(&p->w, v->k);
	wr_u8(&p->w, v->lifetime);
	wr_u16(&p->w, v->opaque);
	wr_bytes(&p->w, v->i, rhash_len);
	param_end(p);
}

enum drop solution_param_parse(struct rd r, size_t rhash_len,
			       struct solution_param *out)
{
	struct solution_param v = { 0 };

	assert(rhash_len <= sizeof(v.i));
	v.k = rd_u8(&r);
	rd_skip(&r, 1); /* Reserved */
	v.opaque = rd_u16(&r);
	rd_copy(&r, v.i, rhash_len);
	rd_copy(&r, v.j, rhash_len);
	if (!rd_done(&r))
		return DROP_MALFORMED;
	*out = v;
	return DROP_NONE;
}

void solution_param_write(struct packet_out *p, size_t rhash_len,
			  const struct solution_param *v)
{
	assert(rhash_len <= sizeof(v->i));
	param_begin(p, PARAM_SOLUTION);
	wr_u8(&p->w, v->k);
	wr_u8(&p->w, 0); /* Reserved */
	wr_u16(&p->w, v->opaque);
	wr_bytes(&p->w, v->i, rhash_len);
	wr_bytes(&p->w, v->j, rhash_len);
	param_end(p);
}

bool id_list_has(const struct id_list *list, uint16_t id)
{
	for (size_t i = 0; i < list->n; i++) {
		if (list->ids[i] == id)
			return true;
	}
	return false;
}

/* Ids of one byte, moved down by `shift` bits. A list of none is malformed. */
static enum drop parse_ids_8(struct rd r, unsigned int shift,
			     struct id_list *out)
{
	struct id_list v = { 0 };

	if (rd_left(&r) == 0)
		return DROP_MALFORMED;
	while (rd_left(&r) > 0 && v.n < IDS_MAX)
		v.ids[v.n++] = rd_u8(&r) >> shift;
	*out = v;
	return DROP_NONE;
}

/* Ids of two bytes, of which the first max are looked at. */
static enum drop parse_ids_16(struct rd r, size_t max, struct id_list *out)
{
	struct id_list v = { 0 };

	if (rd_left(&r) == 0 || rd_left(&r) % 2 != 0)
		return DROP_MALFORMED;
	while (rd_left(&r) > 0 && v.n < max)
		v.ids[v.n++] = rd_u16(&r);
	*out = v;
	return DROP_NONE;
}

static void write_ids_8(struct packet_out *p, uint16_t type, unsigned int shift,
			const struct id_list *v)
{
	assert(v->n <= IDS_MAX);
	param_begin(p, type);
	for (size_t i = 0; i < v->n; i++)
		wr_u8(&p->w, (uint8_t)(v->ids[i] << shift));
	param_end(p);
}

static void write_ids_16(struct packet_out *p, size_t max,
			 const struct id_list *v)
{
	assert(v->n <= IDS_MAX);
	for (size_t i = 0; i < v->n && i < max; i++)
		wr_u16(&p->w, v->ids[i]);
}

enum drop dh_group_list_parse(struct rd r, struct id_list *out)
{
	return parse_ids_8(r, 0, out);
}

void dh_group_list_write(struct packet_out *p, const struct id_list *v)
{
	write_ids_8(p, PARAM_DH_GROUP_LIST, 0, v);
}

enum drop hip_cipher_parse(struct rd r, struct id_list *out)
{
	/* 5.2.8: accept the first six and drop the rest. */
	return parse_ids_16(r, SUITE_IDS_MAX, out);
}

void hip_cipher_write(struct packet_out *p, const struct id_list *v)
{
	param_begin(p, PARAM_HIP_CIPHER);
	write_ids_16(p, SUITE_IDS_MAX, v);
	param_end(p);
}

enum drop hit_suite_list_parse(struct rd r, struct id_list *out)
{
	struct rd all = r;

	/* 5.2.10: four lower bits that are not 0 SHOULD be an error. */
	while (rd_left(&all) > 0) {
		if ((rd_u8(&all) & 0x0f) != 0)
			return DROP_HIT_SUITE;
	}
	return parse_ids_8(r, 4, out);
}

void hit_suite_list_write(struct packet_out *p, const struct id_list *v)
{
	write_ids_8(p, PARAM_HIT_SUITE_LIST, 4, v);
}

enum drop transport_format_list_parse(struct rd r, struct id_list *out)
{
	return parse_ids_16(r, IDS_MAX, out);
}

void transport_format_list_write(struct packet_out *p, const struct id_list *v)
{
	param_begin(p, PARAM_TRANSPORT_FORMAT_LIST);
	write_ids_16(p, IDS_MAX, v);
	param_end(p);
}

enum drop transport_mode_parse(struct rd r, struct transport_mode *out)
{
	struct transport_mode v = { .port = rd_u16(&r) };
	enum drop d = DROP_NONE;

	if (rd_failed(&r))
		return DROP_MALFORMED;
	if (rd_left(&r) > 0)
		d = parse_ids_16(r, IDS_MAX, &v.modes);
	if (d == DROP_NONE)
		*out = v;
	return d;
}

void transport_mode_write(struct packet_out *p, const struct transport_mode *v)
{
	param_begin(p, PARAM_HIP_TRANSPORT_MODE);
	wr_u16(&p->w, v->port);
	write_ids_16(p, IDS_MAX, &v->modes);
	param_end(p);
}

enum drop esp_transform_parse(struct rd r, struct id_list *out)
{
	rd_skip(&r, 2); /* Reserved */
	/* RFC 7402 5.1.2: be prepared for more than six. */
	return parse_ids_16(r, SUITE_IDS_MAX, out);
}

void esp_transform_write(struct packet_out *p, const struct id_list *v)
{
	param_begin(p, PARAM_ESP_TRANSFORM);
	wr_u16(&p->w, 0); /* Reserved */
	write_ids_16(p, SUITE_IDS_MAX, v);
	param_end(p);
}

enum drop dh_param_parse(struct rd r, struct dh_param *out)
{
	struct dh_param v = { 0 };

	v.group = rd_u8(&r);
	v.len = rd_u16(&r);
	v.value = rd_bytes(&r, v.len);
	if (!rd_done(&r) || v.len == 0)
		return DROP_MALFORMED;
	*out = v;
	return DROP_NONE;
}

void dh_param_write(struct packet_out *p, const struct dh_param *v)
{
	assert(v->len <= UINT16_MAX);
	param_begin(p, PARAM_DIFFIE_HELLMAN);
	wr_u8(&p->w, v->group);
	wr_u16(&p->w, (uint16_t)v->len);
	wr_bytes(&p->w, v->value, v->len);
	param_end(p);
}

enum drop host_id_parse(struct rd r, struct host_id *out)
{
	struct host_id v = { 0 };
	uint16_t di;

	v.hi_len = rd_u16(&r);
	di = rd_u16(&r);
	v.di_type = (uint8_t)(di >> DI_LEN_BITS);
	v.di_len = di & ((1 << DI_LEN_BITS) - 1);
	v.algorithm = rd_u16(&r);
	v.hi = rd_bytes(&r, v.hi_len);
	v.di = rd_bytes(&r, v.di_len);
	if (!rd_done(&r) || v.hi_len == 0)
		return DROP_MALFORMED;
	/* 5.2.9: without a DI-Type the DI Length is zero as well. */
	if (v.di_type == 0 && v.di_len != 0)
		return DROP_MALFORMED;
	if (v.hi_len > HI_MAX || v.di_len > DI_MAX)
		return DROP_LIMIT;
	*out = v;
	return DROP_NONE;
}

void host_id_write(struct packet_out *p, const struct host_id *v)
{
	assert(v->hi_len <= HI_MAX && v->di_len <= DI_MAX && v->di_type < 16);
	assert(v->di_type != 0 || v->di_len == 0);
	param_begin(p, PARAM_HOST_ID);
	wr_u16(&p->w, (uint16_t)v->hi_len);
	wr_u16(&p->w, (uint16_t)(v->di_type << DI_LEN_BITS | v->di_len));
	wr_u16(&p->w, v->algorithm);
	wr_bytes(&p->w, v->hi, v->hi_len);
	wr_bytes(&p->w, v->di, v->di_len);
	param_end(p);
}

enum drop cert_parse(struct rd r, struct cert_param *out)
{
	struct cert_param v = { 0 };

	v.group = rd_u8(&r);
	v.count = rd_u8(&r);
	v.id = rd_u8(&r);
	v.type = rd_u8(&r);
	v.len = rd_left(&r);
	v.bytes = rd_bytes(&r, v.len);
	if (!rd_done(&r) || v.id == 0 || v.id > v.count)
		return DROP_MALFORMED;
	*out = v;
	return DROP_NONE;
}

void cert_write(struct packet_out *p, const struct cert_param *v)
{
	param_begin(p, PARAM_CERT);
	wr_u8(&p->w, v->group);
	wr_u8(&p->w, v->count);
	wr_u8(&p->w, v->id);
	wr_u8(&p->w, v->type);
	wr_bytes(&p->w, v->bytes, v->len);
	param_end(p);
}

enum drop seq_parse(struct rd r, uint32_t *update_id)
{
	uint32_t v = rd_u32(&r);

	if (!rd_done(&r))
		return DROP_MALFORMED;
	*update_id = v;
	return DROP_NONE;
}

void seq_write(struct packet_out *p, uint32_t update_id)
{
	param_begin(p, PARAM_SEQ);
	wr_u32(&p->w, update_id);
	param_end(p);
}

enum drop ack_parse(struct rd r, struct ack_list *out)
{
	struct ack_list v = { 0 };

	/* 5.2.17: one or more Update IDs. */
	if (rd_left(&r) == 0 || rd_left(&r) % 4 != 0)
		return DROP_MALFORMED;
	while (rd_left(&r) > 0 && v.n < IDS_MAX)
		v.ids[v.n++] = rd_u32(&r);
	*out = v;
	return DROP_NONE;
}

void ack_write(struct packet_out *p, const struct ack_list *v)
{
	assert(v->n > 0 && v->n <= IDS_MAX);
	param_begin(p, PARAM_ACK);
	for (size_t i = 0; i < v->n; i++)
		wr_u32(&p->w, v->ids[i]);
	param_end(p);
}

enum drop encrypted_parse(struct rd r, struct encrypted *out)
{
	struct encrypted v = { 0 };

	rd_skip(&r, 4); /* Reserved */
	v.iv = rd_bytes(&r, CIPHER_BLOCK_LEN);
	v.len = rd_left(&r);
	v.bytes = rd_bytes(&r, v.len);
	/* 5.2.18: PKCS#5 padding leaves one block at least, and whole ones. */
	if (!rd_done(&r) || v.len == 0 || v.len % CIPHER_BLOCK_LEN != 0)
		return DROP_MALFORMED;
	*out = v;
	return DROP_NONE;
}

enum drop notification_parse(struct rd r, struct notification *out)
{
	struct notification v = { 0 };

	rd_skip(&r, 2); /* Reserved */
	v.type = rd_u16(&r);
	v.len = rd_left(&r);
	v.data = rd_bytes(&r, v.len);
	if (!rd_done(&r))
		return DROP_MALFORMED;
	*out = v;
	return DROP_NONE;
}

void notification_write(struct packet_out *p, const struct notification *v)
{
	param_begin(p, PARAM_NOTIFICATION);
	wr_u16(&p->w, 0); /* Reserved */
	wr_u16(&p->w, v->type);
	wr_bytes(&p->w, v->data, v->len);
	param_end(p);
}

enum drop signature_parse(struct rd r, struct signature_param *out)
{
	struct signature_param v = { 0 };

	v.algorithm = rd_u16(&r);
	v.len = rd_left(&r);
	v.sig = rd_bytes(&r, v.len);
	if (!rd_done(&r) || v.len == 0)
		return DROP_MALFORMED;
	*out = v;
	return DROP_NONE;
}

enum drop via_rvs_parse(struct rd r, struct via_rvs *out)
{
	struct via_rvs v = { .n = 0 };

	while (rd_left(&r) > 0) {
		struct locator server = { .port = 0 };

		rd_copy(&r, server.addr, sizeof(server.addr));
		if (rd_failed(&r))
			return DROP_MALFORMED;
		if (v.n < VIA_RVS_MAX)
			v.servers[v.n++] = server;
	}
	if (v.n == 0)
		return DROP_MALFORMED;
	*out = v;
	return DROP_NONE;
}

void via_rvs_write(struct packet_out *p, const struct via_rvs *v)
{
	assert(v->n > 0 && v->n <= VIA_RVS_MAX);
	param_begin(p, PARAM_VIA_RVS);
	for (size_t i = 0; i < v->n; i++)
		wr_bytes(&p->w, v->servers[i].addr, sizeof(v->servers[i].addr));
	param_end(p);
}
