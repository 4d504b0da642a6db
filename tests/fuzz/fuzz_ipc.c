/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * A stream of frames that comes in pieces. The first byte of the input says
 * how long the pieces are.
 */
#include "daemon/base/ipc.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BODY_MAX = 1024 };

/* Takes all that is there; false when the stream is broken. */
static int drain(struct ipc_in *in, int fd)
{
	struct ipc_message m;
	uint32_t sum = 0;
	int n;

	for (;;) {
		n = ipc_in_next(in, &m);
		if (n == 1) {
			assert(m.len <= BODY_MAX && m.n_fds == 0);
			for (size_t i = 0; i < m.len; i++)
				sum += m.body[i]; /* it can be read */
			assert(sum <= 255 * BODY_MAX * 4096);
		} else if (n < 0 || ipc_in_read(in, fd) != 1) {
			return n;
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t step = size > 0 ? (size_t)data[0] + 1 : 1;
	struct ipc_in in;
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) != 0)
		return 0;
	ipc_in_init(&in, BODY_MAX);
	for (size_t at = 1; at < size; at += step) {
		size_t n = size - at < step ? size - at : step;

		if (send(fds[0], data + at, n, MSG_NOSIGNAL) != (ssize_t)n ||
		    drain(&in, fds[1]) != 0)
			break;
		assert(in.cap <= 2 * (BODY_MAX + IPC_HEADER_LEN) + 4096);
	}
	ipc_in_clear(&in);
	close(fds[0]);
	close(fds[1]);
	return 0;
}
