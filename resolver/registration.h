/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * SIP registrations: RFC 7904 3.2, 7. What is stored under a name: a
 * dictionary whose keys are the Node-IDs of the devices that answer to it.
 * We write and take routes of one node, which is the key itself: nobody is
 * sent to a host that did not sign. Forwarding to other names (the RFC's
 * type 1) is SIP's business.
 */
#ifndef HIPLINE_REGISTRATION_H
#define HIPLINE_REGISTRATION_H

#include "daemon/base/name.h"
#include "resolver/stored.h"

enum {
	REGISTRATION_KIND = 1, /* RFC 7904 9.1 */
	REGISTRATION_DEVICES_MAX = 16,
	REGISTRATION_BYTES_MAX = 1024,
	REGISTRATION_KEYS = 2, /* of a name: two places on the ring */
};

/*
 * The places of a canonical name: RFC 6940 10.2's hash of it, and that of
 * "2:" and the name. Who owns the one is unlikely to own the other.
 */
void registration_resources(const char *name,
			    struct resource_id out[REGISTRATION_KEYS]);

/* The value of a device; `prefs` as in RFC 3840, may be empty. */
void registration_write(struct wr *w, const struct hit *node,
			struct span prefs);

/* A route of one node, to that node and its preferences, borrowed. */
bool registration_parse(struct span data, struct hit *node, struct span *prefs);

#endif
