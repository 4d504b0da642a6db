/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Both ends of a registration of RFC 8004, by hand; hipline has neither.
 *
 *   rendezvous server ADDRESS HIT CLIENT     relays I1s for a HIT
 *   rendezvous client ADDRESS KEY.pem [VIA]  the host with that HIT
 *
 * Their key is the one below, in place of one that a registration (RFC 8003)
 * would have agreed. The server puts FROM and RVS_HMAC behind an I1 and sends
 * it on from its own address. The client is our host, to whom I1s with a right
 * RVS_HMAC are given as if from their FROM, and whose R1s to them get VIA_RVS:
 * the address that relayed it, VIA, or with VIA `none' nothing. It has no ESP.
 * What happens is told line by line. ADDRESS without a port: by IP protocol
 * 139.
 */
#include "daemon/hip/host.h"
#include "daemon/hip/param.h"

#include <errno.h>
#include <poll.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { SPI_LEN = 4, BUFFER_LEN = 4096 };

static const uint8_t key[crypto_auth_hmacsha256_KEYBYTES] = { 0x52, 0x56 };

/* A socket at an address of ours. */
struct wire {
	int fd;
	struct locator at;
};

struct datagram {
	uint8_t buffer[BUFFER_LEN];
	const uint8_t *hip;
	size_t len;
	struct locator from;
};

static _Noreturn void give_up(const char *what, int err)
{
	fprintf(stderr, "rendezvous: %s: %s\n", what, strerror(err));
	exit(2);
}

static uint64_t now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static struct locator to_locator(const char *text)
{
	struct locator l;

	if (locator_from_text(text, 0, &l) < 0)
		give_up(text, EINVAL);
	return l;
}

static struct wire open_wire(const char *address)
{
	struct wire w = { .at = to_locator(address) };
	struct sockaddr_storage sa;
	socklen_t len = locator_to_sockaddr(&w.at, &sa);

	w.fd = w.at.port ? socket(sa.ss_family, SOCK_DGRAM, 0)
			 : socket(sa.ss_family, SOCK_RAW, HIP_PROTOCOL);
	if (w.fd < 0 || bind(w.fd, (struct sockaddr *)&sa, len) < 0)
		give_up(address, errno);
	return w;
}

static void wire_send(const struct wire *w, const uint8_t *hip, size_t len,
		      const struct locator *to)
{
	uint8_t bytes[SPI_LEN + HIP_PACKET_MAX] = { 0 };
	size_t head = w->at.port ? SPI_LEN : 0;
	struct sockaddr_storage sa;
	socklen_t sa_len = locator_to_sockaddr(to, &sa);

	memcpy(bytes + head, hip, len);
	if (!w->at.port)
		packet_set_checksum(bytes, len, &w->at, to);
	/* What the kernel refuses is lost, as packets may be. */
	(void)sendto(w->fd, bytes, head + len, 0, (struct sockaddr *)&sa,
		     sa_len);
}

/* The next HIP packet; false when none came. */
static bool wire_receive(const struct wire *w, struct datagram *out,
			 int timeout_ms)
{
	struct pollfd p = { .fd = w->fd, .events = POLLIN };
	struct sockaddr_storage sa;
	socklen_t sa_len = sizeof(sa);
	size_t head = SPI_LEN;
	ssize_t n;

	if (poll(&p, 1, timeout_ms) <= 0)
		return false;
	n = recvfrom(w->fd, out->buffer, sizeof(out->buffer), 0,
		     (struct sockaddr *)&sa, &sa_len);
	if (n <= 0 || locator_from_sockaddr(&sa, &out->from) < 0)
		return false;
	if (!w->at.port) { /* IPv4's header is there, IPv6's is not */
		out->from.port = 0;
		head = locator_is_v4(&w->at) ? (size_t)(out->buffer[0] & 15) * 4
					     : 0;
	} else if (n < SPI_LEN || memcmp(out->buffer, "\0\0\0", SPI_LEN) != 0) {
		return false; /* ESP */
	}
	if ((size_t)n < head)
		return false;
	out->hip = out->buffer + head;
	out->len = (size_t)n - head;
	return true;
}

static void say(const char *what, const struct locator *from)
{
	char text[LOCATOR_TEXT_MAX];

	locator_text(from, text);
	printf("%s %s\n", what, text);
	fflush(stdout);
}

/* A packet without what a server or its client adds. */
static void copy_plain(const struct packet *p, struct packet_out *out)
{
	packet_begin(out, p->type, p->controls, &p->sender, &p->receiver);
	for (size_t i = 0; i < p->n_params; i++)
		if (p->params[i].type < PARAM_FROM)
			packet_param(out, p->params[i].type, p->params[i].body,
				     p->params[i].len);
}

/* RFC 8004 4.2.1: over what stands before it; the checksum is zero. */
static void authenticate(struct packet_out *p,
			 uint8_t mac[crypto_auth_hmacsha256_BYTES])
{
	if (!packet_fix_length(p))
		give_up("packet", EMSGSIZE);
	packet_clear_checksum(p->bytes);
	crypto_auth_hmacsha256(mac, p->bytes, packet_len(p), key);
}

/* RFC 8004 4.3.2, for a server. */
static void relay(const struct wire *w, const struct datagram *d,
		  const struct hit *hit, const struct locator *client)
{
	uint8_t mac[crypto_auth_hmacsha256_BYTES];
	struct packet_out out;
	struct packet p;

	if (packet_parse(d->hip, d->len, &p, NULL) != DROP_NONE ||
	    p.type != HIP_I1 || !hit_equal(&p.receiver, hit)) {
		say("dropped", &d->from);
		return;
	}
	copy_plain(&p, &out);
	packet_param(&out, PARAM_FROM, d->from.addr, sizeof(d->from.addr));
	authenticate(&out, mac);
	packet_param(&out, PARAM_RVS_HMAC, mac, sizeof(mac));
	if (!packet_fix_length(&out))
		give_up("packet", EMSGSIZE);
	wire_send(w, out.bytes, packet_len(&out), client);
	say("relayed", &d->from);
}

static _Noreturn void run_server(char **args)
{
	struct wire w = open_wire(args[0]);
	struct locator client = to_locator(args[2]);
	struct datagram d;
	struct hit hit;

	if (hit_from_text(args[1], &hit) < 0)
		give_up(args[1], EINVAL);
	say("server", &w.at);
	for (;;)
		if (wire_receive(&w, &d, -1))
			relay(&w, &d, &hit, &client);
}

struct client {
	struct wire wire;
	struct host *host;
	struct hit relayed; /* whose I1 came last by a server, */
	struct locator via; /* which is this */
	const char *wanted; /* VIA, or NULL */
};

static void random_bytes(void *ctx, void *buf, size_t len)
{
	(void)ctx;
	randombytes_buf(buf, len);
}

static void open_host(struct client *c, const char *pem)
{
	static char text[8192];
	FILE *f = fopen(pem, "r");
	struct identity *id;
	struct host_conf conf;
	size_t n = f ? fread(text, 1, sizeof(text), f) : 0;
	int err = identity_from_pem(text, n, &id);

	if (err)
		give_up(pem, -err);
	(void)fclose(f);
	host_conf_defaults(&conf);
	conf.id = id;
	conf.env.random = random_bytes;
	conf.accept_any = true;
	conf.inside = false;
	err = host_new(&conf, now_ms(), &c->host);
	if (err)
		give_up("host", -err);
}

/* RFC 8004 4.3.3. */
static void send_r1(const struct client *c, const struct hip_output *o)
{
	struct via_rvs via = { .servers = { c->via }, .n = 1 };
	struct packet_out out;
	struct packet p;

	if (packet_parse(o->bytes, o->len, &p, NULL) != DROP_NONE)
		give_up("R1", EINVAL);
	if (c->wanted && strcmp(c->wanted, "none") != 0)
		via.servers[0] = to_locator(c->wanted);
	copy_plain(&p, &out);
	if (!c->wanted || strcmp(c->wanted, "none") != 0)
		via_rvs_write(&out, &via);
	if (!packet_fix_length(&out))
		give_up("packet", EMSGSIZE);
	wire_send(&c->wire, out.bytes, packet_len(&out), &o->remote);
	say("answered", &o->remote);
}

static void on_output(const struct client *c, const struct hip_output *o)
{
	if (o->kind == HIP_OUT_SEND && o->bytes[2] == HIP_R1 &&
	    hit_equal(&o->hit, &c->relayed))
		send_r1(c, o);
	else if (o->kind == HIP_OUT_SEND)
		wire_send(&c->wire, o->bytes, o->len, &o->remote);
	else if (o->kind == HIP_OUT_SA_OUT)
		say("associated", &o->remote);
}

static void drain(const struct client *c)
{
	struct hip_output o;

	while (host_output(c->host, &o))
		on_output(c, &o);
}

/* RFC 8004 4.3.2, for a client: the I1 as its Initiator sent it, or false. */
static bool unwrap(struct client *c, const struct packet *p, struct datagram *d,
		   struct packet_out *out)
{
	const struct param *from = packet_find(p, PARAM_FROM);
	const struct param *mac = packet_find(p, PARAM_RVS_HMAC);
	uint8_t right[crypto_auth_hmacsha256_BYTES];

	if (!from || !mac || from->len != sizeof(d->from.addr) ||
	    mac->len != sizeof(right))
		return false;
	copy_plain(p, out);
	packet_param(out, PARAM_FROM, from->body, from->len);
	authenticate(out, right);
	if (sodium_memcmp(right, mac->body, sizeof(right)) != 0)
		return false;
	c->relayed = p->sender;
	c->via = d->from;
	memcpy(d->from.addr, from->body, from->len); /* the port is our own */
	d->from.port = c->wire.at.port;
	copy_plain(p, out);
	return packet_fix_length(out);
}

static void on_datagram(struct client *c, struct datagram *d)
{
	struct hip_input in = { .kind = HIP_IN_PACKET,
				.bytes = d->hip,
				.len = d->len,
				.local = c->wire.at,
				.raw = c->wire.at.port == 0 };
	struct packet_out out;
	struct packet p;

	if (packet_parse(d->hip, d->len, &p, NULL) != DROP_NONE)
		return;
	if (p.type == HIP_I1 && packet_find(&p, PARAM_RVS_HMAC)) {
		if (!unwrap(c, &p, d, &out)) {
			say("refused", &d->from);
			return;
		}
		in.bytes = out.bytes;
		in.len = packet_len(&out);
		if (in.raw)
			packet_set_checksum(out.bytes, in.len, &d->from,
					    &in.local);
	}
	in.remote = d->from;
	host_input(c->host, &in, now_ms());
	drain(c);
}

static _Noreturn void run_client(char **args)
{
	struct client c = { .wire = open_wire(args[0]), .wanted = args[2] };
	struct datagram d;

	open_host(&c, args[1]);
	say("client", &c.wire.at);
	for (;;) {
		uint64_t now = now_ms(), due = host_deadline(c.host);
		uint64_t wait = due <= now ? 0 : due - now;

		if (wire_receive(&c.wire, &d, wait < 1000 ? (int)wait : 1000))
			on_datagram(&c, &d);
		if (host_deadline(c.host) <= now_ms()) {
			host_tick(c.host, now_ms());
			drain(&c);
		}
	}
}

int main(int argc, char **argv)
{
	if (sodium_init() < 0)
		give_up("sodium", EIO);
	if (argc == 5 && strcmp(argv[1], "server") == 0)
		run_server(argv + 2);
	if ((argc == 4 || argc == 5) && strcmp(argv[1], "client") == 0)
		run_client(argv + 2);
	fprintf(stderr, "usage: rendezvous server ADDRESS HIT CLIENT\n"
			"       rendezvous client ADDRESS KEY.pem [VIA]\n");
	return 2;
}
