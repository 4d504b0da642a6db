/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The records of one type in the answers of a DNS reply (RFC 1035 4.1), one
 * after the other. Names are skipped, not read: an answer behind an alias has
 * an owner of its own, and who asked has matched the question.
 */
#ifndef HIPLINE_DNSREPLY_H
#define HIPLINE_DNSREPLY_H

#include "daemon/base/cursor.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where the reading is; borrows the reply. */
struct dnsreply {
	struct rd r;
	uint16_t type;
	uint16_t left; /* answers not read yet */
};

/* Begins with the answers. False when it is no reply without error. */
bool dnsreply_begin(const uint8_t *bytes, size_t len, uint16_t type,
		    struct dnsreply *out);

/*
 * The next record of the type, class IN: its data, borrowed, and its time to
 * live. False at the end, also at that of what can be read.
 */
bool dnsreply_next(struct dnsreply *reply, struct rd *rdata, uint32_t *ttl_s);

#endif
