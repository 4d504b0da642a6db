/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The fate of each frame: see wire.h. Frames that wait stand in a heap by the
 * time they are due; what waits is bounded by HELD_MAX per direction.
 */
#include "tests/netns/wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum {
	FRAME_MAX = 65550,
	BATCH = 64,
	HELD_MAX = 50000, /* frames held per direction: bounds our memory */
};

struct held {
	int64_t due;
	uint64_t seq;
	uint32_t len;
	uint8_t *data;
};

const struct params params_clean = { .rgap_ns = 20000000,
				     .queue_bytes = 65536,
				     .mark_off = -1,
				     .mark_mask = 0xff,
				     .only = ONLY_IP };

static uint64_t rng_state[2];

void die(const char *what)
{
	fprintf(stderr, "impair: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* xorshift128+ : repeatable from the seed, no cryptographic use */
static uint64_t rng(void)
{
	uint64_t a = rng_state[0], b = rng_state[1];

	rng_state[0] = b;
	a ^= a << 23;
	rng_state[1] = a ^ b ^ (a >> 18) ^ (b >> 5);
	return rng_state[1] + b;
}

void wire_seed(uint64_t seed)
{
	for (int i = 0; i < 2; i++) { /* splitmix64 */
		uint64_t z = (seed += 0x9e3779b97f4a7c15u);

		z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
		z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
		rng_state[i] = z ^ (z >> 31);
	}
}

static bool chance(double p)
{
	return p > 0 && (double)(rng() >> 11) * 0x1p-53 < p;
}
int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static bool earlier(const struct held *a, const struct held *b)
{
	return a->due != b->due ? a->due < b->due : a->seq < b->seq;
}

static bool heap_push(struct wire *d, struct held h)
{
	size_t i;

	if (d->n == d->cap) {
		size_t cap = d->cap ? d->cap * 2 : 256;
		struct held *p = realloc(d->heap, cap * sizeof(*p));

		if (p == NULL)
			return false;
		d->heap = p;
		d->cap = cap;
	}
	for (i = d->n++; i > 0 && earlier(&h, &d->heap[(i - 1) / 2]);
	     i = (i - 1) / 2)
		d->heap[i] = d->heap[(i - 1) / 2];
	d->heap[i] = h;
	return true;
}

static struct held heap_pop(struct wire *d)
{
	struct held top = d->heap[0], last = d->heap[--d->n];
	size_t i = 0, c;

	while ((c = 2 * i + 1) < d->n) {
		if (c + 1 < d->n && earlier(&d->heap[c + 1], &d->heap[c]))
			c++;
		if (!earlier(&d->heap[c], &last))
			break;
		d->heap[i] = d->heap[c];
		i = c;
	}
	if (d->n > 0)
		d->heap[i] = last;
	return top;
}
struct view {
	bool ip, udp, control; /* control: ARP or IPv6 neighbour discovery */
	size_t ip_len, pay_off, pay_len;
};

static struct view look(const uint8_t *f, size_t len)
{
	struct view v = { 0 };
	const uint8_t *ip = f + ETH_HLEN;
	size_t l4 = 0, left = len > ETH_HLEN ? len - ETH_HLEN : 0;
	unsigned type, proto = 0;

	if (len < ETH_HLEN)
		return v;
	type = (unsigned)f[12] << 8 | f[13];
	if (type == ETH_P_ARP) {
		v.control = true;
	} else if (type == ETH_P_IP && left >= 20) {
		v.ip = true;
		v.ip_len = left;
		proto = ip[9];
		if (((ip[6] & 0x1f) | ip[7]) == 0) /* first fragment */
			l4 = (size_t)(ip[0] & 15) * 4;
	} else if (type == ETH_P_IPV6 && left >= 40) {
		v.ip = true;
		v.ip_len = left;
		proto = ip[6];
		l4 = 40;
		if (proto == 58 && left > 40 && ip[40] >= 133 && ip[40] <= 137)
			v.control = true;
	}
	if (v.ip && proto == 17 && l4 != 0 && left >= l4 + 8) {
		v.udp = true;
		v.pay_off = ETH_HLEN + l4 + 8;
		v.pay_len = left - l4 - 8;
	}
	return v;
}

static bool chosen(const struct params *p, const uint8_t *f,
		   const struct view *v)
{
	if (v->control)
		return false;
	if ((p->only == ONLY_UDP && !v->udp) || (p->only == ONLY_IP && !v->ip))
		return false;
	if (p->mark_off >= 0)
		return v->udp && (size_t)p->mark_off < v->pay_len &&
		       (f[v->pay_off + (size_t)p->mark_off] & p->mark_mask) ==
			       p->mark_val;
	return true;
}
static void put_on_wire(struct wire *d, const uint8_t *f, size_t len)
{
	for (int try = 0; try < 3; try++) {
		if (send(d->out, f, len, 0) >= 0) {
			d->s.tx++;
			return;
		}
		if (errno != ENOBUFS && errno != EAGAIN && errno != EINTR)
			break;
	}
	d->s.sendfail++;
}

static void schedule(struct wire *d, const uint8_t *f, size_t len, int64_t now)
{
	struct params *p = &d->p;
	int64_t due = now;
	struct held h;

	if (p->rate_bps > 0) {
		int64_t start = d->link_free > now ? d->link_free : now;
		double backlog =
			(double)(start - now) * (double)p->rate_bps / 8e9;

		if (p->queue_bytes > 0 &&
		    backlog + (double)len > (double)p->queue_bytes) {
			d->s.tail++;
			return;
		}
		d->link_free = start + (int64_t)((double)len * 8e9 /
						 (double)p->rate_bps);
		due = d->link_free;
	}
	due += p->delay_ns;
	if (p->jitter_ns > 0)
		due += (int64_t)(rng() % (uint64_t)p->jitter_ns);
	if (chance(p->reorder)) { /* held back: others overtake */
		due += p->rgap_ns;
		d->s.reordered++;
	} else { /* jitter alone keeps order */
		if (due < d->last_due)
			due = d->last_due;
		d->last_due = due;
	}
	if (due <= now && d->n == 0) {
		put_on_wire(d, f, len);
		return;
	}
	if (d->n >= HELD_MAX || (h.data = malloc(len)) == NULL) {
		d->s.tail++;
		return;
	}
	memcpy(h.data, f, len);
	h.len = (uint32_t)len;
	h.due = due;
	h.seq = d->seq++;
	if (!heap_push(d, h)) {
		free(h.data);
		d->s.tail++;
	}
}

/* Is this one lost? */
static bool lose(struct wire *d)
{
	struct params *p = &d->p;

	if (p->dropnext > 0) {
		p->dropnext--;
		d->s.picked++;
		return true;
	}
	if (p->enter > 0) {
		d->in_burst =
			d->in_burst ? !chance(p->leave) : chance(p->enter);
		if (d->in_burst) {
			d->s.lost++;
			return true;
		}
	}
	if (chance(p->loss)) {
		d->s.lost++;
		return true;
	}
	return false;
}

/* Flips one bit, and voids the UDP checksum of IPv4 so that the damage
 * reaches the program under test. */
static void damage(struct wire *d, uint8_t *f, const struct view *v)
{
	size_t bit = rng() % (v->pay_len * 8);

	f[v->pay_off + bit / 8] ^= (uint8_t)(1u << (bit % 8));
	if (f[12] == 0x08 && f[13] == 0x00)
		f[v->pay_off - 2] = f[v->pay_off - 1] = 0;
	d->s.corrupted++;
}

static void handle(struct wire *d, uint8_t *f, size_t len, int64_t now)
{
	struct params *p = &d->p;
	struct view v = look(f, len);

	d->s.rx++;
	if (v.control) { /* neighbours stay known, always */
		schedule(d, f, len, now);
		return;
	}
	if (p->hole) {
		d->s.hole++;
		return;
	}
	if (p->mtu > 0 && v.ip && v.ip_len > p->mtu) {
		d->s.toobig++;
		return;
	}
	if (chosen(p, f, &v)) {
		if (lose(d))
			return;
		if (v.udp && v.pay_len > 0 && chance(p->corrupt))
			damage(d, f, &v);
		if (chance(p->dup)) {
			d->s.dup++;
			schedule(d, f, len, now);
		}
	}
	schedule(d, f, len, now);
}

void wire_flush(struct wire *d, int64_t now)
{
	while (d->n > 0 && d->heap[0].due <= now) {
		struct held h = heap_pop(d);

		put_on_wire(d, h.data, h.len);
		free(h.data);
	}
}

bool wire_pump(struct wire *d)
{
	static uint8_t buf[BATCH][FRAME_MAX];
	static struct mmsghdr msg[BATCH];
	static struct iovec iov[BATCH];
	int n;

	for (int i = 0; i < BATCH; i++) {
		iov[i] = (struct iovec){ buf[i], sizeof(buf[i]) };
		msg[i].msg_hdr =
			(struct msghdr){ .msg_iov = &iov[i], .msg_iovlen = 1 };
	}
	n = recvmmsg(d->in, msg, BATCH, MSG_DONTWAIT, NULL);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	for (int i = 0; i < n; i++)
		handle(d, buf[i], msg[i].msg_len, now_ns());
	return true;
}
int wire_open(const char *ifname)
{
	struct sockaddr_ll a = { .sll_family = AF_PACKET,
				 .sll_protocol = htons(ETH_P_ALL) };
	struct packet_mreq m = { .mr_type = PACKET_MR_PROMISC };
	int fd, one = 1, size = 16 << 20;

	a.sll_ifindex = m.mr_ifindex = (int)if_nametoindex(ifname);
	if (a.sll_ifindex == 0)
		die(ifname);
	/* protocol 0 until bound: no frame of another interface slips in */
	if ((fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0)) < 0)
		die("socket");
	if (setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one,
		       sizeof(one)) < 0)
		die("PACKET_IGNORE_OUTGOING");
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
	if (bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0)
		die("bind");
	if (setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &m, sizeof(m)) <
	    0)
		die("promiscuous");
	return fd;
}

int64_t wire_due(const struct wire *d)
{
	return d->n > 0 ? d->heap[0].due : INT64_MAX;
}

void wire_clear(struct wire *d)
{
	while (d->n > 0)
		free(heap_pop(d).data);
	free(d->heap);
	d->heap = NULL;
	d->cap = 0;
}
