/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The way of each packet: RFC 9028 5.1 and RFC 3948 2 tell datagrams apart;
 * RFC 7402 3 says what is sealed. Only our own HIT is an inner source, only
 * HITs are inner destinations, and no HIT is an address underneath: a packet
 * that claims so was spoofed, or is our own going round in a circle.
 */
#include "tun/forward.h"

#include "tun/esp.h"
#include "tun/outgoing.h"

#include <stdatomic.h>

enum {
	ZERO_SPI_LEN = 4, /* in front of a HIP packet: RFC 9028 5.1 */
	DESTINATION_AT = 24,
	SENDER_AT = 8, /* in a HIP packet: RFC 7401 5.1 */
	HIP_HEADER_LEN = 40,
	/* More than the fragments of a packet take when sealed. */
	PARTS_BYTES = FRAGMENT6_PARTS_MAX * (IPV6_MIN_MTU + ESP_GROWTH_MAX),
	NEXT_HEADER_AT = 6, /* in an IPv6 header */
	TCP = 6,
	HIP = 139,
	ECN_BITS = 3,	 /* of a traffic class */
	HIP_TYPE_AT = 2, /* RFC 7401 5.1 */
	HIP_TYPE_MASK = 0x7f,
};

/*
 * HIP packets by type, and how many sixteenths of the control ring may wait
 * of each. Anybody can send packets that look right: a flood of one kind, or
 * of all, leaves their share to the others. What came inside ESP is genuine,
 * and has what is left.
 */
static const struct {
	uint8_t type; /* RFC 7401 5.3 */
	enum ring_kind kind;
	unsigned share;
} controls[] = {
	{ 1, RING_I1, 3 },     { 2, RING_R1, 2 },      { 3, RING_I2, 2 },
	{ 4, RING_R2, 2 },     { 16, RING_UPDATE, 2 }, { 18, RING_CLOSE, 1 },
	{ 19, RING_CLOSE, 1 },
};

enum { CONTROL_SHARE = 1, INSIDE_SHARE = 3, NO_SPI_SHARE = 8 };

static const enum worker_drop esp_reason[ESP_RESULTS] = {
	[ESP_SHORT] = WORKER_DROP_SHORT,
	[ESP_NO_SA] = WORKER_DROP_NO_SPI,
	[ESP_REPLAYED] = WORKER_DROP_REPLAYED,
	[ESP_BAD_ICV] = WORKER_DROP_BAD_ICV,
	[ESP_BAD_PADDING] = WORKER_DROP_BAD_PADDING,
	[ESP_DUMMY] = WORKER_DROP_DUMMY,
	[ESP_EXHAUSTED] = WORKER_DROP_EXHAUSTED,
	[ESP_NARROW] = WORKER_DROP_NARROW,
};

void forward_drop(struct forward *f, enum worker_drop reason, uint64_t n)
{
	atomic_fetch_add_explicit(&f->drops[reason], n, memory_order_relaxed);
}

int forward_socket(const struct worker_conf *conf, const struct path *path)
{
	bool v4 = path->remote.family == AF_INET;

	if (!path_is_raw(path))
		return v4 ? conf->udp4_fd : conf->udp6_fd;
	if (!conf->raw.is_open)
		return -1;
	return conf->raw.fds[v4 ? RAW_ESP4 : RAW_ESP6];
}

static bool is_hit_underneath(const union tun_addr *addr)
{
	return addr->family == AF_INET6 &&
	       outgoing_is_hit(addr->in6.sin6_addr.s6_addr);
}

static void tell(struct forward *f, struct ring *ring, enum ring_kind kind,
		 struct pkt *p)
{
	/* Inner packets have none, but their buffer had. */
	const struct path *path = kind == RING_NO_SA ? NULL : &p->path;

	if (ring_push(ring, kind, pkt_data(p), p->len, path))
		f->told = true;
	else
		forward_drop(f, WORKER_DROP_RING_FULL, 1);
}

/* The kind of a HIP packet, and its share. */
static enum ring_kind kind_of(struct pkt *p, unsigned *share)
{
	uint8_t type = p->len > HIP_TYPE_AT
			       ? pkt_data(p)[HIP_TYPE_AT] & HIP_TYPE_MASK
			       : 0;

	for (size_t i = 0; i < sizeof(controls) / sizeof(controls[0]); i++) {
		if (controls[i].type == type) {
			*share = controls[i].share;
			return controls[i].kind;
		}
	}
	*share = CONTROL_SHARE;
	return RING_CONTROL;
}

static void control_up(struct forward *f, struct pkt *p)
{
	unsigned share;
	enum ring_kind kind = kind_of(p, &share);

	if (p->len == 0)
		forward_drop(f, WORKER_DROP_SHORT, 1);
	else if (p->len > FORWARD_CONTROL_MAX)
		forward_drop(f, WORKER_DROP_TOO_LONG, 1);
	else if (ring_has_share(f->control, kind, share))
		forward_drop(f, WORKER_DROP_RING_FULL, 1);
	else
		tell(f, f->control, kind, p);
}

/* RFC 6261 4.1: a HIP packet that came inside ESP, from whom the SA is. */
static void hip_inside(struct forward *f, const struct sa_in *sa, struct pkt *p)
{
	if (p->len < HIP_HEADER_LEN ||
	    memcmp(pkt_data(p) + SENDER_AT, sa_in_peer(sa), 16) != 0)
		forward_drop(f, WORKER_DROP_INNER_HIP, 1);
	else if (p->len > FORWARD_CONTROL_MAX)
		forward_drop(f, WORKER_DROP_TOO_LONG, 1);
	else if (ring_has_share(f->control, RING_INSIDE, INSIDE_SHARE))
		forward_drop(f, WORKER_DROP_RING_FULL, 1);
	else
		tell(f, f->control, RING_INSIDE, p);
}

/* True when p has become an inner packet. */
static bool esp_up(struct forward *f, struct pkt *p)
{
	struct sa_in *sa = sa_in_find(f->conf.sas, load_be32(pkt_data(p)));
	enum esp_result result;

	if (sa) {
		forward_hold_in(f, sa);
		result = esp_open(sa, p);
		forward_release_in(f, sa);
		if (result != ESP_OK) {
			forward_drop(f, esp_reason[result], 1);
			return false;
		}
		if (pkt_data(p)[NEXT_HEADER_AT] != HIP)
			return true;
		pkt_pull(p, IPV6_HEADER_LEN);
		hip_inside(f, sa, p);
		return false;
	}
	if (p->len < FORWARD_NO_SPI_LEN) {
		forward_drop(f, WORKER_DROP_SHORT, 1);
		return false;
	}
	forward_drop(f, WORKER_DROP_NO_SPI, 1);
	p->len = FORWARD_NO_SPI_LEN;
	/* Anybody can send these: they leave room for our own packets. */
	if (ring_has_share(f->data, RING_NO_SPI, NO_SPI_SHARE))
		forward_drop(f, WORKER_DROP_RING_FULL, 1);
	else
		tell(f, f->data, RING_NO_SPI, p);
	return false;
}

/*
 * Whether a packet may have come from where it says. From port 0, which a
 * path has that goes without UDP, no answer could be taken.
 */
static bool is_from_outside(const struct forward *f, const struct pkt *p,
			    unsigned ifindex)
{
	return ifindex != f->conf.tun_ifindex &&
	       !is_hit_underneath(&p->path.remote) &&
	       !is_hit_underneath(&p->path.local) &&
	       (p->from != PKT_UDP || !path_is_raw(&p->path));
}

/* RFC 9028 5.1: ESP, or HIP behind four zeros. As is_esp. */
static bool is_esp_in_udp(struct forward *f, struct pkt *p)
{
	/* RFC 3948 2.3: what other IPsec keeps its mappings open with. */
	if (p->len == 1 && *pkt_data(p) == 0xff) {
		forward_drop(f, WORKER_DROP_KEEPALIVE, 1);
		return false;
	}
	if (p->len < ZERO_SPI_LEN) {
		forward_drop(f, WORKER_DROP_SHORT, 1);
		return false;
	}
	if (load_be32(pkt_data(p)) != 0)
		return true;
	pkt_pull(p, ZERO_SPI_LEN);
	control_up(f, p);
	return false;
}

/* Whether p is an ESP packet; when not, what is due has been done. */
static bool is_esp(struct forward *f, struct pkt *p, unsigned ifindex)
{
	if (!is_from_outside(f, p, ifindex)) {
		forward_drop(f, WORKER_DROP_OUTER_ADDRESS, 1);
		return false;
	}
	switch (p->from) {
	case PKT_UDP:
		return is_esp_in_udp(f, p);
	case PKT_HIP:
		control_up(f, p);
		return false;
	case PKT_ESP:
		break;
	}
	/* RFC 4303 2.1: SPI 0 is not for the wire. */
	if (p->len >= ZERO_SPI_LEN && load_be32(pkt_data(p)) != 0)
		return true;
	forward_drop(f, WORKER_DROP_SHORT, 1);
	return false;
}

int forward_up(struct forward *f, struct pkt *pkts, const unsigned *ifindex,
	       int n, struct pkt **inner)
{
	int count = 0;

	assert(n <= PKT_BATCH);
	for (int i = 0; i < n; i++)
		if (is_esp(f, &pkts[i], ifindex[i]) && esp_up(f, &pkts[i]))
			inner[count++] = &pkts[i];
	forward_count(&f->packets_in, (uint64_t)count);
	return count;
}

static void add_sealed(struct forward *f, struct sa_out *sa, struct pkt *p,
		       struct forward_out *out)
{
	enum esp_result result = esp_seal(sa, p);

	if (result != ESP_OK)
		forward_drop(f, esp_reason[result], 1);
	else if (p->path.remote.family == AF_INET)
		out->udp4[out->udp4_count++] = p;
	else
		out->udp6[out->udp6_count++] = p;
}

/* Half a packet is of no use to anybody. */
static void down_parts(struct forward *f, struct sa_out *sa, struct pkt *p,
		       uint32_t part_max, struct forward_out *out)
{
	struct fragment6 cut;

	if (FORWARD_PARTS_MAX - out->part_count < FRAGMENT6_PARTS_MAX ||
	    !fragment6_begin(&cut, pkt_data(p), p->len, part_max,
			     sa_out_fragment_id(sa))) {
		forward_drop(f, WORKER_DROP_TOO_BIG, 1);
		return;
	}
	for (;;) {
		struct pkt *to = &out->parts[out->part_count].pkt;
		uint8_t *bytes = out->parts[out->part_count].bytes;
		size_t len = fragment6_next(&cut, bytes);

		if (len == 0)
			return;
		*to = (struct pkt){ .buf = bytes,
				    .cap = sizeof(out->parts[0].bytes),
				    .len = (uint32_t)len };
		out->part_count++;
		add_sealed(f, sa, to, out);
	}
}

static void down(struct forward *f, struct pkt *p, struct forward_out *out)
{
	struct sa_out *sa;
	uint32_t part_max;

	if (!outgoing_packet(f, p, 0, out))
		return;
	sa = sa_out_find(f->conf.sas, pkt_data(p) + DESTINATION_AT);
	if (!sa) {
		tell(f, f->data, RING_NO_SA, p);
		return;
	}
	part_max = outgoing_size(f, sa, p, 0, out);
	forward_hold_out(f, sa);
	if (part_max >= p->len)
		add_sealed(f, sa, p, out);
	else if (part_max > 0)
		down_parts(f, sa, p, part_max, out);
	forward_release_out(f, sa);
}

/*
 * Marks a packet of TCP with data as having met congestion (RFC 3168 5). False
 * when it has to be dropped for that.
 */
static bool signal_congestion(struct forward *f, uint8_t *traffic_class)
{
	const uint8_t ect = ECN_BITS & *traffic_class;

	if (ect == 0) {
		forward_drop(f, WORKER_DROP_STANDING, 1);
		return false;
	}
	*traffic_class |= ECN_BITS;
	return true;
}

/* A packet as a call's, or a ping's: somebody waits for it. */
static void note_call(struct forward *f, uint8_t protocol, uint32_t len)
{
	f->call |= protocol != TCP && len <= INTAKE_SMALL_MAX;
}

/* What was received together. */
struct batch {
	struct pkt *pkts;
	const unsigned *ifindex;
	int n;
};

/* What one received run is told apart with. */
struct run_up {
	struct sa_in *sa; /* of the datagram before, most likely of this one:
			     held */
	uint32_t spi;
	uint64_t opened;
	struct coalesce *c;
};

static void end_run(struct forward *f, struct run_up *run)
{
	if (run->sa)
		forward_release_in(f, run->sa);
	run->sa = NULL;
}

static void begin_run(struct forward *f, struct run_up *run, uint32_t spi)
{
	end_run(f, run);
	run->sa = sa_in_find(f->conf.sas, spi);
	run->spi = spi;
	if (run->sa)
		forward_hold_in(f, run->sa);
}

/* Opens an ESP packet; false when there is no room for it. */
static bool esp_up_run(struct forward *f, struct pkt *p, struct run_up *run)
{
	uint32_t spi = load_be32(pkt_data(p));
	struct inner inner = { .destination = f->conf.hit };
	enum esp_result result;

	if (!run->sa || spi != run->spi)
		begin_run(f, run, spi);
	if (!run->sa) {
		(void)esp_up(f, p); /* nobody's: counted and told */
		return true;
	}
	if (!coalesce_has_room(run->c))
		return false;
	result = esp_open_payload(run->sa, p, &inner.next_header);
	if (result != ESP_OK) {
		forward_drop(f, esp_reason[result], 1);
		return true;
	}
	if (inner.next_header == HIP) {
		hip_inside(f, run->sa, p);
		return true;
	}
	inner.payload = pkt_data(p);
	inner.len = p->len;
	inner.traffic_class = p->traffic_class; /* the whole run's */
	if (f->signal_up && inner.next_header == TCP &&
	    p->len > INTAKE_SMALL_MAX) {
		f->signal_up = false;
		if (!signal_congestion(f, &inner.traffic_class))
			return true;
	}
	note_call(f, inner.next_header, p->len);
	inner.source = sa_in_peer(run->sa);
	coalesce_add(run->c, &inner);
	run->opened++;
	return true;
}

/* The datagrams from *at on; as forward_up_runs. */
static bool up_runs(struct forward *f, const struct batch *batch,
		    struct forward_at *at, struct run_up *run)
{
	for (; at->pkt < batch->n; at->pkt++, at->byte = 0) {
		struct pkt *p = &batch->pkts[at->pkt];
		const uint32_t off = p->off, len = p->len;
		uint32_t stride = p->stride ? p->stride : len;

		do {
			bool room = true;

			p->off = off + at->byte;
			p->len = len - at->byte < stride ? len - at->byte
							 : stride;
			if (is_esp(f, p, batch->ifindex[at->pkt]))
				room = esp_up_run(f, p, run);
			p->off = off;
			p->len = len;
			if (!room)
				return false;
			at->byte += stride;
		} while (at->byte < len);
	}
	return true;
}

bool forward_up_runs(struct forward *f, struct pkt *pkts,
		     const unsigned *ifindex, int n, struct forward_at *at,
		     struct coalesce *c)
{
	const struct batch batch = { pkts, ifindex, n };
	struct run_up run = { .c = c };
	bool done = up_runs(f, &batch, at, &run);

	end_run(f, &run);
	forward_count(&f->packets_in, run.opened);
	coalesce_finish(c);
	return done;
}

int forward_injected(struct forward *f, struct pkt *pkts,
		     struct forward_out *out)
{
	int n;

	for (n = 0; n < PKT_BATCH; n++) {
		const struct ring_entry *e = ring_peek(f->inject);
		struct pkt *p = &pkts[n];

		if (!e)
			break;
		p->off = PKT_HEAD_ROOM;
		assert(e->len <= p->cap - p->off - PKT_TAIL_ROOM);
		memcpy(pkt_data(p), e->bytes, e->len);
		p->len = e->len;
		ring_pop(f->inject);
		down(f, p, out);
	}
	return n;
}

void forward_down(struct forward *f, struct pkt *pkts, int n,
		  struct forward_out *out)
{
	assert(n <= PKT_BATCH);
	for (int i = 0; i < n; i++)
		down(f, &pkts[i], out);
}

/* The SA for a packet; *last is that of the one before, or NULL. */
static struct sa_out *find_out(struct forward *f, const uint8_t *inner,
			       struct sa_out **last)
{
	const uint8_t *peer = inner + DESTINATION_AT;

	if (!*last || memcmp(sa_out_peer(*last), peer, 16) != 0)
		*last = sa_out_find(f->conf.sas, peer);
	return *last;
}

/* Begins the next packet in order; false when it is not to be sealed, and
 * what is due has been done. */
static bool begin_packet(struct forward *f, struct intake *in,
			 struct sa_out **last, struct forward_out *out)
{
	const struct intake_packet *ip = &in->packets[in->order[in->next]];
	struct segments *cut = &in->cut;
	struct pkt p = {
		.buf = in->buf,
		.cap = in->cap,
		.off = ip->at,
		.len = ip->len,
	};
	struct sa_out *sa;
	size_t segment_len;

	if (!segment_begin(cut, &ip->vnet, pkt_data(&p), p.len)) {
		forward_drop(f, WORKER_DROP_INNER, 1);
		return false;
	}
	segment_len = cut->protocol ? cut->header_len + cut->size : 0;
	if (!outgoing_packet(f, &p, segment_len, out))
		return false;
	sa = find_out(f, pkt_data(&p), last);
	in->part_max =
		sa ? outgoing_size(f, sa, &p, segment_len, out) : UINT32_MAX;
	return in->part_max > 0;
}

/* Half a packet is of no use to anybody, so b has room for all of it. */
static void seal_parts(struct forward *f, struct sa_out *sa, struct pkt *p,
		       uint32_t part_max, struct burst *b)
{
	uint8_t bytes[IPV6_MIN_MTU + ESP_TRAILER_ROOM];
	struct fragment6 cut;
	uint32_t len;

	if (!fragment6_begin(&cut, pkt_data(p), p->len, part_max,
			     sa_out_fragment_id(sa))) {
		forward_drop(f, WORKER_DROP_TOO_BIG, 1);
		return;
	}
	while ((len = (uint32_t)fragment6_next(&cut, bytes)) > 0) {
		struct pkt to = burst_place(b);
		enum esp_result result = esp_seal_to(sa, bytes, len, &to);

		if (result == ESP_OK)
			burst_add(b, &to, sa_out_path(sa));
		else
			forward_drop(f, esp_reason[result], 1);
	}
}

/* Seals an inner packet, which is part of one of this protocol. */
static void seal_whole(struct forward *f, struct sa_out *sa, struct pkt *p,
		       uint8_t protocol, struct burst *b)
{
	struct pkt to = burst_place(b);
	enum esp_result result = esp_seal_to(sa, pkt_data(p), p->len, &to);

	if (result != ESP_OK) {
		forward_drop(f, esp_reason[result], 1);
		return;
	}
	if (f->signal_down && protocol == TCP) {
		f->signal_down = false;
		if (!signal_congestion(f, &to.traffic_class))
			return;
	}
	note_call(f, pkt_data(p)[NEXT_HEADER_AT], p->len);
	burst_add(b, &to, sa_out_path(sa));
}

/* Seals the rest of a begun packet; false when b was full before its end. */
static bool seal_segments(struct forward *f, struct intake *in, struct burst *b,
			  struct sa_out **last)
{
	const bool may_cut = in->part_max < IPV6_MIN_MTU;
	const int packets = may_cut ? FRAGMENT6_PARTS_MAX : 1;
	const uint32_t bytes = may_cut ? PARTS_BYTES : 0;
	struct sa_out *sa = NULL;
	uint8_t *inner;
	size_t len;

	while (burst_has_room(b, packets, bytes) &&
	       (inner = segment_next(&in->cut, &len)) != NULL) {
		struct pkt p = { .buf = inner,
				 .cap = (uint32_t)len,
				 .len = (uint32_t)len };

		if (!sa) {
			sa = find_out(f, inner, last);
			if (sa)
				forward_hold_out(f, sa);
		}
		if (!sa)
			tell(f, f->data, RING_NO_SA, &p);
		else if (p.len > in->part_max)
			seal_parts(f, sa, &p, in->part_max, b);
		else
			seal_whole(f, sa, &p, in->cut.protocol, b);
	}
	if (sa)
		forward_release_out(f, sa);
	return segment_is_done(&in->cut);
}

bool forward_down_intake(struct forward *f, struct intake *in, struct burst *b,
			 struct forward_out *out)
{
	struct sa_out *last = NULL;

	while (in->next < in->count) {
		if (!in->cutting && !begin_packet(f, in, &last, out)) {
			in->next++;
			continue;
		}
		in->cutting = !seal_segments(f, in, b, &last);
		if (in->cutting)
			return false;
		in->next++;
	}
	return true;
}
