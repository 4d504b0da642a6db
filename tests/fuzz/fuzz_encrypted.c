/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * ENCRYPTED: as contents that a peer without the key made up, and as plain
 * text that a peer with the key sealed, which is opened as the same or, when
 * no parameters lie in it, refused.
 */
#include "daemon/hip/protect.h"
#include "tests/fuzz/fuzz.h"

static const uint8_t key[HIP_CIPHER_KEY_MAX], iv[16];

static enum drop open(const uint8_t *bytes, size_t size, uint16_t cipher,
		      uint8_t *plain, size_t *len)
{
	struct encrypted e;
	enum drop d = encrypted_parse(rd_init(bytes, size), &e);

	if (d == DROP_NONE)
		d = protect_open_encrypted(&e, cipher, key, plain,
					   HIP_PACKET_MAX, len);
	return d;
}

static void seal_and_open(const uint8_t *data, size_t size, uint16_t cipher)
{
	static const struct hit hit;
	static uint8_t plain[HIP_PACKET_MAX];
	static struct packet_out out;
	struct packet p;
	size_t len = 0;
	enum drop d;

	packet_begin(&out, HIP_I2, 0, &hit, &hit);
	if (protect_add_encrypted(&out, cipher, key, iv, data, size) != 0)
		return; /* too long for a packet */
	assert(packet_fix_length(&out));
	d = packet_parse(out.bytes, packet_len(&out), &p, NULL);
	assert(d == DROP_NONE && p.n_params == 1);
	d = open(p.params[0].body, p.params[0].len, cipher, plain, &len);
	assert(d == DROP_NONE || d == DROP_MALFORMED);
	assert(d != DROP_NONE ||
	       (len == size && memcmp(plain, data, size) == 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t plain[HIP_PACKET_MAX];
	size_t len;

	(void)open(data, size, HIP_CIPHER_AES_128_CBC, plain, &len);
	(void)open(data, size, HIP_CIPHER_AES_256_CBC, plain, &len);
	seal_and_open(data, size, HIP_CIPHER_AES_128_CBC);
	return 0;
}
