/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * RELOAD by hand over a raw UDP socket, see speaker.h. Frames are
 * acknowledged, or the other end would look for another way.
 */
#include "tests/netns/speaker.h"

#include "resolver/frame.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	PEM_MAX = 8192,
	UDP_HEADER_LEN = 8,
	CHECKSUM_AT = 6,
	SIGNED_MAX = 2 * RELOAD_MESSAGE_MAX,
	FRAME_LONG = FRAME_DATA_HEADER_LEN + SPEAKER_LETTER_MAX,
	FIRST_TTL = 20,
};

void speaker_give_up(const char *what)
{
	perror(what);
	exit(2);
}

uint64_t speaker_wall_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_REALTIME, &ts); /* cannot fail on Linux */
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

struct identity *papers_key(const char *path)
{
	struct identity *id = NULL;
	char pem[PEM_MAX];
	FILE *f = fopen(path, "r");
	size_t len = f ? fread(pem, 1, sizeof(pem), f) : 0;

	if (len == 0 || identity_from_pem(pem, len, &id) < 0)
		speaker_give_up(path);
	(void)fclose(f); /* it was read */
	return id;
}

struct papers papers_new(struct identity *id)
{
	struct papers p = { .id = id, .hit = *identity_hit(id) };

	return p;
}

struct papers papers_load(const char *pem, const char *state,
			  struct authority *authority)
{
	struct papers p = papers_new(papers_key(pem));
	int dir = open(state, O_RDONLY | O_DIRECTORY);
	struct membership m;
	bool broken = false;

	if (dir < 0 || membership_load(&m, dir, &p.hit, &broken) < 0 ||
	    broken || !membership_is_set(&m) ||
	    authority_init(authority, m.overlay, m.authority_algorithm,
			   m.authority_hi, m.authority_hi_len) < 0)
		speaker_give_up(state);
	(void)close(dir);
	memcpy(p.certificate, m.certificate, m.certificate_len);
	p.certificate_len = m.certificate_len;
	return p;
}

struct issuing issuing_new(struct identity *key, const char *overlay)
{
	struct issuing by = { .key = key };
	size_t len;
	const uint8_t *hi = identity_hi(key, &len);

	if (authority_init(&by.public, overlay, identity_algorithm(key), hi,
			   len) < 0)
		speaker_give_up(overlay);
	return by;
}

void papers_issue(struct papers *p, const struct issuing *by, const char *name,
		  uint64_t not_before_s)
{
	uint8_t random[CERTIFICATE_SERIAL_LEN], sig[SIGNATURE_MAX];
	uint8_t tbs[CERTIFICATE_MAX];
	struct wr t = wr_init(tbs, sizeof(tbs));
	struct wr w = wr_init(p->certificate, sizeof(p->certificate));
	struct certificate c;
	char fit[NAME_LEN_MAX + 1];
	const uint8_t *hi;
	size_t hi_len, sig_len;

	randombytes_buf(random, sizeof(random));
	hi = identity_hi(p->id, &hi_len);
	(void)snprintf(fit, sizeof(fit), "x@%s", by->public.overlay);
	if (certificate_init(&c, &by->public, fit, not_before_s, random) < 0 ||
	    certificate_set_key(&c, identity_algorithm(p->id), hi, hi_len) < 0)
		speaker_give_up(name);
	(void)snprintf(c.name, sizeof(c.name), "%s", name);
	certificate_tbs_write(&t, &by->public, &c);
	if (wr_failed(&t) ||
	    identity_sign(by->key, tbs, wr_len(&t), sig, &sig_len) < 0)
		speaker_give_up(name);
	certificate_write(&w, &by->public, &c, sig, sig_len);
	if (wr_failed(&w))
		speaker_give_up(name);
	p->certificate_len = wr_len(&w);
}

/* A Signature element of somebody over bytes, its parts in room. */
struct signing {
	uint8_t identity[64], value[2 * SIGNATURE_MAX];
	struct reload_signature s;
};

static void name_signer(struct signing *x, const struct papers *p)
{
	struct wr w = wr_init(x->identity, sizeof(x->identity));
	uint8_t hash[32];

	certificate_hash(p->certificate, p->certificate_len, hash);
	signer_identity_write(&w, hash);
	x->s.identity = x->identity;
	x->s.identity_len = wr_len(&w);
}

static void sign(struct signing *x, const struct papers *p,
		 const struct wr *covered, bool spoiled)
{
	struct wr w = wr_init(x->value, sizeof(x->value));
	uint8_t sig[SIGNATURE_MAX];
	size_t len;

	if (wr_failed(covered) || identity_sign(p->id, covered->start,
						wr_len(covered), sig, &len) < 0)
		speaker_give_up("signature");
	sig[len - 1] ^= spoiled;
	spki_value_write(&w, identity_algorithm(p->id), sig, len);
	judge_algorithms(identity_algorithm(p->id), &x->s.hash_alg,
			 &x->s.sig_alg);
	x->s.value = x->value;
	x->s.value_len = wr_len(&w);
}

struct claim claim_name(const struct papers *p, const char *name)
{
	struct claim c = { .kind = REGISTRATION_KIND,
			   .model = DATA_DICTIONARY,
			   .key = p->hit,
			   .storage_time_ms = speaker_wall_ms(),
			   .lifetime_s = 3600,
			   .signer = p };
	struct resource_id places[REGISTRATION_KEYS];

	registration_resources(name, places);
	c.at = places[0];
	claim_route(&c, &p->hit, 0);
	return c;
}

void claim_route(struct claim *c, const struct hit *to, size_t prefs)
{
	static const uint8_t zeros[sizeof(c->data)];
	struct wr w = wr_init(c->data, sizeof(c->data));

	registration_write(&w, to, (struct span){ zeros, prefs });
	if (wr_failed(&w))
		speaker_give_up("value");
	c->data_len = wr_len(&w);
}

void claim_write(struct wr *w, const struct claim *c)
{
	uint8_t value[4096], covered[8192];
	struct wr v = wr_init(value, sizeof(value));
	struct wr pre = wr_init(covered, sizeof(covered));
	static const uint8_t none[] = { SIGNER_NONE, 0, 0 };
	struct signing x;
	struct stored s = { .storage_time_ms = c->storage_time_ms,
			    .lifetime_s = c->lifetime_s,
			    .key = { c->key.bytes, ID_LEN },
			    .exists = true,
			    .data = { c->data, c->data_len } };

	stored_value_write(&v, c->model, &s);
	s.value = (struct span){ value, wr_len(&v) };
	if (c->no_signer) {
		s.signature.identity = none;
		s.signature.identity_len = sizeof(none);
		stored_write(w, &s);
		return;
	}
	name_signer(&x, c->signer);
	s.signature = x.s;
	stored_signed_write(&pre, &c->at, c->kind, c->model, &s);
	sign(&x, c->signer, &pre, c->spoiled);
	s.signature = x.s;
	stored_write(w, &s);
}

void speaker_open(struct speaker *s, const struct papers *self,
		  const struct hit *to, const char *overlay)
{
	struct sockaddr_in6 at = { .sin6_family = AF_INET6 };
	const int checksum = CHECKSUM_AT;

	*s = (struct speaker){ .self = self,
			       .to = *to,
			       .overlay =
				       id_overlay(overlay, strlen(overlay)) };
	randombytes_buf(&s->sequence, sizeof(s->sequence));
	randombytes_buf(&s->next_transaction, sizeof(s->next_transaction));
	memcpy(&at.sin6_addr, self->hit.bytes, sizeof(at.sin6_addr));
	s->fd = socket(AF_INET6, SOCK_RAW, IPPROTO_UDP);
	if (s->fd < 0 ||
	    bind(s->fd, (const struct sockaddr *)&at, sizeof(at)) < 0 ||
	    setsockopt(s->fd, IPPROTO_IPV6, IPV6_CHECKSUM, &checksum,
		       sizeof(checksum)) < 0)
		speaker_give_up("socket");
}

static void send_frame(struct speaker *s, const struct wr *frame)
{
	uint8_t packet[UDP_HEADER_LEN + FRAME_LONG];
	struct wr w = wr_init(packet, sizeof(packet));
	struct sockaddr_in6 to = { .sin6_family = AF_INET6 };

	wr_u16(&w, RELOAD_PORT);
	wr_u16(&w, RELOAD_PORT);
	wr_u16(&w, (uint16_t)(UDP_HEADER_LEN + wr_len(frame)));
	wr_u16(&w, 0); /* the kernel's */
	wr_bytes(&w, frame->start, wr_len(frame));
	memcpy(&to.sin6_addr, s->to.bytes, sizeof(to.sin6_addr));
	if (wr_failed(frame) || wr_failed(&w) ||
	    sendto(s->fd, packet, wr_len(&w), 0, (const struct sockaddr *)&to,
		   sizeof(to)) < 0)
		speaker_give_up("send");
}

void speaker_send_bytes(struct speaker *s, const uint8_t *bytes, size_t len)
{
	uint8_t frame[FRAME_LONG];
	struct wr w = wr_init(frame, sizeof(frame));

	/* By hand: frame_data_write makes no frame that is too long. */
	wr_u8(&w, FRAME_DATA);
	wr_u32(&w, ++s->sequence);
	wr_u8(&w, 0);
	wr_u16(&w, (uint16_t)len);
	wr_bytes(&w, bytes, len);
	send_frame(s, &w);
}

struct letter speaker_letter(struct speaker *s, uint16_t code, struct span body)
{
	struct letter l = { .code = code, .body = body, .signer = s->self };

	l.header.overlay = s->overlay;
	l.header.configuration_sequence = 1; /* the only one there is */
	l.header.ttl = FIRST_TTL;
	l.header.last_fragment = true;
	l.header.transaction_id = s->next_transaction++;
	l.header.destination.n = 1;
	l.header.destination.at[0] = destination_node(&s->to);
	l.certificates[0] =
		(struct span){ s->self->certificate, s->self->certificate_len };
	l.n_certificates = s->self->certificate_len > 0;
	return l;
}

size_t speaker_write(uint8_t *bytes, const struct letter *l)
{
	uint8_t rest[SPEAKER_LETTER_MAX], covered[SIGNED_MAX];
	struct wr r = wr_init(rest, sizeof(rest));
	struct wr w = wr_init(bytes, SPEAKER_LETTER_MAX);
	struct wr pre = wr_init(covered, sizeof(covered));
	struct signing x;

	contents_write(&r, l->code, l->body.bytes, l->body.len);
	name_signer(&x, l->signer);
	message_signed_write(&pre, &l->header,
			     (struct span){ rest, wr_len(&r) },
			     (struct span){ x.s.identity, x.s.identity_len });
	sign(&x, l->signer, &pre, l->spoiled);
	security_write(&r, l->certificates, l->n_certificates, &x.s);
	forwarding_write(&w, &l->header, wr_len(&r));
	wr_bytes(&w, rest, wr_len(&r));
	if (wr_failed(&w))
		speaker_give_up("message");
	return wr_len(&w);
}

void speaker_send(struct speaker *s, const struct letter *l)
{
	uint8_t bytes[SPEAKER_LETTER_MAX];

	speaker_send_bytes(s, bytes, speaker_write(bytes, l));
}

/* A frame of the node's; true when it is a message. */
static bool take(struct speaker *s, size_t len, const struct hit *from,
		 struct message *out)
{
	static const struct hit anybody;
	uint8_t ack[FRAME_ACK_LEN];
	struct wr w = wr_init(ack, sizeof(ack));
	struct frame f;
	struct rd r = rd_init(s->in, len);

	if (rd_u16(&r) != RELOAD_PORT || rd_u16(&r) != RELOAD_PORT)
		return false;
	rd_skip(&r, 4);
	if (hit_equal(&s->to, &anybody))
		s->to = *from;
	if (rd_failed(&r) || !hit_equal(&s->to, from) ||
	    !frame_parse(r.p, rd_left(&r), &f) || f.type != FRAME_DATA)
		return false;
	frame_ack_write(&w, f.sequence, 0);
	send_frame(s, &w);
	return message_parse(f.message.bytes, f.message.len, out) == MESSAGE_OK;
}

bool speaker_receive(struct speaker *s, struct message *out, int timeout_ms)
{
	uint64_t end = speaker_wall_ms() + (uint64_t)timeout_ms;
	uint64_t now;

	while ((now = speaker_wall_ms()) <= end) {
		struct pollfd pfd = { .fd = s->fd, .events = POLLIN };
		struct sockaddr_in6 from;
		socklen_t len = sizeof(from);
		struct hit hit;
		ssize_t n;

		if (poll(&pfd, 1, (int)(end - now)) <= 0)
			continue;
		n = recvfrom(s->fd, s->in, sizeof(s->in), 0,
			     (struct sockaddr *)&from, &len);
		if (n < 0)
			speaker_give_up("receive");
		memcpy(hit.bytes, &from.sin6_addr, sizeof(hit.bytes));
		if (take(s, (size_t)n, &hit, out))
			return true;
	}
	return false;
}
