/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
#include "daemon/hip/dh.h"

#include "tests/unit/hex.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	uint8_t id;
	size_t public_len, secret_len;
} groups[] = {
	{ 3, 192, 192 }, { 4, 384, 384 }, { 7, 64, 32 },
	{ 8, 96, 48 },	 { 9, 132, 66 },  { 11, 256, 256 },
};

enum { N_GROUPS = sizeof(groups) / sizeof(groups[0]) };

static struct dh *from_hex(uint8_t group, const char *text)
{
	uint8_t priv[DH_SECRET_MAX];
	size_t len = hex(text, priv, sizeof(priv));
	struct dh *dh = NULL;

	cr_assert_eq(dh_from_private(group, priv, len, &dh), 0);
	return dh;
}

static void expect_public(const struct dh *dh, const char *text)
{
	uint8_t want[DH_PUBLIC_MAX];
	size_t want_len = hex(text, want, sizeof(want)), len;
	const uint8_t *pub = dh_public(dh, &len);

	cr_assert_eq(len, want_len);
	cr_expect_arr_eq(pub, want, len, "group %u", dh_group(dh));
}

static void expect_agree(const struct dh *dh, const struct dh *peer,
			 const char *text)
{
	uint8_t want[DH_SECRET_MAX], secret[DH_SECRET_MAX];
	size_t want_len = hex(text, want, sizeof(want)), pub_len, len = 0;
	const uint8_t *pub = dh_public(peer, &pub_len);

	cr_assert_eq(dh_agree(dh, pub, pub_len, secret, &len), DROP_NONE);
	cr_assert_eq(len, want_len);
	cr_expect_arr_eq(secret, want, len, "group %u", dh_group(dh));
}

Test(dh, the_groups_are_3_4_7_8_9_and_11)
{
	size_t known = 0;

	for (unsigned int id = 0; id < 256; id++)
		known += dh_group_is_known((uint8_t)id);
	cr_expect_eq(known, N_GROUPS);
	for (size_t i = 0; i < N_GROUPS; i++) {
		cr_expect(dh_group_is_known(groups[i].id));
		cr_expect_eq(dh_public_len(groups[i].id), groups[i].public_len);
		cr_expect_eq(dh_secret_len(groups[i].id), groups[i].secret_len);
	}
	cr_expect_eq(dh_public_len(10), 0);
	cr_expect_eq(dh_secret_len(0), 0);
}

Test(dh, an_unknown_group_gives_no_key)
{
	static const uint8_t one[] = { 1 };
	struct dh *dh = NULL;

	cr_expect_eq(dh_new(10, &dh), -ENOTSUP);
	cr_expect_eq(dh_new(0, &dh), -ENOTSUP);
	cr_expect_eq(dh_from_private(12, one, 1, &dh), -ENOTSUP);
	cr_expect_null(dh);
	dh_free(NULL);
}

/* RFC 5903 8.1 to 8.3: i, g^i, r, g^r, x of g^ir. */
static const struct {
	uint8_t group;
	const char *i, *gi, *r, *gr, *gir;
} rfc5903[] = {
	{ 7, "c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433",
	  "dad0b65394221cf9b051e1feca5787d098dfe637fc90b9ef945d0c3772581180"
	  "5271a0461cdb8252d61f1c456fa3e59ab1f45b33accf5f58389e0577b8990bb3",
	  "c6ef9c5d78ae012a011164acb397ce2088685d8f06bf9be0b283ab46476bee53",
	  "d12dfb5289c8d4f81208b70270398c342296970a0bccb74c736fc7554494bf63"
	  "56fbf3ca366cc23e8157854c13c58d6aac23f046ada30f8353e74f33039872ab",
	  "d6840f6b42f6edafd13116e0e12565202fef8e9ece7dce03812464d04b9442de" },
	{ 8,
	  "099f3c7034d4a2c699884d73a375a67f7624ef7c6b3c0f160647b67414dce655"
	  "e35b538041e649ee3faef896783ab194",
	  "667842d7d180ac2cde6f74f37551f55755c7645c20ef73e31634fe72b4c55ee6"
	  "de3ac808acb4bdb4c88732aee95f41aa9482ed1fc0eeb9cafc4984625ccfc23f"
	  "65032149e0e144ada024181535a0f38eeb9fcff3c2c947dae69b4c634573a81c",
	  "41cb0779b4bdb85d47846725fbec3c9430fab46cc8dc5060855cc9bda0aa2942"
	  "e0308312916b8ed2960e4bd55a7448fc",
	  "e558dbef53eecde3d3fccfc1aea08a89a987475d12fd950d83cfa41732bc509d"
	  "0d1ac43a0336def96fda41d0774a3571dcfbec7aacf3196472169e838430367f"
	  "66eebe3c6e70c416dd5f0c68759dd1fff83fa40142209dff5eaad96db9e6386c",
	  "11187331c279962d93d604243fd592cb9d0a926f422e47187521287e7156c5c4"
	  "d603135569b9e9d09cf5d4a270f59746" },
	{ 9,
	  "0037ade9319a89f4dabdb3ef411aaccca5123c61acab57b5393dce47608172a0"
	  "95aa85a30fe1c2952c6771d937ba9777f5957b2639bab072462f68c27a57382d"
	  "4a52",
	  "0015417e84dbf28c0ad3c278713349dc7df153c897a1891bd98bab4357c9ecbe"
	  "e1e3bf42e00b8e380aeae57c2d107564941885942af5a7f4601723c4195d176c"
	  "ed3e017cae20b6641d2eeb695786d8c946146239d099e18e1d5a514c739d7cb4"
	  "a10ad8a788015ac405d7799dc75e7b7d5b6cf2261a6a7f1507438bf01beb6ca3"
	  "926f9582",
	  "0145ba99a847af43793fdd0e872e7cdfa16be30fdc780f97bccc3f078380201e"
	  "9c677d600b343757a3bdbf2a3163e4c2f869cca7458aa4a4effc311f5cb15168"
	  "5eb9",
	  "00d0b3975ac4b799f5bea16d5e13e9af971d5e9b984c9f39728b5e5739735a21"
	  "9b97c356436adc6e95bb0352f6be64a6c2912d4ef2d0433ced2b6171640012d9"
	  "460f015c68226383956e3bd066e797b623c27ce0eac2f551a10c2c724d985207"
	  "7b87220b6536c5c408a1d2aebb8e86d678ae49cb57091f4732296579ab44fcd1"
	  "7f0fc56a",
	  "01144c7d79ae6956bc8edb8e7c787c4521cb086fa64407f97894e5e6b2d79b04"
	  "d1427e73ca4baa240a34786859810c06b3c715a3a8cc3151f2bee417996d19f3"
	  "ddea" },
};

Test(dh, vectors_of_rfc_5903)
{
	for (size_t n = 0; n < sizeof(rfc5903) / sizeof(rfc5903[0]); n++) {
		struct dh *i = from_hex(rfc5903[n].group, rfc5903[n].i);
		struct dh *r = from_hex(rfc5903[n].group, rfc5903[n].r);

		expect_public(i, rfc5903[n].gi);
		expect_public(r, rfc5903[n].gr);
		expect_agree(i, r, rfc5903[n].gir);
		expect_agree(r, i, rfc5903[n].gir);
		dh_free(i);
		dh_free(r);
	}
}

/* Private values whose secret in group 3 begins with a zero byte. */
static const char private_a[] =
	"b70a14ee1e15d7aa94bd810ec06f4cb77a346e8f33aef6bfeae3d7c4442d7a93";
static const char private_b[] =
	"a6aef82726db5033e4b25e6fec8b5770cf89fe44ff8336731eef2bfa9a8ab35f";
static const char secret_ab[] =
	"0010dff0f9c9f07d33cacdc16ce554fe1b9d6f4e8b058e03e5b798dbed2297ab"
	"74b2717859f6745ec174a8f0f49f5325ffe9df98fa363fe26d48becc6bb0c75a"
	"29add0fa736e45dbeab3e97c749a93ecd518f85e63ceb157d99d539a753b23f5"
	"1f9da1afa0bab009698d5f9b77030aa26a346961208ce19d7c6843ce9fa61106"
	"9fc4bd47f27318e2f96d72c0206d4bb65e08127b5d0aa0e22ca52c2a1f237088"
	"e65a45da2fe245b1c92547ef03ea26f4619d160544a00f470c2353a250e4e075";

Test(dh, a_modp_secret_keeps_its_leading_zeros)
{
	struct dh *a = from_hex(3, private_a), *b = from_hex(3, private_b);

	expect_agree(a, b, secret_ab);
	expect_agree(b, a, secret_ab);
	dh_free(a);
	dh_free(b);
}

/* SHA-256 of 2^a and of 2^ac, computed with another implementation. */
static const char private_c[] =
	"ec31682fde561917952ff78a7a8adeffd0febc372dd26871916c46c630381b45";
static const struct {
	uint8_t group;
	const char *public_hash, *secret_hash;
} modp[] = {
	{ 11,
	  "cbca1a07c0021dffd15d255c609422a55aec5bca9f969a663dcb9d6e764f1660",
	  "f03408c70d8274a97633ffc5f7de0be9e7adf6c4a3f5ab8b8b46941dcd2fa5d9" },
	{ 4, "b37c1fb99331492a7a64ab816bfe9599d29dadb4bbafb709aa4cef3e32ae91cd",
	  "687d786d42b6b35492089a5fa787e44c782b3615eed0078a798185feda7d0390" },
};

static void expect_hash(const uint8_t *bytes, size_t len, const char *text)
{
	uint8_t want[32], got[32];

	hex(text, want, sizeof(want));
	SHA256(bytes, len, got);
	cr_expect_arr_eq(got, want, sizeof(want));
}

Test(dh, modp_groups_agree_with_another_implementation)
{
	for (size_t i = 0; i < sizeof(modp) / sizeof(modp[0]); i++) {
		struct dh *a = from_hex(modp[i].group, private_a);
		struct dh *c = from_hex(modp[i].group, private_c);
		uint8_t secret[DH_SECRET_MAX];
		size_t len, secret_len = 0;
		const uint8_t *pub = dh_public(a, &len);

		expect_hash(pub, len, modp[i].public_hash);
		cr_assert_eq(dh_agree(c, pub, len, secret, &secret_len),
			     DROP_NONE);
		expect_hash(secret, secret_len, modp[i].secret_hash);
		dh_free(a);
		dh_free(c);
	}
}

Test(dh, two_new_keys_of_each_group_agree)
{
	for (size_t i = 0; i < N_GROUPS; i++) {
		struct dh *a = NULL, *b = NULL;
		uint8_t sa[DH_SECRET_MAX], sb[DH_SECRET_MAX];
		size_t a_len, b_len, sa_len = 0, sb_len = 0;
		const uint8_t *pa, *pb;

		cr_assert_eq(dh_new(groups[i].id, &a), 0);
		cr_assert_eq(dh_new(groups[i].id, &b), 0);
		cr_expect_eq(dh_group(a), groups[i].id);
		pa = dh_public(a, &a_len);
		pb = dh_public(b, &b_len);
		cr_assert_eq(a_len, groups[i].public_len);
		cr_expect_arr_neq(pa, pb, a_len);
		cr_assert_eq(dh_agree(a, pb, b_len, sa, &sa_len), DROP_NONE);
		cr_assert_eq(dh_agree(b, pa, a_len, sb, &sb_len), DROP_NONE);
		cr_assert_eq(sa_len, groups[i].secret_len);
		cr_assert_eq(sb_len, sa_len);
		cr_expect_arr_eq(sa, sb, sa_len);
		dh_free(a);
		dh_free(b);
	}
}

/* The primes of RFC 3526 2, 4 and 3. */
static const struct {
	uint8_t group;
	const char *p;
} primes[] = {
	{ 3,
	  "ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74"
	  "020bbea63b139b22514a08798e3404ddef9519b3cd3a431b302b0a6df25f1437"
	  "4fe1356d6d51c245e485b576625e7ec6f44c42e9a637ed6b0bff5cb6f406b7ed"
	  "ee386bfb5a899fa5ae9f24117c4b1fe649286651ece45b3dc2007cb8a163bf05"
	  "98da48361c55d39a69163fa8fd24cf5f83655d23dca3ad961c62f356208552bb"
	  "9ed529077096966d670c354e4abc9804f1746c08ca237327ffffffffffffffff" },
	{ 4,
	  "ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74"
	  "020bbea63b139b22514a08798e3404ddef9519b3cd3a431b302b0a6df25f1437"
	  "4fe1356d6d51c245e485b576625e7ec6f44c42e9a637ed6b0bff5cb6f406b7ed"
	  "ee386bfb5a899fa5ae9f24117c4b1fe649286651ece45b3dc2007cb8a163bf05"
	  "98da48361c55d39a69163fa8fd24cf5f83655d23dca3ad961c62f356208552bb"
	  "9ed529077096966d670c354e4abc9804f1746c08ca18217c32905e462e36ce3b"
	  "e39e772c180e86039b2783a2ec07a28fb5c55df06f4c52c9de2bcbf695581718"
	  "3995497cea956ae515d2261898fa051015728e5a8aaac42dad33170d04507a33"
	  "a85521abdf1cba64ecfb850458dbef0a8aea71575d060c7db3970f85a6e1e4c7"
	  "abf5ae8cdb0933d71e8c94e04a25619dcee3d2261ad2ee6bf12ffa06d98a0864"
	  "d87602733ec86a64521f2b18177b200cbbe117577a615d6c770988c0bad946e2"
	  "08e24fa074e5ab3143db5bfce0fd108e4b82d120a93ad2caffffffffffffffff" },
	{ 11,
	  "ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74"
	  "020bbea63b139b22514a08798e3404ddef9519b3cd3a431b302b0a6df25f1437"
	  "4fe1356d6d51c245e485b576625e7ec6f44c42e9a637ed6b0bff5cb6f406b7ed"
	  "ee386bfb5a899fa5ae9f24117c4b1fe649286651ece45b3dc2007cb8a163bf05"
	  "98da48361c55d39a69163fa8fd24cf5f83655d23dca3ad961c62f356208552bb"
	  "9ed529077096966d670c354e4abc9804f1746c08ca18217c32905e462e36ce3b"
	  "e39e772c180e86039b2783a2ec07a28fb5c55df06f4c52c9de2bcbf695581718"
	  "3995497cea956ae515d2261898fa051015728e5a8aacaa68ffffffffffffffff" },
};

enum { N_PRIMES = sizeof(primes) / sizeof(primes[0]) };

static enum drop agree(const struct dh *dh, const uint8_t *peer, size_t len)
{
	uint8_t secret[DH_SECRET_MAX];
	size_t secret_len = 0;
	enum drop drop = dh_agree(dh, peer, len, secret, &secret_len);

	cr_expect_eq(drop == DROP_NONE, secret_len != 0,
		     "the length is untouched on failure");
	cr_expect_eq(ERR_peek_error(), 0, "no error is left in the queue");
	return drop;
}

Test(dh, modp_values_outside_of_the_group_are_refused)
{
	for (size_t i = 0; i < N_PRIMES; i++) {
		uint8_t v[DH_PUBLIC_MAX] = { 0 };
		size_t len = hex(primes[i].p, v, sizeof(v));
		struct dh *dh = NULL;

		cr_assert_eq(dh_new(primes[i].group, &dh), 0);
		cr_assert_eq(len, dh_public_len(primes[i].group));
		cr_expect_eq(agree(dh, v, len), DROP_DH_PUBLIC, "p");
		v[len - 1]--; /* the primes end in ff */
		cr_expect_eq(agree(dh, v, len), DROP_DH_PUBLIC, "p - 1");
		v[len - 1]--;
		cr_expect_eq(agree(dh, v, len), DROP_DH_PUBLIC,
			     "p - 2 generates both subgroups");
		memset(v, 0xff, len);
		cr_expect_eq(agree(dh, v, len), DROP_DH_PUBLIC, "all ones");
		memset(v, 0, len);
		cr_expect_eq(agree(dh, v, len), DROP_DH_PUBLIC, "0");
		v[len - 1] = 1;
		cr_expect_eq(agree(dh, v, len), DROP_DH_PUBLIC, "1");
		v[len - 1] = 2;
		cr_expect_eq(agree(dh, v, len), DROP_NONE, "2");
		dh_free(dh);
	}
}

Test(dh, modp_values_of_odd_order_only)
{
	/* -x generates what x does not: half of all values are refused. */
	struct dh *a = from_hex(3, private_a), *b = from_hex(3, private_b);
	uint8_t p[DH_PUBLIC_MAX], v[DH_PUBLIC_MAX];
	size_t len;
	const uint8_t *pub = dh_public(b, &len);
	unsigned int borrow = 0;

	cr_assert_eq(hex(primes[0].p, p, sizeof(p)), len);
	for (size_t i = len; i-- > 0;) {
		unsigned int d = 256u + p[i] - pub[i] - borrow;

		v[i] = (uint8_t)d;
		borrow = d < 256;
	}
	cr_expect_eq(agree(a, pub, len), DROP_NONE);
	cr_expect_eq(agree(a, v, len), DROP_DH_PUBLIC);
	dh_free(a);
	dh_free(b);
}

Test(dh, values_of_a_wrong_length_are_refused)
{
	for (size_t i = 0; i < N_GROUPS; i++) {
		uint8_t v[DH_PUBLIC_MAX + 1] = { 0 };
		struct dh *a = NULL, *b = NULL;
		const uint8_t *pub;
		size_t len;

		cr_assert_eq(dh_new(groups[i].id, &a), 0);
		cr_assert_eq(dh_new(groups[i].id, &b), 0);
		pub = dh_public(b, &len);
		memcpy(v + 1, pub, len);
		cr_expect_eq(agree(a, v + 1, len), DROP_NONE);
		cr_expect_eq(agree(a, v + 1, len - 1), DROP_DH_PUBLIC);
		cr_expect_eq(agree(a, v, len + 1), DROP_DH_PUBLIC);
		v[0] = 4; /* a point in OpenSSL's form */
		cr_expect_eq(agree(a, v, len + 1), DROP_DH_PUBLIC);
		cr_expect_eq(agree(a, v, 0), DROP_DH_PUBLIC);
		cr_expect_eq(agree(a, v, 1), DROP_DH_PUBLIC);
		dh_free(a);
		dh_free(b);
	}
}

Test(dh, points_off_the_curve_are_refused)
{
	for (size_t i = 0; i < N_GROUPS; i++) {
		uint8_t v[DH_PUBLIC_MAX];
		struct dh *a = NULL;
		const uint8_t *pub;
		size_t len;

		if (groups[i].secret_len == groups[i].public_len)
			continue; /* MODP */
		cr_assert_eq(dh_new(groups[i].id, &a), 0);
		pub = dh_public(a, &len);
		for (size_t bit = 0; bit < 8 * len; bit += 13) {
			memcpy(v, pub, len);
			v[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
			cr_expect_eq(agree(a, v, len), DROP_DH_PUBLIC);
		}
		memset(v, 0, len); /* what some take for infinity */
		cr_expect_eq(agree(a, v, len), DROP_DH_PUBLIC);
		memset(v, 0xff, len); /* coordinates above p */
		cr_expect_eq(agree(a, v, len), DROP_DH_PUBLIC);
		dh_free(a);
	}
}

/* p of P-256, and a point with x = 5: x + p names it too, and is refused. */
Test(dh, a_coordinate_above_p_is_refused_though_its_residue_is_right)
{
	uint8_t good[64], bad[64];
	struct dh *a = NULL;

	hex("0000000000000000000000000000000000000000000000000000000000000005"
	    "459243b9aa581806fe913bce99817ade11ca503c64d9a3c533415c083248fbcc",
	    good, sizeof(good));
	hex("ffffffff00000001000000000000000000000001000000000000000000000004"
	    "459243b9aa581806fe913bce99817ade11ca503c64d9a3c533415c083248fbcc",
	    bad, sizeof(bad));
	cr_assert_eq(dh_new(7, &a), 0);
	cr_expect_eq(agree(a, good, sizeof(good)), DROP_NONE);
	cr_expect_eq(agree(a, bad, sizeof(bad)), DROP_DH_PUBLIC);
	dh_free(a);
}
