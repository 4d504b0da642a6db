/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The system's list of addresses, sieved by the configuration.
 */
#include "daemon/addresses.h"

#include <fnmatch.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>

/* Patterns are of interfaces, or an address as it stands. */
static bool is_excluded(const struct config *c, const char *interface,
			const struct locator *l)
{
	for (size_t i = 0; i < c->exclude.n; i++) {
		const char *pattern = c->exclude.items[i].text;
		struct locator other;

		if (fnmatch(pattern, interface, 0) == 0)
			return true;
		if (locator_from_text(pattern, l->port, &other) == 0 &&
		    locator_equal(&other, l))
			return true;
	}
	return false;
}

static bool is_bound(const struct config *c, const char *interface,
		     const struct locator *l)
{
	for (size_t i = 0; i < c->bind.n; i++) {
		const char *text = c->bind.items[i].text;
		struct locator other;

		if (strcmp(text, interface) == 0)
			return true;
		if (locator_from_text(text, l->port, &other) == 0 &&
		    locator_equal(&other, l))
			return true;
	}
	return c->bind.n == 0;
}

bool addresses_is_fit(const struct config *c, const char *interface,
		      const struct locator *l)
{
	enum locator_scope scope = locator_scope(l);

	return (scope == LOCATOR_SCOPE_PRIVATE ||
		scope == LOCATOR_SCOPE_GLOBAL) &&
	       strcmp(interface, c->interface) != 0 &&
	       is_bound(c, interface, l) && !is_excluded(c, interface, l);
}

/* The address of one entry, when it has one of IP. */
static bool entry_locator(const struct ifaddrs *a, uint16_t port,
			  struct locator *out)
{
	struct sockaddr_storage sa = { .ss_family = AF_UNSPEC };
	size_t len;

	if (!a->ifa_addr || !(a->ifa_flags & IFF_UP))
		return false;
	if (a->ifa_addr->sa_family == AF_INET)
		len = sizeof(struct sockaddr_in);
	else if (a->ifa_addr->sa_family == AF_INET6)
		len = sizeof(struct sockaddr_in6);
	else
		return false;
	memcpy(&sa, a->ifa_addr, len);
	if (locator_from_sockaddr(&sa, out) < 0)
		return false;
	out->port = port;
	return true;
}

size_t addresses_list(const struct config *c, struct locator *out, size_t cap)
{
	struct ifaddrs *all = NULL;
	bool is_raw = c->transport == CONFIG_TRANSPORT_RAW;
	uint16_t port = is_raw ? 0 : (uint16_t)c->port;
	size_t n = 0;

	if (getifaddrs(&all) < 0)
		return 0;
	for (const struct ifaddrs *a = all; a && n < cap; a = a->ifa_next) {
		struct locator l;

		if (entry_locator(a, port, &l) &&
		    addresses_is_fit(c, a->ifa_name, &l))
			out[n++] = l;
	}
	freeifaddrs(all);
	return n;
}
