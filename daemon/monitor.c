/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The order in which things are opened: first what only asks, then what goes
 * by itself when we end, then what stays. So a start that fails leaves
 * nothing half done.
 */
#include "daemon/monitor.h"

#include "daemon/base/log.h"
#include "daemon/base/sandbox.h"
#include "daemon/config_file.h"
#include "daemon/errand.h"
#include "daemon/guard.h"
#include "daemon/handover.h"
#include "daemon/helper.h"
#include "daemon/network.h"
#include "daemon/place.h"
#include "daemon/program.h"
#include "daemon/watch.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	/* More than a configuration takes: handing it over never waits. */
	CHANNEL_BUFFER = 4 * 1024 * 1024,
};

struct monitor {
	struct config_file file;
	bool verbose;
	uid_t uid; /* of the engine's user */
	gid_t gid;
	struct errand_key key; /* no length: none yet */
	struct netlink *netlink;
	struct network network;
	enum guard_firewall firewall;
	int lock;     /* of the state directory */
	int listener; /* the control socket, which is ours to remove */
	int channel;  /* to the engine */
	pid_t engine;
	struct helper resolver;
};

static int load(struct monitor *m, const struct monitor_options *o)
{
	char error[CONFIG_ERROR_MAX];
	int err = config_file_load(o->file, o->file_named, &m->file, error);

	if (err < 0) {
		log_error("configuration", "%s", error);
		return err;
	}
	m->verbose = o->verbose;
	log_set_level(o->verbose ? LOG_LEVEL_DEBUG : m->file.config.log);
	return 0;
}

static int check_rights(const struct monitor *m)
{
	const struct config *c = &m->file.config;
	const char *missing = sandbox_missing_capability(
		c->port, c->transport == CONFIG_TRANSPORT_RAW);

	if (!missing)
		return 0;
	log_error("rights", "%s is missing; run as root", missing);
	return -EPERM;
}

static int find_user(struct monitor *m)
{
	const struct config_item *user = &m->file.config.users.items[0];
	const struct passwd *pw = getpwnam(user->text);

	if (!pw) {
		log_error("users",
			  "there is no user %s; make it with useradd --system "
			  "%s, or name another with users = { ... }",
			  user->text, user->text);
		return -ENOENT;
	}
	m->uid = pw->pw_uid;
	m->gid = pw->pw_gid;
	return 0;
}

static uint32_t group_id(const char *name)
{
	const struct group *g = getgrnam(name);

	return g ? g->gr_gid : HANDOVER_NO_GROUP;
}

static int open_netlink(struct monitor *m)
{
	int err;

	m->netlink = netlink_new();
	if (m->netlink)
		return 0;
	err = -errno;
	log_error("netlink", "%s", strerror(-err));
	return err;
}

/* What only asks, and what goes when we end. */
static int open_all(struct monitor *m, const char *libexec)
{
	const struct config *c = &m->file.config;
	int err = place_socket_free(c->control);

	if (err == 0)
		err = errand_run(ERRAND_LOAD, c, libexec, &m->key);
	if (err == -ENOENT)
		err = 0; /* it is made later */
	if (err == 0)
		err = open_netlink(m);
	if (err == 0)
		err = network_test_alone(m->netlink);
	if (err == 0)
		err = network_open_sockets(&m->network, c);
	if (err == 0)
		err = network_open_tun(&m->network, c);
	if (err == 0)
		helper_open(&m->resolver, c, libexec, m->verbose);
	return err;
}

static int set_guard(struct monitor *m)
{
	const struct config *c = &m->file.config;
	int err = guard_route_add(m->netlink);

	if (err < 0) {
		log_error("guard", "the unreachable route cannot be set: %s",
			  strerror(-err));
		return err;
	}
	if (c->firewall == CONFIG_FIREWALL_OFF) {
		m->firewall = GUARD_FIREWALL_OFF;
		guard_firewall_clean(NULL);
		return 0;
	}
	m->firewall = guard_firewall_add(c->interface);
	guard_firewall_clean(c->interface);
	return 0;
}

/* What stays in the file system and in the kernel's tables. */
static int make_all(struct monitor *m, const char *libexec)
{
	const struct config *c = &m->file.config;
	int err = place_state(c->state, m->uid, m->gid, &m->lock);

	if (err == 0 && m->key.len == 0)
		err = errand_run(ERRAND_MAKE, c, libexec, &m->key);
	if (err == 0) {
		m->listener = place_socket(c->control);
		err = m->listener < 0 ? m->listener : 0;
	}
	if (err == 0) /* before the guard: it would cut another one off */
		err = network_claim(&m->network, m->netlink, c);
	if (err == 0)
		err = set_guard(m);
	if (err == 0)
		err = network_set_up(&m->network, m->netlink, c, &m->key.hit);
	if (err == 0)
		helper_open_overlay(&m->resolver, c, &m->key.hit);
	return err;
}

static int start_engine(struct monitor *m, const char *libexec)
{
	char path[PROGRAM_PATH_MAX];
	const int buffer = CHANNEL_BUFFER;
	int ends[2];

	program_find(PROGRAM_ENGINE, libexec, path);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return -errno;
	if (setsockopt(ends[0], SOL_SOCKET, SO_SNDBUFFORCE, &buffer,
		       sizeof(buffer)) < 0)
		log_debug("engine", "a large buffer: %s", strerror(errno));
	m->engine = fork();
	if (m->engine == 0)
		program_become(path, "--channel", ends[1]);
	(void)close(ends[1]); /* the engine's */
	m->channel = ends[0];
	return m->engine < 0 ? -errno : 0;
}

static int hand_over(struct monitor *m, const char *libexec)
{
	const struct handover h = {
		.file = m->file.name,
		.text = m->file.text,
		.text_len = m->file.len,
		.uid = m->uid,
		.gid = m->gid,
		.owner = geteuid(),
		.gid_read = group_id("hipline"),
		.gid_change = group_id("hipline-admin"),
		.mtu = m->network.mtu,
		.tun_ifindex = m->network.tun_ifindex,
		.firewall = m->firewall,
		.verbose = m->verbose,
		.tun_fd = m->network.tun_fd,
		.udp4_fd = m->network.udp4_fd,
		.udp6_fd = m->network.udp6_fd,
		.raw = m->network.raw,
		.more = m->network.more,
		.listen_fd = m->listener,
	};
	int err = start_engine(m, libexec);

	if (err == 0)
		err = handover_send_key(m->channel, m->key.pem, m->key.len);
	if (err == 0)
		err = handover_send(m->channel, &h);
	if (err < 0)
		log_error("engine", "it cannot be started: %s", strerror(-err));
	return err;
}

/* What the engine has now, and the key, are no longer ours. */
static int give_up_rights(struct monitor *m)
{
	int err;

	network_close(&m->network);
	(void)close(m->listener);
	netlink_free(m->netlink);
	m->netlink = NULL;
	sodium_memzero(&m->key, sizeof(m->key));
	err = sandbox_monitor();
	if (err < 0)
		log_error("rights", "they cannot be given up: %s",
			  strerror(-err));
	return err;
}

static int serve(struct monitor *m, const struct monitor_options *o)
{
	struct watch watch = { .file = m->file.name,
			       .file_named = o->file_named,
			       .verbose = o->verbose,
			       .resolver = &m->resolver };
	int status = EXIT_FAILURE;
	int err = make_all(m, o->libexec);

	if (err == 0)
		err = hand_over(m, o->libexec);
	if (err == 0)
		err = give_up_rights(m);
	watch.channel = m->channel;
	watch.engine = m->engine;
	if (err == 0)
		status = watch_engine(&watch);
	helper_close(&m->resolver);
	if (m->listener >= 0)
		(void)unlink(m->file.config.control); /* or it is stale */
	return status;
}

static void clear(struct monitor *m)
{
	network_close(&m->network);
	netlink_free(m->netlink);
	sodium_memzero(&m->key, sizeof(m->key));
	config_file_clear(&m->file);
}

/* The signals that we wait for; they come only when we wait. */
static void set_signals(void)
{
	sigset_t signals;

	watch_signals(&signals);
	(void)sigprocmask(SIG_BLOCK, &signals, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
}

int monitor_run(const struct monitor_options *o)
{
	struct monitor m = { .lock = -1, .listener = -1, .channel = -1 };
	int status = EXIT_FAILURE;

	helper_init(&m.resolver);
	set_signals();
	(void)umask(022);
	network_init(&m.network);
	if (load(&m, o) == 0 && check_rights(&m) == 0 && find_user(&m) == 0 &&
	    open_all(&m, o->libexec) == 0)
		status = serve(&m, o);
	clear(&m);
	return status;
}

int monitor_unguard(const struct monitor_options *o)
{
	struct monitor m = { .lock = -1, .listener = -1, .channel = -1 };
	int err;

	(void)signal(SIGPIPE, SIG_IGN);
	network_init(&m.network);
	err = load(&m, o);
	if (err == 0)
		err = check_rights(&m);
	if (err == 0)
		err = place_socket_free(m.file.config.control);
	if (err == 0)
		err = open_netlink(&m);
	if (err == 0)
		err = network_test_alone(m.netlink);
	if (err == 0) {
		err = guard_remove(m.netlink, m.file.config.interface);
		if (err < 0)
			log_error("guard", "it cannot be removed: %s",
				  strerror(-err));
	}
	clear(&m);
	return err < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
