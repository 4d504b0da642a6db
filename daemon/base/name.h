/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Names of hosts and people, user@domain or domain alone, in one canonical
 * form: no scheme, %-escapes decoded, as RFC 7904 2 and 7 want it, and lower
 * case (RFC 3261 19.1.4 compares the user part by case, and we do not: two
 * people whose names differ by case only would be confused). This is the one
 * rule for pins, records, certificates and DNS.
 */
#ifndef HIPLINE_NAME_H
#define HIPLINE_NAME_H

#include <stdbool.h>
#include <stddef.h>

enum {
	NAME_LEN_MAX = 1024,   /* of a name, in octets */
	NAME_DOMAIN_MAX = 253, /* RFC 1035 2.3.4, as text */
	NAME_LABEL_MAX = 63,   /* RFC 1035 2.3.4 */
};

/*
 * Writes the canonical form of a name, NUL-terminated. Returns 0 or, with
 * *out untouched, -EINVAL: not UTF-8, too long, a space, a control character
 * or an octet that would not stay as it is (an escaped % or @), a domain
 * that is none. What is canonical gives itself.
 */
__attribute__((warn_unused_result)) int
name_canonical(const char *text, char out[NAME_LEN_MAX + 1]);

/* The same for bytes from elsewhere; a NUL among them is refused, too. */
__attribute__((warn_unused_result)) int
name_canonical_bytes(const void *bytes, size_t len, char out[NAME_LEN_MAX + 1]);

/* The same for a domain alone. */
__attribute__((warn_unused_result)) int
name_domain_canonical(const char *text, char out[NAME_DOMAIN_MAX + 1]);

/* The domain of a canonical name: what follows @, or all of it. */
const char *name_domain(const char *name);

/*
 * Whether a canonical domain may belong to somebody in the public DNS: it has
 * a dot, and is under none of the top-level names that are nobody's there (RFC
 * 2606 2, RFC 6761, RFC 6762, RFC 7686, RFC 9476, and .internal), nor under
 * home.arpa (RFC 8375). The example.com of RFC 2606 3 is IANA's, so it may.
 */
bool name_domain_may_be_public(const char *domain);

/* Whether len bytes are UTF-8 (RFC 3629 4) without NUL. */
bool name_is_utf8(const char *text, size_t len);

#endif
