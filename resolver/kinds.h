/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The Kinds of our overlays (RFC 6940 7.1, 14.6): SIP-REGISTRATION (RFC
 * 7904), and two of the private range. HOST-LOCATORS says where a host is:
 * one value at the places of its HIT, written by that host only. REVOCATIONS
 * is the authority's list of certificates that hold no longer: one value at
 * the places of "revocations", and of "revocations/DEPTH/INDEX" where it has
 * parts, whose access control is the authority's signature inside it; any
 * member may bring it.
 */
#ifndef HIPLINE_KINDS_H
#define HIPLINE_KINDS_H

#include "daemon/base/locator.h"
#include "daemon/pki/revocation.h"
#include "resolver/registration.h"
#include "resolver/store.h"

enum {
	KINDS = 3,
	KIND_LOCATORS = 0xf0000001u,
	KIND_REVOCATIONS = 0xf0000002u,
	KIND_LOCATORS_MAX = 8,			    /* locators in one value */
	KIND_REVOCATIONS_LEN = REVOCATION_PART_LEN, /* a message has room */
};

extern const struct kind overlay_kinds[KINDS];

/* Where a host's locators stand: RFC 6940 7.3.2's hash of the Node-ID, and
 * that of "2:" and the Node-ID. */
void kinds_locator_resources(const struct hit *host,
			     struct resource_id out[REGISTRATION_KEYS]);

/* Where the revocation list stands, whole or its head (""), or a part of it
 * (revocation_text). */
void kinds_revocation_resources(const char *part,
				struct resource_id out[REGISTRATION_KEYS]);

/*
 * The value of HOST-LOCATORS: IpAddressPort (RFC 6940 6.5.1.1) one after the
 * other, under a length of 2 bytes. Parsing is strict; false for more than
 * KIND_LOCATORS_MAX, too.
 */
void kinds_locators_write(struct wr *w, const struct locator *at, size_t n);
bool kinds_locators_parse(struct span data,
			  struct locator out[KIND_LOCATORS_MAX], size_t *n);

#endif
