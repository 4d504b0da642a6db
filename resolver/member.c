/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Datagrams count only from port 6084 of a HIT: the socket takes nothing
 * from outside the HIP interface, where every packet comes out of an
 * association.
 */
#include "resolver/member.h"

#include "daemon/base/footprint.h"
#include "daemon/base/log.h"
#include "resolver/keeping.h"
#include "resolver/shown.h"

#include <assert.h>
#include <errno.h>
#include <ev.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	BATCH = 64,
	MTU = 1200, /* of a message: below any path's, headers and all */
	FLUSH_S = 1,
	FORGET_S = 30, /* after leaving, unless the process ends */
	SHRINK_MS = 60 * 1000,
};

/* Ids of lookups for DNS; the engine's have it not. */
#define FOR_DNS (1ull << 63)

struct member {
	struct member_conf conf;
	struct node *node;
	struct keeping keeping;
	ev_io io;
	ev_timer deadline, flush, forget;
	bool draining;
	bool has_list; /* a newer one, and the log does not say so yet */
	uint64_t warned_ms, shrunk_ms;
	uint8_t body[RESOLVE_BODY_MAX];
};

static uint64_t clock_ms(clockid_t which)
{
	struct timespec ts;

	(void)clock_gettime(which, &ts); /* cannot fail on Linux */
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static uint64_t now_ms(void)
{
	return clock_ms(CLOCK_MONOTONIC);
}

static uint64_t wall_ms(void)
{
	return clock_ms(CLOCK_REALTIME);
}

static void env_randombytes(void *ctx, void *buf, size_t len)
{
	(void)ctx;
	randombytes_buf(buf, len);
}

static void send_hit(struct member *m, enum resolve_type type,
		     const struct hit *hit)
{
	m->conf.send(m->conf.ctx, type, m->body,
		     resolve_hit_write(hit->bytes, m->body, sizeof(m->body)));
}

static void send_sign(struct member *m, const struct node_output *o)
{
	const struct resolve_sign s = { .id = o->id,
					.preimage = o->bytes.bytes,
					.len = o->bytes.len };

	m->conf.send(m->conf.ctx, RESOLVE_SIGN, m->body,
		     resolve_sign_write(&s, m->body, sizeof(m->body)));
}

static void send_hint(struct member *m, const struct node_output *o)
{
	struct resolve_places p = { .n = o->n_locators,
				    .certificate = o->bytes.bytes,
				    .certificate_len = o->bytes.len };

	memcpy(p.hit, o->hit.bytes, sizeof(p.hit));
	memcpy(p.locators, o->locators, o->n_locators * sizeof(p.locators[0]));
	m->conf.send(m->conf.ctx, RESOLVE_HINT, m->body,
		     resolve_places_write(&p, m->body, sizeof(m->body)));
}

static void send_published(struct member *m, const struct node_output *o)
{
	const struct resolve_published p = { .id = o->id,
					     .name = o->name ? o->name : "",
					     .state = o->state,
					     .reason = o->reason };

	m->conf.send(m->conf.ctx, RESOLVE_PUBLISHED, m->body,
		     resolve_published_write(&p, m->body, sizeof(m->body)));
}

/* What a name stands for is in doubt: said, but not for each question. */
static void warn(struct member *m, const struct node_output *o)
{
	char text[HIT_TEXT_MAX];

	if (o->found->n_against == 0 || !o->name ||
	    now_ms() - m->warned_ms < 1000)
		return;
	m->warned_ms = now_ms();
	hit_text(&o->found->against[0], text);
	log_warning("names", "%s: %zu hosts are not believed, among them %s",
		    o->name, o->found->n_against, text);
}

static bool send_seen(void *ctx, const char *name, const struct hit *hit)
{
	struct member *m = ctx;
	struct resolve_seen s = { .name = name };

	memcpy(s.hit, hit->bytes, sizeof(s.hit));
	m->conf.send(m->conf.ctx, RESOLVE_SEEN, m->body,
		     resolve_seen_write(&s, m->body, sizeof(m->body)));
	return true;
}

static void on_seen(struct member *m, const struct node_output *o)
{
	struct resolve_seen s = { .name = o->name ? o->name : "" };

	memcpy(s.hit, o->hit.bytes, sizeof(s.hit));
	if (o->found->n_against > 0)
		memcpy(s.other, o->found->against[0].bytes, sizeof(s.other));
	m->conf.send(m->conf.ctx, RESOLVE_SEEN, m->body,
		     resolve_seen_write(&s, m->body, sizeof(m->body)));
}

static void on_found(struct member *m, const struct node_output *o)
{
	const struct node_found *f = o->found;
	struct resolve_answer a = { .id = o->id,
				    .result = f->result,
				    .lifetime_s = f->lifetime_s,
				    .n_hits = f->n_hits };

	warn(m, o);
	if (o->id & FOR_DNS) {
		m->conf.found(m->conf.ctx, o->id & ~FOR_DNS, f);
		return;
	}
	memcpy(a.hits, f->hits, sizeof(a.hits));
	static_assert((int)REGISTRATION_DEVICES_MAX <= (int)RESOLVE_HITS_MAX,
		      "all fit");
	for (; a.n_against < f->n_against; a.n_against++)
		memcpy(a.against[a.n_against], f->against[a.n_against].bytes,
		       RESOLVE_HIT_LEN);
	m->conf.send(m->conf.ctx, RESOLVE_FOUND_NAME, m->body,
		     resolve_answer_write(&a, m->body, sizeof(m->body)));
}

/* What does not go out now is not acknowledged, and goes another way. */
static void send_datagram(struct member *m, const struct node_output *o)
{
	struct sockaddr_in6 to = { .sin6_family = AF_INET6,
				   .sin6_port = htons(RELOAD_PORT) };

	if (m->conf.socket < 0)
		return;
	memcpy(&to.sin6_addr, o->hit.bytes, sizeof(o->hit.bytes));
	(void)sendto(m->conf.socket, o->bytes.bytes, o->bytes.len,
		     MSG_DONTWAIT | MSG_NOSIGNAL, (const struct sockaddr *)&to,
		     sizeof(to));
}

static void on_left(struct member *m)
{
	log_info("overlay", "left");
	m->conf.send(m->conf.ctx, RESOLVE_LEFT, m->body, 0);
	ev_now_update(m->conf.loop);
	ev_timer_stop(m->conf.loop, &m->forget);
	ev_timer_set(&m->forget, FORGET_S, 0);
	ev_timer_start(m->conf.loop, &m->forget);
}

static void show(struct member *m, uint64_t id)
{
	struct resolve_shown s = { .id = id };
	char *json = shown_json(m->node);

	s.json = json ? json : "{}";
	m->conf.send(m->conf.ctx, RESOLVE_SHOWN, m->body,
		     resolve_shown_write(&s, m->body, sizeof(m->body)));
	free(json);
}

static void carry_out(struct member *m, const struct node_output *o)
{
	keeping_on_output(&m->keeping, o, wall_ms());
	switch (o->type) {
	case NODE_CONNECT:
		send_hit(m, RESOLVE_CONNECT, &o->hit);
		break;
	case NODE_RELEASE:
		send_hit(m, RESOLVE_RELEASE, &o->hit);
		break;
	case NODE_SIGN:
		send_sign(m, o);
		break;
	case NODE_DATAGRAM:
		send_datagram(m, o);
		break;
	case NODE_HINT:
		send_hint(m, o);
		break;
	case NODE_FOUND:
		on_found(m, o);
		break;
	case NODE_PUBLISHED:
		send_published(m, o);
		break;
	case NODE_JOINED:
		log_info("overlay", "in the ring");
		show(m, 0); /* who waits for it hears it at once */
		break;
	case NODE_LEFT:
		on_left(m);
		break;
	case NODE_REVOCATIONS: /* kept above, and for who lets hosts in */
		m->has_list = true;
		m->conf.send(m->conf.ctx, RESOLVE_REVOKED, o->bytes.bytes,
			     o->bytes.len);
		break;
	case NODE_SEEN:
		on_seen(m, o);
		break;
	case NODE_REMEMBER:
	case NODE_MEMBER:
		break; /* kept above */
	}
}

static void schedule(struct member *m)
{
	uint64_t due = node_deadline(m->node), now = now_ms();
	struct ev_loop *loop = m->conf.loop;

	ev_timer_stop(loop, &m->deadline);
	if ((keeping_is_due(&m->keeping, m->node) || m->has_list) &&
	    !ev_is_active(&m->flush)) {
		ev_now_update(loop);
		ev_timer_set(&m->flush, FLUSH_S, 0);
		ev_timer_start(loop, &m->flush);
	}
	if (due == NODE_NEVER)
		return;
	ev_now_update(loop);
	ev_timer_set(&m->deadline, due > now ? (double)(due - now) / 1000 : 0,
		     0);
	ev_timer_start(loop, &m->deadline);
}

/* An answer may bring the next question: it is left to the one who runs. */
static void drain(struct member *m)
{
	struct node_output o;

	if (m->draining)
		return;
	m->draining = true;
	while (node_output(m->node, &o, now_ms()))
		carry_out(m, &o);
	m->draining = false;
	schedule(m);
}

static void set_clock(struct member *m)
{
	node_set_wall(m->node, wall_ms(), now_ms());
}

static void on_deadline(struct ev_loop *loop, ev_timer *w, int events)
{
	struct member *m = w->data;

	(void)loop;
	(void)events;
	set_clock(m);
	node_tick(m->node, now_ms());
	drain(m);
}

/* What was done for the first time is mostly not done again. */
static void shrink(struct member *m)
{
	if (m->shrunk_ms != 0 && now_ms() - m->shrunk_ms < SHRINK_MS)
		return;
	m->shrunk_ms = now_ms();
	footprint_shrink();
}

/* Lists come in hundreds of parts: one line for those of a second. */
static void log_list(struct member *m)
{
	size_t entries;
	uint64_t number = node_list(m->node, &entries);

	if (m->has_list && number > 0)
		log_info("overlay", "revocations=%zu missing=%zu list=%llu",
			 entries, node_missing_parts(m->node),
			 (unsigned long long)number);
	m->has_list = false;
}

static void on_flush(struct ev_loop *loop, ev_timer *w, int events)
{
	struct member *m = w->data;

	(void)loop;
	(void)events;
	log_list(m);
	keeping_flush(&m->keeping, m->node, wall_ms());
	shrink(m);
	schedule(m);
}

static void on_forget(struct ev_loop *loop, ev_timer *w, int events)
{
	struct member *m = w->data;

	(void)loop;
	(void)events;
	if (!node_core(m->node))
		keeping_forget(&m->keeping);
}

static void on_socket(struct ev_loop *loop, ev_io *w, int events)
{
	struct member *m = w->data;
	uint8_t bytes[RELOAD_MESSAGE_MAX + 64];

	(void)loop;
	(void)events;
	set_clock(m);
	for (int i = 0; i < BATCH; i++) {
		struct sockaddr_in6 from;
		socklen_t len = sizeof(from);
		struct hit hit;
		ssize_t n = recvfrom(w->fd, bytes, sizeof(bytes),
				     MSG_DONTWAIT | MSG_TRUNC,
				     (struct sockaddr *)&from, &len);

		if (n < 0)
			break; /* none there, or an error of an earlier one */
		if (len != sizeof(from) || from.sin6_family != AF_INET6)
			continue;
		memcpy(hit.bytes, &from.sin6_addr, sizeof(hit.bytes));
		if ((size_t)n > sizeof(bytes) || !hit_is_hit(&hit) ||
		    ntohs(from.sin6_port) != RELOAD_PORT)
			continue;
		node_on_datagram(m->node, &hit,
				 (struct span){ bytes, (size_t)n }, now_ms());
		drain(m);
	}
}

static int on_overlay(struct member *m, const struct ipc_message *msg)
{
	struct resolve_overlay o;
	bool fresh;
	int err;

	if (!resolve_overlay_parse(msg->body, msg->len, &o))
		return -EPROTO;
	if (o.name[0] != '\0' && m->conf.socket < 0) {
		log_warning("overlay", "there is no socket for it");
		return 0;
	}
	/* One that began after we had left: the last has maybe not come to it.
	 */
	if (o.name[0] == '\0' && !node_core(m->node))
		keeping_forget(&m->keeping);
	fresh = o.name[0] != '\0' && !node_core(m->node);
	keeping_flush(&m->keeping, m->node, wall_ms());
	if (fresh)
		keeping_begin(&m->keeping, m->node, o.name, now_ms());
	err = node_on_overlay(m->node, &o, now_ms());
	if (err < 0)
		log_warning("overlay", "%s: our certificate does not hold: %s",
			    o.name, strerror(-err));
	if (err == 0 && fresh && node_core(m->node)) {
		keeping_restore(&m->keeping, m->node, wall_ms());
		keeping_first_uses(&m->keeping, send_seen, m);
	}
	return 0;
}

static int on_hit(struct member *m, const struct ipc_message *msg)
{
	struct hit hit;

	if (!resolve_hit_parse(msg->body, msg->len, hit.bytes))
		return -EPROTO;
	if (msg->type == RESOLVE_UP)
		node_on_up(m->node, &hit, now_ms());
	else if (msg->type == RESOLVE_DOWN)
		node_on_down(m->node, &hit, now_ms());
	else
		node_on_where(m->node, &hit, now_ms());
	return 0;
}

static int on_places(struct member *m, const struct ipc_message *msg)
{
	struct resolve_places p;

	if (!resolve_places_parse(msg->body, msg->len, RESOLVE_LOCATORS_MAX,
				  &p))
		return -EPROTO;
	node_on_locators(m->node, &p, now_ms());
	return 0;
}

static int on_signed(struct member *m, const struct ipc_message *msg)
{
	struct resolve_signed s;

	if (!resolve_signed_parse(msg->body, msg->len, &s))
		return -EPROTO;
	node_on_signed(m->node, &s, now_ms());
	return 0;
}

static int on_name(struct member *m, const struct ipc_message *msg)
{
	struct resolve_publish p;

	if (!resolve_publish_parse(msg->body, msg->len, &p) || (p.id & FOR_DNS))
		return -EPROTO;
	if (msg->type == RESOLVE_PUBLISH)
		node_on_publish(m->node, &p, now_ms());
	else
		node_on_lookup(m->node, p.id, p.name, now_ms());
	return 0;
}

static int on_show(struct member *m, const struct ipc_message *msg)
{
	uint64_t id;

	if (!resolve_id_parse(msg->body, msg->len, &id))
		return -EPROTO;
	show(m, id);
	return 0;
}

static_assert((int)RESOLVE_LIST_MAX == (int)KIND_REVOCATIONS_LEN,
	      "what the authority is told is so");

static int on_revoked(struct member *m, const struct ipc_message *msg)
{
	struct span list = { msg->body, msg->len };

	if (!node_on_revoked(m->node, list, now_ms()))
		log_warning("overlay", "the revocation list does not hold");
	else if (list.len > KIND_REVOCATIONS_LEN)
		log_warning("overlay",
			    "the revocation list has %zu bytes; over %d it is "
			    "not published",
			    list.len, KIND_REVOCATIONS_LEN);
	return 0;
}

static int on_forget_name(struct member *m, const struct ipc_message *msg)
{
	struct resolve_publish p;

	if (!resolve_publish_parse(msg->body, msg->len, &p))
		return -EPROTO;
	keeping_forget_first_use(&m->keeping, p.name);
	return 0;
}

bool member_takes(enum resolve_type type)
{
	return type >= RESOLVE_OVERLAY && type <= RESOLVE_FORGET;
}

int member_on_message(struct member *m, const struct ipc_message *msg)
{
	static int (*const handlers[])(struct member *,
				       const struct ipc_message *) = {
		[RESOLVE_OVERLAY - RESOLVE_OVERLAY] = on_overlay,
		[RESOLVE_LOCATORS - RESOLVE_OVERLAY] = on_places,
		[RESOLVE_UP - RESOLVE_OVERLAY] = on_hit,
		[RESOLVE_DOWN - RESOLVE_OVERLAY] = on_hit,
		[RESOLVE_WHERE - RESOLVE_OVERLAY] = on_hit,
		[RESOLVE_SIGNED - RESOLVE_OVERLAY] = on_signed,
		[RESOLVE_LOOKUP - RESOLVE_OVERLAY] = on_name,
		[RESOLVE_PUBLISH - RESOLVE_OVERLAY] = on_name,
		[RESOLVE_SHOW - RESOLVE_OVERLAY] = on_show,
		[RESOLVE_REVOKED - RESOLVE_OVERLAY] = on_revoked,
		[RESOLVE_FORGET - RESOLVE_OVERLAY] = on_forget_name,
	};
	int err;

	set_clock(m);
	err = handlers[msg->type - RESOLVE_OVERLAY](m, msg);
	drain(m);
	return err;
}

void member_look_up(struct member *m, uint64_t id, const char *name)
{
	set_clock(m);
	node_on_lookup(m->node, id | FOR_DNS, name, now_ms());
	drain(m);
}

struct member *member_new(const struct member_conf *conf)
{
	struct member *m = calloc(1, sizeof(*m));
	struct node_conf nc = { .env = { .random = env_randombytes },
				.mtu = MTU,
				.first_use = keeping_first_use };

	if (!m)
		return NULL;
	m->conf = *conf;
	if (conf->database)
		keeping_open(&m->keeping, conf->database);
	nc.ctx = &m->keeping;
	m->node = node_new(&nc);
	if (!m->node) {
		keeping_close(&m->keeping);
		free(m);
		return NULL;
	}
	ev_init(&m->deadline, on_deadline);
	ev_init(&m->flush, on_flush);
	ev_init(&m->forget, on_forget);
	ev_init(&m->io, on_socket);
	m->deadline.data = m->flush.data = m->forget.data = m->io.data = m;
	if (conf->socket >= 0) {
		ev_io_set(&m->io, conf->socket, EV_READ);
		ev_io_start(conf->loop, &m->io);
	}
	return m;
}

void member_free(struct member *m)
{
	if (!m)
		return;
	keeping_flush(&m->keeping, m->node, wall_ms());
	ev_timer_stop(m->conf.loop, &m->deadline);
	ev_timer_stop(m->conf.loop, &m->flush);
	ev_timer_stop(m->conf.loop, &m->forget);
	ev_io_stop(m->conf.loop, &m->io);
	if (m->conf.socket >= 0)
		(void)close(m->conf.socket); /* datagrams only */
	node_free(m->node);
	keeping_close(&m->keeping);
	free(m);
}
