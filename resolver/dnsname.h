/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Domain names on the wire: RFC 1035 3.1, 4.1.4. A name is kept whole and in
 * the case in which it came (0x20), and compared without regard to case
 * (RFC 4343).
 */
#ifndef HIPLINE_DNSNAME_H
#define HIPLINE_DNSNAME_H

#include "daemon/base/cursor.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	DNSNAME_MAX = 255, /* RFC 1035 2.3.4, with the root's octet */
	DNSNAME_LABEL_MAX = 63,
	DNSNAME_TEXT_MAX = 256, /* labels, dots, and the final NUL */
};

struct dnsname {
	uint8_t wire[DNSNAME_MAX]; /* labels, the root's last */
	size_t len;
};

/*
 * Reads a name from r, which lies in `message`, where compression points
 * to. It fails r when the name is broken, too long, or points forward.
 */
void dnsname_read(struct rd *r, const struct rd *message, struct dnsname *out);

/* Writes it whole, without compression. */
void dnsname_write(struct wr *w, const struct dnsname *name);

/* Labels between dots; 0, or -EINVAL with *out untouched. */
__attribute__((warn_unused_result)) int dnsname_from_text(const char *text,
							  struct dnsname *out);

/*
 * Labels in lower case with dots between, "" for the root. False when one
 * has a dot or a NUL inside: as a text it would be another name.
 */
bool dnsname_text(const struct dnsname *name, char out[DNSNAME_TEXT_MAX]);

bool dnsname_equal(const struct dnsname *a, const struct dnsname *b);

#endif
