/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The parameters of RFC 7401 5.2, RFC 7402 5.1 and others: one struct, one
 * _parse and one _write each. Parsers take a reader over the contents, are
 * strict on every MUST, borrow from the packet and leave *out untouched when
 * they give something else than DROP_NONE. Writers append to a packet.
 */
#ifndef HIPLINE_PARAM_H
#define HIPLINE_PARAM_H

#include "daemon/hip/packet.h"

/* RFC 7402 5.1.1. */
struct esp_info {
	uint16_t keymat_index;
	uint32_t old_spi;
	uint32_t new_spi;
};
enum drop esp_info_parse(struct rd r, struct esp_info *out);
void esp_info_write(struct packet_out *p, const struct esp_info *v);

/* RFC 7401 5.2.3. Reserved is echoed, hence kept. */
struct r1_counter {
	uint32_t reserved;
	uint64_t counter;
};
enum drop r1_counter_parse(struct rd r, struct r1_counter *out);
void r1_counter_write(struct packet_out *p, const struct r1_counter *v);

/* RFC 7401 5.2.4. */
struct puzzle_param {
	uint8_t k;
	uint8_t lifetime;
	uint16_t opaque;
	uint8_t i[RHASH_MAX];
};
enum drop puzzle_param_parse(struct rd r, size_t rhash_len,
			     struct puzzle_param *out);
void puzzle_param_write(struct packet_out *p, size_t rhash_len,
			const struct puzzle_param *v);

/* RFC 7401 5.2.5. */
struct solution_param {
	uint8_t k;
	uint16_t opaque;
	uint8_t i[RHASH_MAX];
	uint8_t j[RHASH_MAX];
};
enum drop solution_param_parse(struct rd r, size_t rhash_len,
			       struct solution_param *out);
void solution_param_write(struct packet_out *p, size_t rhash_len,
			  const struct solution_param *v);

/*
 * A list of ids: DH_GROUP_LIST and HIT_SUITE_LIST (1 byte each),
 * TRANSPORT_FORMAT_LIST (2 bytes), HIP_CIPHER (2 bytes, at most 6),
 * ESP_TRANSFORM (2 reserved bytes, then 2 bytes, at most 6), and what
 * HIP_TRANSPORT_MODE names. Ids beyond IDS_MAX are not looked at. HIT
 * suites are given as OGA ids (the byte's upper half).
 */
struct id_list {
	uint16_t ids[IDS_MAX];
	size_t n;
};
bool id_list_has(const struct id_list *list, uint16_t id);
enum drop dh_group_list_parse(struct rd r, struct id_list *out);
void dh_group_list_write(struct packet_out *p, const struct id_list *v);
enum drop hip_cipher_parse(struct rd r, struct id_list *out);
void hip_cipher_write(struct packet_out *p, const struct id_list *v);
enum drop hit_suite_list_parse(struct rd r, struct id_list *out);
void hit_suite_list_write(struct packet_out *p, const struct id_list *v);
enum drop transport_format_list_parse(struct rd r, struct id_list *out);
void transport_format_list_write(struct packet_out *p, const struct id_list *v);
enum drop esp_transform_parse(struct rd r, struct id_list *out);
void esp_transform_write(struct packet_out *p, const struct id_list *v);

/* RFC 6261 3.1. It may name no mode. */
struct transport_mode {
	uint16_t port;
	struct id_list modes;
};
enum drop transport_mode_parse(struct rd r, struct transport_mode *out);
void transport_mode_write(struct packet_out *p, const struct transport_mode *v);

/* RFC 7401 5.2.7. */
struct dh_param {
	uint8_t group;
	const uint8_t *value;
	size_t len;
};
enum drop dh_param_parse(struct rd r, struct dh_param *out);
void dh_param_write(struct packet_out *p, const struct dh_param *v);

/* RFC 7401 5.2.9. */
struct host_id {
	uint16_t algorithm;
	const uint8_t *hi;
	size_t hi_len;
	uint8_t di_type; /* 0 none, 1 FQDN in wire form, 2 NAI */
	const uint8_t *di;
	size_t di_len;
};
enum drop host_id_parse(struct rd r, struct host_id *out);
void host_id_write(struct packet_out *p, const struct host_id *v);

/* RFC 8002 2. */
struct cert_param {
	uint8_t group, count, id, type;
	const uint8_t *bytes;
	size_t len;
};
enum drop cert_parse(struct rd r, struct cert_param *out);
void cert_write(struct packet_out *p, const struct cert_param *v);

/* RFC 7401 5.2.16, 5.2.17. */
enum drop seq_parse(struct rd r, uint32_t *update_id);
void seq_write(struct packet_out *p, uint32_t update_id);
struct ack_list {
	uint32_t ids[IDS_MAX];
	size_t n;
};
enum drop ack_parse(struct rd r, struct ack_list *out);
void ack_write(struct packet_out *p, const struct ack_list *v);

/* RFC 7401 5.2.18. Reserved, IV and ciphertext; protect.h opens it. */
struct encrypted {
	const uint8_t *iv;
	const uint8_t *bytes;
	size_t len; /* a multiple of the cipher's block */
};
enum drop encrypted_parse(struct rd r, struct encrypted *out);

/* RFC 7401 5.2.19. */
struct notification {
	uint16_t type;
	const uint8_t *data;
	size_t len;
};
enum drop notification_parse(struct rd r, struct notification *out);
void notification_write(struct packet_out *p, const struct notification *v);

/* RFC 7401 5.2.14, 5.2.15: SIG alg and signature. */
struct signature_param {
	uint16_t algorithm;
	const uint8_t *sig;
	size_t len;
};
enum drop signature_parse(struct rd r, struct signature_param *out);

/*
 * RFC 8004 4.2.3: the rendezvous servers that an I1 came by, as locators
 * without a port. Those beyond VIA_RVS_MAX are not looked at.
 */
struct via_rvs {
	struct locator servers[VIA_RVS_MAX];
	size_t n; /* never 0 */
};
enum drop via_rvs_parse(struct rd r, struct via_rvs *out);
void via_rvs_write(struct packet_out *p, const struct via_rvs *v);

/* ECHO_*: opaque contents, written with packet_param. */

#endif
