/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The identity's file. Buffers that held the private key are wiped.
 */
#include "daemon/hostkey.h"

#include "daemon/base/keyfile.h"
#include "daemon/base/log.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

static int check_algorithm(const struct config *c, const struct identity *id)
{
	enum identity_kind kind = identity_kind(id);

	if (!c->algorithm_set || kind == c->algorithm)
		return 0;
	log_error("identity",
		  "%s is of algorithm %s, the configuration says algorithm = "
		  "%s; change one of them (a new identity is a new HIT)",
		  c->identity, identity_kind_text(kind),
		  identity_kind_text(c->algorithm));
	return -EINVAL;
}

static int parse(const struct config *c, const char *pem, size_t len,
		 struct identity **out)
{
	struct identity *id = NULL;
	int err = identity_from_pem(pem, len, &id);

	if (err == -ENOTSUP)
		log_error("identity",
			  "%s holds a key of a kind or size that is not used "
			  "here; make one with hipline keygen",
			  c->identity);
	else if (err == -EINVAL)
		log_error("identity",
			  "%s is no private key in PKCS#8 PEM without "
			  "passphrase; restore it, or move it away for a new "
			  "identity",
			  c->identity);
	else if (err < 0)
		log_error("identity", "%s: %s", c->identity, strerror(-err));
	if (err == 0)
		err = check_algorithm(c, id);
	if (err < 0)
		identity_free(id);
	else
		*out = id;
	return err;
}

int hostkey_load(const struct config *c, struct identity **out)
{
	char pem[KEYFILE_MAX];
	size_t len = 0;
	int err = keyfile_read(c->identity, pem, sizeof(pem), &len);

	if (err == 0)
		err = parse(c, pem, len, out);
	else if (err != -ENOENT)
		log_error("identity", "%s cannot be read: %s", c->identity,
			  keyfile_error_text(err));
	sodium_memzero(pem, sizeof(pem));
	return err;
}

int hostkey_make(const struct config *c, struct identity **out)
{
	struct identity *id = NULL;
	char pem[KEYFILE_MAX];
	char hit[HIT_TEXT_MAX];
	size_t len = 0;
	int err = identity_generate(c->algorithm, &id);

	if (err == 0)
		err = identity_to_pem(id, pem, sizeof(pem), &len);
	if (err < 0) {
		log_error("identity", "a new %s key cannot be made: %s",
			  identity_kind_text(c->algorithm), strerror(-err));
	} else {
		err = keyfile_write(c->identity, pem, len);
		if (err < 0)
			log_error("identity", "%s cannot be written: %s",
				  c->identity, keyfile_error_text(err));
	}
	sodium_memzero(pem, sizeof(pem));
	if (err < 0) {
		identity_free(id);
		return err;
	}
	hit_text(identity_hit(id), hit);
	log_info("identity", "made %s, hit=%s", c->identity, hit);
	*out = id;
	return 0;
}
