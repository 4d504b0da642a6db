/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The side that has the libraries. What is wrong is logged here.
 */
#include "daemon/base/log.h"
#include "daemon/base/sandbox.h"
#include "daemon/errand_form.h"
#include "daemon/hostkey.h"

#include <errno.h>
#include <signal.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

static int check_aead(enum cipher_backend aead)
{
	if (cipher_backend_works(aead))
		return 0;
	log_error("aead", "libipsec-mb was not built in, or does not work on "
			  "this processor; set aead = auto");
	return -ENOTSUP;
}

/* 0 with the key in *key, or a negative errno. */
static int do_errand(const struct errand_question *q, struct errand_key *key)
{
	char path[PATH_MAX];
	const struct config c = { .identity = path,
				  .algorithm = q->algorithm,
				  .algorithm_set = q->algorithm_set };
	struct identity *id = NULL;
	int err = check_aead(q->aead);

	if (strlen(q->identity) >= sizeof(path))
		return -ENAMETOOLONG;
	memcpy(path, q->identity, strlen(q->identity) + 1);
	if (err == 0)
		err = q->kind == ERRAND_MAKE ? hostkey_make(&c, &id)
					     : hostkey_load(&c, &id);
	if (err == 0)
		err = identity_to_pem(id, key->pem, sizeof(key->pem),
				      &key->len);
	if (err == 0)
		key->hit = *identity_hit(id);
	identity_free(id);
	return err;
}

static int answer(int channel, const struct errand_question *q)
{
	struct errand_key key = { .len = 0 };
	uint8_t body[ERRAND_ANSWER_MAX];
	size_t len = errand_write_answer(do_errand(q, &key), &key, body,
					 sizeof(body));
	int err = ipc_send(channel, ERRAND_ANSWER, body, len, NULL, 0,
			   HANDOVER_TIMEOUT_MS);

	sodium_memzero(&key, sizeof(key));
	sodium_memzero(body, sizeof(body));
	return err;
}

int errand_serve(int channel)
{
	struct errand_question q;
	struct ipc_message m;
	struct ipc_in in;
	int err = sandbox_begin();

	(void)prctl(PR_SET_NAME, "hiplined"); /* as the engine */
	/* The monitor acts on signals when the start is done, and nobody makes
	 * a key for one that is gone. */
	(void)signal(SIGINT, SIG_IGN);
	(void)signal(SIGTERM, SIG_IGN);
	(void)signal(SIGHUP, SIG_IGN);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	ipc_in_init(&in, ERRAND_QUESTION_MAX);
	if (err == 0)
		err = handover_receive(&in, channel, ERRAND_QUESTION, &m);
	if (err == 0 && !errand_parse_question(m.body, m.len, &q))
		err = -EPROTO;
	if (err < 0) {
		log_error("identity",
			  "what to do with it is not understood: "
			  "%s",
			  strerror(-err));
	} else {
		log_set_level(q.log);
		err = answer(channel, &q);
	}
	ipc_in_clear(&in);
	return err < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
