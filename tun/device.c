/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The TUN device: one packet or super-packet per read and per write, with
 * the virtio header in front of it where the kernel has that.
 */
#include "tun/device.h"

#include "tun/steer.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* Linux 6.2; the headers may be older. */
#ifndef TUN_F_USO4
#define TUN_F_USO4 0x20
#define TUN_F_USO6 0x40
#endif

static int open_with(const char name[IFNAMSIZ], int flags)
{
	struct ifreq ifr = { 0 };
	size_t len = strnlen(name, IFNAMSIZ);
	int fd, err;

	/* The kernel would choose a name of its own for these. */
	if (len == 0 || len == IFNAMSIZ || memchr(name, '%', len))
		return -EINVAL;
	memcpy(ifr.ifr_name, name, len);
	ifr.ifr_flags = (short)(IFF_TUN | IFF_NO_PI | flags);
	fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (ioctl(fd, TUNSETIFF, &ifr) < 0) {
		err = errno;
		close(fd);
		return -err;
	}
	return fd;
}

/* A new device. EXCL: one that somebody else made is not taken over. */
static int open_first(const char name[IFNAMSIZ], int *flags)
{
	int fd = open_with(name, *flags | IFF_TUN_EXCL);

	/* A kernel that has no virtio header says so. */
	if (fd == -EINVAL && *flags & IFF_VNET_HDR) {
		*flags &= ~IFF_VNET_HDR;
		fd = open_with(name, *flags | IFF_TUN_EXCL);
	}
	return fd;
}

int device_open(const char name[IFNAMSIZ])
{
	int flags = IFF_VNET_HDR;

	return open_first(name, &flags);
}

int device_open_plain(const char name[IFNAMSIZ])
{
	int flags = 0;

	return open_first(name, &flags);
}

int device_open_queues(const char name[IFNAMSIZ], bool plain, int *fds, int n)
{
	int flags = plain ? 0 : IFF_VNET_HDR;
	int count = 1;

	if (n > 1)
		flags |= IFF_MULTI_QUEUE;
	fds[0] = open_first(name, &flags);
	if (fds[0] < 0)
		return fds[0];
	if (n == 1 || steer_queues(fds[0]) < 0)
		return 1;
	while (count < n && (fds[count] = open_with(name, flags)) >= 0)
		count++;
	if (count == n)
		return n;
	while (count > 1)
		close(fds[--count]);
	return 1;
}

unsigned device_offload(int fd, unsigned wanted)
{
	/* IPv4 is not for HITs, but USO comes for both families only. */
	const unsigned tso = TUN_F_CSUM | TUN_F_TSO6 | TUN_F_TSO_ECN;
	const unsigned uso = TUN_F_USO4 | TUN_F_USO6;
	struct ifreq ifr = { 0 };

	if (ioctl(fd, TUNGETIFF, &ifr) < 0 || !(ifr.ifr_flags & IFF_VNET_HDR))
		return 0;
	if (wanted & DEVICE_USO && ioctl(fd, TUNSETOFFLOAD, tso | uso) == 0)
		return DEVICE_VNET | DEVICE_TSO | DEVICE_USO;
	if (wanted & DEVICE_TSO && ioctl(fd, TUNSETOFFLOAD, tso) == 0)
		return DEVICE_VNET | DEVICE_TSO;
	(void)ioctl(fd, TUNSETOFFLOAD, 0); /* what it begins with */
	return DEVICE_VNET;
}

int device_read_intake(int fd, struct intake *in, int max)
{
	int n = 0;

	for (; n < max && intake_has_room(in); n++) {
		uint8_t *head = intake_place(in) - VNET_LEN;
		struct vnet v;
		/* One piece: one buffer costs the kernel less than two. */
		ssize_t len = read(fd, head, VNET_LEN + INTAKE_PACKET_MAX);

		if (len > VNET_LEN) {
			vnet_read(&v, head);
			intake_add(in, &v, (uint32_t)len - VNET_LEN);
			continue;
		}
		if (n > 0 || len >= 0 || errno == EAGAIN || errno == EINTR)
			break; /* an error comes again with the next call */
		return -errno;
	}
	return n;
}

int device_read_batch(int fd, struct pkt *pkts, int n)
{
	for (int i = 0; i < n; i++) {
		struct pkt *p = &pkts[i];
		ssize_t len;

		assert(p->cap >= p->off + PKT_TAIL_ROOM);
		len = read(fd, p->buf + p->off,
			   p->cap - p->off - PKT_TAIL_ROOM);
		if (len > 0) {
			p->len = (uint32_t)len;
			continue;
		}
		if (i > 0 || len == 0 || errno == EAGAIN || errno == EINTR)
			return i; /* an error comes again with the next call */
		return -errno;
	}
	return n;
}

int device_write(int fd, const uint8_t *inner, size_t len)
{
	return write(fd, inner, len) < 0 ? -errno : 0;
}

int device_write_pieces(int fd, const struct iovec *pieces, int n)
{
	return writev(fd, pieces, n) < 0 ? -errno : 0;
}

bool device_is_gone(int err)
{
	return err == -EBADFD || err == -EBADF || err == -ENODEV;
}
