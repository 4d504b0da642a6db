/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * R1, I2, R2 and UPDATE in parsed form. A packet that lacks a parameter it must
 * have is told apart from one whose parameter is malformed.
 */
#include "daemon/hip/message.h"

#include "daemon/hip/suite.h"

enum { PARAM_HEADER_LEN = 4 };

static const uint16_t r1_needs[] = {
	PARAM_PUZZLE,
	PARAM_DH_GROUP_LIST,
	PARAM_DIFFIE_HELLMAN,
	PARAM_HIP_CIPHER,
	PARAM_HOST_ID,
	PARAM_HIT_SUITE_LIST,
	PARAM_TRANSPORT_FORMAT_LIST,
	PARAM_ESP_TRANSFORM,
	PARAM_HIP_SIGNATURE_2,
};

/* Our R1s always carry R1_COUNTER, so an I2 to us always echoes it. */
static const uint16_t i2_needs[] = {
	PARAM_ESP_INFO,	      PARAM_R1_COUNTER, PARAM_SOLUTION,
	PARAM_DIFFIE_HELLMAN, PARAM_HIP_CIPHER, PARAM_TRANSPORT_FORMAT_LIST,
	PARAM_ESP_TRANSFORM,  PARAM_HIP_MAC,	PARAM_HIP_SIGNATURE,
};

static const uint16_t r2_needs[] = {
	PARAM_ESP_INFO,
	PARAM_HIP_MAC_2,
	PARAM_HIP_SIGNATURE,
};

static bool has_all(const struct packet *p, const uint16_t *types, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!packet_find(p, types[i]))
			return false;
	}
	return true;
}

/* The contents of a parameter that is there. */
static struct rd contents(const struct packet *p, uint16_t type)
{
	return param_rd(packet_find(p, type));
}

/* RFC 7401 5.2.1: padded to a multiple of 8 bytes with its header. */
static size_t whole_len(size_t contents_len)
{
	return (PARAM_HEADER_LEN + contents_len + 7) / 8 * 8;
}

static struct whole_param whole(const struct packet *p, uint16_t type)
{
	const struct param *param = packet_find(p, type);

	return (struct whole_param){ .bytes = p->bytes + param->offset,
				     .len = whole_len(param->len) };
}

/* RFC 6261 3.1: in R1 and I2 of those who can; without it there is no mode. */
static enum drop parse_mode(const struct packet *p, bool *has,
			    struct transport_mode *out)
{
	*out = (struct transport_mode){ 0 };
	*has = packet_find(p, PARAM_HIP_TRANSPORT_MODE) != NULL;
	return *has ? transport_mode_parse(
			      contents(p, PARAM_HIP_TRANSPORT_MODE), out)
		    : DROP_NONE;
}

enum drop msg_r1_parse(const struct packet *p, struct msg_r1 *out)
{
	size_t rhash_len = suite_rhash_len(hit_suite(&p->sender));
	enum drop d = DROP_NONE;

	if (rhash_len == 0)
		return DROP_HIT_SUITE;
	if (!has_all(p, r1_needs, sizeof(r1_needs) / sizeof(r1_needs[0])))
		return DROP_PARAM_MISSING;
	out->counter = (struct r1_counter){ 0 };
	out->has_counter = packet_find(p, PARAM_R1_COUNTER) != NULL;
	out->host_id_param = whole(p, PARAM_HOST_ID);
	if (out->has_counter)
		d = r1_counter_parse(contents(p, PARAM_R1_COUNTER),
				     &out->counter);
	if (!d)
		d = puzzle_param_parse(contents(p, PARAM_PUZZLE), rhash_len,
				       &out->puzzle);
	if (!d)
		d = dh_group_list_parse(contents(p, PARAM_DH_GROUP_LIST),
					&out->groups);
	if (!d)
		d = dh_param_parse(contents(p, PARAM_DIFFIE_HELLMAN), &out->dh);
	if (!d)
		d = hip_cipher_parse(contents(p, PARAM_HIP_CIPHER),
				     &out->ciphers);
	if (!d)
		d = host_id_parse(contents(p, PARAM_HOST_ID), &out->host_id);
	if (!d)
		d = hit_suite_list_parse(contents(p, PARAM_HIT_SUITE_LIST),
					 &out->suites);
	if (!d)
		d = transport_format_list_parse(
			contents(p, PARAM_TRANSPORT_FORMAT_LIST),
			&out->transports);
	if (!d)
		d = esp_transform_parse(contents(p, PARAM_ESP_TRANSFORM),
					&out->esp);
	if (!d)
		d = parse_mode(p, &out->has_mode, &out->mode);
	return d;
}

/* RFC 7401 5.3.3: ENCRYPTED { HOST_ID } or HOST_ID. */
static enum drop parse_i2_host_id(const struct packet *p, struct msg_i2 *out)
{
	out->is_encrypted = false;
	if (packet_find(p, PARAM_HOST_ID)) {
		out->host_id_param = whole(p, PARAM_HOST_ID);
		return DROP_NONE;
	}
	if (!packet_find(p, PARAM_ENCRYPTED))
		return DROP_PARAM_MISSING;
	out->is_encrypted = true;
	return encrypted_parse(contents(p, PARAM_ENCRYPTED), &out->encrypted);
}

enum drop msg_i2_parse(const struct packet *p, struct msg_i2 *out)
{
	size_t rhash_len = suite_rhash_len(hit_suite(&p->receiver));
	enum drop d;

	if (rhash_len == 0)
		return DROP_HIT_SUITE;
	if (!has_all(p, i2_needs, sizeof(i2_needs) / sizeof(i2_needs[0])))
		return DROP_PARAM_MISSING;
	d = parse_i2_host_id(p, out);
	if (!d)
		d = esp_info_parse(contents(p, PARAM_ESP_INFO), &out->esp_info);
	if (!d)
		d = r1_counter_parse(contents(p, PARAM_R1_COUNTER),
				     &out->counter);
	if (!d)
		d = solution_param_parse(contents(p, PARAM_SOLUTION), rhash_len,
					 &out->solution);
	if (!d)
		d = dh_param_parse(contents(p, PARAM_DIFFIE_HELLMAN), &out->dh);
	if (!d)
		d = hip_cipher_parse(contents(p, PARAM_HIP_CIPHER),
				     &out->ciphers);
	if (!d)
		d = transport_format_list_parse(
			contents(p, PARAM_TRANSPORT_FORMAT_LIST),
			&out->transports);
	if (!d)
		d = esp_transform_parse(contents(p, PARAM_ESP_TRANSFORM),
					&out->esp);
	if (!d)
		d = parse_mode(p, &out->has_mode, &out->mode);
	return d;
}

enum drop msg_r2_parse(const struct packet *p, struct msg_r2 *out)
{
	if (!has_all(p, r2_needs, sizeof(r2_needs) / sizeof(r2_needs[0])))
		return DROP_PARAM_MISSING;
	return esp_info_parse(contents(p, PARAM_ESP_INFO), &out->esp_info);
}

enum drop msg_update_parse(const struct packet *p, struct msg_update *out)
{
	enum drop d = DROP_NONE;

	*out = (struct msg_update){
		.has_seq = packet_find(p, PARAM_SEQ) != NULL,
		.has_esp_info = packet_find(p, PARAM_ESP_INFO) != NULL,
		.has_dh = packet_find(p, PARAM_DIFFIE_HELLMAN) != NULL,
	};
	if (!out->has_seq && !packet_find(p, PARAM_ACK))
		return DROP_PARAM_MISSING; /* 5.3.5: invalid */
	if (!packet_find(p, PARAM_HIP_MAC) ||
	    !packet_find(p, PARAM_HIP_SIGNATURE))
		return DROP_PARAM_MISSING;
	/* Neither means anything without what it belongs to. */
	if ((out->has_dh && !out->has_esp_info) ||
	    (out->has_esp_info && !out->has_seq))
		return DROP_PARAM_MISSING;
	if (out->has_seq)
		d = seq_parse(contents(p, PARAM_SEQ), &out->seq);
	if (!d && packet_find(p, PARAM_ACK))
		d = ack_parse(contents(p, PARAM_ACK), &out->acks);
	if (!d && out->has_esp_info)
		d = esp_info_parse(contents(p, PARAM_ESP_INFO), &out->esp_info);
	if (!d && out->has_dh)
		d = dh_param_parse(contents(p, PARAM_DIFFIE_HELLMAN), &out->dh);
	return d;
}

enum drop msg_find_host_id(const uint8_t *plain, size_t len,
			   struct whole_param *out)
{
	struct rd r = rd_init(plain, len);

	while (rd_left(&r) > 0) {
		struct whole_param w = { .bytes = r.p };
		uint16_t type = rd_u16(&r);
		uint16_t contents_len = rd_u16(&r);

		w.len = whole_len(contents_len);
		rd_skip(&r, w.len - PARAM_HEADER_LEN);
		if (rd_failed(&r))
			return DROP_MALFORMED;
		if (type == PARAM_HOST_ID) {
			*out = w;
			return DROP_NONE;
		}
	}
	return DROP_PARAM_MISSING;
}

enum drop msg_host_id_parse(const struct whole_param *w, struct host_id *out)
{
	struct rd r = rd_init(w->bytes, w->len);
	uint16_t type = rd_u16(&r);
	uint16_t len = rd_u16(&r);
	struct rd body = rd_sub(&r, len);

	if (rd_failed(&r) || type != PARAM_HOST_ID)
		return DROP_MALFORMED;
	return host_id_parse(body, out);
}
