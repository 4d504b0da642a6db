/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * members OVERLAY (STATE IDENTITY NAME LOCATOR)...: makes an authority and,
 * for each host, its membership in its state directory, which must be there.
 * The first host is the founder and the one to begin with. What `hipline
 * create` and `join` do over the network is done at once, and the authority
 * is gone with the program.
 */
#include "daemon/membership.h"

#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { PEM_MAX = 8192, FIRST = 2, PER_HOST = 4 };

struct founder {
	struct identity *key;
	struct authority public;
	struct token_bootstrap bootstrap;
};

static void give_up(const char *what)
{
	perror(what);
	exit(EXIT_FAILURE);
}

static struct identity *read_identity(const char *path)
{
	struct identity *id = NULL;
	char pem[PEM_MAX];
	FILE *f = fopen(path, "r");
	size_t len = f ? fread(pem, 1, sizeof(pem), f) : 0;

	if (len == 0 || identity_from_pem(pem, len, &id) < 0)
		give_up(path);
	(void)fclose(f); /* it was read */
	return id;
}

static size_t issue(const struct founder *f, const char *name,
		    const struct identity *holder, uint8_t *out, size_t cap)
{
	uint8_t random[CERTIFICATE_SERIAL_LEN], sig[SIGNATURE_MAX];
	uint8_t tbs[CERTIFICATE_MAX];
	struct wr t = wr_init(tbs, sizeof(tbs)), w = wr_init(out, cap);
	struct certificate c;
	const uint8_t *hi;
	size_t hi_len, sig_len = 0;

	randombytes_buf(random, sizeof(random));
	hi = identity_hi(holder, &hi_len);
	if (certificate_init(&c, &f->public, name, (uint64_t)time(NULL),
			     random) < 0 ||
	    certificate_set_key(&c, identity_algorithm(holder), hi, hi_len) < 0)
		give_up(name);
	certificate_tbs_write(&t, &f->public, &c);
	if (wr_failed(&t) ||
	    identity_sign(f->key, tbs, wr_len(&t), sig, &sig_len) < 0)
		give_up(name);
	certificate_write(&w, &f->public, &c, sig, sig_len);
	if (wr_failed(&w))
		give_up(name);
	return wr_len(&w);
}

static void enrol(const struct founder *f, char *const host[], bool is_first)
{
	struct identity *id = read_identity(host[1]);
	int dir = open(host[0], O_RDONLY | O_DIRECTORY);
	uint8_t bytes[CERTIFICATE_MAX];
	struct membership m = {
		.founder = is_first,
		.authority_host = f->bootstrap.hit,
		.authority_algorithm = f->public.algorithm,
		.authority_hi_len = f->public.hi_len,
		.n_bootstraps = 1,
		.bootstraps = { f->bootstrap },
	};
	size_t len = issue(f, host[2], id, bytes, sizeof(bytes));

	memcpy(m.overlay, f->public.overlay, sizeof(m.overlay));
	memcpy(m.authority_hi, f->public.hi, f->public.hi_len);
	if (membership_take_certificate(&m, identity_hit(id), bytes, len,
					(uint64_t)time(NULL)) < 0 ||
	    dir < 0 || membership_save(&m, dir) < 0)
		give_up(host[0]);
	(void)close(dir);
	identity_free(id);
}

static void found(struct founder *f, const char *overlay, char *const host[])
{
	struct identity *id = read_identity(host[1]);
	const uint8_t *hi;
	size_t len;

	f->bootstrap.hit = *identity_hit(id);
	identity_free(id);
	if (locator_from_text(host[3], HIP_UDP_PORT, &f->bootstrap.locator) < 0)
		give_up(host[3]);
	if (identity_generate(IDENTITY_ECDSA_P256, &f->key) < 0)
		give_up("key");
	hi = identity_hi(f->key, &len);
	if (authority_init(&f->public, overlay, identity_algorithm(f->key), hi,
			   len) < 0)
		give_up(overlay);
}

int main(int argc, char *argv[])
{
	struct founder f = { .key = NULL };

	if (sodium_init() < 0 || argc < FIRST + PER_HOST ||
	    (argc - FIRST) % PER_HOST != 0) {
		fprintf(stderr, "usage: members OVERLAY (STATE IDENTITY NAME "
				"LOCATOR)...\n");
		return 2;
	}
	found(&f, argv[1], &argv[FIRST]);
	for (int i = FIRST; i < argc; i += PER_HOST)
		enrol(&f, &argv[i], i == FIRST);
	authority_clear(&f.public);
	identity_free(f.key);
	return EXIT_SUCCESS;
}
