/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * lacking.so - a kernel and a processor that lack something, for the programs
 * that are started with it in LD_PRELOAD. LACKS names what, in words:
 *
 *   vnet     no virtio header in front of a TUN device's packets
 *   tso uso  no such offload of a TUN device
 *   segment  no UDP_SEGMENT; gro: no UDP_GRO
 *   aes      no AES instructions, as far as libipsec-mb sees
 *
 * It answers as kernels do that are too old for it.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <dlfcn.h>
#include <errno.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#ifdef HAVE_IPSEC_MB
#include <intel-ipsec-mb.h>
#endif

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#define UDP_GRO 104
#endif

enum { USO = 0x20 | 0x40 }; /* TUN_F_USO4, TUN_F_USO6: Linux 6.2 */

static bool lacks(const char *what)
{
	const char *all = getenv("LACKS");

	return all && strstr(all, what) != NULL;
}

static bool refuses(unsigned long request, const void *argument)
{
	unsigned long bits = (unsigned long)argument;

	if (request == TUNSETIFF) {
		const struct ifreq *ifr = argument;

		return lacks("vnet") && ifr->ifr_flags & IFF_VNET_HDR;
	}
	if (request != TUNSETOFFLOAD)
		return false;
	return (lacks("uso") && bits & USO) ||
	       (lacks("tso") && bits & TUN_F_TSO6);
}

int ioctl(int fd, unsigned long request, ...)
{
	int (*real)(int, unsigned long, ...);
	void *argument;
	va_list ap;

	va_start(ap, request);
	argument = va_arg(ap, void *);
	va_end(ap);
	if (refuses(request, argument)) {
		errno = EINVAL;
		return -1;
	}
	*(void **)&real = dlsym(RTLD_NEXT, "ioctl");
	return real(fd, request, argument);
}

int setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
	int (*real)(int, int, int, const void *, socklen_t);

	if (level == IPPROTO_UDP &&
	    ((name == UDP_SEGMENT && lacks("segment")) ||
	     (name == UDP_GRO && lacks("gro")))) {
		errno = ENOPROTOOPT;
		return -1;
	}
	*(void **)&real = dlsym(RTLD_NEXT, "setsockopt");
	return real(fd, level, name, value, len);
}

#ifdef HAVE_IPSEC_MB
void init_mb_mgr_auto(IMB_MGR *m, IMB_ARCH *arch)
{
	void (*real)(IMB_MGR *, IMB_ARCH *);

	*(void **)&real = dlsym(RTLD_NEXT, "init_mb_mgr_auto");
	real(m, arch);
	if (!lacks("aes"))
		return;
	m->features &= ~(uint64_t)(IMB_FEATURE_AESNI | IMB_FEATURE_PCLMULQDQ);
	*arch = IMB_ARCH_NOAESNI;
}
#endif
