/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Requests to rtnetlink, one at a time: each is sent, and its answer read,
 * before the function returns. "Add" asks the kernel to create or replace,
 * so that it may be repeated.
 */
#include "tun/netlink.h"

#include "tun/pkt.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/if_addrlabel.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <time.h>

enum {
	REQUEST_MAX = 512,   /* the longest request has under 100 bytes */
	ANSWER_MAX = 16384,  /* what the kernel puts into one read of a dump */
	DUMP_TRIES = 4,	     /* a dump is cut short when things change */
	LINKS_MAX = 1024,    /* looked at for their MTU */
	LOOPBACK_IFINDEX = 1 /* in every network namespace */
};

struct netlink {
	struct mnl_socket *socket;
	uint32_t sequence;
	_Alignas(struct nlmsghdr) uint8_t answer[ANSWER_MAX];
};

struct netlink *netlink_new(void)
{
	struct netlink *n = calloc(1, sizeof(*n));
	int err;

	if (!n)
		return NULL;
	n->socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	if (n->socket && mnl_socket_bind(n->socket, 0, MNL_SOCKET_AUTOPID) == 0)
		return n;
	err = errno;
	netlink_free(n);
	errno = err;
	return NULL;
}

void netlink_free(struct netlink *n)
{
	if (!n)
		return;
	if (n->socket)
		mnl_socket_close(n->socket);
	free(n);
}

/* Begins a request in buf (REQUEST_MAX bytes, zeroed by libmnl). */
static struct nlmsghdr *request(uint8_t *buf, uint16_t type, uint16_t flags)
{
	struct nlmsghdr *h = mnl_nlmsg_put_header(buf);

	h->nlmsg_type = type;
	h->nlmsg_flags = NLM_F_REQUEST | flags;
	return h;
}

/*
 * Whether a part of a dump says that the links changed under it. The mark is
 * taken off, so that the dump is still read to its end: until then the
 * kernel begins no other.
 */
static bool take_interruption(uint8_t *answer, size_t len)
{
	struct nlmsghdr *h = (struct nlmsghdr *)(void *)answer;
	bool interrupted = false;
	int left = (int)len;

	for (; mnl_nlmsg_ok(h, left); h = mnl_nlmsg_next(h, &left)) {
		interrupted |= (h->nlmsg_flags & NLM_F_DUMP_INTR) != 0;
		h->nlmsg_flags &= (uint16_t)~NLM_F_DUMP_INTR;
	}
	return interrupted;
}

/* Sends a request and hands the answers to cb. 0 or a negative errno; -EINTR
 * when the answers do not fit each other. */
static int talk(struct netlink *n, struct nlmsghdr *h, mnl_cb_t cb, void *data)
{
	unsigned port = mnl_socket_get_portid(n->socket);
	bool interrupted = false;
	int state;

	h->nlmsg_seq = ++n->sequence;
	if (mnl_socket_sendto(n->socket, h, h->nlmsg_len) < 0)
		return -errno;
	do {
		ssize_t len = mnl_socket_recvfrom(n->socket, n->answer,
						  sizeof(n->answer));

		if (len < 0)
			return -errno;
		interrupted |= take_interruption(n->answer, (size_t)len);
		state = mnl_cb_run(n->answer, (size_t)len, n->sequence, port,
				   cb, data);
		if (state < 0)
			return -errno;
	} while (state > MNL_CB_STOP);
	return interrupted ? -EINTR : 0;
}

static int ask(struct netlink *n, struct nlmsghdr *h)
{
	h->nlmsg_flags |= NLM_F_ACK;
	return talk(n, h, NULL, NULL);
}

/* No link-local address: nobody is on this link but we, and the kernel need
 * not solicit routers there. */
static int link_without_local(struct netlink *n, unsigned ifindex)
{
	_Alignas(struct nlmsghdr) uint8_t buf[REQUEST_MAX];
	struct nlmsghdr *h = request(buf, RTM_NEWLINK, 0);
	struct ifinfomsg *m = mnl_nlmsg_put_extra_header(h, sizeof(*m));
	struct nlattr *spec, *inet6;

	m->ifi_index = (int)ifindex;
	spec = mnl_attr_nest_start(h, IFLA_AF_SPEC);
	inet6 = mnl_attr_nest_start(h, AF_INET6);
	mnl_attr_put_u8(h, IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
	mnl_attr_nest_end(h, inet6);
	mnl_attr_nest_end(h, spec);
	return ask(n, h);
}

/*
 * The longest super-packet of TCP that is worth having: its segments leave in
 * one run, which is a datagram's length at most. What the kernel keeps for
 * headers comes on top. A kernel that cannot be told gives longer ones.
 */
static void limit_super_packets(struct netlink *n, unsigned ifindex,
				uint32_t mtu)
{
	enum {
		RUN_MAX = 65000,
		HEADERS = 72, /* of a segment: IPv6, TCP, timestamps */
		KERNELS_HEADERS = 400,
	};
	_Alignas(struct nlmsghdr) uint8_t buf[REQUEST_MAX];
	struct nlmsghdr *h = request(buf, RTM_NEWLINK, 0);
	struct ifinfomsg *m = mnl_nlmsg_put_extra_header(h, sizeof(*m));
	uint32_t max = RUN_MAX / mtu * (mtu - HEADERS) + KERNELS_HEADERS;

	m->ifi_index = (int)ifindex;
	mnl_attr_put_u32(h, IFLA_GSO_MAX_SIZE, max);
	(void)ask(n, h); /* it is about speed only */
}

/*
 * How many packets the link keeps for who reads them: twice what the kernel
 * gives a TUN device, and what it gives an Ethernet device. A reader that
 * waits 4 ms for a processor, which is a tick of the scheduler, loses none of
 * 250,000 a second.
 */
static void set_queue(struct netlink *n, unsigned ifindex)
{
	enum { QUEUE_PACKETS = 1000 };
	_Alignas(struct nlmsghdr) uint8_t buf[REQUEST_MAX];
	struct nlmsghdr *h = request(buf, RTM_NEWLINK, 0);
	struct ifinfomsg *m = mnl_nlmsg_put_extra_header(h, sizeof(*m));

	m->ifi_index = (int)ifindex;
	mnl_attr_put_u32(h, IFLA_TXQLEN, QUEUE_PACKETS);
	(void)ask(n, h); /* a shorter one loses more, sooner */
}

int netlink_link_up(struct netlink *n, unsigned ifindex, uint32_t mtu)
{
	_Alignas(struct nlmsghdr) uint8_t buf[REQUEST_MAX];
	struct nlmsghdr *h;
	struct ifinfomsg *m;
	int err;

	err = link_without_local(n, ifindex);
	if (err)
		return err;
	if (mtu >= IPV6_MIN_MTU)
		limit_super_packets(n, ifindex, mtu);
	set_queue(n, ifindex);
	h = request(buf, RTM_NEWLINK, 0);
	m = mnl_nlmsg_put_extra_header(h, sizeof(*m));
	m->ifi_index = (int)ifindex;
	m->ifi_flags = IFF_UP;
	m->ifi_change = IFF_UP;
	if (mtu)
		mnl_attr_put_u32(h, IFLA_MTU, mtu);
	return ask(n, h);
}

int netlink_address_add(struct netlink *n, unsigned ifindex,
			const uint8_t addr[16], uint8_t prefix_len)
{
	_Alignas(struct nlmsghdr) uint8_t buf[REQUEST_MAX];
	struct nlmsghdr *h =
		request(buf, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE);
	struct ifaddrmsg *m = mnl_nlmsg_put_extra_header(h, sizeof(*m));

	m->ifa_family = AF_INET6;
	m->ifa_prefixlen = prefix_len;
	m->ifa_scope = RT_SCOPE_UNIVERSE;
	m->ifa_index = ifindex;
	mnl_attr_put(h, IFA_LOCAL, 16, addr);
	mnl_attr_put(h, IFA_ADDRESS, 16, addr);
	/* A HIT has no duplicate, and its route is added apart. */
	mnl_attr_put_u32(h, IFA_FLAGS,
			 IFA_F_PERMANENT | IFA_F_NODAD | IFA_F_NOPREFIXROUTE);
	return ask(n, h);
}

/* Begins a request about a route in the main table. */
static struct nlmsghdr *route_request(uint8_t *buf, uint16_t type,
				      uint8_t route_type, const uint8_t *prefix,
				      uint8_t prefix_len)
{
	struct nlmsghdr *h = request(buf, type, 0);
	struct rtmsg *m = mnl_nlmsg_put_extra_header(h, sizeof(*m));

	if (type == RTM_NEWROUTE)
		h->nlmsg_flags |= NLM_F_CREATE | NLM_F_REPLACE;
	m->rtm_family = AF_INET6;
	m->rtm_dst_len = prefix_len;
	m->rtm_table = RT_TABLE_MAIN;
	m->rtm_protocol = RTPROT_STATIC;
	m->rtm_scope = RT_SCOPE_UNIVERSE;
	m->rtm_type = route_type;
	mnl_attr_put(h, RTA_DST, 16, prefix);
	return h;
}

int netlink_route_add(struct netlink *n, unsigned ifindex,
		      const uint8_t prefix[16], uint8_t prefix_len,
		      uint32_t metric, uint32_t mtu)
{
	_Alignas(struct nlmsghdr) uint8_t buf[REQUEST_MAX];
	struct nlmsghdr *h = route_request(buf, RTM_NEWROUTE, RTN_UNICAST,
					   prefix, prefix_len);
	struct nlattr *metrics;

	mnl_attr_put_u32(h, RTA_OIF, ifindex);
	mnl_attr_put_u32(h, RTA_PRIORITY, metric);
	if (mtu) {
		metrics = mnl_attr_nest_start(h, RTA_METRICS);
		mnl_attr_put_u32(h, RTAX_MTU, mtu);
		mnl_attr_nest_end(h, metrics);
	}
	return ask(n, h);
}

int netlink_route_claim(struct netlink *n, unsigned ifindex,
			const uint8_t prefix[16], uint8_t prefix_len,
			uint32_t metric)
{
	_Alignas(struct nlmsghdr) uint8_t buf[REQUEST_MAX];
	struct nlmsghdr *h = route_request(buf, RTM_NEWROUTE, RTN_UNICAST,
					   prefix, prefix_len);

	/* The kernel looks for one of that metric, not of that link. */
	h->nlmsg_flags &= (uint16_t)~NLM_F_REPLACE;
	h->nlmsg_flags |= NLM_F_EXCL;
	mnl_attr_put_u32(h, RTA_OIF, ifindex);
	mnl_attr_put_u32(h, RTA_PRIORITY, metric);
	return ask(n, h);
}

/* What is found out about a route. */
struct found_route {
	uint8_t prefix_len; /* of the one that is asked for */
	unsigned ifindex;
};

static int on_route(const struct nlmsghdr *h, void *data)
{
	const struct rtmsg *m = mnl_nlmsg_get_payload(h);
	struct found_route *f = data;
	struct nlattr *a;

	if (m->rtm_type != RTN_UNICAST || m->rtm_dst_len != f->prefix_len)
		return MNL_CB_STOP;
	mnl_attr_for_each(a, h, sizeof(*m))
	{
		if (mnl_attr_get_type(a) == RTA_OIF &&
		    mnl_attr_validate(a, MNL_TYPE_U32) >= 0)
			f->ifindex = mnl_attr_get_u32(a);
	}
	return MNL_CB_STOP;
}

int netlink_route_find(struct netlink *n, const uint8_t prefix[16],
		       uint8_t prefix_len, unsigned *ifindex)
{
	_Alignas(struct nlmsghdr) uint8_t buf[REQUEST_MAX];
	struct nlmsghdr *h = request(buf, RTM_GETROUTE, 0);
	struct rtmsg *m = mnl_nlmsg_put_extra_header(h, sizeof(*m));
	struct found_route f = { .prefix_len = prefix_len };
	int err;

	/* The route that is taken to its first address, as it was entered. */
	m->rtm_family = AF_INET6;
	m->rtm_dst_len = 128;
	m->rtm_flags = RTM_F_FIB_MATCH;
	mnl_attr_put(h, RTA_DST, 16, prefix);
	err = talk(n, h, on_route, &f);
	if (err < 0 && err != -ENETUNREACH && err != -EHOSTUNREACH)
		return err;
	*ifindex = f.ifindex;
	return 0;
}

int netlink_unreachable_add(struct netlink *n, const uint8_t prefix[16],
			    uint8_t prefix_len, uint32_t metric)
{
	_Alignas(struct nlmsghdr) uint8_t buf[REQUEST_MAX];
	struct nlmsghdr *h = route_request(buf, RTM_NEWROUTE, RTN_UNREACHABLE,
					   prefix, prefix_len);

	mnl_attr_put_u32(h, RTA_PRIORITY, metric);
	return ask(n, h);
}

int netlink_unreachable_delete(struct netlink *n, const uint8_t prefix[16],
			       uint8_t prefix_len, uint32_t metric)
{
	_Alignas(struct nlmsghdr) uint8_t buf[REQUEST_MAX];
	struct nlmsghdr *h = route_request(buf, RTM_DELROUTE, RTN_UNREACHABLE,
					   prefix, prefix_len);
	int err;

	/* The kernel compares no route types when it deletes; but it keeps
	 * unreachable routes at the loopback link, and no others of ours. */
	mnl_attr_put_u32(h, RTA_OIF, LOOPBACK_IFINDEX);
	mnl_attr_put_u32(h, RTA_PRIORITY, metric);
	err = ask(n, h);
	return err == -ESRCH ? 0 : err;
}

static struct nlmsghdr *label_request(void *buf, uint16_t type, uint16_t flags,
				      const uint8_t prefix[16],
				      uint8_t prefix_len, uint32_t label)
{
	struct nlmsghdr *h = request(buf, type, flags);
	struct ifaddrlblmsg *m = mnl_nlmsg_put_extra_header(h, sizeof(*m));

	m->ifal_family = AF_INET6;
	m->ifal_prefixlen = prefix_len;
	mnl_attr_put(h, IFAL_ADDRESS, 16, prefix);
	mnl_attr_put_u32(h, IFAL_LABEL, label);
	return h;
}

int netlink_label_add(struct netlink *n, const uint8_t prefix[16],
		      uint8_t prefix_len, uint32_t label)
{
	_Alignas(struct nlmsghdr) uint8_t buf[REQUEST_MAX];

	return ask(n, label_request(buf, RTM_NEWADDRLABEL,
				    NLM_F_CREATE | NLM_F_REPLACE, prefix,
				    prefix_len, label));
}

int netlink_label_delete(struct netlink *n, const uint8_t prefix[16],
			 uint8_t prefix_len, uint32_t label)
{
	_Alignas(struct nlmsghdr) uint8_t buf[REQUEST_MAX];
	int err = ask(n, label_request(buf, RTM_DELADDRLABEL, 0, prefix,
				       prefix_len, label));

	return err == -ESRCH ? 0 : err;
}

/* What is found out about the links underneath. */
struct links {
	unsigned except;
	uint32_t mtu; /* the smallest of those with an address, or 0 */
	size_t count;
	struct {
		unsigned ifindex;
		uint32_t mtu;
	} link[LINKS_MAX];
};

static int on_link(const struct nlmsghdr *h, void *data)
{
	const struct ifinfomsg *m = mnl_nlmsg_get_payload(h);
	struct links *l = data;
	struct nlattr *a;
	unsigned ifindex = (unsigned)m->ifi_index;

	if (!(m->ifi_flags & IFF_UP) || m->ifi_flags & IFF_LOOPBACK ||
	    ifindex == l->except || l->count == LINKS_MAX)
		return MNL_CB_OK;
	mnl_attr_for_each(a, h, sizeof(*m))
	{
		if (mnl_attr_get_type(a) != IFLA_MTU ||
		    mnl_attr_validate(a, MNL_TYPE_U32) < 0)
			continue;
		l->link[l->count].ifindex = ifindex;
		l->link[l->count].mtu = mnl_attr_get_u32(a);
		l->count++;
		break;
	}
	return MNL_CB_OK;
}

static int on_address(const struct nlmsghdr *h, void *data)
{
	const struct ifaddrmsg *m = mnl_nlmsg_get_payload(h);
	struct links *l = data;

	/* A link-local address alone leads nowhere. */
	if (m->ifa_scope >= RT_SCOPE_LINK)
		return MNL_CB_OK;
	for (size_t i = 0; i < l->count; i++)
		if (l->link[i].ifindex == m->ifa_index &&
		    (l->mtu == 0 || l->link[i].mtu < l->mtu))
			l->mtu = l->link[i].mtu;
	return MNL_CB_OK;
}

static int dump(struct netlink *n, uint16_t type, mnl_cb_t cb, struct links *l)
{
	_Alignas(struct nlmsghdr) uint8_t buf[REQUEST_MAX];
	struct nlmsghdr *h = request(buf, type, NLM_F_DUMP);

	/* Both kinds of request may be as short as this. */
	(void)mnl_nlmsg_put_extra_header(h, sizeof(struct rtgenmsg));
	return talk(n, h, cb, l);
}

uint32_t netlink_mtu_underneath(struct netlink *n, unsigned except)
{
	struct links *l = calloc(1, sizeof(*l));
	uint32_t mtu = 0;

	if (!l)
		return 0;
	l->except = except;
	for (int i = 0; i < DUMP_TRIES; i++) {
		l->mtu = 0;
		l->count = 0;
		if (dump(n, RTM_GETLINK, on_link, l) == 0 &&
		    dump(n, RTM_GETADDR, on_address, l) == 0) {
			mtu = l->mtu;
			break;
		}
	}
	free(l);
	return mtu;
}
