/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * What the files of the authority share. Nobody else includes this.
 */
#ifndef HIPLINE_ISSUER_IMPL_H
#define HIPLINE_ISSUER_IMPL_H

#include "daemon/issuer.h"
#include "daemon/registry.h"

struct issuer {
	struct identity *key;
	struct authority public;
	struct registry *registry;
	struct registry_about about;
	struct parts *parts; /* NULL: no list was made yet */
};

/* A TBSCertificate or TBSCertList, whole. 0 or a negative errno. */
__attribute__((warn_unused_result)) int issuer_sign(const struct issuer *is,
						    struct span tbs,
						    uint8_t *out, size_t cap,
						    size_t *len);

/* 0 when one more may be revoked, or -ENOSPC. */
__attribute__((warn_unused_result)) int issuer_has_room(struct issuer *is,
							uint64_t now_s);

/* authority.pem and authority.db of a state directory. */
__attribute__((warn_unused_result)) int issuer_read_key(const char *state,
							struct identity **out);
__attribute__((warn_unused_result)) int
issuer_write_key(const char *state, const struct identity *key);
__attribute__((warn_unused_result)) int
issuer_open_registry(const char *state, struct registry **out);

#endif
