/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/* aead - nanoseconds per packet and GB/s of the AEADs an ESP tunnel could use,
 * at packet sizes, sealing with a fresh nonce and 8 bytes of associated data.
 *
 *   cc -O2 -o aead aead.c -lcrypto -lsodium [-DWITH_MB -lIPSec_MB]
 */
#include <openssl/evp.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#ifdef WITH_MB
#include <intel-ipsec-mb.h>
static IMB_MGR *mb;
static struct gcm_key_data k128, k256;
#endif

static unsigned char in[16384], out[16384 + 32], key[32] = { 1, 2, 3 }, iv[12],
						 ad[8], tag[16];
static EVP_CIPHER_CTX *ctx;
static crypto_aead_aes256gcm_state st;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static void evp(int n)
{
	int l;

	EVP_EncryptInit_ex(ctx, NULL, NULL, NULL, iv);
	EVP_EncryptUpdate(ctx, NULL, &l, ad, 8);
	EVP_EncryptUpdate(ctx, out, &l, in, n);
	EVP_EncryptFinal_ex(ctx, out + l, &l);
	EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, 16, tag);
}

static void evp_open(int n)
{
	int l;

	EVP_DecryptInit_ex(ctx, NULL, NULL, NULL, iv);
	EVP_DecryptUpdate(ctx, NULL, &l, ad, 8);
	EVP_DecryptUpdate(ctx, out, &l, in, n);
	EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, 16, tag);
	EVP_DecryptFinal_ex(ctx, out + l, &l);
}

static void s_aes(int n)
{
	unsigned long long l;

	crypto_aead_aes256gcm_encrypt_afternm(out, &l, in, n, ad, 8, NULL, iv,
					      (void *)&st);
}

static void s_chacha(int n)
{
	unsigned long long l;

	crypto_aead_chacha20poly1305_ietf_encrypt(out, &l, in, n, ad, 8, NULL,
						  iv, key);
}

#ifdef WITH_MB
static struct gcm_context_data gc;
static void m128(int n)
{
	IMB_AES128_GCM_ENC(mb, &k128, &gc, out, in, n, iv, ad, 8, tag, 16);
}
static void m256(int n)
{
	IMB_AES256_GCM_ENC(mb, &k256, &gc, out, in, n, iv, ad, 8, tag, 16);
}
static void m_chacha(int n)
{
	static struct chacha20_poly1305_context_data c;

	IMB_CHACHA20_POLY1305_INIT(mb, key, &c, iv, ad, 8);
	IMB_CHACHA20_POLY1305_ENC_UPDATE(mb, key, &c, out, in, n);
	IMB_CHACHA20_POLY1305_ENC_FINALIZE(mb, &c, tag, 16);
}
#endif

static void bench(const char *name, void (*f)(int))
{
	static const int size[] = { 64, 160, 256, 576, 1024, 1420, 16384 };
	unsigned i, r;
	int j, k;
	double t, b;

	printf("%-26s", name);
	for (i = 0; i < sizeof size / sizeof *size; i++) {
		b = 1e9;
		for (r = 0; r < 5; r++) {
			k = 20000000 / (size[i] + 400);
			t = now();
			for (j = 0; j < k; j++) {
				memcpy(iv, &j, 4);
				f(size[i]);
			}
			t = (now() - t) / k;
			if (t < b)
				b = t;
		}
		printf(" %6.0fns %5.2fGB/s", b * 1e9, size[i] / b / 1e9);
	}
	putchar('\n');
}

int main(void)
{
	static const struct {
		const char *name;
		int open;
	} e[] = {
		{ "AES-128-GCM", 0 },	    { "AES-128-GCM", 1 },
		{ "AES-256-GCM", 0 },	    { "ChaCha20-Poly1305", 0 },
		{ "ChaCha20-Poly1305", 1 },
	};
	char label[64];
	unsigned i;

	printf("%s; libsodium %s\n", OpenSSL_version(OPENSSL_VERSION),
	       sodium_version_string());
	printf("%-26s 64 | 160 | 256 | 576 | 1024 | 1420 | 16384 bytes\n", "");
	for (i = 0; i < sizeof e / sizeof *e; i++) {
		EVP_CIPHER *c = EVP_CIPHER_fetch(NULL, e[i].name, NULL);

		ctx = EVP_CIPHER_CTX_new();
		EVP_CipherInit_ex(ctx, c, NULL, key, iv, !e[i].open);
		snprintf(label, sizeof label, "openssl %s%s", e[i].name,
			 e[i].open ? " open" : "");
		label[26] = 0;
		bench(label, e[i].open ? evp_open : evp);
		EVP_CIPHER_CTX_free(ctx);
	}
	if (sodium_init() < 0)
		return 1;
	if (crypto_aead_aes256gcm_is_available()) {
		crypto_aead_aes256gcm_beforenm((void *)&st, key);
		bench("sodium aes256gcm", s_aes);
	}
	bench("sodium chacha20poly1305", s_chacha);
#ifdef WITH_MB
	mb = alloc_mb_mgr(0);
	init_mb_mgr_auto(mb, NULL);
	IMB_AES128_GCM_PRE(mb, key, &k128);
	IMB_AES256_GCM_PRE(mb, key, &k256);
	bench("ipsec-mb aes128gcm", m128);
	bench("ipsec-mb aes256gcm", m256);
	bench("ipsec-mb chacha20poly1305", m_chacha);
#endif
	return 0;
}
