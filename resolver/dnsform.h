/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The forms in which a name or a HIT is put into DNS, under the suffix S
 * (hip.internal):
 *
 *   bob@example.com              labels "bob@example" and "com"
 *   bob.at.example.com.S         the same for programs that want host names
 *   example.com.S                the name that is a domain alone
 *   _sip._udp.bob.at.example.com.S, and _tcp   its SIP service
 *   2001-22-...-1.S              a HIT, dashes for colons
 *   <20 characters>.S            the name that a HIT certifies
 *   ....2.0.0.1.0.0.2.ip6.arpa   the reverse of it (RFC 3596 2.5)
 *
 * In front of ".at." an octet of the user part that a host name may not have
 * is written 0xHH; so is a 0 before an x, and the first letter of a label
 * "at".
 */
#ifndef HIPLINE_DNSFORM_H
#define HIPLINE_DNSFORM_H

#include "daemon/base/name.h"
#include "daemon/hip/hit.h"
#include "resolver/dnsname.h"

enum dnsform_kind {
	DNSFORM_FOREIGN, /* none of ours */
	DNSFORM_NOTHING, /* in a zone of ours, and no form of anything */
	DNSFORM_PART,	 /* in a zone of ours, above names */
	DNSFORM_NAME,	 /* to be looked up */
	DNSFORM_HIT,	 /* known by itself */
	DNSFORM_REVERSE, /* a HIT whose name is asked for */
};

struct dnsform {
	enum dnsform_kind kind;
	bool is_open;		     /* NAME: may also be one of ordinary DNS */
	bool is_service;	     /* _sip._udp or _sip._tcp of it */
	char name[NAME_LEN_MAX + 1]; /* NAME: canonical */
	struct hit hit;		     /* HIT, REVERSE */
	/* The zone of a negative answer: this many octets into the wire. */
	size_t zone_at;
};

/* What a question's name is. `suffix` is canonical. */
void dnsform_parse(const struct dnsname *question, const char *suffix,
		   struct dnsform *out);

/*
 * The form of a canonical name that is a host name as well, for PTR and SRV.
 * -EINVAL, with *out untouched, when it is too long for one.
 */
__attribute__((warn_unused_result)) int
dnsform_host(const char *name, const char *suffix, struct dnsname *out);

/* The same of a HIT, which always has one. */
void dnsform_host_of_hit(const struct hit *hit, const char *suffix,
			 struct dnsname *out);

#endif
