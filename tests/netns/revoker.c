/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * revoker STATE OVERLAY COUNT: lets the authority in a state directory, whose
 * host must not run, give so many certificates to one host that nobody knows,
 * and revoke them all.
 */
#include "daemon/base/name.h"
#include "daemon/issuer.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void give_up(const char *what, int err)
{
	fprintf(stderr, "revoker: %s: %s\n", what, strerror(-err));
	exit(EXIT_FAILURE);
}

static void nothing(void *ctx, const struct hit *hit)
{
	(void)ctx;
	(void)hit;
}

int main(int argc, char *argv[])
{
	uint64_t now_s = (uint64_t)time(NULL);
	struct issuer *is = NULL;
	struct identity *id = NULL;
	struct issuer_host host = { .algorithm = 0 };
	uint8_t bytes[CERTIFICATE_MAX];
	char name[NAME_LEN_MAX + 1];
	size_t len = 0, n = 0;
	int err;

	if (sodium_init() < 0 || argc != 4) {
		fprintf(stderr, "usage: revoker STATE OVERLAY COUNT\n");
		return 2;
	}
	err = issuer_open(argv[1], argv[2], &is);
	if (err == 0)
		err = identity_generate(IDENTITY_ED25519, &id);
	if (err < 0)
		give_up(argv[1], err);
	host.hit = *identity_hit(id);
	host.algorithm = identity_algorithm(id);
	host.hi.bytes = identity_hi(id, &host.hi.len);
	for (long i = 0; i < atol(argv[3]); i++) {
		(void)snprintf(name, sizeof(name), "gone%ld@%s", i, argv[2]);
		err = issuer_issue(is, name, &host, now_s, bytes, &len);
		if (err < 0)
			give_up(name, err);
	}
	err = issuer_revoke(is, NULL, &host.hit, now_s, &n, nothing, NULL);
	if (err < 0)
		give_up("revoke", err);
	printf("%zu\n", n);
	identity_free(id);
	issuer_close(is);
	return EXIT_SUCCESS;
}
