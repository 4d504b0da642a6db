/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * What protects a packet: RFC 7401 5.2.12 to 5.2.15, 5.2.18, 6.4. A MAC or
 * signature covers the packet up to its own parameter, with a header that
 * says so (Header Length ends there, the checksum is zero). That header is
 * made on the stack, so that a packet received stays as it came.
 */
#include "daemon/hip/protect.h"

#include "daemon/hip/suite.h"

#include <assert.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <sodium.h>
#include <string.h>

enum {
	OFFSET_HEADER_LENGTH = 1, /* RFC 7401 5.1 */
	OFFSET_CHECKSUM = 4,
	OFFSET_RECEIVER = 24,
	OFFSET_PUZZLE_OPAQUE = 2, /* in the contents: RFC 7401 5.2.4 */
	BLOCK_LEN = 16,		  /* AES */
};

/*
 * The header of a packet that is `covered` bytes long and has no checksum;
 * false when no packet can be that long.
 */
static bool header_write(const uint8_t *bytes, size_t covered,
			 uint8_t out[HIP_HEADER_LEN])
{
	if (covered < HIP_HEADER_LEN || covered > HIP_PACKET_MAX ||
	    covered % 8 != 0)
		return false;
	memcpy(out, bytes, HIP_HEADER_LEN);
	out[OFFSET_HEADER_LENGTH] = (uint8_t)(covered / 8 - 1);
	out[OFFSET_CHECKSUM] = 0;
	out[OFFSET_CHECKSUM + 1] = 0;
	return true;
}

/*
 * RFC 7401 6.4.1: over the first `covered` bytes, and for HIP_MAC_2 over the
 * HOST_ID behind them, which Header Length then counts too.
 */
static int mac_compute(uint8_t hit_suite, const uint8_t *key,
		       const uint8_t *bytes, size_t covered,
		       const struct piece *host_id, uint8_t out[RHASH_MAX])
{
	uint8_t header[HIP_HEADER_LEN];
	const struct piece pieces[] = {
		{ header, sizeof(header) },
		{ bytes + sizeof(header), covered - sizeof(header) },
		{ host_id->bytes, host_id->len },
	};

	assert(covered >= sizeof(header));
	if (host_id->len > HIP_PACKET_MAX ||
	    !header_write(bytes, covered + host_id->len, header))
		return -EMSGSIZE;
	return suite_mac(hit_suite, key, pieces, 3, out);
}

static int mac_add(struct packet_out *p, uint16_t type, uint8_t hit_suite,
		   const uint8_t *key, const struct piece *host_id)
{
	uint8_t mac[RHASH_MAX];

	if (wr_failed(&p->w) ||
	    mac_compute(hit_suite, key, p->bytes, packet_len(p), host_id, mac))
		return -EIO;
	packet_param(p, type, mac, suite_mac_len(hit_suite));
	return wr_failed(&p->w) ? -EIO : 0;
}

static enum drop mac_check(const struct packet *p, uint16_t type,
			   uint8_t hit_suite, const uint8_t *key,
			   const struct piece *host_id)
{
	const struct param *param = packet_find(p, type);
	uint8_t mac[RHASH_MAX];
	enum drop drop = DROP_NONE;

	if (!param)
		return DROP_PARAM_MISSING;
	if (param->len == 0 || param->len != suite_mac_len(hit_suite))
		return DROP_MALFORMED;
	if (mac_compute(hit_suite, key, p->bytes, param->offset, host_id, mac))
		return DROP_MAC;
	if (sodium_memcmp(mac, param->body, param->len) != 0)
		drop = DROP_MAC;
	sodium_memzero(mac, sizeof(mac)); /* would make a forgery good */
	return drop;
}

int protect_add_mac(struct packet_out *p, uint8_t hit_suite, const uint8_t *key)
{
	const struct piece none = { NULL, 0 };

	return mac_add(p, PARAM_HIP_MAC, hit_suite, key, &none);
}

int protect_add_mac_2(struct packet_out *p, uint8_t hit_suite,
		      const uint8_t *key, const uint8_t *host_id,
		      size_t host_id_len)
{
	const struct piece tail = { host_id, host_id_len };

	return mac_add(p, PARAM_HIP_MAC_2, hit_suite, key, &tail);
}

enum drop protect_check_mac(const struct packet *p, uint8_t hit_suite,
			    const uint8_t *key)
{
	const struct piece none = { NULL, 0 };

	return mac_check(p, PARAM_HIP_MAC, hit_suite, key, &none);
}

enum drop protect_check_mac_2(const struct packet *p, uint8_t hit_suite,
			      const uint8_t *key, const uint8_t *host_id,
			      size_t host_id_len)
{
	const struct piece tail = { host_id, host_id_len };

	return mac_check(p, PARAM_HIP_MAC_2, hit_suite, key, &tail);
}

/* Takes one parameter with its padding off r; false when there is none. */
static bool param_next(struct rd *r, uint16_t *type, struct rd *body)
{
	size_t len;

	*type = rd_u16(r);
	len = rd_u16(r);
	*body = rd_sub(r, len);
	rd_skip(r, (8 - (4 + len) % 8) % 8); /* RFC 7401 5.2.1 */
	return !rd_failed(r);
}

/* RFC 7401 5.2.15: the Initiator's HIT, and Opaque and I of PUZZLE. */
static void variable_fields_zero(uint8_t *bytes, size_t len)
{
	struct rd r = rd_init(bytes + HIP_HEADER_LEN, len - HIP_HEADER_LEN);
	struct rd body;
	uint16_t type;

	memset(bytes + OFFSET_RECEIVER, 0, sizeof(struct hit));
	while (rd_left(&r) > 0 && param_next(&r, &type, &body)) {
		size_t at = (size_t)(body.p - bytes) + OFFSET_PUZZLE_OPAQUE;
		size_t end = (size_t)(body.end - bytes);

		if (type == PARAM_PUZZLE && at < end)
			memset(bytes + at, 0, end - at);
	}
}

/*
 * RFC 7401 6.4.2: what a signature behind `covered` bytes is made of, into
 * out. False when no packet can be that long.
 */
static bool signed_form(const uint8_t *bytes, size_t covered, uint16_t type,
			uint8_t out[HIP_PACKET_MAX])
{
	if (!header_write(bytes, covered, out))
		return false;
	memcpy(out + HIP_HEADER_LEN, bytes + HIP_HEADER_LEN,
	       covered - HIP_HEADER_LEN);
	if (type == PARAM_HIP_SIGNATURE_2)
		variable_fields_zero(out, covered);
	return true;
}

static int signature_add(struct packet_out *p, uint16_t type,
			 const struct identity *id)
{
	uint8_t form[HIP_PACKET_MAX];
	uint8_t sig[SIGNATURE_MAX];
	size_t covered = packet_len(p), len;

	if (wr_failed(&p->w) || !signed_form(p->bytes, covered, type, form) ||
	    identity_sign(id, form, covered, sig, &len))
		return -EIO;
	param_begin(p, type);
	wr_u16(&p->w, identity_algorithm(id));
	wr_bytes(&p->w, sig, len);
	param_end(p);
	return wr_failed(&p->w) ? -EIO : 0;
}

static enum drop signature_check(const struct packet *p, uint16_t type,
				 const struct hi_public *pub)
{
	const struct param *param = packet_find(p, type);
	uint8_t form[HIP_PACKET_MAX];
	struct signature_param v;
	enum drop drop;

	if (!param)
		return DROP_PARAM_MISSING;
	drop = signature_parse(param_rd(param), &v);
	if (drop != DROP_NONE)
		return drop;
	if (v.algorithm != hi_public_algorithm(pub) ||
	    !signed_form(p->bytes, param->offset, type, form))
		return DROP_SIGNATURE;
	return hi_public_verify(pub, form, param->offset, v.sig, v.len);
}

int protect_add_signature(struct packet_out *p, const struct identity *id)
{
	return signature_add(p, PARAM_HIP_SIGNATURE, id);
}

int protect_add_signature_2(struct packet_out *p, const struct identity *id)
{
	return signature_add(p, PARAM_HIP_SIGNATURE_2, id);
}

enum drop protect_check_signature(const struct packet *p,
				  const struct hi_public *pub)
{
	return signature_check(p, PARAM_HIP_SIGNATURE, pub);
}

enum drop protect_check_signature_2(const struct packet *p,
				    const struct hi_public *pub)
{
	return signature_check(p, PARAM_HIP_SIGNATURE_2, pub);
}

/* Looked up once, before their first use; never changed after that. */
static EVP_CIPHER *aes_128_cbc, *aes_256_cbc;
static pthread_once_t ciphers_once = PTHREAD_ONCE_INIT;

static void ciphers_find(void)
{
	aes_128_cbc = EVP_CIPHER_fetch(NULL, "AES-128-CBC", NULL);
	aes_256_cbc = EVP_CIPHER_fetch(NULL, "AES-256-CBC", NULL);
}

static const EVP_CIPHER *cipher_find(uint16_t hip_cipher)
{
	(void)pthread_once(&ciphers_once, ciphers_find); /* cannot fail */
	switch (hip_cipher) {
	case HIP_CIPHER_AES_128_CBC:
		return aes_128_cbc;
	case HIP_CIPHER_AES_256_CBC:
		return aes_256_cbc;
	default:
		return NULL;
	}
}

/* One run of a cipher; `padding` behind the last block is PKCS#5's. */
struct run {
	const EVP_CIPHER *cipher;
	const uint8_t *key, *iv;
	bool encrypt;
};

/* out holds len bytes and a block more. False when the padding is wrong. */
static bool cipher_run(const struct run *run, const uint8_t *in, size_t len,
		       uint8_t *out, size_t *out_len)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int n = 0, last = 0;
	bool ok = ctx &&
		  EVP_CipherInit_ex2(ctx, run->cipher, run->key, run->iv,
				     run->encrypt, NULL) == 1 &&
		  EVP_CipherUpdate(ctx, out, &n, in, (int)len) == 1 &&
		  EVP_CipherFinal_ex(ctx, out + n, &last) == 1;

	EVP_CIPHER_CTX_free(ctx); /* wipes the key */
	ERR_clear_error();
	if (ok)
		*out_len = (size_t)(n + last);
	return ok;
}

int protect_add_encrypted(struct packet_out *p, uint16_t hip_cipher,
			  const uint8_t *key, const uint8_t iv[16],
			  const uint8_t *plain, size_t len)
{
	const struct run run = { cipher_find(hip_cipher), key, iv, true };
	uint8_t bytes[HIP_PACKET_MAX + BLOCK_LEN];
	size_t n;

	if (!run.cipher || len > HIP_PACKET_MAX ||
	    !cipher_run(&run, plain, len, bytes, &n))
		return -EIO;
	param_begin(p, PARAM_ENCRYPTED);
	wr_u32(&p->w, 0); /* Reserved */
	wr_bytes(&p->w, iv, BLOCK_LEN);
	wr_bytes(&p->w, bytes, n);
	param_end(p);
	return wr_failed(&p->w) ? -EIO : 0;
}

/* RFC 7401 5.2.18: one or more parameters and nothing else. */
static bool holds_params(const uint8_t *bytes, size_t len)
{
	struct rd r = rd_init(bytes, len);
	struct rd body;
	uint16_t type;

	while (rd_left(&r) > 0)
		if (!param_next(&r, &type, &body))
			return false;
	return len > 0;
}

enum drop protect_open_encrypted(const struct encrypted *e, uint16_t hip_cipher,
				 const uint8_t *key, uint8_t *plain, size_t cap,
				 size_t *len)
{
	const struct run run = { cipher_find(hip_cipher), key, e->iv, false };
	uint8_t bytes[HIP_PACKET_MAX + BLOCK_LEN];
	enum drop drop = DROP_NONE;
	size_t n = 0;

	if (!run.cipher)
		return DROP_HIP_CIPHER;
	if (e->len > HIP_PACKET_MAX ||
	    !cipher_run(&run, e->bytes, e->len, bytes, &n))
		drop = DROP_DECRYPT;
	else if (n > cap || !holds_params(bytes, n))
		drop = DROP_MALFORMED;
	if (drop == DROP_NONE) {
		memcpy(plain, bytes, n);
		*len = n;
	}
	sodium_memzero(bytes, sizeof(bytes));
	return drop;
}
