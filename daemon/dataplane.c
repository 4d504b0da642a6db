/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The engine's side of the workers: rings, SA table, and the sockets for HIP
 * packets, which go out from here and not through a worker.
 */
#include "daemon/dataplane.h"

#include "daemon/base/log.h"
#include "daemon/outlet.h"
#include "tun/beet.h"
#include "tun/esp.h"
#include "tun/icmp6.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	SOURCE_OFFSET = 8, /* in an IPv6 header */
	DESTINATION_OFFSET = 24,
};

/* A flow for which something has passed. */
struct active {
	struct hit hit;
	bool in, out;
	uint32_t spi;
	uint64_t packets, bytes;
};

struct dataplane {
	struct dataplane_conf conf;
	struct outlet outlet;
	struct sa_table *sas;
	struct crew *crew;
	struct flows flows;
	struct ring *held; /* its oldest entry is lent to the caller */
	size_t turn;	   /* the ring that has it: ring_at */
	bool locked;	   /* in a run of outputs that belong together, */
	bool opened;	   /* and one of them has opened an outbound SA */
	struct active *active;
	size_t n_active, active_cap;
	uint64_t send_failures;
};

int dataplane_new(const struct dataplane_conf *conf, struct dataplane **out)
{
	struct crew_conf cc = {
		.first = { .tun_fd = conf->tun_fd,
			   .udp4_fd = conf->udp4_fd,
			   .udp6_fd = conf->udp6_fd,
			   .raw = conf->raw,
			   .tun_ifindex = conf->tun_ifindex,
			   .mtu = conf->mtu,
			   .without = conf->no_offload ? WORKER_OFFLOADS : 0 },
		.more = conf->more,
	};
	struct dataplane *d = calloc(1, sizeof(*d));
	uint8_t seed[TABLE_SEED_LEN];
	int err = -ENOMEM;

	if (!d)
		return -ENOMEM;
	d->conf = *conf;
	d->outlet = (struct outlet){ .udp4_fd = conf->udp4_fd,
				     .udp6_fd = conf->udp6_fd,
				     .raw = conf->raw };
	randombytes_buf(seed, sizeof(seed));
	flows_init(&d->flows, seed, conf->peers_max);
	randombytes_buf(seed, sizeof(seed));
	d->sas = sa_table_new(seed);
	if (d->sas) {
		memcpy(cc.first.hit, conf->hit.bytes, sizeof(cc.first.hit));
		cc.first.sas = d->sas;
		d->crew = crew_new(&cc);
		err = d->crew ? 0 : -errno;
	}
	if (err < 0)
		dataplane_free(d);
	else
		*out = d;
	return err;
}

int dataplane_start(struct dataplane *d)
{
	return crew_start(d->crew);
}

const char *dataplane_offload_text(const struct dataplane *d)
{
	return worker_offload_text(crew_worker(d->crew, 0));
}

const struct crew *dataplane_crew(const struct dataplane *d)
{
	return d->crew;
}

void dataplane_free(struct dataplane *d)
{
	if (!d)
		return;
	dataplane_flush(d);
	if (d->crew) {
		crew_stop(d->crew);
		crew_free(d->crew);
	}
	sa_table_free(d->sas);
	flows_clear(&d->flows);
	free(d->active);
	free(d);
}

int dataplane_event_fd(const struct dataplane *d)
{
	return crew_event_fd(d->crew);
}

void dataplane_woken(struct dataplane *d)
{
	uint64_t count;
	ssize_t n = read(dataplane_event_fd(d), &count, sizeof(count));

	(void)n; /* whatever it was, the rings are looked at */
}

/* What the host makes of an entry; false when it is of no use to it. */
static bool entry_input(const struct ring_entry *e, struct hip_input *out)
{
	struct hip_input in = { .local = outlet_locator(&e->path.local),
				.remote = outlet_locator(&e->path.remote) };

	switch (e->kind) {
	case RING_INSIDE:
	case RING_I1:
	case RING_R1:
	case RING_I2:
	case RING_R2:
	case RING_UPDATE:
	case RING_CLOSE:
	case RING_CONTROL:
		in.kind = HIP_IN_PACKET;
		in.inside = e->kind == RING_INSIDE;
		in.raw = path_is_raw(&e->path);
		in.bytes = e->bytes;
		in.len = e->len;
		break;
	case RING_NO_SA:
		if (e->len < IPV6_HEADER_LEN)
			return false;
		in.kind = HIP_IN_ACQUIRE;
		memcpy(in.hit.bytes, e->bytes + DESTINATION_OFFSET,
		       sizeof(in.hit.bytes));
		in.bytes = e->bytes;
		in.len = e->len;
		break;
	case RING_NO_SPI:
		in.kind = HIP_IN_UNKNOWN_SPI;
		break;
	case RING_LARGE:
		in.kind = HIP_IN_LARGE;
		memcpy(in.hit.bytes, e->bytes + DESTINATION_OFFSET,
		       sizeof(in.hit.bytes));
		break;
	case RING_INJECT: /* goes the other way */
	case RING_KINDS:
		return false;
	}
	*out = in;
	return true;
}

static bool take_from(struct dataplane *d, struct ring *ring,
		      struct hip_input *out)
{
	const struct ring_entry *e;

	while ((e = ring_peek(ring))) {
		if (entry_input(e, out)) {
			d->held = ring;
			return true;
		}
		ring_pop(ring);
	}
	return false;
}

/* Each worker has two. */
static size_t ring_count(const struct dataplane *d)
{
	return 2 * crew_count(d->crew);
}

static struct ring *ring_at(const struct dataplane *d, size_t i)
{
	struct worker *w = crew_worker(d->crew, i / 2);

	return i % 2 ? worker_data_ring(w) : worker_control_ring(w);
}

/* In turn, so that a flood of HIP packets does not keep our own waiting. */
bool dataplane_take(struct dataplane *d, struct hip_input *out)
{
	const size_t n = ring_count(d), turn = d->turn;

	if (d->held)
		ring_pop(d->held);
	d->held = NULL;
	d->turn = (turn + 1) % n;
	for (size_t i = 0; i < n; i++)
		if (take_from(d, ring_at(d, (turn + i) % n), out))
			return true;
	return false;
}

static void lock(struct dataplane *d)
{
	if (!d->locked)
		sa_table_wrlock(d->sas);
	d->locked = true;
}

/*
 * What came for a peer while its SA was made: it follows what waited for that,
 * before a worker can seal anything newer.
 */
static void follow(struct dataplane *d, struct ring *ring)
{
	const struct ring_entry *e;

	while (d->held != ring && (e = ring_peek(ring)) &&
	       e->kind == RING_NO_SA && e->len >= IPV6_HEADER_LEN &&
	       sa_out_find(d->sas, e->bytes + DESTINATION_OFFSET)) {
		(void)crew_inject(d->crew, e->bytes, e->len); /* counted */
		ring_pop(ring);
	}
}

void dataplane_flush(struct dataplane *d)
{
	for (size_t i = 0; d->opened && i < crew_count(d->crew); i++)
		follow(d, worker_data_ring(crew_worker(d->crew, i)));
	d->opened = false;
	if (d->locked)
		sa_table_unlock(d->sas);
	d->locked = false;
}

void dataplane_narrow(struct dataplane *d, const struct hit *hit, uint16_t port)
{
	const struct flow *f = flows_find(&d->flows, hit);
	bool was_locked = d->locked;

	if (!f)
		return;
	lock(d);
	for (size_t i = 0; i < f->in.n_sas; i++)
		(void)sa_in_narrow(d->sas, f->in.sas[i].spi,
				   port); /* one that is gone needs it not */
	(void)sa_out_narrow(d->sas, hit->bytes, port); /* the same */
	if (!was_locked)
		dataplane_flush(d);
}

/* RFC 6261 4.1: as an inner packet of next header 139, under the lock that
 * keeps workers from sealing. False when there is no SA for it. */
static bool seal(struct dataplane *d, const struct hip_output *o, struct pkt *p)
{
	uint8_t *ip = pkt_data(p);
	struct sa_out *sa;
	bool sealed;

	p->len = IPV6_HEADER_LEN + (uint32_t)o->len;
	beet_header_write(ip, (uint32_t)o->len, HIP_PROTOCOL, 0);
	memcpy(ip + SOURCE_OFFSET, d->conf.hit.bytes, sizeof(d->conf.hit));
	memcpy(ip + DESTINATION_OFFSET, o->hit.bytes, sizeof(o->hit));
	memcpy(ip + IPV6_HEADER_LEN, o->bytes, o->len);
	lock(d);
	sa = sa_out_find(d->sas, o->hit.bytes);
	sealed = sa && esp_seal(sa, p) == ESP_OK;
	dataplane_flush(d);
	return sealed;
}

static int send_inside(struct dataplane *d, const struct hip_output *o)
{
	uint8_t buf[PKT_HEAD_ROOM + IPV6_HEADER_LEN + HIP_PACKET_MAX +
		    PKT_TAIL_ROOM];
	struct pkt p = { .buf = buf, .cap = sizeof(buf), .off = PKT_HEAD_ROOM };

	if (seal(d, o, &p))
		return outlet_send_esp(&d->outlet, &p);
	return outlet_send_outside(&d->outlet, o);
}

static void send_packet(struct dataplane *d, const struct hip_output *o)
{
	int err = o->inside ? send_inside(d, o) : outlet_send(&d->outlet, o);

	if (err < 0) {
		char remote[LOCATOR_TEXT_MAX];

		d->send_failures++;
		locator_text(&o->remote, remote);
		log_debug("send", "to=%s: %s", remote, strerror(-err));
	}
}

static void add_sa(struct dataplane *d, const struct hip_output *o,
		   uint64_t now_ms)
{
	bool inbound = o->kind == HIP_OUT_SA_IN;
	struct sa_conf conf = { .spi = o->spi,
				.suite = o->esp_suite,
				.backend = d->conf.aead,
				.key = o->key,
				.key_len = o->key_len };
	int err;

	memcpy(conf.local, d->conf.hit.bytes, sizeof(conf.local));
	memcpy(conf.peer, o->hit.bytes, sizeof(conf.peer));
	if (!inbound)
		conf.path = outlet_path(o);
	lock(d);
	d->opened = d->opened || !inbound;
	err = inbound ? sa_in_add(d->sas, &conf) : sa_out_add(d->sas, &conf);
	if (err == 0)
		err = flows_sa_add(&d->flows, &o->hit, inbound, o->spi, now_ms);
	if (err < 0) {
		char hit[HIT_TEXT_MAX];

		hit_text(&o->hit, hit);
		log_error("association", "peer=%s: its SA cannot be set: %s",
			  hit, strerror(-err));
	}
}

static void count_in(struct dataplane *d, struct flow *flow, uint64_t now_ms)
{
	for (size_t i = 0; i < flow->in.n_sas; i++) {
		uint32_t spi = flow->in.sas[i].spi;
		struct sa_in *sa = sa_in_find(d->sas, spi);
		const struct sa_counters *c = sa ? sa_in_counters(sa) : NULL;

		if (c)
			flow_count(&flow->in, spi, atomic_load(&c->packets),
				   atomic_load(&c->bytes), now_ms);
	}
}

/* Only the newest outbound SA sends. */
static void count_out(struct dataplane *d, struct flow *flow, uint64_t now_ms)
{
	struct sa_out *sa = sa_out_find(d->sas, flow->hit.bytes);
	const struct sa_counters *c = sa ? sa_out_counters(sa) : NULL;

	if (c && flow->out.n_sas > 0)
		flow_count(&flow->out, flow->out.sas[0].spi,
			   atomic_load(&c->packets), atomic_load(&c->bytes),
			   now_ms);
}

/* Before an SA goes, or is overtaken: what it has counted stays. */
static void count_peer(struct dataplane *d, const struct hit *hit,
		       uint64_t now_ms)
{
	struct flow *flow = flows_find(&d->flows, hit);

	if (!flow)
		return;
	count_in(d, flow, now_ms);
	count_out(d, flow, now_ms);
}

static void delete_sa(struct dataplane *d, const struct hip_output *o)
{
	lock(d);
	/* The host deletes what it has had added; another SA of that SPI is
	 * not known. */
	if (o->inbound)
		(void)sa_in_delete(d->sas, o->spi);
	else
		(void)sa_out_delete(d->sas, o->spi, o->hit.bytes);
	flows_sa_delete(&d->flows, &o->hit, o->inbound, o->spi);
}

/* RFC 4443 3.1: the application hears that its packet will never go. */
static void tell_unreachable(struct dataplane *d, const struct hip_output *o)
{
	uint8_t error[ICMP6_ERROR_MAX];
	size_t len =
		icmp6_error_write(ICMP6_ADDRESS, 0, o->bytes, o->len, error);

	if (len > 0)
		(void)worker_deliver(crew_worker(d->crew, 0), error,
				     len); /* counted */
}

bool dataplane_output(struct dataplane *d, struct hip_output *o,
		      uint64_t now_ms)
{
	switch (o->kind) {
	case HIP_OUT_SA_OUT:
	case HIP_OUT_SA_IN:
		lock(d);
		count_peer(d, &o->hit, now_ms);
		add_sa(d, o, now_ms);
		sodium_memzero(o->key, sizeof(o->key));
		return true;
	case HIP_OUT_SA_DELETE:
		lock(d);
		count_peer(d, &o->hit, now_ms);
		delete_sa(d, o);
		return true;
	case HIP_OUT_INJECT:
		(void)crew_inject(d->crew, o->bytes, o->len); /* counted */
		return true;
	case HIP_OUT_SEND:
		dataplane_flush(d);
		send_packet(d, o);
		return true;
	case HIP_OUT_PATH:
		lock(d); /* an SA may be gone by now */
		(void)sa_out_limit(d->sas, o->hit.bytes, o->path_mtu);
		return true;
	case HIP_OUT_UNREACHABLE:
		dataplane_flush(d);
		tell_unreachable(d, o);
		return true;
	case HIP_OUT_SOLVE:
	case HIP_OUT_PEER:
	case HIP_OUT_WANT:
		break;
	}
	return false;
}

/* Remembers that something has passed for a flow. */
static void note_active(struct dataplane *d, struct flow *flow)
{
	size_t cap = d->active_cap ? 2 * d->active_cap : 16;
	struct active *active = d->active;

	if (!flow->in.passed && !flow->out.passed)
		return;
	if (d->n_active == d->active_cap) {
		active = realloc(d->active, cap * sizeof(*active));
		if (!active)
			return; /* next time, then */
		d->active = active;
		d->active_cap = cap;
	}
	active[d->n_active++] = (struct active){
		.hit = flow->hit,
		.in = flow->in.passed,
		.out = flow->out.passed,
		.spi = flow->in.spi,
		.packets = flow->in.packets - flow->in.told_packets +
			   flow->out.packets - flow->out.told_packets,
		.bytes = flow->in.bytes - flow->in.told_bytes +
			 flow->out.bytes - flow->out.told_bytes,
	};
	flow_tell(&flow->in);
	flow_tell(&flow->out);
}

void dataplane_count(struct dataplane *d, uint64_t now_ms)
{
	struct table_iter it = table_iterate(&d->flows.table);
	struct flow *flow;

	sa_table_rdlock(d->sas);
	while ((flow = table_next(&it))) {
		count_in(d, flow, now_ms);
		count_out(d, flow, now_ms);
	}
	sa_table_unlock(d->sas);
}

void dataplane_expect_large(struct dataplane *d)
{
	struct table_iter it = table_iterate(&d->flows.table);
	struct flow *flow;
	struct sa_out *sa;

	sa_table_rdlock(d->sas);
	while ((flow = table_next(&it))) {
		sa = sa_out_find(d->sas, flow->hit.bytes);
		if (sa)
			sa_out_expect_large(sa);
	}
	sa_table_unlock(d->sas);
}

uint32_t dataplane_mtu(const struct dataplane *d, const struct hit *hit)
{
	const struct sa_out *sa;
	uint32_t mtu = 0;

	sa_table_rdlock(d->sas);
	sa = sa_out_find(d->sas, hit->bytes);
	if (sa)
		mtu = sa_out_inner_max(sa);
	sa_table_unlock(d->sas);
	return mtu < d->conf.mtu ? mtu : d->conf.mtu;
}

bool dataplane_traffic(struct dataplane *d, size_t *at, struct hip_input *out)
{
	struct table_iter it = table_iterate(&d->flows.table);
	struct flow *flow;

	/* The host's answers may change the flows: they are copied first. */
	if (*at == 0) {
		d->n_active = 0;
		while ((flow = table_next(&it)))
			note_active(d, flow);
	}
	if (*at >= d->n_active) {
		free(d->active); /* not kept for the next busy moment */
		d->active = NULL;
		d->n_active = d->active_cap = 0;
		return false;
	}
	*out = (struct hip_input){ .kind = HIP_IN_TRAFFIC,
				   .hit = d->active[*at].hit,
				   .in = d->active[*at].in,
				   .out = d->active[*at].out,
				   .spi = d->active[*at].spi,
				   .esp_packets = d->active[*at].packets,
				   .esp_bytes = d->active[*at].bytes };
	(*at)++;
	return true;
}

const struct flow *dataplane_flow(const struct dataplane *d,
				  const struct hit *hit)
{
	return flows_find(&d->flows, hit);
}

int dataplane_failed(const struct dataplane *d)
{
	return crew_failed(d->crew);
}

uint64_t dataplane_drops(const struct dataplane *d, enum worker_drop reason)
{
	return crew_drops(d->crew, reason);
}

uint64_t dataplane_send_failures(const struct dataplane *d)
{
	return d->send_failures;
}
