/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Writing and reading the two messages. The engine trusts the monitor, but
 * a parser is a parser.
 */
#include "daemon/handover.h"

#include "daemon/base/cursor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	HAS_UDP4 = 1,
	HAS_UDP6 = 2,
	IS_VERBOSE = 4,
	FDS_ALWAYS = 2, /* TUN and listener */
	FIXED_LEN = 64, /* more than the numbers take */
};

int handover_send_key(int fd, const char *pem, size_t len)
{
	if (len == 0 || len > HANDOVER_KEY_MAX)
		return -EMSGSIZE;
	return ipc_send(fd, HANDOVER_KEY, pem, len, NULL, 0,
			HANDOVER_TIMEOUT_MS);
}

static void write_all(struct wr *w, const struct handover *h)
{
	size_t name_len = strlen(h->file) + 1; /* with its NUL */

	wr_u8(w, (uint8_t)((h->udp4_fd >= 0 ? HAS_UDP4 : 0) |
			   (h->udp6_fd >= 0 ? HAS_UDP6 : 0) |
			   (h->verbose ? IS_VERBOSE : 0)));
	wr_u8(w, (uint8_t)h->firewall);
	wr_u32(w, h->uid);
	wr_u32(w, h->gid);
	wr_u32(w, h->owner);
	wr_u32(w, h->gid_read);
	wr_u32(w, h->gid_change);
	wr_u32(w, h->mtu);
	wr_u32(w, h->tun_ifindex);
	wr_u32(w, (uint32_t)name_len);
	wr_bytes(w, h->file, name_len);
	wr_u32(w, (uint32_t)h->text_len);
	wr_bytes(w, h->text, h->text_len);
}

int handover_send(int fd, const struct handover *h)
{
	size_t cap = FIXED_LEN + strlen(h->file) + h->text_len;
	uint8_t *body = malloc(cap);
	int fds[4] = { h->tun_fd, h->listen_fd };
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

int handover_receive(struct ipc_in *in, int fd, enum handover_type type,
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
	uint8_t firewall;

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
	name_len = rd_u32(r);
	name = rd_bytes(r, name_len);
	h->text_len = rd_u32(r);
	text = rd_bytes(r, h->text_len);
	if (!rd_done(r) || firewall > GUARD_FIREWALL_REFUSED || name_len == 0 ||
	    memchr(name, '\0', name_len) != name + name_len - 1)
		return false;
	h->file = (const char *)name;
	h->text = (const char *)text;
	h->verbose = *flags & IS_VERBOSE;
	return true;
}

bool handover_parse(const struct ipc_message *m, struct handover *out)
{
	struct rd r = rd_init(m->body, m->len);
	struct handover h = { .udp4_fd = -1, .udp6_fd = -1 };
	size_t n = FDS_ALWAYS;
	uint8_t flags = 0;
	bool ok = read_all(&r, &h, &flags);

	n += (flags & HAS_UDP4) ? 1 : 0;
	n += (flags & HAS_UDP6) ? 1 : 0;
	if (!ok || m->n_fds != n) {
		for (size_t i = 0; i < m->n_fds; i++)
			(void)close(m->fds[i]); /* of no use */
		return false;
	}
	h.tun_fd = m->fds[0];
	h.listen_fd = m->fds[1];
	n = FDS_ALWAYS;
	if (flags & HAS_UDP4)
		h.udp4_fd = m->fds[n++];
	if (flags & HAS_UDP6)
		h.udp6_fd = m->fds[n++];
	*out = h;
	return true;
}
