/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * `hipline keygen`: makes an identity and writes it as PKCS#8 PEM. Needs no
 * daemon.
 */
#include "cli/command.h"
#include "cli/text.h"
#include "daemon/base/keyfile.h"
#include "daemon/hip/identity.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>
#include <sys/resource.h>

static int write_identity(const struct identity *id, const char *path)
{
	char pem[KEYFILE_MAX];
	size_t len = 0;
	int err = identity_to_pem(id, pem, sizeof(pem), &len);

	if (err < 0) {
		text_complain(stderr, "%s: %s.", path, strerror(-err));
		return API_FAILED;
	}
	err = keyfile_write(path, pem, len);
	sodium_memzero(pem, sizeof(pem));
	if (err < 0) {
		text_complain(stderr, "%s: %s.", path, keyfile_error_text(err));
		return API_FAILED;
	}
	return API_DONE;
}

static void print_identity(const struct identity *id, bool json)
{
	char hit[HIT_TEXT_MAX];

	hit_text(identity_hit(id), hit);
	if (json)
		(void)printf("{\"hit\":\"%s\",\"algorithm\":\"%s\"}\n", hit,
			     identity_kind_text(identity_kind(id)));
	else
		(void)puts(hit);
}

int key_generate(const struct options *o)
{
	const struct rlimit no_core = { 0, 0 };
	struct identity *id = NULL;
	enum identity_kind kind;
	int code, err;

	if (identity_kind_from_text(o->algorithm, &kind) < 0) {
		text_complain(stderr,
			      "-a %s: unknown algorithm. Choose ecdsa-p256, "
			      "ecdsa-p384, rsa-2048, rsa-3072, rsa-4096 or "
			      "ed25519.",
			      o->algorithm);
		return API_USAGE;
	}
	/* A core dump would hold the key. */
	(void)setrlimit(RLIMIT_CORE, &no_core);
	err = sodium_init() < 0 ? -EIO : identity_generate(kind, &id);
	if (err < 0) {
		text_complain(stderr, "%s: making a key failed: %s.",
			      o->algorithm, strerror(-err));
		return API_FAILED;
	}
	code = write_identity(id, o->words[1]);
	if (code == API_DONE)
		print_identity(id, o->json);
	identity_free(id);
	return code;
}
