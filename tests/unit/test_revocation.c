/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/* Revocation lists: who signed, what is on them; libcrypto agrees. */
#include "tests/unit/enrolled.h"
#include "tests/unit/keys.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <openssl/x509.h>
#include <string.h>

static const uint64_t now = ENROLLED_NOW_S;
static struct enrolled_authority ours;
static struct revocation list, found;
static uint8_t bytes[REVOCATION_MAX];

static void setup(void)
{
	enrolled_authority_make(&ours, "example.com", KEY_RFC8032);
	list = (struct revocation){ .number = 5,
				    .this_update_s = now,
				    .next_update_s = now + 3600 };
}

static void teardown(void)
{
	enrolled_authority_free(&ours);
}

TestSuite(revocation, .init = setup, .fini = teardown);

static const uint8_t *serial(unsigned int n)
{
	static uint8_t s[CERTIFICATE_SERIAL_LEN];

	memset(s, 0, sizeof(s));
	s[0] = 0x40;
	s[14] = (uint8_t)(n >> 8);
	s[15] = (uint8_t)n;
	return s;
}

static enum certificate_result verify(size_t len)
{
	return revocation_verify(&ours.public, bytes, len, now, &found);
}

Test(revocation, what_is_on_the_list_is_revoked)
{
	size_t len;

	cr_assert_eq(revocation_add(&list, serial(9), now - 5), 0);
	cr_assert_eq(revocation_add(&list, serial(3), now - 7), 0);
	len = enrolled_revoke(&ours, &list, bytes);
	cr_assert_eq(verify(len), CERTIFICATE_OK);
	cr_expect_eq(found.number, 5);
	cr_expect_eq(found.n, 2);
	cr_expect_eq(found.at[0].when_s, now - 7);
	cr_expect(revocation_has(&found, serial(9)));
	cr_expect(revocation_has(&found, serial(3)));
	cr_expect_not(revocation_has(&found, serial(4)));
	cr_expect_not(revocation_has(&found, serial(10)));
}

Test(revocation, an_empty_list_revokes_nothing)
{
	size_t len = enrolled_revoke(&ours, &list, bytes);

	cr_assert_eq(verify(len), CERTIFICATE_OK);
	cr_expect_eq(found.n, 0);
	cr_expect_not(revocation_has(&found, serial(1)));
}

Test(revocation, a_serial_number_is_there_once)
{
	cr_assert_eq(revocation_add(&list, serial(9), now), 0);
	cr_assert_eq(revocation_add(&list, serial(9), now), -EEXIST);
	cr_assert_eq(list.n, 1);
}

Test(revocation, a_full_list_fits_and_takes_no_more)
{
	size_t len;

	for (unsigned int i = 0; i < REVOCATION_ENTRIES_MAX; i++)
		cr_assert_eq(revocation_add(&list, serial(i * 7 % 1024), now),
			     0);
	cr_expect_eq(revocation_add(&list, serial(2000), now), -ENOSPC);
	len = enrolled_revoke(&ours, &list, bytes);
	cr_assert_eq(verify(len), CERTIFICATE_OK);
	cr_expect_eq(found.n, REVOCATION_ENTRIES_MAX);
}

Test(revocation, a_late_list_still_counts)
{
	size_t len = enrolled_revoke(&ours, &list, bytes);

	cr_expect_eq(revocation_verify(&ours.public, bytes, len,
				       now + 90 * 86400, &found),
		     CERTIFICATE_OK);
}

Test(revocation, a_list_from_the_future_does_not)
{
	size_t len = enrolled_revoke(&ours, &list, bytes);

	cr_expect_eq(
		revocation_verify(&ours.public, bytes, len, now - 300, &found),
		CERTIFICATE_OK);
	cr_expect_eq(
		revocation_verify(&ours.public, bytes, len, now - 301, &found),
		CERTIFICATE_NOT_YET);
}

Test(revocation, each_bit_and_each_byte_count)
{
	size_t len;

	cr_assert_eq(revocation_add(&list, serial(9), now), 0);
	len = enrolled_revoke(&ours, &list, bytes);
	for (size_t i = 0; i < len; i++) {
		bytes[i] ^= 1;
		cr_expect_neq(verify(len), CERTIFICATE_OK, "at %zu", i);
		bytes[i] ^= 1;
		cr_expect_neq(verify(i), CERTIFICATE_OK, "cut at %zu", i);
	}
	bytes[len] = 0;
	cr_expect_neq(verify(len + 1), CERTIFICATE_OK);
}

Test(revocation, a_list_of_another_authority_is_refused)
{
	struct enrolled_authority other;
	size_t len;

	enrolled_authority_make(&other, "example.com", KEY_P384);
	len = enrolled_revoke(&other, &list, bytes);
	cr_expect_eq(verify(len), CERTIFICATE_SIGNATURE);
	enrolled_authority_free(&other);
}

Test(revocation, a_certificate_is_no_list_and_a_list_no_certificate)
{
	struct certificate c;
	size_t len = enrolled_issue(&ours, "bob@example.com", ours.key, 1, now,
				    bytes);

	cr_expect_eq(verify(len), CERTIFICATE_MALFORMED);
	len = enrolled_revoke(&ours, &list, bytes);
	cr_expect_eq(certificate_verify(&ours.public, bytes, len, now, &c),
		     CERTIFICATE_MALFORMED);
}

Test(revocation, libcrypto_reads_it_and_finds_what_is_on_it)
{
	const unsigned char *p = bytes;
	uint8_t spki[256];
	struct wr w = wr_init(spki, sizeof(spki));
	const unsigned char *q = spki;
	X509_REVOKED *entry = NULL;
	ASN1_INTEGER *number;
	EVP_PKEY *key;
	X509_CRL *crl;
	size_t len;

	cr_assert_eq(revocation_add(&list, serial(9), now), 0);
	len = enrolled_revoke(&ours, &list, bytes);
	crl = d2i_X509_CRL(NULL, &p, (long)len);
	cr_assert(crl && p == bytes + len);
	spki_write(&w, ours.public.algorithm, ours.public.hi,
		   ours.public.hi_len);
	key = d2i_PUBKEY(NULL, &q, (long)wr_len(&w));
	cr_expect_eq(X509_CRL_verify(crl, key), 1);
	number = ASN1_INTEGER_new();
	cr_assert(ASN1_STRING_set(number, serial(9), 16));
	cr_expect_eq(X509_CRL_get0_by_serial(crl, &entry, number), 1);
	cr_assert(ASN1_STRING_set(number, serial(8), 16));
	cr_expect_eq(X509_CRL_get0_by_serial(crl, &entry, number), 0);
	ASN1_INTEGER_free(number);
	EVP_PKEY_free(key);
	X509_CRL_free(crl);
}
