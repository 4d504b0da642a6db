/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Certificates: who signed, for whom, until when; one form, which another
 * implementation (libcrypto's X.509) takes, too.
 */
#include "tests/unit/enrolled.h"
#include "tests/unit/keys.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

static const char *const keys[] = { KEY_P256, KEY_P384, KEY_RSA_2048,
				    KEY_RFC8032 };

enum { N_KEYS = sizeof(keys) / sizeof(keys[0]) };

static const uint64_t now = ENROLLED_NOW_S;
static uint8_t bytes[CERTIFICATE_MAX + 1];

static struct enrolled_authority ours, other;
static struct identity *bob;

static void setup(void)
{
	enrolled_authority_make(&ours, "example.com", KEY_P256);
	enrolled_authority_make(&other, "example.com", KEY_P384);
	bob = enrolled_key(KEY_RFC8032);
}

static void teardown(void)
{
	enrolled_authority_free(&ours);
	enrolled_authority_free(&other);
	identity_free(bob);
}

TestSuite(certificate, .init = setup, .fini = teardown);

static enum certificate_result verify(size_t len, uint64_t at,
				      struct certificate *c)
{
	return certificate_verify(&ours.public, bytes, len, at, c);
}

Test(certificate, each_kind_of_authority_certifies_each_kind_of_host)
{
	for (size_t i = 0; i < N_KEYS * N_KEYS; i++) {
		struct enrolled_authority a;
		struct identity *host = enrolled_key(keys[i % N_KEYS]);
		struct certificate c;
		size_t len;

		enrolled_authority_make(&a, "example.com", keys[i / N_KEYS]);
		len = enrolled_issue(&a, "bob@example.com", host, 1, now,
				     bytes);
		cr_assert_eq(certificate_verify(&a.public, bytes, len, now, &c),
			     CERTIFICATE_OK);
		cr_expect_str_eq(c.name, "bob@example.com");
		cr_expect(hit_equal(&c.hit, identity_hit(host)));
		cr_expect_eq(c.algorithm, identity_algorithm(host));
		cr_expect_eq(c.serial[0], 0x40);
		cr_expect_eq(c.serial[15], 1);
		cr_expect_eq(c.not_before_s, now);
		cr_expect_eq(c.not_after_s, now + 30 * 86400);
		identity_free(host);
		enrolled_authority_free(&a);
	}
}

/* libcrypto's own path check, with this authority as the only trust. */
static bool libcrypto_takes(const struct enrolled_authority *a, X509 *x,
			    uint64_t at)
{
	uint8_t spki[1024];
	struct wr w = wr_init(spki, sizeof(spki));
	const unsigned char *p = spki;
	EVP_PKEY *key;
	bool ok;

	spki_write(&w, a->public.algorithm, a->public.hi, a->public.hi_len);
	key = d2i_PUBKEY(NULL, &p, (long)wr_len(&w));
	ok = key && X509_verify(x, key) == 1 &&
	     X509_cmp_time(X509_get0_notBefore(x),
			   &(time_t){ (time_t)at + 1 }) < 0 &&
	     X509_cmp_time(X509_get0_notAfter(x), &(time_t){ (time_t)at }) > 0;
	EVP_PKEY_free(key);
	return ok;
}

Test(certificate, libcrypto_reads_and_verifies_it)
{
	for (size_t i = 0; i < N_KEYS; i++) {
		struct identity *host = enrolled_key(keys[(i + 1) % N_KEYS]);
		struct enrolled_authority a;
		const unsigned char *p = bytes;
		const GENERAL_NAME *name;
		GENERAL_NAMES *names;
		char issuer[128];
		int critical;
		size_t len;
		X509 *x;

		enrolled_authority_make(&a, "example.com", keys[i]);
		len = enrolled_issue(&a, "bob@example.com", host, 7, now,
				     bytes);
		x = d2i_X509(NULL, &p, (long)len);
		cr_assert(x && p == bytes + len);
		cr_expect(libcrypto_takes(&a, x, now));
		cr_expect_eq(X509_get_extension_flags(x) & EXFLAG_INVALID, 0);
		cr_expect_eq(X509_get_key_usage(x), KU_DIGITAL_SIGNATURE);
		cr_expect_eq(X509_NAME_entry_count(X509_get_subject_name(x)),
			     0);
		X509_NAME_oneline(X509_get_issuer_name(x), issuer,
				  sizeof(issuer));
		cr_expect_str_eq(issuer, "/DC=com/DC=example");
		names = X509_get_ext_d2i(x, NID_subject_alt_name, &critical,
					 NULL);
		cr_expect_eq(critical, 1);
		cr_assert_eq(sk_GENERAL_NAME_num(names), 2);
		name = sk_GENERAL_NAME_value(names, 0);
		cr_expect_eq(name->type, GEN_EMAIL);
		cr_expect_eq(ASN1_STRING_length(name->d.rfc822Name), 15);
		name = sk_GENERAL_NAME_value(names, 1);
		cr_expect_eq(name->type, GEN_URI);
		cr_expect_eq(memcmp(ASN1_STRING_get0_data(
					    name->d.uniformResourceIdentifier),
				    "reload://011020010020", 17),
			     0);
		GENERAL_NAMES_free(names);
		X509_free(x);
		enrolled_authority_free(&a);
		identity_free(host);
	}
}

Test(certificate, it_holds_for_thirty_days)
{
	size_t len =
		enrolled_issue(&ours, "bob@example.com", bob, 1, now, bytes);
	struct certificate c;

	cr_expect_eq(verify(len, now - 300, &c), CERTIFICATE_OK);
	cr_expect_eq(verify(len, now - 301, &c), CERTIFICATE_NOT_YET);
	cr_expect_eq(verify(len, now + 30 * 86400, &c), CERTIFICATE_OK);
	cr_expect_eq(verify(len, now + 30 * 86400 + 1, &c),
		     CERTIFICATE_EXPIRED);
}

Test(certificate, it_is_due_from_day_twenty_on)
{
	size_t len =
		enrolled_issue(&ours, "bob@example.com", bob, 1, now, bytes);
	struct certificate c;

	cr_assert_eq(verify(len, now, &c), CERTIFICATE_OK);
	cr_expect_not(certificate_is_due(&c, now + 20 * 86400 - 1));
	cr_expect(certificate_is_due(&c, now + 20 * 86400));
}

Test(certificate, one_of_another_authority_is_refused)
{
	size_t len =
		enrolled_issue(&other, "bob@example.com", bob, 1, now, bytes);
	struct certificate c;

	cr_expect_eq(verify(len, now, &c), CERTIFICATE_SIGNATURE);
}

Test(certificate, one_of_the_same_key_for_another_overlay_is_refused)
{
	struct enrolled_authority a;
	struct certificate c;
	size_t len;

	enrolled_authority_make(&a, "example.org", KEY_P256);
	len = enrolled_issue(&a, "bob@example.org", bob, 1, now, bytes);
	cr_expect_eq(verify(len, now, &c), CERTIFICATE_MALFORMED);
	enrolled_authority_free(&a);
}

Test(certificate, each_bit_counts)
{
	size_t len =
		enrolled_issue(&ours, "bob@example.com", bob, 1, now, bytes);
	struct certificate c;

	for (size_t i = 0; i < len; i++) {
		bytes[i] ^= 0x20;
		cr_expect_neq(verify(len, now, &c), CERTIFICATE_OK, "at %zu",
			      i);
		bytes[i] ^= 0x20;
	}
	cr_expect_eq(verify(len, now, &c), CERTIFICATE_OK);
}

Test(certificate, each_truncation_and_a_byte_too_many_are_refused)
{
	size_t len =
		enrolled_issue(&ours, "bob@example.com", bob, 1, now, bytes);
	struct certificate c;

	for (size_t cut = 0; cut < len; cut++)
		cr_expect_neq(verify(cut, now, &c), CERTIFICATE_OK);
	bytes[len] = 0;
	cr_expect_neq(verify(len + 1, now, &c), CERTIFICATE_OK);
}

/*
 * What the authority's key has signed but our writer would not have written:
 * the part at `what` is replaced, of the same length.
 */
static enum certificate_result verify_signed_with(const char *what,
						  const char *by)
{
	size_t len =
		enrolled_issue(&ours, "bob@example.com", bob, 1, now, bytes);
	uint8_t tbs[CERTIFICATE_MAX];
	struct certificate c;
	struct span span;
	uint8_t *at;

	cr_assert(authority_signed_read(rd_init(bytes, len), &ours.public,
					&span));
	memcpy(tbs, span.bytes, span.len);
	at = memmem(tbs, span.len, what, strlen(what));
	cr_assert(at);
	memcpy(at, by, strlen(what));
	len = enrolled_sign(&ours, (struct span){ tbs, span.len }, bytes,
			    sizeof(bytes));
	return verify(len, now, &c);
}

Test(certificate, what_we_would_not_write_is_refused_though_it_be_signed)
{
	static const char *const rows[][2] = {
		{ "bob@example.com", "bob@example.org" },
		{ "bob@example.com", "Bob@example.com" },
		{ "bob@example.com", "b.@example.com." },
		{ "bob@example.com", "bobexample.com." },
		{ "@example.com/", "@example.org/" },
		{ "reload://0110", "reload://0210" },
		{ "reload://", "Reload://" },
		{ "260101000000Z", "260101000001Z" }, /* 30 days less 1 s */
		{ "example\x30", "exampld\x30" },     /* issuer */
		{ "\x03\x02\x07\x80", "\x03\x02\x06\x40" }, /* key usage */
		{ "\x01\x01\xff\x04\x04", "\x01\x01\x01\x04\x04" },
	};

	cr_assert_eq(verify_signed_with("bob@", "bib@"), CERTIFICATE_OK);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		cr_expect_eq(verify_signed_with(rows[i][0], rows[i][1]),
			     CERTIFICATE_MALFORMED, "row %zu", i);
}

Test(certificate, a_hit_that_is_not_the_keys_is_refused)
{
	char ours_hex[8], wrong[8];

	(void)snprintf(ours_hex, sizeof(ours_hex), "%02x%02x",
		       identity_hit(bob)->bytes[14],
		       identity_hit(bob)->bytes[15]);
	(void)snprintf(wrong, sizeof(wrong), "%02x%02x",
		       identity_hit(bob)->bytes[14],
		       identity_hit(bob)->bytes[15] ^ 1);
	cr_expect_eq(verify_signed_with(ours_hex, wrong),
		     CERTIFICATE_MALFORMED);
}

Test(certificate, only_names_of_the_overlay_are_fit)
{
	static const char *const bad[] = {
		"bob@example.org",  "bob@sub.example.com",
		"example.com",	    "@example.com",
		".bob@example.com", "b..b@example.com",
		"bob.@example.com", "j\xc3\xbcrgen@example.com",
		"b;x@example.com",  "b,x@example.com",
	};

	cr_expect(certificate_name_is_fit(&ours.public, "bob@example.com"));
	cr_expect(certificate_name_is_fit(&ours.public, "bob.b+x@example.com"));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const uint8_t random[16] = { 0 };
		struct certificate c;

		cr_expect_eq(
			certificate_init(&c, &ours.public, bad[i], now, random),
			-EINVAL, "%s", bad[i]);
	}
}

Test(certificate, the_largest_fits_and_a_larger_is_refused)
{
	static uint8_t hi[4 + 512] = { 3, 1, 0, 1, 0xff, [515] = 1 };
	uint8_t room[2 * CERTIFICATE_MAX];
	const uint8_t sig[SIGNATURE_MAX] = { 1 }, random[16] = { 0 };
	struct enrolled_authority a;
	char name[NAME_LEN_MAX + 1];
	struct certificate c;
	size_t user = 1010;
	struct wr w;

	enrolled_authority_make(&a, "example.com", KEY_RSA_2048);
	do {
		memset(name, 'a', user);
		strcpy(name + user, "@example.com");
		cr_assert_eq(certificate_init(&c, &a.public, name, now, random),
			     0);
		cr_assert_eq(certificate_set_key(&c, HI_RSA, hi, sizeof(hi)),
			     0);
		w = wr_init(room, sizeof(room));
		certificate_write(&w, &a.public, &c, sig, 256);
		user--;
	} while (wr_failed(&w) && user > 0);
	cr_expect_neq(user, 1009);
	cr_expect_eq(wr_len(&w), CERTIFICATE_MAX);
	enrolled_authority_free(&a);
}

Test(certificate, an_overlay_whose_messages_could_begin_a_hip_packet_is_not_fit)
{
	char overlay[32] = "";

	for (unsigned int i = 0; i < 10000000 && !overlay[0]; i++) {
		char name[32];
		uint32_t hash;

		(void)snprintf(name, sizeof(name), "o%u.example", i);
		hash = authority_overlay_hash(name, strlen(name));
		if (hash >> 24 == 0x3b && (hash & 0xff) == 0x21)
			strcpy(overlay, name);
	}
	cr_assert_neq(overlay[0], '\0');
	cr_expect_not(authority_overlay_is_fit(overlay));
	cr_expect(authority_overlay_is_fit("example.com"));
	cr_expect_not(authority_overlay_is_fit("Example.com"));
	cr_expect_not(authority_overlay_is_fit("ex\xc3\xa4mple.com"));
	cr_expect_not(authority_overlay_is_fit("a..b"));
}
