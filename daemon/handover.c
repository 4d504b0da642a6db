/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Writing and reading the two messages. The engine trusts the monitor, but
 * a parser is a parser.
 */
#include "daemon/handover.h"

#include "daemon/base/cursor.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	HAS_UDP4 = 1,
	HAS_UDP6 = 2,
	IS_VERBOSE = 4,
	IS_RAW = 8,
	HAS_RAW = 16,	/* of the first raw socket; the others follow */
	FDS_ALWAYS = 2, /* TUN and listener */
	FIXED_LEN = 64, /* more than the numbers take */
	FDS_MAX = FDS_ALWAYS + 2 + RAW_SOCKETS + 3 * (WORKERS_MAX - 1),
};

static_assert((int)FDS_MAX <= (int)IPC_FDS_MAX, "they go in one message");

static_assert(HAS_RAW << (RAW_SOCKETS - 1) <= UINT8_MAX,
	      "the flags are one byte");

int handover_send_key(int fd, const char *pem, size_t len)
{
	if (len == 0 || len > HANDOVER_KEY_MAX)
		return -EMSGSIZE;
	return ipc_send(fd, HANDOVER_KEY, pem, len, NULL, 0,
			HANDOVER_TIMEOUT_MS);
}

/* One bit for each descriptor that may be missing, and for what is so. */
static uint8_t flags_of(const struct handover *h)
{
	unsigned flags = (h->udp4_fd >= 0 ? HAS_UDP4 : 0u) |
			 (h->udp6_fd >= 0 ? HAS_UDP6 : 0u) |
			 (h->verbose ? IS_VERBOSE : 0u) |
			 (h->raw.is_open ? IS_RAW : 0u);

	for (int i = 0; h->raw.is_open && i < RAW_SOCKETS; i++)
		if (h->raw.fds[i] >= 0)
			flags |= (unsigned)HAS_RAW << i;
	return (uint8_t)flags;
}

static void write_all(struct wr *w, const struct handover *h)
{
	size_t name_len = strlen(h->file) + 1; /* with its NUL */

	wr_u8(w, flags_of(h));
	wr_u8(w, (uint8_t)h->firewall);
	wr_u32(w, h->uid);
	wr_u32(w, h->gid);
	wr_u32(w, h->owner);
	wr_u32(w, h->gid_read);
	wr_u32(w, h->gid_change);
	wr_u32(w, h->mtu);
	wr_u32(w, h->tun_ifindex);
	wr_u8(w, (uint8_t)h->more.n);
	wr_u8(w, h->more.queues);
	wr_u32(w, (uint32_t)name_len);
	wr_bytes(w, h->file, name_len);
	wr_u32(w, (uint32_t)h->text_len);
	wr_bytes(w, h->text, h->text_len);
}

/* Appends those of the further workers; how many there are then. */
static size_t add_more(const struct worker_more *more, int *fds, size_t n)
{
	for (size_t i = 0; i < more->n; i++) {
		const struct worker_fds *w = &more->fds[i];

		if (more->queues)
			fds[n++] = w->tun_fd;
		if (w->udp4_fd >= 0)
			fds[n++] = w->udp4_fd;
		if (w->udp6_fd >= 0)
			fds[n++] = w->udp6_fd;
	}
	return n;
}

int handover_send(int fd, const struct handover *h)
{
	size_t cap = FIXED_LEN + strlen(h->file) + h->text_len;
	uint8_t *body = malloc(cap);
	int fds[FDS_MAX] = { h->tun_fd, h->listen_fd };
	size_t n_fds = FDS_ALWAYS;
	struct wr w;
	int err;

	if (!body)
		return -ENOMEM;
	w = wr_init(body, cap);
	write_all(&w, h);
	if (h->udp4_fd >= 0)
		fds[n_fds++] = h->udp4_fd;
	if (h->udp6_fd >= 0)
		fds[n_fds++] = h->udp6_fd;
	for (int i = 0; h->raw.is_open && i < RAW_SOCKETS; i++)
		if (h->raw.fds[i] >= 0)
			fds[n_fds++] = h->raw.fds[i];
	n_fds = add_more(&h->more, fds, n_fds);
	err = wr_failed(&w) ? -EMSGSIZE
			    : ipc_send(fd, HANDOVER_ALL, body, wr_len(&w), fds,
				       n_fds, HANDOVER_TIMEOUT_MS);
	free(body);
	return err;
}

int handover_ask_reload(int fd)
{
	return ipc_send(fd, HANDOVER_RELOAD, NULL, 0, NULL, 0,
			HANDOVER_TIMEOUT_MS);
}

int handover_send_reload(int fd, enum handover_type type,
			 const struct handover_reload *r)
{
	uint8_t *body = malloc(1 + r->len);
	int err;

	if (!body)
		return -ENOMEM;
	body[0] = r->asked;
	if (r->len > 0)
		memcpy(body + 1, r->text, r->len);
	err = ipc_send(fd, type, body, 1 + r->len, NULL, 0,
		       HANDOVER_TIMEOUT_MS);
	free(body);
	return err;
}

bool handover_parse_reload(const struct ipc_message *m,
			   struct handover_reload *out)
{
	struct rd r = rd_init(m->body, m->len);
	uint8_t asked = rd_u8(&r);
	size_t len = rd_left(&r);
	const uint8_t *text = rd_bytes(&r, len);

	for (size_t i = 0; i < m->n_fds; i++)
		(void)close(m->fds[i]); /* of no use */
	if (!rd_done(&r) || asked > 1 || m->n_fds > 0)
		return false;
	*out = (struct handover_reload){ .asked = asked == 1,
					 .text = (const char *)text,
					 .len = len };
	return true;
}

int handover_send_resolver(int fd, const struct handover_resolver *r)
{
	uint8_t body[1024];
	struct wr w = wr_init(body, sizeof(body));

	wr_u8(&w, (uint8_t)r->n_sockets);
	wr_bytes(&w, r->trouble, strlen(r->trouble) + 1);
	if (wr_failed(&w))
		return -EMSGSIZE;
	return ipc_send(fd, HANDOVER_RESOLVER, body, wr_len(&w), &r->channel_fd,
			r->channel_fd >= 0 ? 1 : 0, HANDOVER_TIMEOUT_MS);
}

bool handover_parse_resolver(const struct ipc_message *m,
			     struct handover_resolver *out)
{
	struct rd r = rd_init(m->body, m->len);
	uint8_t n_sockets = rd_u8(&r);
	size_t len = rd_left(&r);
	const uint8_t *trouble = rd_bytes(&r, len);

	if (!rd_done(&r) || len == 0 || m->n_fds > 1 ||
	    memchr(trouble, '\0', len) != trouble + len - 1) {
		for (size_t i = 0; i < m->n_fds; i++)
			(void)close(m->fds[i]); /* of no use */
		return false;
	}
	*out = (struct handover_resolver){
		.trouble = (const char *)trouble,
		.n_sockets = n_sockets,
		.channel_fd = m->n_fds == 1 ? m->fds[0] : -1,
	};
	return true;
}

int handover_receive(struct ipc_in *in, int fd, uint16_t type,
		     struct ipc_message *out)
{
	int got;

	while ((got = ipc_in_next(in, out)) == 0) {
		int n = ipc_in_read(in, fd);

		if (n == 0)
			return -ECONNRESET;
		if (n < 0)
			return n;
	}
	if (got < 0)
		return got;
	return out->type == type ? 0 : -EPROTO;
}

static bool read_all(struct rd *r, struct handover *h, uint8_t *flags)
{
	const uint8_t *name, *text;
	size_t name_len;
	uint8_t firewall, queues;

	*flags = rd_u8(r);
	firewall = rd_u8(r);
	h->firewall = firewall;
	h->uid = rd_u32(r);
	h->gid = rd_u32(r);
	h->owner = rd_u32(r);
	h->gid_read = rd_u32(r);
	h->gid_change = rd_u32(r);
	h->mtu = rd_u32(r);
	h->tun_ifindex = rd_u32(r);
	h->more.n = rd_u8(r);
	queues = rd_u8(r);
	h->more.queues = queues == 1;
	name_len = rd_u32(r);
	name = rd_bytes(r, name_len);
	h->text_len = rd_u32(r);
	text = rd_bytes(r, h->text_len);
	h->raw.is_open = *flags & IS_RAW;
	if (!rd_done(r) || firewall > GUARD_FIREWALL_REFUSED || name_len == 0 ||
	    h->more.n >= WORKERS_MAX || queues > 1 ||
	    (!h->raw.is_open && *flags >= HAS_RAW) ||
	    memchr(name, '\0', name_len) != name + name_len - 1)
		return false;
	h->file = (const char *)name;
	h->text = (const char *)text;
	h->verbose = *flags & IS_VERBOSE;
	return true;
}

/* How many descriptors there are to be. */
static size_t count_fds(uint8_t flags, const struct worker_more *more)
{
	const size_t each = (flags & HAS_UDP4 ? 1u : 0u) +
			    (flags & HAS_UDP6 ? 1u : 0u) + more->queues;
	size_t n = FDS_ALWAYS + more->n * each;

	for (uint8_t bits = flags & (uint8_t) ~(IS_VERBOSE | IS_RAW); bits;
	     bits &= (uint8_t)(bits - 1))
		n++;
	return n;
}

static void take_fds(struct handover *h, const int *fds, uint8_t flags)
{
	h->tun_fd = *fds++;
	h->listen_fd = *fds++;
	h->udp4_fd = flags & HAS_UDP4 ? *fds++ : -1;
	h->udp6_fd = flags & HAS_UDP6 ? *fds++ : -1;
	for (int i = 0; i < RAW_SOCKETS; i++)
		h->raw.fds[i] = flags & HAS_RAW << i ? *fds++ : -1;
	for (size_t i = 0; i < h->more.n; i++) {
		struct worker_fds *w = &h->more.fds[i];

		w->tun_fd = h->more.queues ? *fds++ : -1;
		w->udp4_fd = flags & HAS_UDP4 ? *fds++ : -1;
		w->udp6_fd = flags & HAS_UDP6 ? *fds++ : -1;
	}
}

bool handover_parse(const struct ipc_message *m, struct handover *out)
{
	struct rd r = rd_init(m->body, m->len);
	struct handover h = { 0 };
	uint8_t flags = 0;
	bool ok = read_all(&r, &h, &flags);

	if (!ok || m->n_fds != count_fds(flags, &h.more)) {
		for (size_t i = 0; i < m->n_fds; i++)
			(void)close(m->fds[i]); /* of no use */
		return false;
	}
	take_fds(&h, m->fds, flags);
	*out = h;
	return true;
}
