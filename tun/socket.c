/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * UDP sockets. The source address and the traffic class of each datagram
 * travel as control messages (RFC 3542 6.2, 6.5 and their IPv4 like), so
 * that one socket serves all addresses of the host.
 *
 * Nothing is fragmented, here or on the way, and what ICMP says of the path's
 * MTU is not believed: that is found out by probes, from peer to peer. Only
 * where asked for may packets be fragmented.
 */
#include "tun/socket.h"

#include <errno.h>
#include <net/if.h>
#include <netinet/udp.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
	BUFFER_BYTES = 4 << 20, /* a burst of 10 ms at 3 Gbit/s */
	RECEIVE_TRIES = 8,	/* errors of earlier datagrams passed over */
};

/* Room for the control messages of one datagram, either family. */
union control {
	struct cmsghdr align;
	uint8_t bytes[CMSG_SPACE(sizeof(struct in6_pktinfo)) +
		      2 * CMSG_SPACE(sizeof(int))];
};

/*
 * Compilers may be told to fill every variable with zeros first; that of
 * 10 kB per call is left out.
 */
#define AS_IT_IS __attribute__((uninitialized))

static int set(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof(value));
}

/* As much room as we may have; less is slower, not wrong. */
static void set_buffers(int fd)
{
	if (set(fd, SOL_SOCKET, SO_RCVBUFFORCE, BUFFER_BYTES) < 0)
		(void)set(fd, SOL_SOCKET, SO_RCVBUF, BUFFER_BYTES);
	if (set(fd, SOL_SOCKET, SO_SNDBUFFORCE, BUFFER_BYTES) < 0)
		(void)set(fd, SOL_SOCKET, SO_SNDBUF, BUFFER_BYTES);
}

static int set_options(int fd, sa_family_t family, bool shared)
{
	if (shared && set(fd, SOL_SOCKET, SO_REUSEPORT, 1) < 0)
		return -1;
	if (family == AF_INET)
		return set(fd, IPPROTO_IP, IP_PKTINFO, 1) |
		       set(fd, IPPROTO_IP, IP_RECVTOS, 1) |
		       set(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE);
	return set(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1) |
	       set(fd, IPPROTO_IPV6, IPV6_RECVTCLASS, 1) |
	       set(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_PROBE);
}

void socket_let_fragment(int fd, sa_family_t family, bool may)
{
	/* Neither fails for a socket that has been opened here; if it did the
	 * packet would be refused. */
	if (family == AF_INET) {
		(void)set(fd, IPPROTO_IP, IP_MTU_DISCOVER,
			  may ? IP_PMTUDISC_DONT : IP_PMTUDISC_PROBE);
		return;
	}
	/* RFC 8200 5: so much passes everywhere. */
	(void)set(fd, IPPROTO_IPV6, IPV6_MTU, may ? IPV6_MIN_MTU : 0);
	(void)set(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER,
		  may ? IPV6_PMTUDISC_DONT : IPV6_PMTUDISC_PROBE);
}

static socklen_t addr_len(sa_family_t family)
{
	return family == AF_INET ? sizeof(struct sockaddr_in)
				 : sizeof(struct sockaddr_in6);
}

static int bind_to_device(int fd, const char *device)
{
	return *device ? setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, device,
				    (socklen_t)strlen(device))
		       : 0;
}

/* What a socket is like, but for its address. */
struct kind {
	int type, protocol;
	bool shared;
	const char *device; /* "" for any */
};

/* A bound socket, or a negative errno. */
static int open_bound(union tun_addr addr, const struct kind *kind)
{
	const int type = kind->type;
	int fd = socket(addr.family, type | SOCK_NONBLOCK | SOCK_CLOEXEC,
			kind->protocol);
	int err;

	if (fd < 0)
		return -errno;
	/* Raw sockets of IPv6 are of nothing else anyway. */
	if ((addr.family == AF_INET6 && type == SOCK_DGRAM &&
	     set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1) < 0) ||
	    set_options(fd, addr.family, kind->shared) < 0 ||
	    bind_to_device(fd, kind->device) < 0 ||
	    bind(fd, &addr.sa, addr_len(addr.family)) < 0) {
		err = errno;
		close(fd);
		return -err;
	}
	set_buffers(fd);
	return fd;
}

/* `bind_to` where it is of this family, else any address of it; AF_UNSPEC
 * when it is of the other, or the family is none of IP. */
static union tun_addr address_to_bind(sa_family_t family,
				      const union tun_addr *bind_to)
{
	union tun_addr addr = *bind_to;

	if (addr.family == AF_UNSPEC)
		addr.family = family;
	if (addr.family != family || (family != AF_INET && family != AF_INET6))
		addr.family = AF_UNSPEC;
	return addr;
}

int socket_open(sa_family_t family, const union tun_addr *bind_to,
		uint16_t port, bool shared)
{
	const struct kind kind = { .type = SOCK_DGRAM,
				   .shared = shared,
				   .device = "" };
	union tun_addr addr = address_to_bind(family, bind_to);

	if (addr.family == AF_UNSPEC)
		return -EAFNOSUPPORT;
	if (family == AF_INET)
		addr.in.sin_port = htons(port);
	else
		addr.in6.sin6_port = htons(port);
	return open_bound(addr, &kind);
}

int socket_twin(int fd)
{
	char device[IFNAMSIZ] = "";
	const struct kind kind = { .type = SOCK_DGRAM,
				   .shared = true,
				   .device = device };
	union tun_addr addr = { .family = AF_UNSPEC };
	socklen_t addr_size = sizeof(addr), device_size = sizeof(device);

	if (getsockname(fd, &addr.sa, &addr_size) < 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, device, &device_size) <
		    0 ||
	    set(fd, SOL_SOCKET, SO_REUSEPORT, 1) < 0)
		return -errno;
	return open_bound(addr, &kind);
}

int socket_open_raw(sa_family_t family, int protocol,
		    const union tun_addr *bind_to)
{
	const struct kind kind = { .type = SOCK_RAW,
				   .protocol = protocol,
				   .device = "" };
	union tun_addr addr = address_to_bind(family, bind_to);

	if (addr.family == AF_UNSPEC)
		return -EAFNOSUPPORT;
	return open_bound(addr, &kind);
}

bool socket_receive_runs(int fd, bool wanted)
{
	return set(fd, SOL_UDP, UDP_GRO, wanted) == 0 && wanted;
}

bool socket_sends_runs(int fd)
{
	/* 0 is the default: asks only whether the kernel knows it. */
	return set(fd, SOL_UDP, UDP_SEGMENT, 0) == 0;
}

static void read_pktinfo4(struct cmsghdr *c, struct pkt *p, unsigned *ifindex)
{
	struct in_pktinfo info;

	memcpy(&info, CMSG_DATA(c), sizeof(info));
	*ifindex = (unsigned)info.ipi_ifindex;
	p->path.local.in.sin_family = AF_INET;
	/* For a broadcast this is an address of ours all the same. */
	p->path.local.in.sin_addr = info.ipi_spec_dst;
}

static void read_pktinfo6(struct cmsghdr *c, struct pkt *p, unsigned *ifindex)
{
	struct sockaddr_in6 *local = &p->path.local.in6;
	struct in6_pktinfo info;

	memcpy(&info, CMSG_DATA(c), sizeof(info));
	*ifindex = info.ipi6_ifindex;
	if (IN6_IS_ADDR_MULTICAST(&info.ipi6_addr))
		return; /* not a source for the answer */
	local->sin6_family = AF_INET6;
	local->sin6_addr = info.ipi6_addr;
	if (IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr))
		local->sin6_scope_id = info.ipi6_ifindex;
}

/* What the kernel says of a received datagram besides its bytes. */
static void read_control(struct msghdr *m, struct pkt *p, unsigned *ifindex)
{
	struct cmsghdr *c;

	p->path.local = (union tun_addr){ .family = AF_UNSPEC };
	p->traffic_class = 0;
	p->stride = 0;
	*ifindex = 0;
	for (c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		int tclass, stride;

		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
			read_pktinfo4(c, p, ifindex);
		} else if (c->cmsg_level == IPPROTO_IPV6 &&
			   c->cmsg_type == IPV6_PKTINFO) {
			read_pktinfo6(c, p, ifindex);
		} else if (c->cmsg_level == IPPROTO_IP &&
			   c->cmsg_type == IP_TOS) {
			p->traffic_class = *CMSG_DATA(c); /* one byte */
		} else if (c->cmsg_level == IPPROTO_IPV6 &&
			   c->cmsg_type == IPV6_TCLASS) {
			memcpy(&tclass, CMSG_DATA(c), sizeof(tclass));
			p->traffic_class = (uint8_t)tclass;
		} else if (c->cmsg_level == SOL_UDP &&
			   c->cmsg_type == UDP_GRO) {
			memcpy(&stride, CMSG_DATA(c), sizeof(stride));
			p->stride = (uint32_t)stride;
		}
	}
}

/* Errors that are about the socket, not about one datagram's fate. */
static bool is_lasting(int err)
{
	return err == EBADF || err == ENOTSOCK || err == EFAULT ||
	       err == EINVAL || err == ENOMEM;
}

int socket_recv_batch(int fd, struct pkt *pkts, unsigned *ifindex, int n)
{
	AS_IT_IS struct mmsghdr msgs[PKT_BATCH];
	AS_IT_IS struct iovec iov[PKT_BATCH];
	AS_IT_IS union control control[PKT_BATCH];
	int got = -1;

	if (n > PKT_BATCH)
		n = PKT_BATCH;
	for (int i = 0; i < n; i++) {
		struct pkt *p = &pkts[i];

		assert(p->cap >= p->off);
		iov[i].iov_base = p->buf + p->off;
		iov[i].iov_len = p->cap - p->off;
		msgs[i].msg_hdr = (struct msghdr){
			.msg_name = &p->path.remote,
			.msg_namelen = sizeof(p->path.remote),
			.msg_iov = &iov[i],
			.msg_iovlen = 1,
			.msg_control = &control[i],
			.msg_controllen = sizeof(control[i]),
		};
	}
	/* An error that ICMP brought (refused, unreachable) is reported in
	 * place of a datagram, once; the datagrams behind it are whole. */
	for (int i = 0; i < RECEIVE_TRIES && got < 0; i++) {
		got = recvmmsg(fd, msgs, (unsigned)n, MSG_DONTWAIT, NULL);
		if (got < 0 && (errno == EAGAIN || errno == EINTR))
			return 0;
		if (got < 0 && is_lasting(errno))
			return -errno;
	}
	for (int i = 0; i < got; i++) {
		bool cut = msgs[i].msg_hdr.msg_flags & MSG_TRUNC;

		pkts[i].len = cut ? 0 : msgs[i].msg_len;
		pkts[i].from = PKT_UDP;
		read_control(&msgs[i].msg_hdr, &pkts[i], &ifindex[i]);
	}
	return got < 0 ? -errno : got;
}

static void put_control(struct msghdr *m, int level, int type, const void *data,
			size_t len)
{
	struct cmsghdr *c =
		(struct cmsghdr *)(void *)((uint8_t *)m->msg_control +
					   m->msg_controllen);

	c->cmsg_level = level;
	c->cmsg_type = type;
	c->cmsg_len = CMSG_LEN(len);
	memcpy(CMSG_DATA(c), data, len);
	m->msg_controllen += CMSG_SPACE(len);
}

static void put_local(struct msghdr *m, const union tun_addr *local)
{
	struct in_pktinfo info4 = { 0 };
	struct in6_pktinfo info6 = { 0 };

	if (local->family == AF_INET) {
		info4.ipi_spec_dst = local->in.sin_addr;
		put_control(m, IPPROTO_IP, IP_PKTINFO, &info4, sizeof(info4));
		return;
	}
	info6.ipi6_addr = local->in6.sin6_addr;
	info6.ipi6_ifindex = local->in6.sin6_scope_id;
	put_control(m, IPPROTO_IPV6, IPV6_PKTINFO, &info6, sizeof(info6));
}

/* Addresses a message: remote, local when it has one, traffic class when it
 * is not zero. `control` and the path stay in use while m is. */
static void address_message(struct msghdr *m, union control *control,
			    const struct path *path, bool with_local,
			    uint8_t traffic_class)
{
	sa_family_t family = path->remote.family;
	int tclass = traffic_class;

	*control = (union control){ 0 };
	m->msg_name = (void *)(uintptr_t)&path->remote;
	m->msg_namelen = addr_len(family);
	m->msg_control = control;
	m->msg_controllen = 0;
	if (with_local && path->local.family == family)
		put_local(m, &path->local);
	if (tclass != 0 && family == AF_INET)
		put_control(m, IPPROTO_IP, IP_TOS, &tclass, sizeof(tclass));
	else if (tclass != 0)
		put_control(m, IPPROTO_IPV6, IPV6_TCLASS, &tclass,
			    sizeof(tclass));
	if (m->msg_controllen == 0)
		m->msg_control = NULL;
}

/* How the kernel says that a source address is not one of the host's: which
 * of these differs with its version and the family. */
static bool is_local_gone(int err, const struct path *path)
{
	return (err == EINVAL || err == EADDRNOTAVAIL || err == ENODEV ||
		err == ENETUNREACH) &&
	       path->local.family == path->remote.family;
}

static int send_message(int fd, const struct msghdr *m)
{
	ssize_t sent;

	do {
		sent = sendmsg(fd, m, MSG_DONTWAIT);
	} while (sent < 0 && errno == EINTR);
	return sent < 0 ? -errno : 0;
}

/* Sends one datagram again, from whatever address the kernel chooses. */
static int send_without_local(int fd, struct msghdr *m, const struct path *path,
			      uint8_t traffic_class)
{
	union control control;

	address_message(m, &control, path, false, traffic_class);
	return send_message(fd, m);
}

/* Sends up to PKT_BATCH; as socket_send_batch. */
static int send_some(int fd, struct pkt *const *pkts, int n, int *error)
{
	AS_IT_IS struct mmsghdr msgs[PKT_BATCH];
	AS_IT_IS struct iovec iov[PKT_BATCH];
	AS_IT_IS union control control[PKT_BATCH];
	int sent = 0;

	for (int i = 0; i < n; i++) {
		struct msghdr *m = &msgs[i].msg_hdr;

		iov[i].iov_base = pkt_data(pkts[i]);
		iov[i].iov_len = pkts[i]->len;
		*m = (struct msghdr){ .msg_iov = &iov[i], .msg_iovlen = 1 };
		address_message(m, &control[i], &pkts[i]->path, true,
				pkts[i]->traffic_class);
	}
	while (sent < n) {
		int r = sendmmsg(fd, msgs + sent, (unsigned)(n - sent),
				 MSG_DONTWAIT);
		int err = errno;

		if (r > 0) {
			sent += r;
			continue;
		}
		if (r < 0 && err == EINTR)
			continue;
		err = -err;
		if (is_local_gone(-err, &pkts[sent]->path))
			err = send_without_local(fd, &msgs[sent].msg_hdr,
						 &pkts[sent]->path,
						 pkts[sent]->traffic_class);
		if (err) {
			*error = err;
			break;
		}
		sent++;
	}
	return sent;
}

int socket_send_batch(int fd, struct pkt *const *pkts, int n, int *error)
{
	int sent = 0, err = 0;

	while (sent < n && err == 0) {
		int some = n - sent < PKT_BATCH ? n - sent : PKT_BATCH;

		sent += send_some(fd, pkts + sent, some, &err);
	}
	if (err && error)
		*error = err;
	return sent;
}

static int put_datagrams(struct mmsghdr *msgs, struct iovec *iov,
			 const struct msghdr *addressed,
			 const struct burst_run *r)
{
	int n = 0;

	assert(r->count <= BURST_RUN_PACKETS);
	for (uint32_t at = 0; at < r->len; at += r->stride, n++) {
		uint32_t left = r->len - at;

		iov[n] = (struct iovec){ .iov_base = r->bytes + at,
					 .iov_len = left < r->stride
							    ? left
							    : r->stride };
		msgs[n].msg_hdr = *addressed;
		msgs[n].msg_hdr.msg_iov = &iov[n];
		msgs[n].msg_hdr.msg_iovlen = 1;
	}
	return n;
}

/* Sends the datagrams of a run as such; how many were refused. */
static int send_singly(int fd, const struct burst_run *r)
{
	AS_IT_IS struct mmsghdr msgs[BURST_RUN_PACKETS];
	AS_IT_IS struct iovec iov[BURST_RUN_PACKETS];
	struct msghdr addressed = { 0 };
	union control control;
	int n, sent = 0, refused = 0;

	address_message(&addressed, &control, &r->path, true, r->traffic_class);
	n = put_datagrams(msgs, iov, &addressed, r);
	while (sent < n) {
		int got = sendmmsg(fd, msgs + sent, (unsigned)(n - sent),
				   MSG_DONTWAIT);
		int err = errno;

		if (got > 0) {
			sent += got;
			continue;
		}
		if (err == EINTR)
			continue;
		err = -err;
		if (is_local_gone(-err, &r->path))
			err = send_without_local(fd, &msgs[sent].msg_hdr,
						 &r->path, r->traffic_class);
		if (err)
			refused++;
		sent++;
	}
	return refused;
}

static void put_run(struct mmsghdr *mm, struct iovec *iov,
		    union control *control, const struct burst_run *r)
{
	struct msghdr *m = &mm->msg_hdr;
	uint16_t stride = (uint16_t)r->stride;

	*iov = (struct iovec){ .iov_base = r->bytes, .iov_len = r->len };
	*m = (struct msghdr){ .msg_iov = iov, .msg_iovlen = 1 };
	address_message(m, control, &r->path, true, r->traffic_class);
	if (r->count > 1) {
		m->msg_control = control;
		put_control(m, SOL_UDP, UDP_SEGMENT, &stride, sizeof(stride));
	}
}

int socket_send_runs(int fd, const struct burst_run *runs, int n)
{
	AS_IT_IS struct mmsghdr msgs[BURST_RUNS];
	AS_IT_IS struct iovec iov[BURST_RUNS];
	AS_IT_IS union control control[BURST_RUNS];
	int sent = 0, refused = 0;

	assert(n <= BURST_RUNS);
	for (int i = 0; i < n; i++)
		put_run(&msgs[i], &iov[i], &control[i], &runs[i]);
	while (sent < n) {
		int r = sendmmsg(fd, msgs + sent, (unsigned)(n - sent),
				 MSG_DONTWAIT);

		if (r > 0) {
			sent += r;
		} else if (errno == EAGAIN) { /* no room for any */
			for (; sent < n; sent++)
				refused += (int)runs[sent].count;
		} else if (errno != EINTR) {
			/* A run is refused where the link is smaller than
			 * its datagrams, or cannot cut it; one by one they
			 * may pass. */
			refused += send_singly(fd, &runs[sent]);
			sent++;
		}
	}
	return refused;
}

int socket_send_runs_singly(int fd, const struct burst_run *runs, int n)
{
	int refused = 0;

	for (int i = 0; i < n; i++)
		refused += send_singly(fd, &runs[i]);
	return refused;
}

int socket_send(int fd, const struct path *path, const void *head,
		size_t head_len, const void *body, size_t body_len)
{
	struct iovec iov[2] = {
		{ .iov_base = (void *)(uintptr_t)head, .iov_len = head_len },
		{ .iov_base = (void *)(uintptr_t)body, .iov_len = body_len },
	};
	struct msghdr m = { .msg_iov = iov, .msg_iovlen = 2 };
	union control control;
	int err;

	address_message(&m, &control, path, true, 0);
	err = send_message(fd, &m);
	if (is_local_gone(-err, path))
		err = send_without_local(fd, &m, path, 0);
	return err;
}

int socket_send_from(int fd, const struct path *path, const void *bytes,
		     size_t len)
{
	struct iovec iov = { .iov_base = (void *)(uintptr_t)bytes,
			     .iov_len = len };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };
	union control control;
	int err;

	address_message(&m, &control, path, true, 0);
	err = send_message(fd, &m);
	return is_local_gone(-err, path) ? -EADDRNOTAVAIL : err;
}
