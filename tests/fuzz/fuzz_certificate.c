/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Certificates and revocation lists. The first byte chooses: the bytes as
 * they came, or as what the authority has signed, so that the parsers behind
 * the signature are reached. What is taken is written again as the same.
 */
#include "daemon/pki/revocations.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/enrolled.h"
#include "tests/unit/keys.h"

#include <string.h>

static struct enrolled_authority authority;
static uint8_t whole[2 * REVOCATION_MAX], again[REVOCATION_MAX];
static struct revocation list;
static struct revocations all;

static void certificate(const uint8_t *bytes, size_t len)
{
	struct wr w = wr_init(again, sizeof(again));
	struct certificate c;
	struct span tbs;

	if (certificate_verify(&authority.public, bytes, len, ENROLLED_NOW_S,
			       &c) != CERTIFICATE_OK)
		return;
	assert(authority_signed_read(rd_init(bytes, len), &authority.public,
				     &tbs));
	certificate_tbs_write(&w, &authority.public, &c);
	assert(wr_len(&w) == tbs.len && memcmp(again, tbs.bytes, tbs.len) == 0);
	assert(certificate_name_is_fit(&authority.public, c.name));
	assert(hit_is_hit(&c.hit));
}

static void revocations(const uint8_t *bytes, size_t len)
{
	if (revocation_verify(&authority.public, bytes, len, ENROLLED_NOW_S,
			      &list) != CERTIFICATE_OK)
		return;
	for (size_t i = 0; i < list.n; i++)
		assert(revocation_has(&list, list.at[i].serial));
	(void)revocations_take(&all, &list); /* or none of it */
	for (size_t i = 0; i < list.n; i++)
		assert(revocations_has(&all, list.at[i].serial));
	revocations_clear(&all);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span tbs = { data + 1, size - 1 };
	size_t len;

	if (size < 1 || size > REVOCATION_MAX)
		return 0;
	if (!authority.key)
		enrolled_authority_make(&authority, "example.com", KEY_RFC8032);
	if (data[0] & 1) {
		len = enrolled_sign(&authority, tbs, whole, sizeof(whole));
		certificate(whole, len);
		revocations(whole, len);
	} else {
		certificate(tbs.bytes, tbs.len);
		revocations(tbs.bytes, tbs.len);
	}
	return 0;
}
