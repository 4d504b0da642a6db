/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * OpenSSL keys that know their group and no number yet: to be copied and
 * given a public value, or to generate from. Making one takes three times as
 * long as copying it, so users keep theirs.
 */
#ifndef HIPLINE_GROUP_KEY_H
#define HIPLINE_GROUP_KEY_H

#include <openssl/types.h>
#include <stddef.h>
#include <stdint.h>

/* `type` is "EC" or "DH", `name` OpenSSL's of the group. NULL on failure. */
EVP_PKEY *group_key_make(const char *type, const char *name);

/*
 * A public key of template's group; the caller frees it. NULL when the value
 * is none of the group (EC: coordinates above p, points off the curve), or
 * when the template is NULL. `value` is as OpenSSL has it: a point begins
 * with its form, a MODP value has the full width.
 */
EVP_PKEY *group_key_public(EVP_PKEY *group, const uint8_t *value, size_t len);

#endif
