/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Sockets, TUN device, address, routes.
 */
#include "daemon/network.h"

#include "daemon/base/locator.h"
#include "daemon/base/log.h"
#include "daemon/guard.h"
#include "tun/cipher.h"
#include "tun/device.h"
#include "tun/socket.h"
#include "tun/steer.h"

#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	MTU_UNDERNEATH = 1500, /* where no link tells */
	MTU_MAX = 9000,	       /* as configured at most */
	HIT_PREFIX_LEN = 128,
	ROUTE_METRIC = 256, /* an ordinary one: better than the guard's */
	/* A worker for so many processors, where nothing is said. */
	PROCESSORS_EACH = 4,
	WORKERS_AUTO_MAX = 4,
};

void network_init(struct network *n)
{
	*n = (struct network){ .udp4_fd = -1, .udp6_fd = -1, .tun_fd = -1 };
}

static void close_more(struct worker_more *more)
{
	for (size_t i = 0; i < more->n; i++) {
		const struct worker_fds *w = &more->fds[i];

		if (w->tun_fd >= 0)
			(void)close(w->tun_fd);
		if (w->udp4_fd >= 0)
			(void)close(w->udp4_fd);
		if (w->udp6_fd >= 0)
			(void)close(w->udp6_fd);
	}
}

void network_close(struct network *n)
{
	if (n->udp4_fd >= 0)
		(void)close(n->udp4_fd);
	if (n->udp6_fd >= 0)
		(void)close(n->udp6_fd);
	for (int i = 0; n->raw.is_open && i < RAW_SOCKETS; i++)
		if (n->raw.fds[i] >= 0)
			(void)close(n->raw.fds[i]);
	if (n->tun_fd >= 0)
		(void)close(n->tun_fd);
	close_more(&n->more);
	network_init(n);
}

static void complain_socket(const struct config *c, const char *family, int err)
{
	if (err == -EADDRINUSE)
		log_error("socket",
			  "UDP port %u of %s is in use; stop who uses it (ss "
			  "-lunp), or choose another with port = ...",
			  c->port, family);
	else if (err == -EADDRNOTAVAIL)
		log_error("socket",
			  "the %s address of bind is not one of this host's; "
			  "correct bind = { ... }",
			  family);
	else if (err == -EACCES || err == -EPERM)
		log_error("socket",
			  "UDP port %u cannot be bound without rights; run as "
			  "root",
			  c->port);
	else
		log_error("socket", "UDP port %u of %s: %s", c->port, family,
			  strerror(-err));
}

static int bind_to_interface(int fd, const char *name)
{
	if (setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name,
		       (socklen_t)strlen(name)) == 0)
		return 0;
	return -errno;
}

/* What bind = { ... } says about one family. */
struct binding {
	union tun_addr addr;
	const char *interface; /* or NULL */
	bool wanted;
};

static struct binding binding_for(const struct config *c, sa_family_t family)
{
	struct binding b = { .wanted = c->bind.n == 0 };

	for (size_t i = 0; i < c->bind.n; i++) {
		const char *text = c->bind.items[i].text;
		struct sockaddr_storage sa;
		struct locator l;

		if (locator_from_text(text, (uint16_t)c->port, &l) < 0) {
			b.interface = text;
			b.wanted = true;
			continue;
		}
		(void)locator_to_sockaddr(&l, &sa); /* its length is known */
		if (sa.ss_family != family)
			continue;
		memcpy(&b.addr, &sa, sizeof(b.addr));
		b.wanted = true;
	}
	return b;
}

/* Where bind = { ... } names an interface. 0, or it is no socket of ours. */
static int keep_to_interface(const struct binding *b, int fd)
{
	int err = b->interface ? bind_to_interface(fd, b->interface) : 0;

	if (err == 0)
		return 0;
	log_error("socket", "interface %s of bind: %s; correct bind = { ... }",
		  b->interface, strerror(-err));
	(void)close(fd);
	return err;
}

/* One family's socket into *fd, or -1 where there is no such family. */
static int open_socket(const struct config *c, sa_family_t family, int *fd)
{
	const char *name = family == AF_INET ? "IPv4" : "IPv6";
	struct binding b = binding_for(c, family);
	int got, err;

	if (!b.wanted)
		return 0;
	got = socket_open(family, &b.addr, (uint16_t)c->port, false);
	if (got == -EAFNOSUPPORT && c->bind.n == 0)
		return 0;
	if (got < 0) {
		complain_socket(c, name, got);
		return got;
	}
	err = keep_to_interface(&b, got);
	if (err == 0)
		*fd = got;
	return err;
}

/* The socket of the same port that a further worker has, into *fd. */
static int open_twin(const struct config *c, int first, int *fd)
{
	int got = first < 0 ? -1 : socket_twin(first);

	if (first >= 0 && got < 0) {
		log_error("socket",
			  "UDP port %u for several workers: %s; set workers = "
			  "1",
			  c->port, strerror(-got));
		return got;
	}
	*fd = got;
	return 0;
}

/* Without that program a peer's packets go to a worker all the same. */
static void steer(int fd, size_t workers)
{
	int err = fd < 0 ? 0 : steer_sockets(fd, (unsigned)workers);

	if (err < 0)
		log_warning("socket",
			    "packets cannot be sent to the worker that has "
			    "their association: %s",
			    strerror(-err));
}

static int open_twins(struct network *n, const struct config *c, size_t workers)
{
	struct worker_more *more = &n->more;
	int err = 0;

	while (err == 0 && more->n + 1 < workers) {
		struct worker_fds *w = &more->fds[more->n++];

		*w = (struct worker_fds){ -1, -1, -1 };
		err = open_twin(c, n->udp4_fd, &w->udp4_fd);
		if (err == 0)
			err = open_twin(c, n->udp6_fd, &w->udp6_fd);
	}
	if (err == 0 && workers > 1) {
		steer(n->udp4_fd, workers);
		steer(n->udp6_fd, workers);
	}
	return err;
}

/* The raw sockets of a family that has a UDP socket. */
static int open_raw(struct network *n, const struct config *c,
		    enum worker_raw_socket which)
{
	bool v4 = which == RAW_ESP4 || which == RAW_HIP4;
	bool is_hip = which == RAW_HIP4 || which == RAW_HIP6;
	struct binding b = binding_for(c, v4 ? AF_INET : AF_INET6);
	int protocol = is_hip ? HIP_PROTOCOL : IPPROTO_ESP;
	int got, err;

	if ((v4 ? n->udp4_fd : n->udp6_fd) < 0)
		return 0;
	got = socket_open_raw(v4 ? AF_INET : AF_INET6, protocol, &b.addr);
	if (got < 0) {
		log_error("socket",
			  "IP protocol %d of %s: %s; transport = raw takes "
			  "CAP_NET_RAW at the start",
			  protocol, v4 ? "IPv4" : "IPv6", strerror(-got));
		return got;
	}
	err = keep_to_interface(&b, got);
	if (err == 0)
		n->raw.fds[which] = got;
	return err;
}

static int open_all_raw(struct network *n, const struct config *c)
{
	int err = 0;

	n->raw.is_open = true;
	for (int i = 0; i < RAW_SOCKETS; i++)
		n->raw.fds[i] = -1;
	for (int i = 0; i < RAW_SOCKETS && err == 0; i++)
		err = open_raw(n, c, i);
	return err;
}

size_t network_workers(const struct config *c, unsigned processors)
{
	size_t n = processors / PROCESSORS_EACH;

	if (c->workers > 0)
		return c->workers;
	if (n < 1)
		return 1;
	return n < WORKERS_AUTO_MAX ? n : WORKERS_AUTO_MAX;
}

/* Those that we may run on. */
static unsigned count_processors(void)
{
	cpu_set_t set;

	/* It fails where there are more than it can count. */
	if (sched_getaffinity(0, sizeof(set), &set) < 0)
		return CPU_SETSIZE;
	return (unsigned)CPU_COUNT(&set);
}

int network_open_sockets(struct network *n, const struct config *c)
{
	const size_t workers = network_workers(c, count_processors());
	int err = open_socket(c, AF_INET, &n->udp4_fd);

	if (err == 0)
		err = open_socket(c, AF_INET6, &n->udp6_fd);
	if (err == 0 && n->udp4_fd < 0 && n->udp6_fd < 0) {
		log_error("socket", "this host has neither IPv4 nor IPv6");
		err = -EAFNOSUPPORT;
	}
	if (err == 0)
		err = open_twins(n, c, workers);
	if (err == 0 && c->transport == CONFIG_TRANSPORT_RAW)
		err = open_all_raw(n, c);
	return err;
}

static void complain_tun(const struct config *c, int err)
{
	if (err == -ENOTTY || err == -EBADFD)
		log_error("tun",
			  "/dev/net/tun is no TUN device, so there can be no "
			  "%s; remove it, then run modprobe tun",
			  c->interface);
	else if (err == -ENOENT || err == -ENXIO || err == -ENODEV)
		log_error("tun", "there is no /dev/net/tun; load the kernel's "
				 "module with modprobe tun, or give the "
				 "container that device");
	else if (err == -EBUSY)
		log_error("tun",
			  "interface %s is in use; stop what made it, or "
			  "choose another name with interface = ...",
			  c->interface);
	else if (err == -EACCES)
		log_error("tun", "/dev/net/tun cannot be opened by this user; "
				 "run as root, or chmod 666 it, as is usual");
	else if (err == -EPERM)
		log_error("tun", "a TUN device cannot be made without rights; "
				 "run as root, or give CAP_NET_ADMIN");
	else
		log_error("tun", "interface %s cannot be made: %s",
			  c->interface, strerror(-err));
}

int network_open_tun(struct network *n, const struct config *c)
{
	const int workers = (int)n->more.n + 1;
	char name[IFNAMSIZ] = "";
	int fds[WORKERS_MAX], got;

	memcpy(name, c->interface, strnlen(c->interface, IFNAMSIZ - 1));
	got = device_open_queues(name, c->offload == CONFIG_OFFLOAD_OFF, fds,
				 workers);
	if (got < 0) {
		complain_tun(c, got);
		return got;
	}
	n->tun_fd = fds[0];
	n->more.queues = got > 1;
	for (int i = 1; i < got; i++)
		n->more.fds[i - 1].tun_fd = fds[i];
	if (got < workers)
		log_info("tun",
			 "one worker reads %s for all: several queues take "
			 "eBPF, and CAP_BPF at the start",
			 c->interface);
	n->tun_ifindex = if_nametoindex(name);
	if (n->tun_ifindex == 0) {
		log_error("tun", "interface %s is gone again", c->interface);
		return -ENODEV;
	}
	return 0;
}

uint32_t network_mtu(uint32_t underneath, bool ipv6,
		     const struct config_ids *esp)
{
	uint32_t headers = UDP_HEADER_LEN +
			   (ipv6 ? (uint32_t)IPV6_HEADER_LEN : IPV4_HEADER_LEN);
	uint32_t link = underneath ? underneath : MTU_UNDERNEATH;
	uint32_t mtu = link;

	if (link < headers)
		return IPV6_MIN_MTU;
	for (size_t i = 0; i < esp->n; i++) {
		const struct cipher_suite *s = cipher_suite_find(esp->ids[i]);
		size_t inner = s ? cipher_inner_max(s, link - headers) : mtu;

		if (inner < mtu)
			mtu = (uint32_t)inner;
	}
	if (mtu > MTU_MAX)
		mtu = MTU_MAX;
	return mtu < IPV6_MIN_MTU ? IPV6_MIN_MTU : mtu;
}

static int complain_step(const char *interface, const char *what, int err)
{
	if (err == -EACCES || err == -EPERM || err == -EAFNOSUPPORT ||
	    err == -EOPNOTSUPP)
		log_error(interface,
			  "%s cannot be set: %s; is IPv6 switched off on this "
			  "host (sysctl net.ipv6.conf.all.disable_ipv6)?",
			  what, strerror(-err));
	else
		log_error(interface, "%s cannot be set: %s", what,
			  strerror(-err));
	return err;
}

int network_test_alone(struct netlink *nl)
{
	char name[IFNAMSIZ] = "";
	unsigned ifindex = 0;
	int err = netlink_route_find(nl, guard_prefix, GUARD_PREFIX_LEN,
				     &ifindex);

	if (err < 0) {
		/* Then the claim tells. */
		log_debug("netlink", "who has the route for HITs: %s",
			  strerror(-err));
		return 0;
	}
	if (ifindex == 0)
		return 0;
	if (!if_indextoname(ifindex, name))
		return 0; /* it has just gone */
	log_error("already running",
		  "interface %s has the route for HITs (2001:20::/28), so "
		  "another hiplined runs in this network namespace; stop that "
		  "one, or run this one in a namespace of its own (ip netns)",
		  name);
	return -EEXIST;
}

int network_claim(struct network *n, struct netlink *nl, const struct config *c)
{
	const unsigned tun = n->tun_ifindex;
	uint32_t mtu = c->mtu;
	int err;

	if (mtu == 0)
		mtu = network_mtu(netlink_mtu_underneath(nl, tun),
				  n->udp6_fd >= 0, &c->esp);
	n->mtu = mtu;
	err = netlink_link_up(nl, tun, mtu);
	if (err < 0)
		return complain_step(c->interface, "the MTU", err);
	err = netlink_route_claim(nl, tun, guard_prefix, GUARD_PREFIX_LEN,
				  ROUTE_METRIC);
	if (err == -EEXIST && network_test_alone(nl) < 0)
		return err;
	if (err < 0)
		return complain_step(c->interface, "the route", err);
	return 0;
}

int network_set_up(const struct network *n, struct netlink *nl,
		   const struct config *c, const struct hit *hit)
{
	int err = netlink_label_add(nl, guard_prefix, GUARD_PREFIX_LEN,
				    NETLINK_LABEL_HIT);

	if (err < 0)
		return complain_step(c->interface, "the address label", err);
	err = netlink_address_add(nl, n->tun_ifindex, hit->bytes,
				  HIT_PREFIX_LEN);
	if (err < 0)
		return complain_step(c->interface, "the address", err);
	return 0;
}

/* On any port. */
static int test_family(const struct config *c, sa_family_t family)
{
	struct binding b = binding_for(c, family);
	int fd, err;

	if (!b.wanted)
		return 0;
	fd = socket_open(family, &b.addr, 0, false);
	if (fd < 0) {
		complain_socket(c, family == AF_INET ? "IPv4" : "IPv6", fd);
		return fd;
	}
	err = keep_to_interface(&b, fd); /* closes it in case of error */
	if (err == 0)
		(void)close(fd);
	return err;
}

int network_test(const struct config *c)
{
	int err = 0;

	if (c->bind.n > 0)
		err = test_family(c, AF_INET);
	if (c->bind.n > 0 && err == 0)
		err = test_family(c, AF_INET6);
	return err;
}
