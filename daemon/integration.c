/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * resolv.conf names the servers that the C library asks. That of
 * systemd-resolved is 127.0.0.53.
 */
#include "daemon/integration.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char resolved_address[] = "127.0.0.53";

/* The address of the next line `nameserver ADDRESS`, after which *text goes on;
 * its length, or 0 at the end. */
static size_t next_server(const char **text, const char **address)
{
	static const char key[] = "nameserver";

	while (**text) {
		const char *p = *text + strspn(*text, " \t");
		size_t blank, len = 0;

		*text += strcspn(*text, "\n");
		*text += **text == '\n';
		if (strncmp(p, key, sizeof(key) - 1) != 0)
			continue;
		p += sizeof(key) - 1;
		blank = strspn(p, " \t");
		if (blank > 0)
			len = strcspn(p + blank, " \t\r\n#;");
		*address = p + blank;
		if (len > 0)
			return len;
	}
	return 0;
}

static bool has_server(const char *text)
{
	const char *p;

	return next_server(&text, &p) > 0;
}

static bool names_server(const char *text, const char *address)
{
	const char *p;
	size_t len;

	while ((len = next_server(&text, &p)) > 0)
		if (len == strlen(address) && !strncmp(p, address, len))
			return true;
	return false;
}

/* Whether `hosts:` has the service `hipline`. */
static bool switches(const char *text)
{
	static const char key[] = "hosts:", service[] = "hipline";

	while (*text) {
		const char *p = text + strspn(text, " \t");
		const char *end = p + strcspn(p, "#\n");

		if (!strncmp(p, key, sizeof(key) - 1)) {
			p += sizeof(key) - 1;
			while (p < end) {
				size_t len;

				p += strspn(p, " \t\r");
				len = strcspn(p, " \t\r\n#");
				if (len == sizeof(service) - 1 &&
				    !strncmp(p, service, len))
					return true;
				p += len > 0 ? len : 1;
			}
		}
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
	return false;
}

/* What comes before the step, where names that are not ours are not found. */
static const char *first_step(const struct integration_system *s)
{
	if (!s->has_upstream)
		return "set dns { upstream = { ADDRESS } } to a server of "
		       "ordinary DNS (none is set: other names are refused), "
		       "hipline reload, and ";
	if (s->is_silent)
		return "set dns { upstream = { ADDRESS } } to a server that "
		       "answers (none of those does: other names are not "
		       "found), hipline reload, and ";
	return "";
}

/* It is in resolv.conf, behind others or not. */
static void judge_named(const struct integration_system *s,
			struct integration *out)
{
	const char *text = s->resolv_conf, *first = "", *at = s->listen;
	size_t len = next_server(&text, &first);

	out->active = "resolv.conf";
	if (len != strlen(at) || strncmp(first, at, len) != 0)
		(void)snprintf(
			out->next, sizeof(out->next),
			"%sput 'nameserver %s' before the others in "
			"resolv.conf%s: programs ask %.*s first, and %s only "
			"when that does not answer",
			first_step(s), at,
			s->resolvconf ? ", by resolvconf" : "",
			len < INET6_ADDRSTRLEN ? (int)len : INET6_ADDRSTRLEN,
			first, at);
	else if (!s->has_upstream || s->is_silent)
		(void)snprintf(
			out->next, sizeof(out->next),
			"every program asks %s, %s: set dns { upstream = { "
			"ADDRESS } } to a server of ordinary DNS%s, then "
			"hipline reload",
			at,
			s->has_upstream ? "which does not find other names"
					: "which refuses all other names",
			s->has_upstream ? " that answers (none of those does)"
					: "");
	else
		(void)snprintf(out->next, sizeof(out->next),
			       "nothing: every program asks %s", at);
}

/* The step for programs that ask DNS. */
static void judge_dns(const struct integration_system *s,
		      struct integration *out)
{
	const char *at = s->listen;

	if (at[0] == '\0')
		(void)snprintf(out->next, sizeof(out->next),
			       "name an address with dns { listen = { ... } }");
	else if (names_server(s->resolv_conf, at))
		judge_named(s, out);
	else if (!strcmp(out->system, "systemd-resolved"))
		(void)snprintf(out->next, sizeof(out->next),
			       "resolvectl dns %s %s && resolvectl domain %s "
			       "'~%s'; until then ask %s yourself: nslookup "
			       "NAME %s",
			       s->interface, at, s->interface, s->suffix, at,
			       at);
	else
		(void)snprintf(out->next, sizeof(out->next),
			       "ask %s yourself: nslookup NAME %s; or %sput "
			       "'nameserver %s' %sinto resolv.conf%s",
			       at, at, first_step(s), at,
			       has_server(s->resolv_conf) ? "before the others "
							  : "",
			       s->resolvconf ? ", by resolvconf" : "");
}

void integration_judge(const struct integration_system *s,
		       struct integration *out)
{
	size_t len;

	out->system = names_server(s->resolv_conf, resolved_address)
			      ? "systemd-resolved"
		      : s->resolvconf ? "resolvconf"
				      : "none";
	out->active = "none";
	out->nss = switches(s->nsswitch);
	judge_dns(s, out);
	len = strlen(out->next);
	if (!out->nss && s->listen[0] != '\0')
		(void)snprintf(out->next + len, sizeof(out->next) - len,
			       "; for names with an @ in every program put "
			       "'hipline' behind 'files' on the line 'hosts:' "
			       "of /etc/nsswitch.conf");
}

/* A file's text, as much as there is room for. */
static void read_text(const char *path, char *text, size_t room)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, text, room - 1);

	text[n > 0 ? n : 0] = '\0';
	if (fd >= 0)
		(void)close(fd); /* only read */
}

void integration_look(struct integration_system *s, struct integration *out)
{
	char resolv_conf[INTEGRATION_FILE_MAX], nsswitch[INTEGRATION_FILE_MAX];

	read_text("/etc/resolv.conf", resolv_conf, sizeof(resolv_conf));
	read_text("/etc/nsswitch.conf", nsswitch, sizeof(nsswitch));
	s->resolv_conf = resolv_conf;
	s->nsswitch = nsswitch;
	s->resolvconf = access("/sbin/resolvconf", X_OK) == 0 ||
			access("/usr/sbin/resolvconf", X_OK) == 0;
	integration_judge(s, out);
	s->resolv_conf = s->nsswitch = NULL; /* they end here */
}
