/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Writing and verifying certificates: RFC 5280 4.1, 4.2; RFC 6940 11.3,
 * 14.15. RFC 8002 3 would have the HIT as iPAddress in subjectAltName, where
 * RFC 6940 forbids other than its two; its reload URI carries the HIT.
 */
#include "daemon/pki/certificate.h"

#include "daemon/hip/suite.h"

#include <assert.h>
#include <errno.h>
#include <openssl/evp.h>

enum { DESTINATION_IS_NODE = 1 }; /* RFC 6940 6.3.2.2 */

static const uint8_t version_3[] = { 0xa0, 0x03, 0x02, 0x01, 0x02 };
/* keyUsage, critical: digitalSignature (RFC 5280 4.2.1.3). */
static const uint8_t key_usage[] = { 0x30, 0x0e, 0x06, 0x03, 0x55, 0x1d,
				     0x0f, 0x01, 0x01, 0xff, 0x04, 0x04,
				     0x03, 0x02, 0x07, 0x80 };
static const uint8_t oid_alt_name[] = { 0x55, 0x1d, 0x11 };
static const uint8_t critical[] = { DER_BOOLEAN, 1, 0xff };

/* GeneralName (4.2.1.6). */
enum { GENERAL_MAIL = DER_CONTEXT | 1, GENERAL_URI = DER_CONTEXT | 6 };

static bool user_is_dot_string(const char *user, size_t len)
{
	bool dot = true; /* none may come now */

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)user[i];

		if (c <= ' ' || c >= 0x7f || strchr("()<>[]:;@\\,\"", c))
			return false;
		if (c == '.' && dot)
			return false;
		dot = c == '.';
	}
	return !dot;
}

bool certificate_name_is_fit(const struct authority *a, const char *name)
{
	const char *at = strchr(name, '@');

	return at && strcmp(at + 1, a->overlay) == 0 &&
	       strlen(name) <= NAME_LEN_MAX &&
	       user_is_dot_string(name, (size_t)(at - name));
}

int certificate_init(struct certificate *c, const struct authority *a,
		     const char *name, uint64_t now_s,
		     const uint8_t random[CERTIFICATE_SERIAL_LEN])
{
	if (!certificate_name_is_fit(a, name))
		return -EINVAL;
	*c = (struct certificate){
		.not_before_s = now_s,
		.not_after_s = now_s + CERTIFICATE_LIFETIME_S,
	};
	memcpy(c->serial, random, sizeof(c->serial));
	/* Positive and never shorter, so that each takes the same room. */
	c->serial[0] = (uint8_t)((c->serial[0] & 0x3f) | 0x40);
	memcpy(c->name, name, strlen(name) + 1);
	return 0;
}

int certificate_set_key(struct certificate *c, uint16_t algorithm,
			const uint8_t *hi, size_t len)
{
	uint8_t suite = suite_of_algorithm(algorithm);
	struct hi_public *pub;

	if (len > HI_MAX ||
	    hi_public_parse(algorithm, hi, len, &pub) != DROP_NONE)
		return -EINVAL;
	hi_public_free(pub);
	if (hit_from_hi(suite, hi, len, &c->hit))
		return -EINVAL;
	c->algorithm = algorithm;
	c->hi_len = len;
	memcpy(c->hi, hi, len);
	return 0;
}

/* RFC 6940 14.15: the Destination of the node, in hexadecimal digits. */
static void write_reload_uri(struct wr *w, const struct authority *a,
			     const struct hit *hit)
{
	static const char digits[] = "0123456789abcdef";
	uint8_t bytes[32];
	struct wr d = wr_init(bytes, sizeof(bytes));

	wr_u8(&d, DESTINATION_IS_NODE);
	wr_u8(&d, sizeof(hit->bytes));
	wr_bytes(&d, hit->bytes, sizeof(hit->bytes));
	wr_bytes(w, "reload://", 9);
	for (size_t i = 0; i < wr_len(&d); i++) {
		wr_u8(w, (uint8_t)digits[bytes[i] >> 4]);
		wr_u8(w, (uint8_t)digits[bytes[i] & 0xf]);
	}
	wr_u8(w, '@');
	wr_bytes(w, a->overlay, strlen(a->overlay));
	wr_u8(w, '/');
}

/* RFC 5280 4.2.1.6: critical, because the subject is empty. */
static void write_alt_name(struct wr *w, const struct authority *a,
			   const struct certificate *c)
{
	size_t at = der_begin(w), octets, names, uri;

	der_write(w, DER_OID, oid_alt_name, sizeof(oid_alt_name));
	wr_bytes(w, critical, sizeof(critical));
	octets = der_begin(w);
	names = der_begin(w);
	der_write(w, GENERAL_MAIL, c->name, strlen(c->name));
	uri = der_begin(w);
	write_reload_uri(w, a, &c->hit);
	der_end(w, uri, GENERAL_URI);
	der_end(w, names, DER_SEQUENCE);
	der_end(w, octets, DER_OCTETS);
	der_end(w, at, DER_SEQUENCE);
}

static void write_extensions(struct wr *w, const struct authority *a,
			     const struct certificate *c)
{
	size_t outer = der_begin(w), at = der_begin(w);

	authority_key_id_write(w, a);
	wr_bytes(w, key_usage, sizeof(key_usage));
	write_alt_name(w, a, c);
	der_end(w, at, DER_SEQUENCE);
	der_end(w, outer, DER_CONTEXT_BEGIN | 3);
}

static void write_validity(struct wr *w, const struct certificate *c)
{
	size_t at = der_begin(w);

	der_date_write(w, c->not_before_s);
	der_date_write(w, c->not_after_s);
	der_end(w, at, DER_SEQUENCE);
}

void certificate_tbs_write(struct wr *w, const struct authority *a,
			   const struct certificate *c)
{
	size_t at = der_begin(w);

	wr_bytes(w, version_3, sizeof(version_3));
	der_integer_write(w, c->serial, sizeof(c->serial));
	spki_algorithm_write(w, a->algorithm);
	authority_name_write(w, a);
	write_validity(w, c);
	der_write(w, DER_SEQUENCE, NULL, 0); /* subject */
	spki_write(w, c->algorithm, c->hi, c->hi_len);
	write_extensions(w, a, c);
	der_end(w, at, DER_SEQUENCE);
}

void certificate_write(struct wr *w, const struct authority *a,
		       const struct certificate *c, const uint8_t *sig,
		       size_t sig_len)
{
	uint8_t tbs[CERTIFICATE_MAX];
	struct wr inner = wr_init(tbs, sizeof(tbs));
	size_t at = wr_len(w);

	certificate_tbs_write(&inner, a, c);
	if (wr_failed(&inner)) {
		w->failed = true;
		return;
	}
	authority_signed_write(w, a, (struct span){ tbs, wr_len(&inner) }, sig,
			       sig_len);
	if (wr_len(w) - at > CERTIFICATE_MAX)
		w->failed = true;
}

/* The name out of SubjectAltName; the rest is compared by being written. */
static void read_name(struct rd *tbs, struct certificate *c)
{
	struct rd outer = der_read(tbs, DER_CONTEXT_BEGIN | 3);
	struct rd all = der_read(&outer, DER_SEQUENCE);
	struct rd one, octets, names, mail;
	size_t len;

	for (size_t i = 0; i < 2; i++)
		(void)der_read(&all, DER_SEQUENCE); /* key id, key usage */
	one = der_read(&all, DER_SEQUENCE);
	(void)der_read(&one, DER_OID);
	(void)der_read(&one, DER_BOOLEAN);
	octets = der_read(&one, DER_OCTETS);
	names = der_read(&octets, DER_SEQUENCE);
	mail = der_read(&names, GENERAL_MAIL);
	len = rd_left(&mail);
	if (rd_failed(&mail) || len > NAME_LEN_MAX ||
	    memchr(mail.p, '\0', len)) {
		tbs->failed = true;
		return;
	}
	rd_copy(&mail, c->name, len);
	c->name[len] = '\0';
}

/* What is to be known of TBSCertificate to write it again. */
static bool read_tbs(struct span bytes, struct certificate *c)
{
	struct rd r = rd_init(bytes.bytes, bytes.len);
	struct rd tbs = der_read(&r, DER_SEQUENCE), dates;
	uint8_t hi[HI_MAX];
	uint16_t algorithm = 0;
	size_t len = 0;

	*c = (struct certificate){ 0 };
	(void)der_read(&tbs, DER_CONTEXT_BEGIN | 0);
	der_integer_read(&tbs, c->serial, sizeof(c->serial));
	(void)der_read(&tbs, DER_SEQUENCE); /* algorithm */
	(void)der_read(&tbs, DER_SEQUENCE); /* issuer */
	dates = der_read(&tbs, DER_SEQUENCE);
	c->not_before_s = der_date_read(&dates);
	c->not_after_s = der_date_read(&dates);
	(void)der_read(&tbs, DER_SEQUENCE); /* subject */
	spki_read(&tbs, &algorithm, hi, &len);
	read_name(&tbs, c);
	return !rd_failed(&tbs) && !rd_failed(&dates) &&
	       certificate_set_key(c, algorithm, hi, len) == 0;
}

static bool is_in_form(const struct authority *a, struct span tbs,
		       const struct certificate *c)
{
	uint8_t again[CERTIFICATE_MAX];
	struct wr w = wr_init(again, sizeof(again));
	char canonical[NAME_LEN_MAX + 1];

	if (!certificate_name_is_fit(a, c->name) ||
	    name_canonical(c->name, canonical) < 0 ||
	    strcmp(canonical, c->name) != 0 ||
	    c->not_after_s != c->not_before_s + CERTIFICATE_LIFETIME_S)
		return false;
	certificate_tbs_write(&w, a, c);
	return !wr_failed(&w) && wr_len(&w) == tbs.len &&
	       memcmp(again, tbs.bytes, tbs.len) == 0;
}

enum certificate_result certificate_verify(const struct authority *a,
					   const uint8_t *bytes, size_t len,
					   uint64_t now_s,
					   struct certificate *out)
{
	struct certificate c;
	struct span tbs;

	if (len > CERTIFICATE_MAX)
		return CERTIFICATE_MALFORMED;
	if (!authority_signed_read(rd_init(bytes, len), a, &tbs))
		return CERTIFICATE_SIGNATURE;
	if (!read_tbs(tbs, &c) || !is_in_form(a, tbs, &c))
		return CERTIFICATE_MALFORMED;
	*out = c;
	if (now_s + CERTIFICATE_SKEW_S < c.not_before_s)
		return CERTIFICATE_NOT_YET;
	if (now_s > c.not_after_s)
		return CERTIFICATE_EXPIRED;
	return CERTIFICATE_OK;
}

bool certificate_is_due(const struct certificate *c, uint64_t now_s)
{
	return now_s >= c->not_before_s + CERTIFICATE_RENEW_S;
}

void certificate_hash(const uint8_t *bytes, size_t len, uint8_t out[32])
{
	int ok = EVP_Digest(bytes, len, out, NULL, EVP_sha256(), NULL);

	assert(ok == 1); /* SHA-256 is always there */
	(void)ok;	 /* used by the assertion only */
}

bool certificate_serial(const uint8_t *bytes, size_t len,
			uint8_t out[CERTIFICATE_SERIAL_LEN])
{
	struct rd r = rd_init(bytes, len);
	struct rd whole = der_read(&r, DER_SEQUENCE);
	struct rd tbs = der_read(&whole, DER_SEQUENCE);
	uint8_t serial[CERTIFICATE_SERIAL_LEN];

	(void)der_read(&tbs, DER_CONTEXT_BEGIN | 0);
	der_integer_read(&tbs, serial, sizeof(serial));
	if (rd_failed(&tbs))
		return false;
	memcpy(out, serial, sizeof(serial));
	return true;
}
