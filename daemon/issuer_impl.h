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
};

/* authority.pem and authority.db of a state directory. */
__attribute__((warn_unused_result)) int issuer_read_key(const char *state,
							struct identity **out);
__attribute__((warn_unused_result)) int
issuer_write_key(const char *state, const struct identity *key);
__attribute__((warn_unused_result)) int
issuer_open_registry(const char *state, struct registry **out);

#endif
