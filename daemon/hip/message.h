/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * R1, I2, R2 and UPDATE in parsed form: which parameters each of them must
 * carry (RFC 7401 5.3.2 to 5.3.5, RFC 7402 5.2). Only the form is judged here;
 * what the values mean is for the exchange. All pointers borrow from the
 * packet.
 */
#ifndef HIPLINE_MESSAGE_H
#define HIPLINE_MESSAGE_H

#include "daemon/hip/param.h"

/* A parameter with its header and padding, as it lies in a packet. */
struct whole_param {
	const uint8_t *bytes;
	size_t len;
};

struct msg_r1 {
	bool has_counter; /* the only one that may be missing */
	struct r1_counter counter;
	struct puzzle_param puzzle;
	struct id_list groups;
	struct dh_param dh;
	struct id_list ciphers;
	struct host_id host_id;
	struct whole_param host_id_param;
	struct id_list suites;
	struct id_list transports;
	struct id_list esp;
	bool has_mode; /* HIP_TRANSPORT_MODE, which may be missing */
	struct transport_mode mode;
};

struct msg_i2 {
	struct esp_info esp_info;
	struct r1_counter counter;
	struct solution_param solution;
	struct dh_param dh;
	struct id_list ciphers;
	bool is_encrypted; /* HOST_ID lies in encrypted, else beside it */
	struct encrypted encrypted;
	struct whole_param host_id_param;
	struct id_list transports;
	struct id_list esp;
	bool has_mode; /* HIP_TRANSPORT_MODE, which may be missing */
	struct transport_mode mode;
};

struct msg_r2 {
	struct esp_info esp_info;
};

/* RFC 7401 5.3.5; ESP_INFO and DIFFIE_HELLMAN: RFC 7402 5.2.2. */
struct msg_update {
	bool has_seq, has_esp_info, has_dh;
	uint32_t seq;
	struct ack_list acks; /* none: n is 0 */
	struct esp_info esp_info;
	struct dh_param dh;
};

/* DROP_NONE, or why the packet is none; *out is then undefined. */
enum drop msg_r1_parse(const struct packet *p, struct msg_r1 *out);
enum drop msg_i2_parse(const struct packet *p, struct msg_i2 *out);
enum drop msg_r2_parse(const struct packet *p, struct msg_r2 *out);
enum drop msg_update_parse(const struct packet *p, struct msg_update *out);

/*
 * Finds the HOST_ID in what ENCRYPTED held and gives it whole. DROP_NONE,
 * DROP_PARAM_MISSING or DROP_MALFORMED.
 */
enum drop msg_find_host_id(const uint8_t *plain, size_t len,
			   struct whole_param *out);

/* The contents of a whole HOST_ID. */
enum drop msg_host_id_parse(const struct whole_param *whole,
			    struct host_id *out);

#endif
