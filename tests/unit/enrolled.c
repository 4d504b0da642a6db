/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
#include "tests/unit/enrolled.h"

#include <assert.h>
#include <string.h>

struct identity *enrolled_key(const char *pem)
{
	struct identity *id = NULL;
	int err = identity_from_pem(pem, strlen(pem), &id);

	assert(err == 0);
	(void)err; /* used by the assertion only */
	return id;
}

void enrolled_authority_make(struct enrolled_authority *a, const char *overlay,
			     const char *pem)
{
	const uint8_t *hi;
	size_t len;
	int err;

	a->key = enrolled_key(pem);
	hi = identity_hi(a->key, &len);
	err = authority_init(&a->public, overlay, identity_algorithm(a->key),
			     hi, len);
	assert(err == 0);
	(void)err; /* used by the assertion only */
}

void enrolled_authority_free(struct enrolled_authority *a)
{
	authority_clear(&a->public);
	identity_free(a->key);
}

size_t enrolled_sign(const struct enrolled_authority *a, struct span tbs,
		     uint8_t *out, size_t cap)
{
	struct wr w = wr_init(out, cap);
	uint8_t sig[SIGNATURE_MAX];
	size_t sig_len;
	int err = identity_sign(a->key, tbs.bytes, tbs.len, sig, &sig_len);

	assert(err == 0);
	(void)err; /* used by the assertion only */
	authority_signed_write(&w, &a->public, tbs, sig, sig_len);
	assert(!wr_failed(&w));
	return wr_len(&w);
}

size_t enrolled_issue(const struct enrolled_authority *a, const char *name,
		      const struct identity *holder, uint8_t serial,
		      uint64_t now_s, uint8_t out[CERTIFICATE_MAX])
{
	const uint8_t random[CERTIFICATE_SERIAL_LEN] = { [15] = serial };
	uint8_t tbs[CERTIFICATE_MAX];
	struct wr w = wr_init(tbs, sizeof(tbs));
	struct certificate c;
	const uint8_t *hi;
	size_t len;
	int err = certificate_init(&c, &a->public, name, now_s, random);

	hi = identity_hi(holder, &len);
	assert(err == 0);
	err = certificate_set_key(&c, identity_algorithm(holder), hi, len);
	assert(err == 0);
	certificate_tbs_write(&w, &a->public, &c);
	assert(!wr_failed(&w));
	return enrolled_sign(a, (struct span){ tbs, wr_len(&w) }, out,
			     CERTIFICATE_MAX);
}

size_t enrolled_revoke(const struct enrolled_authority *a,
		       const struct revocation *v, uint8_t out[REVOCATION_MAX])
{
	static uint8_t tbs[REVOCATION_MAX];
	struct wr w = wr_init(tbs, sizeof(tbs));

	revocation_tbs_write(&w, &a->public, v);
	assert(!wr_failed(&w));
	return enrolled_sign(a, (struct span){ tbs, wr_len(&w) }, out,
			     REVOCATION_MAX);
}
