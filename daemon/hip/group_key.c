/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Keys that know only their group: the parameters of RFC 3526 and RFC 5903
 * under OpenSSL's names for them.
 */
#include "daemon/hip/group_key.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <string.h>

EVP_PKEY *group_key_make(const char *type, const char *name)
{
	char group[16] = { 0 };
	OSSL_PARAM params[2] = { OSSL_PARAM_END, OSSL_PARAM_END };
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	EVP_PKEY *key = NULL;

	strncpy(group, name, sizeof(group) - 1);
	params[0] = OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME,
						     group, 0);
	if (ctx && EVP_PKEY_fromdata_init(ctx) == 1)
		(void)EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_KEY_PARAMETERS,
					params); /* leaves NULL on failure */
	EVP_PKEY_CTX_free(ctx);
	return key;
}

EVP_PKEY *group_key_public(EVP_PKEY *group, const uint8_t *value, size_t len)
{
	EVP_PKEY *key = group ? EVP_PKEY_dup(group) : NULL;

	if (key && EVP_PKEY_set1_encoded_public_key(key, value, len) == 1)
		return key;
	EVP_PKEY_free(key);
	return NULL;
}
