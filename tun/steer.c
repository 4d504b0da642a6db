/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * A classic BPF program for sockets (Linux 4.5) and one of eBPF for TUN
 * queues (Linux 4.16), which take no other kind.
 */
#include "tun/steer.h"

#include "tun/pkt.h"

#include <errno.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/if_tun.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
	/* The end of a HIT is hash. The kernel takes 16 bits of what says
	 * the queue. */
	HIT_END_AT = 14,
	DESTINATION_END_AT = 24 + HIT_END_AT,
};

unsigned steer_owner(const uint8_t hit[16], unsigned n)
{
	return load_be16(hit + HIT_END_AT) % n;
}

int steer_sockets(int fd, unsigned n)
{
	/* The program sees the UDP payload. A load from beyond its end ends it
	 * with 0. */
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
		BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, n),
		BPF_STMT(BPF_RET | BPF_A, 0),
	};
	struct sock_fprog program = { .len = sizeof(code) / sizeof(code[0]),
				      .filter = code };

	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program,
		       sizeof(program)) < 0)
		return -errno;
	return 0;
}

int steer_queues(int tun_fd)
{
	/* The packet begins with its IPv6 header; the kernel divides the
	 * result by the number of queues. */
	const struct bpf_insn code[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_X,
		  .dst_reg = BPF_REG_6,
		  .src_reg = BPF_REG_1 },
		{ .code = BPF_LD | BPF_H | BPF_ABS, .imm = DESTINATION_END_AT },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr attr = { .prog_type = BPF_PROG_TYPE_SOCKET_FILTER };
	int program, err = 0;

	attr.insns = (uintptr_t)code;
	attr.insn_cnt = sizeof(code) / sizeof(code[0]);
	attr.license = (uintptr_t) "GPL";
	program = (int)syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));
	if (program < 0)
		return -errno;
	if (ioctl(tun_fd, TUNSETSTEERINGEBPF, &program) < 0)
		err = -errno;
	(void)close(program); /* the device keeps it */
	return err;
}
