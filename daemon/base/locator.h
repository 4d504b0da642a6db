/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * A locator: an address underneath (IPv4 or IPv6) and a UDP port. IPv4
 * addresses are kept IPv4-mapped, as HIP parameters carry them
 * (RFC 9028 5.6). The unspecified locator is all zeros.
 */
#ifndef HIPLINE_LOCATOR_H
#define HIPLINE_LOCATOR_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct locator {
	uint8_t addr[16]; /* network order; IPv4 as ::ffff:a.b.c.d */
	uint16_t port;	  /* host order; 0 with raw IP */
};

enum {
	/* "[v6]:65535" and the final NUL. */
	LOCATOR_TEXT_MAX = 56,
};

enum locator_scope {
	LOCATOR_SCOPE_NONE, /* unspecified, multicast, HITs: never usable */
	LOCATOR_SCOPE_LOOPBACK,
	LOCATOR_SCOPE_LINK,
	LOCATOR_SCOPE_PRIVATE, /* RFC 1918, 100.64/10, fc00::/7 */
	LOCATOR_SCOPE_GLOBAL,
};

bool locator_is_v4(const struct locator *l);
bool locator_is_unspecified(const struct locator *l);
bool locator_equal(const struct locator *a, const struct locator *b);

/* Appends one to n of at most `max`, unless it is there or there is no room. */
void locator_add(struct locator *all, size_t *n, size_t max,
		 const struct locator *l);

/* Order by address, then port: below, equal, above 0. */
int locator_compare(const struct locator *a, const struct locator *b);

enum locator_scope locator_scope(const struct locator *l);

/* "a.b.c.d:port" or "[v6]:port", without ":port" where there is none; v6 after
 * RFC 5952. */
void locator_text(const struct locator *l, char out[LOCATOR_TEXT_MAX]);

/*
 * Parses "a.b.c.d", "a.b.c.d:port", "v6", "[v6]" or "[v6]:port"; without a
 * port it takes default_port. Returns 0, or -EINVAL with *out untouched.
 */
__attribute__((warn_unused_result)) int
locator_from_text(const char *text, uint16_t default_port, struct locator *out);

/* To a socket address (AF_INET for IPv4-mapped); returns its length. */
socklen_t locator_to_sockaddr(const struct locator *l,
			      struct sockaddr_storage *out);

/* Returns 0, or -EAFNOSUPPORT with *out untouched. */
__attribute__((warn_unused_result)) int
locator_from_sockaddr(const struct sockaddr_storage *sa, struct locator *out);

#endif
