/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The HIP header and the order of parameters: RFC 7401 5.1, 5.2.1, 6.2.
 * Parsing gives a view that borrows the packet's bytes; writing appends
 * parameters in order and fixes lengths at the end. What a parameter means
 * is param.h's matter; MACs and signatures are protect.h's.
 */
#ifndef HIPLINE_PACKET_H
#define HIPLINE_PACKET_H

#include "daemon/base/cursor.h"
#include "daemon/base/locator.h"
#include "daemon/hip/drop.h"
#include "daemon/hip/hit.h"
#include "daemon/hip/limits.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One parameter inside a packet. */
struct param {
	uint16_t type;
	uint16_t len;	     /* of the contents */
	size_t offset;	     /* of the Type field from the packet's start */
	const uint8_t *body; /* the contents; borrowed */
};

/* A received packet whose form is right. */
struct packet {
	const uint8_t *bytes;
	size_t len; /* header and parameters; data behind them is ignored */
	uint8_t type;
	uint16_t checksum;
	uint16_t controls;
	struct hit sender, receiver;
	struct param params[PARAMS_MAX];
	size_t n_params;
};

/*
 * RFC 7401 5.1, 5.2.1: length, version, parameter lengths and order, none
 * twice that may come only once. Reserved and fixed bits MUST be ignored. An
 * unknown critical parameter gives DROP_PARAM_CRITICAL, with its type in
 * *critical when that is not NULL (for NOTIFY 1). More than PARAMS_MAX
 * parameters are malformed. Accepts every packet type that RFC 7401 names.
 */
enum drop packet_parse(const uint8_t *bytes, size_t len, struct packet *out,
		       uint16_t *critical);

/* The first parameter of a type, or NULL. */
const struct param *packet_find(const struct packet *p, uint16_t type);

/* The next one of the same type behind `after`, or NULL. */
const struct param *packet_next(const struct packet *p,
				const struct param *after);

/* A reader over a parameter's contents. */
static inline struct rd param_rd(const struct param *p)
{
	return rd_init(p->body, p->len);
}

/*
 * The checksum of RFC 7401 5.1.1 over the packet as it lies there, whatever
 * its checksum field holds (taken as zero). With UDP it must be zero and is
 * not computed (RFC 9028 5.1).
 */
uint16_t packet_checksum(const uint8_t *bytes, size_t len,
			 const struct locator *from, const struct locator *to);

/* Computes it and puts it where it belongs. Neither MAC nor signature covers
 * it. */
void packet_set_checksum(uint8_t *bytes, size_t len, const struct locator *from,
			 const struct locator *to);

/* Zero, as it is inside UDP. */
void packet_clear_checksum(uint8_t *bytes);

/* A packet being written. */
struct packet_out {
	uint8_t bytes[HIP_PACKET_MAX];
	struct wr w;
	uint16_t last_type;
	size_t open; /* offset of the parameter being written, or 0 */
};

/* Begins a packet. */
void packet_begin(struct packet_out *out, enum hip_packet_type type,
		  uint16_t controls, const struct hit *sender,
		  const struct hit *receiver);

/*
 * Begins a parameter; the caller then writes its contents through out->w
 * and calls param_end, which pads. Types must not fall (an assertion).
 */
void param_begin(struct packet_out *out, uint16_t type);
void param_end(struct packet_out *out);

/* Both for contents that already lie in one piece. */
void packet_param(struct packet_out *out, uint16_t type, const void *body,
		  size_t len);

/*
 * Sets Header Length for what is written so far (also used half way, by
 * protect.h). False when the packet did not fit; nothing may then be sent.
 */
bool packet_fix_length(struct packet_out *out);

/* Bytes written so far. */
static inline size_t packet_len(const struct packet_out *out)
{
	return wr_len(&out->w);
}

#endif
