/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Kinds of values. Everything is compared whole: a value with anything left
 * over is not of the kind.
 */
#include "daemon/config_check.h"

#include "daemon/base/locator.h"
#include "daemon/base/name.h"
#include "daemon/hip/dh.h"
#include "daemon/hip/hit.h"
#include "daemon/hip/suite.h"
#include "tun/pkt.h"

#include <limits.h>
#include <net/if.h>
#include <stddef.h>
#include <string.h>
#include <sys/un.h>

/* The port of a value that names none; only its form matters here. */
enum { ANY_PORT = 1 };

static bool is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9');
}

/* One character of each at least, and no others. */
static bool is_made_of(const char *value, const char *besides, size_t max)
{
	size_t len = strnlen(value, max + 1);

	if (len == 0 || len > max)
		return false;
	for (size_t i = 0; i < len; i++)
		if (!is_alnum(value[i]) && !strchr(besides, value[i]))
			return false;
	return true;
}

bool config_number(const char *text, uint64_t *out)
{
	uint64_t n = 0;

	if (text[0] == '\0' || (text[0] == '0' && text[1] != '\0'))
		return false;
	for (; *text; text++) {
		uint64_t digit = (uint64_t)(*text - '0');

		if (*text < '0' || *text > '9' || n > (UINT64_MAX - digit) / 10)
			return false;
		n = n * 10 + digit;
	}
	*out = n;
	return true;
}

bool config_is_path(const char *value)
{
	size_t len = strnlen(value, PATH_MAX);

	if (value[0] != '/' || len == PATH_MAX)
		return false;
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)value[i] < ' ')
			return false;
	return true;
}

bool config_is_socket_path(const char *value)
{
	struct sockaddr_un un;

	return config_is_path(value) && strlen(value) < sizeof(un.sun_path);
}

bool config_is_interface(const char *value)
{
	return is_made_of(value, "_.-", IFNAMSIZ - 1) && value[0] != '.' &&
	       value[0] != '-' && strcmp(value, "lo") != 0;
}

bool config_is_pattern(const char *value)
{
	return is_made_of(value, "_.-:*?[]/", 64);
}

static bool is_plain_address(const char *value)
{
	struct locator with_one, with_two;

	/* An address that has a port would ignore the default. */
	return locator_from_text(value, 1, &with_one) == 0 &&
	       locator_from_text(value, 2, &with_two) == 0 &&
	       with_one.port != with_two.port &&
	       !locator_is_unspecified(&with_one);
}

bool config_is_bind(const char *value)
{
	return is_plain_address(value) || config_is_interface(value);
}

bool config_is_user(const char *value)
{
	return is_made_of(value, "_.-", 32) && value[0] != '-';
}

bool config_split_host(const char *text, uint16_t port, char *host,
		       uint16_t *out_port)
{
	const char *colon = strchr(text, ':');
	size_t len = colon ? (size_t)(colon - text) : strlen(text);
	char name[NAME_DOMAIN_MAX + 2];
	uint64_t number = port;

	if (len >= sizeof(name))
		return false;
	if (colon && (!config_number(colon + 1, &number) || number == 0 ||
		      number > UINT16_MAX))
		return false;
	memcpy(name, text, len);
	name[len] = '\0';
	/* All digits and dots: an address with a slip, not a host. */
	if (strspn(name, "0123456789.") == len)
		return false;
	if (name_domain_canonical(name, host) < 0)
		return false;
	*out_port = (uint16_t)number;
	return true;
}

bool config_is_locator(const char *value)
{
	char host[NAME_DOMAIN_MAX + 1];
	struct locator l;
	uint16_t port;

	if (locator_from_text(value, ANY_PORT, &l) == 0)
		return l.port != 0 && locator_scope(&l) != LOCATOR_SCOPE_NONE;
	return config_split_host(value, ANY_PORT, host, &port);
}

bool config_is_hit_at(const char *value)
{
	const char *at = strchr(value, '@');
	size_t len = at ? (size_t)(at - value) : strlen(value);
	char text[HIT_TEXT_MAX];
	struct hit hit;

	if (len >= sizeof(text))
		return false;
	memcpy(text, value, len);
	text[len] = '\0';
	return hit_from_text(text, &hit) == 0 &&
	       (!at || config_is_locator(at + 1));
}

bool config_is_bootstrap(const char *value)
{
	char host[NAME_DOMAIN_MAX + 1];
	uint16_t port;

	if (config_is_hit_at(value))
		return true;
	/* DNS is asked for its records as it stands there, in no domain. */
	return config_split_host(value, ANY_PORT, host, &port) &&
	       strchr(host, '.');
}

bool config_is_name(const char *value)
{
	char name[NAME_LEN_MAX + 1];

	return name_canonical(value, name) == 0;
}

bool config_is_user_name(const char *value)
{
	char name[NAME_LEN_MAX + 1];

	return name_canonical(value, name) == 0 && strchr(name, '@');
}

bool config_is_suffix(const char *value)
{
	char domain[NAME_DOMAIN_MAX + 1];

	return name_domain_canonical(value, domain) == 0;
}

bool config_is_domain(const char *value)
{
	return value[0] == '\0' || config_is_suffix(value);
}

bool config_is_address(const char *value)
{
	struct locator l;

	return locator_from_text(value, ANY_PORT, &l) == 0 && l.port != 0;
}

bool config_is_sip_listen(const char *value)
{
	return !strcmp(value, "auto") || !strcmp(value, "off") ||
	       config_is_address(value);
}

bool config_is_sip_upstream(const char *value)
{
	return value[0] == '\0' || config_is_locator(value);
}

bool config_is_dh_group(uint64_t id)
{
	return id <= UINT8_MAX && dh_group_is_known((uint8_t)id);
}

bool config_is_hip_cipher(uint64_t id)
{
	return id <= UINT16_MAX && suite_cipher_key_len((uint16_t)id) > 0;
}

bool config_is_esp_suite(uint64_t id)
{
	size_t enc, auth;

	return id <= UINT16_MAX && suite_esp_key_len((uint16_t)id, &enc, &auth);
}

bool config_is_mtu(uint64_t mtu)
{
	return mtu == 0 || mtu >= IPV6_MIN_MTU;
}
