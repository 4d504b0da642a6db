/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The TUN device: one packet per read and per write, no packet information
 * and no virtio header in front of it.
 */
#include "tun/device.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <sys/ioctl.h>
#include <unistd.h>

int device_open(const char name[IFNAMSIZ])
{
	struct ifreq ifr = { 0 };
	size_t len = strnlen(name, IFNAMSIZ);
	int fd, err;

	/* The kernel would choose a name of its own for these. */
	if (len == 0 || len == IFNAMSIZ || memchr(name, '%', len))
		return -EINVAL;
	memcpy(ifr.ifr_name, name, len);
	/* EXCL: a device that somebody else made is not taken over. */
	ifr.ifr_flags = (short)(IFF_TUN | IFF_NO_PI | IFF_TUN_EXCL);
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
