/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Route and table. nft is run by absolute path, with an empty environment,
 * and is told its rules through a pipe: no shell, no file.
 */
#include "daemon/guard.h"

#include "daemon/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

const uint8_t guard_prefix[16] = { 0x20, 0x01, 0x00, 0x20 };

enum {
	NFT_WAIT_S = 10, /* then it is ended by its alarm */
	LISTING_MAX = 16384,
};

#define NAME_SIGNS                                                             \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_"

/* Worse than any other route to the same prefix. */
static const uint32_t metric_worst = UINT32_MAX;

static const char *const nft_paths[] = { "/usr/sbin/nft", "/sbin/nft",
					 "/usr/bin/nft", "/bin/nft",
					 "/usr/local/sbin/nft" };

int guard_route_add(struct netlink *n)
{
	return netlink_unreachable_add(n, guard_prefix, GUARD_PREFIX_LEN,
				       metric_worst);
}

/* hipline_INTERFACE; nft takes no other signs in a name than these. */
static void table_name(const char *interface, char out[IFNAMSIZ + 16])
{
	(void)snprintf(out, IFNAMSIZ + 16, "hipline_%s", interface);
	for (char *p = out; *p; p++)
		if (*p == '-' || *p == '.')
			*p = '_';
}

size_t guard_rules(const char *interface, char out[GUARD_RULES_MAX])
{
	char table[IFNAMSIZ + 16];
	int n;

	table_name(interface, table);
	/* The first line makes sure that there is one to delete. */
	n = snprintf(out, GUARD_RULES_MAX,
		     "table ip6 %s {}\n"
		     "delete table ip6 %s\n"
		     "table ip6 %s {\n"
		     " chain in {\n"
		     "  type filter hook prerouting priority raw\n"
		     "  iifname \"%s\" accept\n"
		     "  iifname \"lo\" accept\n"
		     "  ip6 saddr 2001:20::/28 counter drop\n"
		     "  ip6 daddr 2001:20::/28 counter drop\n"
		     " }\n"
		     " chain out {\n"
		     "  type filter hook postrouting priority raw\n"
		     "  oifname \"%s\" accept\n"
		     "  oifname \"lo\" accept\n"
		     "  ip6 saddr 2001:20::/28 counter drop\n"
		     "  ip6 daddr 2001:20::/28 counter drop\n"
		     " }\n"
		     "}\n",
		     table, table, table, interface, interface);
	return n > 0 && n < GUARD_RULES_MAX ? (size_t)n : 0;
}

static const char *find_nft(void)
{
	for (size_t i = 0; i < sizeof(nft_paths) / sizeof(nft_paths[0]); i++)
		if (access(nft_paths[i], X_OK) == 0)
			return nft_paths[i];
	return NULL;
}

/* In the child: nft with our pipes for its input and output, -1: nowhere. */
static void become_nft(const char *path, int in, int out)
{
	char *const arguments[] = { (char *)(uintptr_t) "nft",
				    (char *)(uintptr_t) "-f",
				    (char *)(uintptr_t) "-", NULL };
	char *const environment[] = { NULL };
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	sigset_t none;

	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)alarm(NFT_WAIT_S);
	if (null < 0 || dup2(in, STDIN_FILENO) < 0 ||
	    dup2(out < 0 ? null : out, STDOUT_FILENO) < 0 ||
	    dup2(null, STDERR_FILENO) < 0)
		_exit(127);
	(void)execve(path, arguments, environment);
	_exit(127);
}

static bool wait_for(pid_t pid)
{
	int status;
	pid_t got;

	do
		got = waitpid(pid, &status, 0);
	while (got < 0 && errno == EINTR);
	return got == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* nft with these commands, its output to `out`; its pid, or -1. */
static pid_t start_nft(const char *path, const char *commands, size_t len,
		       int out)
{
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -1;
	pid = fork();
	if (pid == 0)
		become_nft(path, ends[0], out);
	(void)close(ends[0]);
	/* It fits the pipe, so nobody waits; SIGPIPE is ignored. Cut short it
	 * is refused. */
	if (pid > 0 && write(ends[1], commands, len) != (ssize_t)len)
		(void)kill(pid, SIGKILL);
	(void)close(ends[1]);
	return pid;
}

static bool run_nft(const char *path, const char *rules, size_t len)
{
	pid_t pid = start_nft(path, rules, len, -1);

	return pid > 0 && wait_for(pid);
}

/* What nft says to that, as a text; false when it fails or says more. */
static bool ask_nft(const char *path, const char *command, char *out,
		    size_t cap)
{
	size_t have = 0;
	ssize_t got = -1;
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return false;
	pid = start_nft(path, command, strlen(command), ends[1]);
	(void)close(ends[1]); /* nft's */
	while (pid > 0 && have < cap) {
		got = read(ends[0], out + have, cap - have);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		have += (size_t)got;
	}
	(void)close(ends[0]); /* which ends it, if it has more to say */
	if (pid <= 0 || !wait_for(pid) || got != 0)
		return false;
	out[have] = '\0';
	return true;
}

bool guard_is_ours(const char *table, const char *listing)
{
	static const char before[] = "iifname \"";
	static const char *const parts[] = { "chain in {", "chain out {",
					     "ip6 saddr 2001:20::/28 counter",
					     "ip6 daddr 2001:20::/28 counter" };
	char interface[IFNAMSIZ] = "", name[IFNAMSIZ + 16];
	const char *at = strstr(listing, before);
	size_t len;

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (!strstr(listing, parts[i]))
			return false;
	if (!at)
		return false;
	at += strlen(before);
	len = strcspn(at, "\"");
	if (len >= sizeof(interface))
		return false;
	memcpy(interface, at, len);
	table_name(interface, name);
	return strcmp(name, table) == 0;
}

/* Deletes a table if it is ours. */
static void delete_if_ours(const char *path, const char *table)
{
	char command[128], listing[LISTING_MAX];
	int n = snprintf(command, sizeof(command), "list table ip6 %s\n",
			 table);

	if (n < 0 || (size_t)n >= sizeof(command) ||
	    !ask_nft(path, command, listing, sizeof(listing) - 1) ||
	    !guard_is_ours(table, listing))
		return;
	n = snprintf(command, sizeof(command), "delete table ip6 %s\n",
		     table); /* fits, too */
	if (run_nft(path, command, (size_t)n))
		log_info("guard", "the table %s of an earlier run is removed",
			 table);
	else
		log_warning("guard",
			    "the table %s of an earlier run drops what is "
			    "for HITs; remove it with nft delete table ip6 %s",
			    table, table);
}

void guard_firewall_clean(const char *interface)
{
	static const char line[] = "table ip6 hipline_";
	const char *path = find_nft();
	char list[LISTING_MAX], name[IFNAMSIZ + 16], but[IFNAMSIZ + 16] = "";
	char *next = list;

	if (interface)
		table_name(interface, but);
	if (!path ||
	    !ask_nft(path, "list tables ip6\n", list, sizeof(list) - 1))
		return;
	while (*next != '\0') {
		char *text = next;
		size_t len = strcspn(text, "\n");

		next += text[len] == '\n' ? len + 1 : len;
		if (strncmp(text, line, strlen(line)) != 0)
			continue;
		text += strlen("table ip6 ");
		len = strspn(text, NAME_SIGNS);
		if (len >= sizeof(name) || (text[len] && text[len] != '\n'))
			continue; /* such a name is not of ours */
		memcpy(name, text, len);
		name[len] = '\0';
		if (strcmp(name, but) != 0)
			delete_if_ours(path, name);
	}
}

enum guard_firewall guard_firewall_add(const char *interface)
{
	const char *path = find_nft();
	char rules[GUARD_RULES_MAX];
	size_t len = guard_rules(interface, rules);

	if (!path)
		return GUARD_FIREWALL_NO_NFT;
	if (len == 0 || !run_nft(path, rules, len))
		return GUARD_FIREWALL_REFUSED;
	return GUARD_FIREWALL_ON;
}

int guard_remove(struct netlink *n, const char *interface)
{
	const char *path = find_nft();
	char table[IFNAMSIZ + 16];
	char rules[128];
	int len, err;

	table_name(interface, table);
	len = snprintf(rules, sizeof(rules),
		       "table ip6 %s {}\ndelete table ip6 %s\n", table, table);
	if (path && len > 0 && (size_t)len < sizeof(rules))
		(void)run_nft(path, rules, (size_t)len); /* or there is none */
	guard_firewall_clean(NULL);
	err = netlink_label_delete(n, guard_prefix, GUARD_PREFIX_LEN,
				   NETLINK_LABEL_HIT);
	if (err < 0)
		return err;
	return netlink_unreachable_delete(n, guard_prefix, GUARD_PREFIX_LEN,
					  metric_worst);
}
