/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * What is signed by an overlay's authority: RFC 5280 4.1.1, 5.1.1; names of
 * domains as distinguished names: RFC 2247 2.
 */
#include "daemon/pki/authority.h"

#include <assert.h>
#include <errno.h>
#include <openssl/evp.h>

enum { HIP_VERSION_BYTE = 0x21, HIP_NEXT_HEADER = 0x3b };

/* RFC 4519 2.4, 0.9.2342.19200300.100.1.25, and AuthorityKeyIdentifier. */
static const uint8_t oid_domain[] = { 0x09, 0x92, 0x26, 0x89, 0x93,
				      0xf2, 0x2c, 0x64, 0x01, 0x19 };
static const uint8_t oid_key_id[] = { 0x55, 0x1d, 0x23 };

uint32_t authority_overlay_hash(const char *overlay, size_t len)
{
	uint8_t md[EVP_MAX_MD_SIZE];
	int ok = EVP_Digest(overlay, len, md, NULL, EVP_sha1(), NULL);

	assert(ok == 1); /* SHA-1 is always there */
	(void)ok;	 /* used by the assertion only */
	return (uint32_t)md[16] << 24 | (uint32_t)md[17] << 16 |
	       (uint32_t)md[18] << 8 | md[19];
}

bool authority_overlay_is_fit(const char *overlay)
{
	char canonical[NAME_DOMAIN_MAX + 1];
	uint32_t hash = authority_overlay_hash(overlay, strlen(overlay));

	if (name_domain_canonical(overlay, canonical) < 0 ||
	    strcmp(canonical, overlay) != 0)
		return false;
	for (const char *p = overlay; *p; p++) {
		if ((unsigned char)*p >= 0x80)
			return false; /* IA5String holds ASCII */
	}
	/* RFC 7401 5.1: next header 59 and, as fourth byte, version 2. */
	return hash >> 24 != HIP_NEXT_HEADER ||
	       (hash & 0xff) != HIP_VERSION_BYTE;
}

int authority_init(struct authority *a, const char *overlay, uint16_t algorithm,
		   const uint8_t *hi, size_t len)
{
	struct hi_public *key;
	enum drop drop;

	if (len > HI_MAX || !authority_overlay_is_fit(overlay))
		return -EINVAL;
	drop = hi_public_parse(algorithm, hi, len, &key);
	if (drop != DROP_NONE)
		return drop == DROP_INTERNAL ? -ENOMEM : -EINVAL;
	*a = (struct authority){ .algorithm = algorithm,
				 .hi_len = len,
				 .key = key };
	memcpy(a->overlay, overlay, strlen(overlay) + 1);
	memcpy(a->hi, hi, len);
	if (EVP_Digest(hi, len, a->key_hash, NULL, EVP_sha256(), NULL) != 1) {
		authority_clear(a);
		return -ENOMEM;
	}
	return 0;
}

void authority_clear(struct authority *a)
{
	hi_public_free(a->key);
	a->key = NULL;
}

/* One label as RelativeDistinguishedName. */
static void write_label(struct wr *w, const char *label, size_t len)
{
	size_t set = der_begin(w), pair = der_begin(w);

	der_write(w, DER_OID, oid_domain, sizeof(oid_domain));
	der_write(w, DER_IA5, label, len);
	der_end(w, pair, DER_SEQUENCE);
	der_end(w, set, DER_SET);
}

void authority_name_write(struct wr *w, const struct authority *a)
{
	size_t at = der_begin(w), end = strlen(a->overlay);

	/* RFC 2247 2: the last label of the domain comes first. */
	while (end > 0) {
		size_t begin = end;

		while (begin > 0 && a->overlay[begin - 1] != '.')
			begin--;
		write_label(w, a->overlay + begin, end - begin);
		end = begin > 0 ? begin - 1 : 0;
	}
	der_end(w, at, DER_SEQUENCE);
}

void authority_key_id_write(struct wr *w, const struct authority *a)
{
	size_t at = der_begin(w), octets, inner;

	der_write(w, DER_OID, oid_key_id, sizeof(oid_key_id));
	octets = der_begin(w);
	inner = der_begin(w);
	der_write(w, DER_CONTEXT | 0, a->key_hash, KEY_ID_LEN);
	der_end(w, inner, DER_SEQUENCE);
	der_end(w, octets, DER_OCTETS);
	der_end(w, at, DER_SEQUENCE);
}

void authority_signed_write(struct wr *w, const struct authority *a,
			    struct span tbs, const uint8_t *sig, size_t sig_len)
{
	size_t at = der_begin(w);

	wr_bytes(w, tbs.bytes, tbs.len);
	spki_algorithm_write(w, a->algorithm);
	spki_signature_write(w, a->algorithm, sig, sig_len);
	der_end(w, at, DER_SEQUENCE);
}

bool authority_signed_read(struct rd r, const struct authority *a,
			   struct span *tbs)
{
	struct rd whole = der_read(&r, DER_SEQUENCE);
	uint8_t algorithm[128], sig[SIGNATURE_MAX];
	struct wr w = wr_init(algorithm, sizeof(algorithm));
	struct span v = { .bytes = whole.p };
	const uint8_t *found;
	size_t sig_len;

	(void)der_read(&whole, DER_SEQUENCE); /* whole fails when it does */
	v.len = (size_t)(whole.p - v.bytes);
	spki_algorithm_write(&w, a->algorithm);
	found = rd_bytes(&whole, wr_len(&w));
	if (!found || memcmp(found, algorithm, wr_len(&w)) != 0)
		return false;
	spki_signature_read(&whole, a->algorithm, a->hi_len, sig, &sig_len);
	if (!rd_done(&whole) || !rd_done(&r) ||
	    hi_public_verify(a->key, v.bytes, v.len, sig, sig_len) != DROP_NONE)
		return false;
	*tbs = v;
	return true;
}
