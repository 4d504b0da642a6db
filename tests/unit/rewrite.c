/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * One switch over all parameters that have a structure.
 */
#include "tests/unit/rewrite.h"

enum { SHA256_LEN = 32, SHA384_LEN = 48 };

static enum drop rewrite_puzzle(const struct param *p, struct packet_out *out)
{
	size_t n = p->len == 4 + SHA384_LEN ? SHA384_LEN : SHA256_LEN;
	struct puzzle_param v;
	enum drop d = puzzle_param_parse(param_rd(p), n, &v);

	if (d == DROP_NONE)
		puzzle_param_write(out, n, &v);
	return d;
}

static enum drop rewrite_solution(const struct param *p, struct packet_out *out)
{
	size_t n = p->len == 4 + 2 * SHA384_LEN ? SHA384_LEN : SHA256_LEN;
	struct solution_param v;
	enum drop d = solution_param_parse(param_rd(p), n, &v);

	if (d == DROP_NONE)
		solution_param_write(out, n, &v);
	return d;
}

static enum drop rewrite_seq(const struct param *p, struct packet_out *out)
{
	uint32_t update_id;
	enum drop d = seq_parse(param_rd(p), &update_id);

	if (d == DROP_NONE)
		seq_write(out, update_id);
	return d;
}

/* ENCRYPTED and signatures are written by those who make them. */
static enum drop check_and_copy(const struct param *p, struct packet_out *out)
{
	struct signature_param sig;
	struct encrypted enc;
	enum drop d = DROP_NONE;

	if (p->type == PARAM_ENCRYPTED)
		d = encrypted_parse(param_rd(p), &enc);
	else if (p->type == PARAM_HIP_SIGNATURE ||
		 p->type == PARAM_HIP_SIGNATURE_2)
		d = signature_parse(param_rd(p), &sig);
	if (d == DROP_NONE)
		packet_param(out, p->type, p->body, p->len);
	return d;
}

/* The functions of the others differ in their names only. */
#define REWRITE(name, kind)                                                    \
	static enum drop rewrite_##name(const struct param *p,                 \
					struct packet_out *out)                \
	{                                                                      \
		struct kind v;                                                 \
		enum drop d = name##_parse(param_rd(p), &v);                   \
                                                                               \
		if (d == DROP_NONE)                                            \
			name##_write(out, &v);                                 \
		return d;                                                      \
	}

REWRITE(esp_info, esp_info)
REWRITE(r1_counter, r1_counter)
REWRITE(ack, ack_list)
REWRITE(dh_group_list, id_list)
REWRITE(dh_param, dh_param)
REWRITE(hip_cipher, id_list)
REWRITE(host_id, host_id)
REWRITE(hit_suite_list, id_list)
REWRITE(notification, notification)
REWRITE(transport_format_list, id_list)
REWRITE(esp_transform, id_list)
REWRITE(transport_mode, transport_mode)
REWRITE(via_rvs, via_rvs)

enum drop rewrite_param(const struct param *p, struct packet_out *out)
{
	static const struct {
		uint16_t type;
		enum drop (*rewrite)(const struct param *p,
				     struct packet_out *out);
	} params[] = {
		{ PARAM_ESP_INFO, rewrite_esp_info },
		{ PARAM_R1_COUNTER, rewrite_r1_counter },
		{ PARAM_PUZZLE, rewrite_puzzle },
		{ PARAM_SOLUTION, rewrite_solution },
		{ PARAM_SEQ, rewrite_seq },
		{ PARAM_ACK, rewrite_ack },
		{ PARAM_DH_GROUP_LIST, rewrite_dh_group_list },
		{ PARAM_DIFFIE_HELLMAN, rewrite_dh_param },
		{ PARAM_HIP_CIPHER, rewrite_hip_cipher },
		{ PARAM_HOST_ID, rewrite_host_id },
		{ PARAM_HIT_SUITE_LIST, rewrite_hit_suite_list },
		{ PARAM_NOTIFICATION, rewrite_notification },
		{ PARAM_TRANSPORT_FORMAT_LIST, rewrite_transport_format_list },
		{ PARAM_ESP_TRANSFORM, rewrite_esp_transform },
		{ PARAM_HIP_TRANSPORT_MODE, rewrite_transport_mode },
		{ PARAM_VIA_RVS, rewrite_via_rvs },
	};

	for (size_t i = 0; i < sizeof(params) / sizeof(params[0]); i++) {
		if (params[i].type == p->type)
			return params[i].rewrite(p, out);
	}
	return check_and_copy(p, out);
}

enum drop rewrite_packet(const struct packet *p, struct packet_out *out)
{
	packet_begin(out, p->type, p->controls, &p->sender, &p->receiver);
	for (size_t i = 0; i < p->n_params; i++) {
		enum drop d = rewrite_param(&p->params[i], out);

		if (d != DROP_NONE)
			return d;
	}
	if (!packet_fix_length(out))
		return DROP_INTERNAL;
	wr_u16_at(&out->w, 4, p->checksum);
	return DROP_NONE;
}
