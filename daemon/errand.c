/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The monitor's side: a question, an answer, and the end of the process. How
 * long making a key takes is not known, so it is waited for as long as it
 * lives.
 */
#include "daemon/errand.h"

#include "daemon/base/log.h"
#include "daemon/errand_form.h"
#include "daemon/program.h"

#include <errno.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* Its answer: what it has come to in *result, and the key in *out. */
static int take_answer(int channel, int *result, struct errand_key *out)
{
	struct ipc_message m;
	struct ipc_in in;
	int err;

	ipc_in_init(&in, ERRAND_ANSWER_MAX);
	err = handover_receive(&in, channel, ERRAND_ANSWER, &m);
	if (err == 0 && !errand_parse_answer(m.body, m.len, result, out))
		err = -EPROTO;
	if (in.buf)
		sodium_memzero(in.buf, in.cap);
	ipc_in_clear(&in);
	return err;
}

/* 0 when it has answered, or a negative errno. */
static int ask(int channel, const struct errand_question *q, int *result,
	       struct errand_key *out)
{
	uint8_t body[ERRAND_QUESTION_MAX];
	size_t len = errand_write_question(q, body, sizeof(body));
	int err = len > 0 ? ipc_send(channel, ERRAND_QUESTION, body, len, NULL,
				     0, HANDOVER_TIMEOUT_MS)
			  : -ENAMETOOLONG;

	/* Where it could not be started the answer is the end. */
	return err < 0 && err != -EPIPE ? err
					: take_answer(channel, result, out);
}

/* Waits for its end; whether it has said why it did nothing. */
static bool has_complained(pid_t pid)
{
	int status;
	pid_t got;

	do
		got = waitpid(pid, &status, 0);
	while (got < 0 && errno == EINTR);
	return got == pid && WIFEXITED(status) &&
	       WEXITSTATUS(status) == PROGRAM_NOT_STARTED;
}

int errand_run(enum errand_kind kind, const struct config *c,
	       const char *libexec, struct errand_key *out)
{
	const struct errand_question q = {
		.kind = kind,
		.log = log_level(),
		.aead = c->aead,
		.algorithm = c->algorithm,
		.algorithm_set = c->algorithm_set,
		.identity = c->identity,
	};
	char path[PROGRAM_PATH_MAX];
	bool complained = false;
	int ends[2], err, result = 0;
	pid_t pid;

	program_find(PROGRAM_ENGINE, libexec, path);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return -errno;
	pid = fork();
	if (pid == 0)
		program_become(path, "--errand", ends[1]);
	err = pid < 0 ? -errno : 0;
	(void)close(ends[1]); /* the child's */
	if (err == 0)
		err = ask(ends[0], &q, &result, out);
	(void)close(ends[0]); /* which ends it, whatever it does */
	if (pid > 0)
		complained = has_complained(pid);
	if (err < 0 && !complained)
		log_error("identity", "the process that reads it, %s: %s", path,
			  strerror(-err));
	return err < 0 ? err : result;
}
