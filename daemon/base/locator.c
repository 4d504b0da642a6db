/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Locators: their text, their order, their scope, and their way to and from
 * socket addresses. Link-local locators carry no interface.
 */
#include "daemon/base/locator.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static const uint8_t v4_prefix[12] = { [10] = 0xff, [11] = 0xff };

/* Leading bits that decide a scope; the first match counts. */
struct range {
	uint8_t prefix[4];
	uint8_t bits;
	enum locator_scope scope;
};

static const struct range v4_ranges[] = {
	{ { 0 }, 8, LOCATOR_SCOPE_NONE }, /* RFC 1122 3.2.1.3 */
	{ { 10 }, 8, LOCATOR_SCOPE_PRIVATE },
	{ { 100, 64 }, 10, LOCATOR_SCOPE_PRIVATE }, /* RFC 6598 */
	{ { 127 }, 8, LOCATOR_SCOPE_LOOPBACK },
	{ { 169, 254 }, 16, LOCATOR_SCOPE_LINK },
	{ { 172, 16 }, 12, LOCATOR_SCOPE_PRIVATE },
	{ { 192, 168 }, 16, LOCATOR_SCOPE_PRIVATE },
	{ { 224 }, 3, LOCATOR_SCOPE_NONE }, /* multicast, reserved, broadcast */
};

static const struct range v6_ranges[] = {
	{ { 0xfe, 0x80 }, 10, LOCATOR_SCOPE_LINK },
	{ { 0xfc }, 7, LOCATOR_SCOPE_PRIVATE },
	{ { 0xff }, 8, LOCATOR_SCOPE_NONE },
	{ { 0x20, 0x01, 0x00, 0x20 }, 28, LOCATOR_SCOPE_NONE }, /* HITs */
};

bool locator_is_v4(const struct locator *l)
{
	return memcmp(l->addr, v4_prefix, sizeof(v4_prefix)) == 0;
}

bool locator_is_unspecified(const struct locator *l)
{
	static const struct locator none;

	return locator_equal(l, &none);
}

bool locator_equal(const struct locator *a, const struct locator *b)
{
	return locator_compare(a, b) == 0;
}

void locator_add(struct locator *all, size_t *n, size_t max,
		 const struct locator *l)
{
	for (size_t i = 0; i < *n; i++)
		if (locator_equal(&all[i], l))
			return;
	if (*n < max)
		all[(*n)++] = *l;
}

int locator_compare(const struct locator *a, const struct locator *b)
{
	int order = memcmp(a->addr, b->addr, sizeof(a->addr));

	return order != 0 ? order : (int)a->port - (int)b->port;
}

static bool in_range(const uint8_t *addr, const struct range *r)
{
	size_t whole = r->bits / 8;
	uint8_t mask = (uint8_t)(0xff00 >> r->bits % 8);

	if (memcmp(addr, r->prefix, whole) != 0)
		return false;
	return mask == 0 || ((addr[whole] ^ r->prefix[whole]) & mask) == 0;
}

enum locator_scope locator_scope(const struct locator *l)
{
	static const uint8_t zeros[15];
	bool v4 = locator_is_v4(l);
	const struct range *ranges = v4 ? v4_ranges : v6_ranges;
	size_t n = v4 ? sizeof(v4_ranges) : sizeof(v6_ranges);
	const uint8_t *addr = v4 ? l->addr + sizeof(v4_prefix) : l->addr;

	/* The unspecified address and ::1. */
	if (memcmp(l->addr, zeros, sizeof(zeros)) == 0 && l->addr[15] <= 1)
		return l->addr[15] == 1 ? LOCATOR_SCOPE_LOOPBACK
					: LOCATOR_SCOPE_NONE;
	for (size_t i = 0; i < n / sizeof(ranges[0]); i++) {
		if (in_range(addr, &ranges[i]))
			return ranges[i].scope;
	}
	return LOCATOR_SCOPE_GLOBAL;
}

void locator_text(const struct locator *l, char out[LOCATOR_TEXT_MAX])
{
	char addr[INET6_ADDRSTRLEN] = "";
	bool v4 = locator_is_v4(l);

	/* Neither can fail: both families are known, and both texts fit. */
	(void)inet_ntop(v4 ? AF_INET : AF_INET6,
			v4 ? l->addr + sizeof(v4_prefix) : l->addr, addr,
			sizeof(addr));
	if (l->port == 0)
		(void)snprintf(out, LOCATOR_TEXT_MAX, v4 ? "%s" : "[%s]", addr);
	else
		(void)snprintf(out, LOCATOR_TEXT_MAX, v4 ? "%s:%u" : "[%s]:%u",
			       addr, l->port);
}

/* Decimal 1 to 65535 and nothing else. */
static int parse_port(const char *text, uint16_t *out)
{
	uint32_t port = 0;

	for (size_t i = 0; text[i] != '\0'; i++) {
		if (text[i] < '0' || text[i] > '9' || i == 5)
			return -EINVAL;
		port = port * 10 + (uint32_t)(text[i] - '0');
	}
	if (port == 0 || port > UINT16_MAX)
		return -EINVAL;
	*out = (uint16_t)port;
	return 0;
}

/* An address of `len` characters: IPv4 where that is allowed, or IPv6. */
static int parse_addr(const char *text, size_t len, bool v4, uint8_t out[16])
{
	char addr[INET6_ADDRSTRLEN];

	if (len >= sizeof(addr))
		return -EINVAL;
	memcpy(addr, text, len);
	addr[len] = '\0';
	if (!v4)
		return inet_pton(AF_INET6, addr, out) == 1 ? 0 : -EINVAL;
	memcpy(out, v4_prefix, sizeof(v4_prefix));
	return inet_pton(AF_INET, addr, out + sizeof(v4_prefix)) == 1 ? 0
								      : -EINVAL;
}

int locator_from_text(const char *text, uint16_t default_port,
		      struct locator *out)
{
	struct locator l = { .port = default_port };
	const char *end, *port = NULL;
	bool v4 = false;

	if (text[0] == '[') {
		end = strchr(text, ']');
		if (!end || (end[1] != '\0' && end[1] != ':'))
			return -EINVAL;
		port = end[1] == ':' ? end + 2 : NULL;
		text++;
	} else {
		/* One colon ends an IPv4 address, two make an IPv6 one. */
		end = strchr(text, ':');
		v4 = !end || !strchr(end + 1, ':');
		if (v4 && end)
			port = end + 1;
		else
			end = text + strlen(text);
	}
	if (parse_addr(text, (size_t)(end - text), v4, l.addr) != 0)
		return -EINVAL;
	if (port && parse_port(port, &l.port) != 0)
		return -EINVAL;
	*out = l;
	return 0;
}

socklen_t locator_to_sockaddr(const struct locator *l,
			      struct sockaddr_storage *out)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };

	memset(out, 0, sizeof(*out));
	if (locator_is_v4(l)) {
		in.sin_port = htons(l->port);
		memcpy(&in.sin_addr, l->addr + sizeof(v4_prefix),
		       sizeof(in.sin_addr));
		memcpy(out, &in, sizeof(in));
		return sizeof(in);
	}
	in6.sin6_port = htons(l->port);
	memcpy(&in6.sin6_addr, l->addr, sizeof(in6.sin6_addr));
	memcpy(out, &in6, sizeof(in6));
	return sizeof(in6);
}

int locator_from_sockaddr(const struct sockaddr_storage *sa,
			  struct locator *out)
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;

	switch (sa->ss_family) {
	case AF_INET:
		memcpy(&in, sa, sizeof(in));
		memcpy(out->addr, v4_prefix, sizeof(v4_prefix));
		memcpy(out->addr + sizeof(v4_prefix), &in.sin_addr,
		       sizeof(in.sin_addr));
		out->port = ntohs(in.sin_port);
		return 0;
	case AF_INET6:
		memcpy(&in6, sa, sizeof(in6));
		memcpy(out->addr, &in6.sin6_addr, sizeof(out->addr));
		out->port = ntohs(in6.sin6_port);
		return 0;
	default:
		return -EAFNOSUPPORT;
	}
}
