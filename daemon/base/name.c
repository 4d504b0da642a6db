/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Canonical names. A name is judged as a whole before a byte of it is given
 * out, so that nothing half-decoded is ever compared.
 */
#include "daemon/base/name.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

enum { SCHEME_MAX = sizeof("sips:") - 1 };

/* Length of the UTF-8 sequence that begins at p, 0 when there is none. */
static size_t utf8_sequence(const unsigned char *p, size_t left)
{
	size_t n = p[0] < 0x80 ? 1 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	uint32_t code = n == 1 ? p[0] : p[0] & (0x7fu >> n);
	static const uint32_t least[] = { 0, 1, 0x80, 0x800, 0x10000 };

	if ((p[0] >= 0x80 && p[0] < 0xc2) || p[0] > 0xf4 || n > left)
		return 0;
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (p[i] & 0x3fu);
	}
	/* No overlong form, surrogate or code point past the last. */
	if (code < least[n] || code > 0x10ffff ||
	    (code >= 0xd800 && code <= 0xdfff))
		return 0;
	return n;
}

bool name_is_utf8(const char *text, size_t len)
{
	const unsigned char *p = (const unsigned char *)text;

	for (size_t i = 0; i < len;) {
		size_t n = utf8_sequence(p + i, len - i);

		if (n == 0)
			return false;
		i += n;
	}
	return true;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static int hex_digit(char c)
{
	c = lower(c);
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* One octet of a user part into *out; how many characters it took, or 0. */
static size_t user_octet(const char *p, const char *end, char *out)
{
	unsigned char c = (unsigned char)*p;
	size_t took = 1;

	if (c == '%') {
		int high = end - p >= 3 ? hex_digit(p[1]) : -1;
		int low = end - p >= 3 ? hex_digit(p[2]) : -1;

		if (high < 0 || low < 0)
			return 0;
		c = (unsigned char)(high << 4 | low);
		took = 3;
		/* Decoded again, or split again, it would be another name. */
		if (c == '%' || c == '@')
			return 0;
	}
	/* What holds a colon is a HIT, in all our programs' arguments. */
	if (c <= ' ' || c == 0x7f || c == '"' || c == '<' || c == '>' ||
	    c == ':')
		return 0;
	*out = lower((char)c);
	return took;
}

static int user_canonical(const char *p, const char *end, char *out,
			  size_t *len)
{
	size_t n = 0;

	if (p == end)
		return -EINVAL;
	while (p < end) {
		size_t took = user_octet(p, end, &out[n]);

		if (took == 0)
			return -EINVAL;
		p += took;
		n++;
	}
	*len = n;
	return 0;
}

static bool domain_octet_is_fit(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
	       c == '_' || (unsigned char)c >= 0x80;
}

int name_domain_canonical(const char *text, char out[NAME_DOMAIN_MAX + 1])
{
	size_t len = strnlen(text, NAME_DOMAIN_MAX + 2);
	char domain[NAME_DOMAIN_MAX + 1];
	size_t label = 0;

	if (len > 1 && text[len - 1] == '.')
		len--; /* the root's dot */
	if (len == 0 || len > NAME_DOMAIN_MAX || !name_is_utf8(text, len))
		return -EINVAL;
	for (size_t i = 0; i < len; i++) {
		domain[i] = lower(text[i]);
		if (domain[i] == '.' ? label == 0
				     : !domain_octet_is_fit(domain[i]))
			return -EINVAL;
		label = domain[i] == '.' ? 0 : label + 1;
		if (label > NAME_LABEL_MAX)
			return -EINVAL;
	}
	if (label == 0)
		return -EINVAL;
	domain[len] = '\0';
	memcpy(out, domain, len + 1);
	return 0;
}

int name_canonical(const char *text, char out[NAME_LEN_MAX + 1])
{
	char name[NAME_LEN_MAX + 1];
	char domain[NAME_DOMAIN_MAX + 1];
	const char *at;
	size_t len = 0;

	if (!strncasecmp(text, "sip:", 4))
		text += 4;
	else if (!strncasecmp(text, "sips:", 5))
		text += 5;
	if (strnlen(text, NAME_LEN_MAX + 1) > NAME_LEN_MAX)
		return -EINVAL;
	at = strchr(text, '@');
	if (at) {
		if (user_canonical(text, at, name, &len) < 0)
			return -EINVAL;
		name[len++] = '@';
		text = at + 1;
	}
	if (name_domain_canonical(text, domain) < 0 ||
	    strlen(domain) > NAME_LEN_MAX - len)
		return -EINVAL;
	memcpy(name + len, domain, strlen(domain) + 1);
	if (!name_is_utf8(name, strlen(name)))
		return -EINVAL;
	memcpy(out, name, strlen(name) + 1);
	return 0;
}

int name_canonical_bytes(const void *bytes, size_t len,
			 char out[NAME_LEN_MAX + 1])
{
	char text[SCHEME_MAX + NAME_LEN_MAX + 1];

	if (len >= sizeof(text) || memchr(bytes, '\0', len))
		return -EINVAL;
	memcpy(text, bytes, len);
	text[len] = '\0';
	return name_canonical(text, out);
}

const char *name_domain(const char *name)
{
	const char *at = strchr(name, '@');

	return at ? at + 1 : name;
}

bool name_domain_may_be_public(const char *domain)
{
	static const char *const nobodys[] = {
		".alt",	  ".example",	".home.arpa", ".internal", ".invalid",
		".local", ".localhost", ".onion",     ".test"
	};
	size_t len = strlen(domain);

	if (strcmp(domain, "home.arpa") == 0)
		return false;
	for (size_t i = 0; i < sizeof(nobodys) / sizeof(nobodys[0]); i++) {
		size_t n = strlen(nobodys[i]);

		if (len > n && strcmp(domain + len - n, nobodys[i]) == 0)
			return false;
	}
	return strchr(domain, '.') != NULL;
}
