/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Route and table. nft is run by absolute path, with an empty environment,
 * and is told its rules through a pipe: no shell, no file.
 */
#include "daemon/guard.h"

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
};

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

/* In the child: nft with our pipe for its input and nothing to say. */
static void become_nft(const char *path, int in)
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
	    dup2(null, STDOUT_FILENO) < 0 || dup2(null, STDERR_FILENO) < 0)
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

static bool run_nft(const char *path, const char *rules, size_t len)
{
	int ends[2];
	bool written;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return false;
	pid = fork();
	if (pid == 0)
		become_nft(path, ends[0]);
	(void)close(ends[0]);
	/* It fits the pipe, so nobody waits; SIGPIPE is ignored. */
	written = pid > 0 && write(ends[1], rules, len) == (ssize_t)len;
	(void)close(ends[1]);
	return pid > 0 && wait_for(pid) && written;
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
	err = netlink_label_delete(n, guard_prefix, GUARD_PREFIX_LEN,
				   NETLINK_LABEL_HIT);
	if (err < 0)
		return err;
	return netlink_unreachable_delete(n, guard_prefix, GUARD_PREFIX_LEN,
					  metric_worst);
}
