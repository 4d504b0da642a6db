/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Users, capabilities (libcap-ng), and the process attributes that go with
 * them.
 */
#include "daemon/base/sandbox.h"

#include <cap-ng.h>
#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

/* Ports below this one are the system's. */
enum { PORT_UNPRIVILEGED = 1024 };

static const unsigned monitor_keeps[] = { CAP_NET_ADMIN, CAP_NET_BIND_SERVICE,
					  CAP_SETUID, CAP_SETGID };

static const size_t n_monitor_keeps =
	sizeof(monitor_keeps) / sizeof(monitor_keeps[0]);

const char *sandbox_missing_capability(unsigned port, bool raw)
{
	if (capng_get_caps_process() != 0)
		return "CAP_NET_ADMIN";
	if (!capng_have_capability(CAPNG_EFFECTIVE, CAP_NET_ADMIN))
		return "CAP_NET_ADMIN";
	if (port < PORT_UNPRIVILEGED &&
	    !capng_have_capability(CAPNG_EFFECTIVE, CAP_NET_BIND_SERVICE))
		return "CAP_NET_BIND_SERVICE";
	if (raw && !capng_have_capability(CAPNG_EFFECTIVE, CAP_NET_RAW))
		return "CAP_NET_RAW";
	if (!capng_have_capability(CAPNG_EFFECTIVE, CAP_SETUID))
		return "CAP_SETUID";
	if (!capng_have_capability(CAPNG_EFFECTIVE, CAP_SETGID))
		return "CAP_SETGID";
	return NULL;
}

/* No core of us holds our keys, and no process of our user looks into us. */
static int keep_secrets(void)
{
	const struct rlimit none = { 0, 0 };

	if (setrlimit(RLIMIT_CORE, &none) < 0 || prctl(PR_SET_DUMPABLE, 0) < 0)
		return -errno;
	return 0;
}

/* Whether a capability is among those that the monitor keeps. */
static bool is_kept(unsigned cap)
{
	for (size_t i = 0; i < n_monitor_keeps; i++)
		if (monitor_keeps[i] == cap)
			return true;
	return false;
}

/* Without CAP_SETPCAP the bounding set stays; it then bounds what we could
 * not get anyway, for want of a program that gives it. */
static int drop_bounds(bool keep_monitors)
{
	for (unsigned cap = 0; prctl(PR_CAPBSET_READ, cap) >= 0; cap++) {
		if (keep_monitors && is_kept(cap))
			continue;
		if (prctl(PR_CAPBSET_DROP, cap) < 0 && errno != EPERM)
			return -errno;
	}
	return 0;
}

int sandbox_begin(void)
{
	int err = keep_secrets();

	if (err == 0)
		err = drop_bounds(false);
	if (err == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		err = -errno;
	return err;
}

static int become(uid_t uid, gid_t gid)
{
	uid_t r, e, s;
	gid_t rg, eg, sg;

	if (setgroups(0, NULL) < 0 || setresgid(gid, gid, gid) < 0 ||
	    setresuid(uid, uid, uid) < 0)
		return -errno;
	if (getresuid(&r, &e, &s) < 0 || getresgid(&rg, &eg, &sg) < 0)
		return -errno;
	if (r != uid || e != uid || s != uid || rg != gid || eg != gid ||
	    sg != gid || getgroups(0, NULL) != 0)
		return -EPERM;
	return 0;
}

static int drop_all_capabilities(void)
{
	capng_clear(CAPNG_SELECT_ALL);
	/* Bounds are gone already, and cannot be set any more. */
	if (capng_apply(CAPNG_SELECT_CAPS) != 0)
		return -EPERM;
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		return -errno;
	if (capng_get_caps_process() != 0 ||
	    capng_have_capabilities(CAPNG_SELECT_CAPS) != CAPNG_NONE)
		return -EPERM;
	return 0;
}

int sandbox_become(uid_t uid, gid_t gid)
{
	int err = become(uid, gid);

	if (err == 0)
		err = drop_all_capabilities();
	/* Another user begins dumpable, and with no parent to die with. */
	if (err == 0)
		err = keep_secrets();
	if (err == 0 && prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		err = -errno;
	if (err == 0 && uid != 0 && setresuid(0, 0, 0) == 0)
		err = -EPERM; /* there was a way back */
	return err;
}

int sandbox_monitor(void)
{
	int err = keep_secrets();
	bool had[sizeof(monitor_keeps) / sizeof(monitor_keeps[0])];

	if (err == 0)
		err = drop_bounds(true);
	if (err < 0)
		return err;
	if (capng_get_caps_process() != 0)
		return -EPERM;
	for (size_t i = 0; i < n_monitor_keeps; i++)
		had[i] = capng_have_capability(CAPNG_PERMITTED,
					       monitor_keeps[i]);
	capng_clear(CAPNG_SELECT_CAPS);
	for (size_t i = 0; i < n_monitor_keeps; i++)
		if (had[i] &&
		    capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED,
				 monitor_keeps[i]) != 0)
			return -EPERM;
	return capng_apply(CAPNG_SELECT_CAPS) == 0 ? 0 : -EPERM;
}
