/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * resolv.conf names the servers that the C library asks. That of
 * systemd-resolved is 127.0.0.53.
 */
#include "daemon/integration.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char resolved_address[] = "127.0.0.53";

/* Whether `nameserver ADDRESS` is a line of the text. */
static bool names_server(const char *text, const char *address)
{
	static const char key[] = "nameserver";

	while (*text) {
		const char *p = text + strspn(text, " \t");
		size_t len;

		if (!strncmp(p, key, sizeof(key) - 1)) {
			p += sizeof(key) - 1;
			len = strspn(p, " \t");
			p += len;
			if (len > 0 &&
			    strcspn(p, " \t\r\n#;") == strlen(address) &&
			    !strncmp(p, address, strlen(address)))
				return true;
		}
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
	return false;
}

void integration_judge(const char *text, const char *listen, int resolvconf,
		       struct integration *out)
{
	out->system = names_server(text, resolved_address) ? "systemd-resolved"
		      : resolvconf			   ? "resolvconf"
							   : "none";
	out->active = "none";
	if (listen[0] == '\0') {
		(void)snprintf(out->next, sizeof(out->next),
			       "name an address with dns { listen = { ... } }");
	} else if (names_server(text, listen)) {
		out->active = "resolv.conf";
		(void)snprintf(out->next, sizeof(out->next),
			       "nothing: every program asks %s", listen);
	} else if (!strcmp(out->system, "systemd-resolved")) {
		(void)snprintf(out->next, sizeof(out->next),
			       "resolvectl dns hip0 %s && resolvectl domain "
			       "hip0 '~hip.internal'; until then ask %s "
			       "yourself: nslookup NAME %s",
			       listen, listen, listen);
	} else {
		(void)snprintf(out->next, sizeof(out->next),
			       "ask %s yourself: nslookup NAME %s; or set dns "
			       "{ upstream = { ... } } and put 'nameserver %s' "
			       "into resolv.conf%s",
			       listen, listen, listen,
			       resolvconf ? ", by resolvconf" : "");
	}
}

void integration_look(const char *listen, struct integration *out)
{
	char text[INTEGRATION_FILE_MAX];
	int fd = open("/etc/resolv.conf", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);

	text[n > 0 ? n : 0] = '\0';
	if (fd >= 0)
		(void)close(fd); /* only read */
	integration_judge(text, listen,
			  access("/sbin/resolvconf", X_OK) == 0 ||
				  access("/usr/sbin/resolvconf", X_OK) == 0,
			  out);
}
