/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Questions as text in lower case: a label with a dot inside has none, and
 * is nobody's name.
 */
#include "resolver/dnsform.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* 2001:20::/28: seven half bytes (RFC 7343 2, RFC 3596 2.5). */
static const char reverse_zone[] = "2.0.0.1.0.0.2.ip6.arpa";

enum {
	NIBBLES = 32,
	NIBBLES_OF_ZONE = 7,
	ESCAPE_LEN = 4, /* 0xHH */
};

static const char at_label[] = ".at.";

/* Where `zone` begins in the text that is it or ends with it; else NULL. */
static const char *find_zone(const char *text, const char *zone)
{
	size_t len = strlen(text), zone_len = strlen(zone);
	const char *at;

	if (len < zone_len)
		return NULL;
	at = text + len - zone_len;
	if (strcmp(at, zone) != 0 || (at > text && at[-1] != '.'))
		return NULL;
	return at;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* 0xHH at p: its octet, or -1. */
static int escaped_octet(const char *p)
{
	int high, low;

	if (p[0] != '0' || p[1] != 'x')
		return -1;
	high = hex_digit(p[2]);
	low = high < 0 ? -1 : hex_digit(p[3]);
	return low < 0 ? -1 : high << 4 | low;
}

/* "user.at.domain" to its canonical name. */
static int name_of_host(const char *host, char out[NAME_LEN_MAX + 1])
{
	const char *at = strstr(host, at_label);
	char name[DNSNAME_TEXT_MAX];
	size_t len = 0;

	if (!at) /* nor is there a name of a service */
		return *host == '_' ? -EINVAL
				    : name_domain_canonical(host, out);
	for (const char *p = host; p < at; len++) {
		int octet = escaped_octet(p);

		/* name_canonical would decode it a second time. */
		if (octet == '%' || octet == '\0' || *p == '%' || *p == '@')
			return -EINVAL;
		name[len] = octet < 0 ? *p : (char)octet;
		p += octet < 0 ? 1 : ESCAPE_LEN;
	}
	name[len++] = '@';
	at += sizeof(at_label) - 1;
	/* What stands in front of @ only became shorter. */
	memcpy(name + len, at, strlen(at) + 1);
	return name_canonical(name, out);
}

/* "2001-22--1": a HIT with dashes. */
static bool hit_of_label(const char *label, struct hit *out)
{
	char text[HIT_TEXT_MAX];
	size_t len = strlen(label);

	if (len >= sizeof(text))
		return false;
	for (size_t i = 0; i <= len; i++) {
		if (label[i] == ':' || label[i] == '.')
			return false;
		text[i] = label[i] == '-' ? ':' : label[i];
	}
	return hit_from_text(text, out) == 0;
}

/* What certifies itself needs no looking up. */
static void settle_name(const char *suffix, struct dnsform *f)
{
	f->kind = hit_from_self_name(f->name, suffix, &f->hit) ? DNSFORM_HIT
							       : DNSFORM_NAME;
}

static const char *skip_service(const char *host, struct dnsform *f)
{
	f->is_service = strncmp(host, "_sip._udp.", 10) == 0 ||
			strncmp(host, "_sip._tcp.", 10) == 0;
	return f->is_service ? host + 10 : host;
}

/* Under the suffix; `text` is whole. */
static void parse_ours(const char *text, const char *zone, const char *suffix,
		       struct dnsform *f)
{
	char host[DNSNAME_TEXT_MAX];
	const char *rest;

	f->kind = DNSFORM_PART;
	f->zone_at = (size_t)(zone - text); /* each dot is a length there */
	if (zone == text)
		return;
	(void)snprintf(host, sizeof(host), "%.*s", (int)(zone - text - 1),
		       text); /* fits */
	rest = skip_service(host, f);
	f->kind = DNSFORM_NOTHING;
	if (hit_of_label(rest, &f->hit) ||
	    hit_from_self_label(rest, &f->hit) == 0)
		f->kind = DNSFORM_HIT;
	else if (strchr(rest, '@') ? name_canonical(text, f->name) == 0
				   : name_of_host(rest, f->name) == 0)
		settle_name(suffix, f);
}

static void parse_reverse(const char *text, const char *zone, struct dnsform *f)
{
	size_t n = NIBBLES_OF_ZONE;

	f->zone_at = (size_t)(zone - text);
	f->kind = DNSFORM_NOTHING;
	memcpy(f->hit.bytes, "\x20\x01\x00\x20", 4);
	/* From the zone to the left: from the first half byte to the last. */
	for (const char *p = zone; p > text; p -= 2) {
		int digit = p - text >= 2 ? hex_digit(p[-2]) : -1;

		if (digit < 0 || n == NIBBLES || (p - text > 2 && p[-3] != '.'))
			return;
		f->hit.bytes[n / 2] =
			(uint8_t)(n % 2 ? (f->hit.bytes[n / 2] & 0xf0) | digit
					: digit << 4);
		n++;
	}
	f->kind = n == NIBBLES ? DNSFORM_REVERSE : DNSFORM_PART;
}

void dnsform_parse(const struct dnsname *question, const char *suffix,
		   struct dnsform *out)
{
	struct dnsform f = { .kind = DNSFORM_FOREIGN };
	char text[DNSNAME_TEXT_MAX];
	const char *zone;

	if (!dnsname_text(question, text)) {
		/* It may lie in our zone all the same; nobody has it. */
	} else if ((zone = find_zone(text, suffix))) {
		parse_ours(text, zone, suffix, &f);
	} else if ((zone = find_zone(text, reverse_zone))) {
		parse_reverse(text, zone, &f);
	} else if (strchr(text, '@') && name_canonical(text, f.name) == 0) {
		f.is_open = true;
		settle_name(suffix, &f);
	}
	*out = f;
}

/* Whether this octet of a user part may stand in a host name as it is. */
static bool stands_as_it_is(const char *user, size_t i, size_t len)
{
	const char c = user[i];
	const bool begins = i == 0 || user[i - 1] == '.';
	const bool ends = i + 1 == len || user[i + 1] == '.';

	if (c == '.')
		return !begins && i + 1 < len;
	if (c == '-')
		return !begins && !ends;
	if (c == '0' && i + 1 < len && user[i + 1] == 'x')
		return false;
	if (c == 'a' && begins && i + 1 < len && user[i + 1] == 't' &&
	    (i + 2 == len || user[i + 2] == '.'))
		return false;
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

int dnsform_host(const char *name, const char *suffix, struct dnsname *out)
{
	const char *at = strchr(name, '@');
	char text[ESCAPE_LEN * DNSNAME_TEXT_MAX + 2 * DNSNAME_TEXT_MAX];
	size_t len = 0, user = at ? (size_t)(at - name) : 0;

	if (user >= DNSNAME_TEXT_MAX || strlen(suffix) >= DNSNAME_TEXT_MAX)
		return -EINVAL;
	for (size_t i = 0; i < user; i++) {
		if (stands_as_it_is(name, i, user))
			text[len++] = name[i];
		else
			len += (size_t)snprintf(text + len, ESCAPE_LEN + 1,
						"0x%02x",
						(unsigned char)name[i]);
	}
	(void)snprintf(text + len, sizeof(text) - len, "%s%s.%s",
		       at ? at_label : "", at ? at + 1 : name,
		       suffix); /* cut short it is too long as well */
	return dnsname_from_text(text, out);
}

void dnsform_host_of_hit(const struct hit *hit, const char *suffix,
			 struct dnsname *out)
{
	char label[HIT_SELF_LABEL_LEN + 1];
	char text[HIT_SELF_LABEL_LEN + 1 + DNSNAME_TEXT_MAX];

	hit_self_label(hit, label);
	(void)snprintf(text, sizeof(text), "%s.%s", label, suffix); /* fits */
	if (dnsname_from_text(text, out) < 0) /* with a suffix that is long */
		out->len = 0;
}
