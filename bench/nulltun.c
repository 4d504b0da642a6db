/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/* nulltun - the smallest TUN <-> UDP tunnel, to find the kernel packet path's
 * ceiling on a machine.  It has no control plane and no key exchange; with
 * -c it applies an AEAD with a fixed key, laid out as ESP (SPI, sequence
 * number, 8-byte IV, ciphertext, 16-byte tag), so that what cryptography
 * costs on top of the packet path can be read off.  For benchmarks only.
 *
 *   nulltun -m plain|mmsg|gso [-c none|aes128|aes256|chacha|mb128] [-2]
 *           -i IFNAME -l LOCAL_IP -r REMOTE_IP [-p PORT]
 *
 * plain  one read/send and one recv/write per packet
 * mmsg   sendmmsg/recvmmsg over packets read one by one from the TUN
 * gso    TUN offloads (vnet_hdr, TSO, USO) with UDP_SEGMENT and UDP_GRO
 * -2     one thread per direction (otherwise one thread polls both)
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <openssl/evp.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>
#ifdef WITH_MB
#include <intel-ipsec-mb.h>
#endif

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif
#ifndef UDP_GRO
#define UDP_GRO 104
#endif
#ifndef TUN_F_USO4
#define TUN_F_USO4 0x20
#define TUN_F_USO6 0x40
#endif
#ifndef VIRTIO_NET_HDR_GSO_UDP_L4
#define VIRTIO_NET_HDR_GSO_UDP_L4 5
#endif

enum {
	BATCH = 64,
	BUF = 66 * 1024,
	HDR = 16,
	TAG = 16,
	MAXSEG = 63,
	OUTMAX = 65000
};

static int tun, sock, mode, two;
static struct sockaddr_in peer;
static const EVP_CIPHER *cipher;
static int use_mb;
#ifdef WITH_MB
static IMB_MGR *mb;
static struct gcm_key_data mbkey;
#endif

static void die(const char *what)
{
	perror(what);
	exit(1);
}

/* ---- sealing and opening one packet ------------------------------------ */

struct aead {
	EVP_CIPHER_CTX *ctx;
	uint32_t seq;
#ifdef WITH_MB
	struct gcm_context_data mbctx;
#endif
};

static const uint8_t key[32] = { 1, 2, 3, 4, 5, 6, 7, 8 };

static void aead_init(struct aead *a, int enc)
{
	a->seq = 0;
	if (!cipher)
		return;
	a->ctx = EVP_CIPHER_CTX_new();
	if (!EVP_CipherInit_ex(a->ctx, cipher, NULL, key, NULL, enc))
		exit(1);
}

static int overhead(void)
{
	return cipher || use_mb ? HDR + TAG : 0;
}

/* Seals n bytes at in to out; returns the sealed length. */
static int seal(struct aead *a, uint8_t *out, const uint8_t *in, int n)
{
	uint8_t iv[12] = { 9, 9, 9, 9 };
	int l;

	if (!cipher && !use_mb) {
		memcpy(out, in, n);
		return n;
	}
	memset(out, 0, HDR);
	a->seq++;
	memcpy(out + 4, &a->seq, 4);
	memcpy(out + 12, &a->seq, 4);
	memcpy(iv + 4, out + 8, 8);
#ifdef WITH_MB
	if (use_mb) {
		IMB_AES128_GCM_ENC(mb, &mbkey, &a->mbctx, out + HDR, in, n, iv,
				   out, 8, out + HDR + n, TAG);
		return HDR + n + TAG;
	}
#endif
	EVP_EncryptInit_ex(a->ctx, NULL, NULL, NULL, iv);
	EVP_EncryptUpdate(a->ctx, NULL, &l, out, 8);
	EVP_EncryptUpdate(a->ctx, out + HDR, &l, in, n);
	EVP_EncryptFinal_ex(a->ctx, out + HDR + l, &l);
	EVP_CIPHER_CTX_ctrl(a->ctx, EVP_CTRL_AEAD_GET_TAG, TAG, out + HDR + n);
	return HDR + n + TAG;
}

/* Opens n bytes in place; returns the plain length, *plain its start, or -1. */
static int open_(struct aead *a, uint8_t *in, int n, uint8_t **plain)
{
	uint8_t iv[12] = { 9, 9, 9, 9 };
	int l, m;

	*plain = in;
	if (!cipher && !use_mb)
		return n;
	m = n - HDR - TAG;
	if (m < 0)
		return -1;
	*plain = in + HDR;
	memcpy(iv + 4, in + 8, 8);
#ifdef WITH_MB
	if (use_mb) {
		uint8_t tag[TAG];
		IMB_AES128_GCM_DEC(mb, &mbkey, &a->mbctx, in + HDR, in + HDR, m,
				   iv, in, 8, tag, TAG);
		return memcmp(tag, in + HDR + m, TAG) ? -1 : m;
	}
#endif
	EVP_DecryptInit_ex(a->ctx, NULL, NULL, NULL, iv);
	EVP_DecryptUpdate(a->ctx, NULL, &l, in, 8);
	EVP_DecryptUpdate(a->ctx, in + HDR, &l, in + HDR, m);
	EVP_CIPHER_CTX_ctrl(a->ctx, EVP_CTRL_AEAD_SET_TAG, TAG, in + HDR + m);
	if (EVP_DecryptFinal_ex(a->ctx, in + HDR + l, &l) <= 0)
		return -1;
	return m;
}

/* ---- checksums ----------------------------------------------------------- */

static uint64_t sum(const uint8_t *p, int n, uint64_t acc)
{
	uint32_t w;
	uint16_t h;

	for (; n >= 32; n -= 32, p += 32) {
		uint32_t v[8];
		memcpy(v, p, 32);
		acc += (uint64_t)v[0] + v[1] + v[2] + v[3] + v[4] + v[5] +
		       v[6] + v[7];
	}
	for (; n >= 4; n -= 4, p += 4) {
		memcpy(&w, p, 4);
		acc += w;
	}
	if (n >= 2) {
		memcpy(&h, p, 2);
		acc += h;
		p += 2;
		n -= 2;
	}
	if (n) {
		h = 0;
		memcpy(&h, p, 1);
		acc += h;
	}
	return acc;
}

static uint16_t fold(uint64_t acc)
{
	acc = (acc & 0xffffffff) + (acc >> 32);
	acc = (acc & 0xffffffff) + (acc >> 32);
	acc = (acc & 0xffff) + (acc >> 16);
	acc = (acc & 0xffff) + (acc >> 16);
	return acc;
}

/* The pseudo-header's sum for an IP packet whose L4 part is len long. */
static uint64_t pseudo(const uint8_t *ip, int proto, int len)
{
	uint64_t acc = (uint64_t)htons(proto) + htons(len);

	return ip[0] >> 4 == 4 ? sum(ip + 12, 8, acc) : sum(ip + 8, 32, acc);
}

static void set_ip_len(uint8_t *ip, int len)
{
	uint16_t v;

	if (ip[0] >> 4 == 4) {
		v = htons(len);
		memcpy(ip + 2, &v, 2);
		memset(ip + 10, 0, 2);
		v = ~fold(sum(ip, (ip[0] & 15) * 4, 0));
		memcpy(ip + 10, &v, 2);
	} else {
		v = htons(len - 40);
		memcpy(ip + 4, &v, 2);
	}
}

/* ---- plain and mmsg -------------------------------------------------------
 */

static int wait_for(int fd, int timeout)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, timeout);
}

/* One turn from the TUN to the socket; returns how many packets moved. */
static int tx_plain(struct aead *a)
{
	static uint8_t in[BUF], out[BUF];
	int k, n, r;

	for (k = 0; k < BATCH; k++) {
		n = read(tun, in, sizeof in);
		if (n <= 0)
			break;
		r = seal(a, out, in, n);
		send(sock, out, r, 0);
	}
	return k;
}

static int rx_plain(struct aead *a)
{
	static uint8_t in[BUF];
	uint8_t *p;
	int k, n;

	for (k = 0; k < BATCH; k++) {
		n = recv(sock, in, sizeof in, MSG_DONTWAIT);
		if (n <= 0)
			break;
		n = open_(a, in, n, &p);
		if (n > 0 && write(tun, p, n) < 0 && errno != EAGAIN &&
		    errno != EINVAL)
			perror("write tun");
	}
	return k;
}

static int tx_mmsg(struct aead *a)
{
	static uint8_t in[2048], out[BATCH][2048];
	static struct mmsghdr m[BATCH];
	static struct iovec v[BATCH];
	int k, n, done, r;

	for (k = 0; k < BATCH; k++) {
		n = read(tun, in, sizeof in);
		if (n <= 0)
			break;
		v[k].iov_base = out[k];
		v[k].iov_len = seal(a, out[k], in, n);
		m[k].msg_hdr.msg_iov = &v[k];
		m[k].msg_hdr.msg_iovlen = 1;
	}
	for (done = 0; done < k; done += r)
		if ((r = sendmmsg(sock, m + done, k - done, 0)) <= 0)
			break;
	return k;
}

static int rx_mmsg(struct aead *a)
{
	static uint8_t in[BATCH][2048];
	static struct mmsghdr m[BATCH];
	static struct iovec v[BATCH];
	uint8_t *p;
	int i, k, n;

	for (i = 0; i < BATCH; i++) {
		v[i].iov_base = in[i];
		v[i].iov_len = sizeof in[i];
		m[i].msg_hdr.msg_iov = &v[i];
		m[i].msg_hdr.msg_iovlen = 1;
	}
	k = recvmmsg(sock, m, BATCH, MSG_DONTWAIT, NULL);
	for (i = 0; i < k; i++) {
		n = open_(a, in[i], m[i].msg_len, &p);
		if (n > 0 && write(tun, p, n) < 0 && errno != EAGAIN &&
		    errno != EINVAL)
			perror("write tun");
	}
	return k > 0 ? k : 0;
}

/* ---- gso: TUN to socket ---------------------------------------------------
 */

static uint8_t outbuf[OUTMAX + 4096];
static int out_len, out_seg, out_n, out_closed;

static void flush_out(void)
{
	union {
		char b[CMSG_SPACE(sizeof(uint16_t))];
		struct cmsghdr h;
	} c;
	struct iovec v = { outbuf, out_len };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1 };
	uint16_t seg = out_seg;

	if (!out_n)
		return;
	if (out_n > 1) {
		m.msg_control = c.b;
		m.msg_controllen = sizeof c.b;
		c.h.cmsg_level = SOL_UDP;
		c.h.cmsg_type = UDP_SEGMENT;
		c.h.cmsg_len = CMSG_LEN(sizeof seg);
		memcpy(CMSG_DATA(&c.h), &seg, sizeof seg);
	}
	if (sendmsg(sock, &m, 0) < 0 && errno != EAGAIN && errno != ENOBUFS &&
	    errno != ECONNREFUSED)
		perror("sendmsg");
	out_len = out_n = out_closed = 0;
}

/* Seals one packet into the pending GSO send. */
static void emit(struct aead *a, const uint8_t *pkt, int n)
{
	int l = n + overhead();

	if (out_n && (out_closed || l > out_seg || out_n >= MAXSEG ||
		      out_len + l > OUTMAX))
		flush_out();
	if (!out_n)
		out_seg = l;
	else if (l < out_seg)
		out_closed = 1;
	out_len += seal(a, outbuf + out_len, pkt, n);
	out_n++;
}

static void split(struct aead *a, struct virtio_net_hdr *h, uint8_t *p, int n)
{
	int type = h->gso_type & ~VIRTIO_NET_HDR_GSO_ECN;
	int l4 = h->csum_start, proto, hl, off, gs = h->gso_size, take;
	uint16_t c, id = 0, v;
	uint32_t seq = 0, s;
	uint8_t flags = 0, seg[65536 / 8];

	if (type == VIRTIO_NET_HDR_GSO_NONE) {
		if (h->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) {
			c = ~fold(sum(p + l4, n - l4, 0));
			memcpy(p + l4 + h->csum_offset, &c, 2);
		}
		emit(a, p, n);
		return;
	}
	proto = type == VIRTIO_NET_HDR_GSO_UDP_L4 ? 17 : 6;
	hl = l4 + (proto == 6 ? (p[l4 + 12] >> 4) * 4 : 8);
	if (proto == 6) {
		memcpy(&seq, p + l4 + 4, 4);
		seq = ntohl(seq);
		flags = p[l4 + 13];
	}
	if (p[0] >> 4 == 4) {
		memcpy(&id, p + 4, 2);
		id = ntohs(id);
	}
	if (hl + gs > (int)sizeof seg)
		return;
	for (off = hl; off < n; off += take) {
		take = n - off < gs ? n - off : gs;
		memcpy(seg, p, hl);
		memcpy(seg + hl, p + off, take);
		if (p[0] >> 4 == 4) {
			v = htons(id++);
			memcpy(seg + 4, &v, 2);
		}
		set_ip_len(seg, hl + take);
		if (proto == 6) {
			s = htonl(seq + (off - hl));
			memcpy(seg + l4 + 4, &s, 4);
			seg[l4 + 13] = off + take < n ? flags & ~0x09 : flags;
		} else {
			v = htons(8 + take);
			memcpy(seg + l4 + 4, &v, 2);
		}
		memset(seg + l4 + h->csum_offset, 0, 2);
		c = ~fold(sum(seg + l4, hl - l4 + take,
			      pseudo(seg, proto, hl - l4 + take)));
		memcpy(seg + l4 + h->csum_offset, &c, 2);
		emit(a, seg, hl + take);
	}
}

static int tx_gso(struct aead *a)
{
	static uint8_t in[BUF];
	struct virtio_net_hdr *h = (void *)in;
	int k, n;

	for (k = 0; k < BATCH; k++) {
		n = read(tun, in, sizeof in);
		if (n <= (int)sizeof *h)
			break;
		split(a, h, in + sizeof *h, n - sizeof *h);
	}
	flush_out();
	return k;
}

/* ---- gso: socket to TUN ---------------------------------------------------
 */

static struct {
	uint8_t hdr[sizeof(struct virtio_net_hdr) + 128];
	struct iovec v[MAXSEG + 2];
	int n, hl, l4, proto, gs, len, closed;
	uint32_t next;
	uint8_t *first;
	int first_len;
} agg;

static void flush_agg(void)
{
	struct virtio_net_hdr *h = (void *)agg.hdr;
	uint8_t *ip = agg.hdr + sizeof *h;
	uint16_t c, v;

	if (!agg.n)
		return;
	memset(h, 0, sizeof *h);
	if (agg.n == 1) {
		struct iovec w[2] = { { h, sizeof *h },
				      { agg.first, agg.first_len } };
		h->flags = VIRTIO_NET_HDR_F_DATA_VALID;
		if (writev(tun, w, 2) < 0 && errno != EAGAIN && errno != EINVAL)
			perror("writev tun");
		agg.n = 0;
		return;
	}
	memcpy(ip, agg.first, agg.hl);
	set_ip_len(ip, agg.hl + agg.len);
	h->flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
	h->csum_start = agg.l4;
	h->csum_offset = agg.proto == 6 ? 16 : 6;
	h->gso_size = agg.gs;
	h->hdr_len = agg.hl;
	h->gso_type = agg.proto == 17	? VIRTIO_NET_HDR_GSO_UDP_L4
		      : ip[0] >> 4 == 4 ? VIRTIO_NET_HDR_GSO_TCPV4
					: VIRTIO_NET_HDR_GSO_TCPV6;
	if (agg.proto == 17) {
		v = htons(8 + agg.len);
		memcpy(ip + agg.l4 + 4, &v, 2);
	} else if (agg.closed == 2)
		ip[agg.l4 + 13] |= 8;
	c = fold(pseudo(ip, agg.proto, agg.hl - agg.l4 + agg.len));
	memcpy(ip + agg.l4 + h->csum_offset, &c, 2);
	agg.v[0].iov_base = agg.hdr;
	agg.v[0].iov_len = sizeof *h + agg.hl;
	if (writev(tun, agg.v, agg.n + 1) < 0 && errno != EAGAIN &&
	    errno != EINVAL)
		perror("writev tun gso");
	agg.n = 0;
}

/* Takes one opened packet: joins it to the pending one or starts anew. */
static void deliver(uint8_t *p, int n)
{
	int l4, proto, hl, pay, same;
	uint32_t seq = 0;

	if (n < 28)
		return;
	if (p[0] >> 4 == 4) {
		l4 = (p[0] & 15) * 4;
		proto = p[9];
	} else {
		l4 = 40;
		proto = p[6];
	}
	hl = l4 + (proto == 6 ? (p[l4 + 12] >> 4) * 4 : 8);
	pay = n - hl;
	if (proto == 6) {
		memcpy(&seq, p + l4 + 4, 4);
		seq = ntohl(seq);
	}
	if ((proto != 6 && proto != 17) || pay <= 0 ||
	    (proto == 6 && (p[l4 + 13] & ~0x18)) || hl > 128) {
		flush_agg();
		agg.n = 1;
		agg.closed = 1;
		agg.first = p;
		agg.first_len = n;
		flush_agg();
		return;
	}
	same = agg.n && !agg.closed && agg.proto == proto && agg.hl == hl &&
	       pay <= agg.gs && agg.n < MAXSEG && agg.len + pay + hl < 65000 &&
	       agg.first[0] == p[0] && agg.first[1] == p[1];
	if (same)
		same = l4 == 40 ? !memcmp(agg.first + 8, p + 8, 36)
				: !memcmp(agg.first + 12, p + 12, 12);
	if (same && proto == 6)
		same = seq == agg.next &&
		       !memcmp(agg.first + l4 + 8, p + l4 + 8, 5) &&
		       !memcmp(agg.first + l4 + 20, p + l4 + 20, hl - l4 - 20);
	if (!same) {
		flush_agg();
		agg.proto = proto;
		agg.l4 = l4;
		agg.hl = hl;
		agg.gs = pay;
		agg.len = 0;
		agg.closed = 0;
		agg.first = p;
		agg.first_len = n;
	}
	agg.n++;
	agg.v[agg.n].iov_base = p + hl;
	agg.v[agg.n].iov_len = pay;
	agg.len += pay;
	agg.next = seq + pay;
	if (pay < agg.gs)
		agg.closed = 1;
	if (proto == 6 && (p[l4 + 13] & 8))
		agg.closed = 2;
}

static int rx_gso(struct aead *a)
{
	enum { RB = 8 };
	static uint8_t in[RB][BUF];
	static char ctl[RB][CMSG_SPACE(sizeof(int))];
	static struct mmsghdr m[RB];
	static struct iovec v[RB];
	struct cmsghdr *c;
	uint8_t *p;
	int i, k, n, off, seg, l;

	for (i = 0; i < RB; i++) {
		v[i].iov_base = in[i];
		v[i].iov_len = sizeof in[i];
		m[i].msg_hdr.msg_iov = &v[i];
		m[i].msg_hdr.msg_iovlen = 1;
		m[i].msg_hdr.msg_control = ctl[i];
		m[i].msg_hdr.msg_controllen = sizeof ctl[i];
	}
	k = recvmmsg(sock, m, RB, MSG_DONTWAIT, NULL);
	for (i = 0; i < k; i++) {
		n = m[i].msg_len;
		seg = n;
		for (c = CMSG_FIRSTHDR(&m[i].msg_hdr); c;
		     c = CMSG_NXTHDR(&m[i].msg_hdr, c))
			if (c->cmsg_level == SOL_UDP && c->cmsg_type == UDP_GRO)
				memcpy(&seg, CMSG_DATA(c), sizeof(int));
		for (off = 0; off < n; off += seg) {
			l = n - off < seg ? n - off : seg;
			l = open_(a, in[i] + off, l, &p);
			if (l > 0)
				deliver(p, l);
		}
	}
	flush_agg();
	return k > 0 ? k : 0;
}

/* ---- loops ----------------------------------------------------------------
 */

static int (*const tx[])(struct aead *) = { tx_plain, tx_mmsg, tx_gso };
static int (*const rx[])(struct aead *) = { rx_plain, rx_mmsg, rx_gso };

static void *loop_tx(void *arg)
{
	struct aead a;

	(void)arg;
	aead_init(&a, 1);
	for (;;)
		if (!tx[mode](&a))
			wait_for(tun, -1);
}

static void *loop_rx(void *arg)
{
	struct aead a;

	(void)arg;
	aead_init(&a, 0);
	for (;;)
		if (!rx[mode](&a))
			wait_for(sock, -1);
}

static void loop_both(void)
{
	struct aead e, d;
	struct pollfd p[2] = { { tun, POLLIN, 0 }, { sock, POLLIN, 0 } };

	aead_init(&e, 1);
	aead_init(&d, 0);
	for (;;) {
		int moved = tx[mode](&e);
		moved += rx[mode](&d);
		if (!moved)
			poll(p, 2, -1);
	}
}

/* Long on purpose: it parses, opens and starts, once. */
int main(int argc, char **argv)
{
	const char *ifn = "tun0", *crypto = "none";
	struct sockaddr_in local = { .sin_family = AF_INET };
	struct ifreq ifr = { 0 };
	int o, port = 10500, on = 1, big = 4 << 20;
	pthread_t t;

	peer.sin_family = AF_INET;
	while ((o = getopt(argc, argv, "m:c:i:l:r:p:2")) != -1)
		switch (o) {
		case 'm':
			mode = *optarg == 'p' ? 0 : *optarg == 'm' ? 1 : 2;
			break;
		case 'c':
			crypto = optarg;
			break;
		case 'i':
			ifn = optarg;
			break;
		case 'l':
			inet_pton(AF_INET, optarg, &local.sin_addr);
			break;
		case 'r':
			inet_pton(AF_INET, optarg, &peer.sin_addr);
			break;
		case 'p':
			port = atoi(optarg);
			break;
		case '2':
			two = 1;
			break;
		default:
			return 2;
		}
	local.sin_port = peer.sin_port = htons(port);
	cipher = !strcmp(crypto, "aes128")   ? EVP_aes_128_gcm()
		 : !strcmp(crypto, "aes256") ? EVP_aes_256_gcm()
		 : !strcmp(crypto, "chacha") ? EVP_chacha20_poly1305()
					     : NULL;
	if (!strcmp(crypto, "mb128")) {
#ifdef WITH_MB
		mb = alloc_mb_mgr(0);
		init_mb_mgr_auto(mb, NULL);
		IMB_AES128_GCM_PRE(mb, key, &mbkey);
		use_mb = 1;
#else
		fprintf(stderr, "built without libipsec-mb\n");
		return 2;
#endif
	}
	if ((tun = open("/dev/net/tun", O_RDWR | O_NONBLOCK)) < 0)
		die("tun");
	ifr.ifr_flags = IFF_TUN | IFF_NO_PI | (mode == 2 ? IFF_VNET_HDR : 0);
	snprintf(ifr.ifr_name, sizeof ifr.ifr_name, "%s", ifn);
	if (ioctl(tun, TUNSETIFF, &ifr) < 0)
		die("TUNSETIFF");
	if (mode == 2 && ioctl(tun, TUNSETOFFLOAD,
			       TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 |
				       TUN_F_USO4 | TUN_F_USO6) < 0)
		die("TUNSETOFFLOAD");
	if ((sock = socket(AF_INET, SOCK_DGRAM, 0)) < 0)
		die("socket");
	setsockopt(sock, SOL_SOCKET, SO_RCVBUFFORCE, &big, sizeof big);
	setsockopt(sock, SOL_SOCKET, SO_SNDBUFFORCE, &big, sizeof big);
	if (mode == 2 && setsockopt(sock, SOL_UDP, UDP_GRO, &on, sizeof on) < 0)
		die("UDP_GRO");
	if (bind(sock, (void *)&local, sizeof local) < 0 ||
	    connect(sock, (void *)&peer, sizeof peer) < 0)
		die("bind/connect");
	if (two) {
		pthread_create(&t, NULL, loop_rx, NULL);
		loop_tx(NULL);
	} else
		loop_both();
	return 0;
}
