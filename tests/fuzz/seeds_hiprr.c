/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/* HIP records of every algorithm: alone, and behind an alias in a reply. */
#include "daemon/hip/identity.h"
#include "daemon/pki/hiprr.h"
#include "tests/fuzz/seeds.h"
#include "tests/unit/enrolled.h"
#include "tests/unit/keys.h"

static void write_reply(struct wr *w, const uint8_t *rdata, size_t len)
{
	static const uint8_t head[] =
		"\x12\x34\x81\x80\0\1\0\2\0\0\0\0"
		"\4host\7example\0\0\x37\0\1"
		"\xc0\x0c\0\5\0\1\0\0\0\x3c\0\4\1h\xc0\x11"
		"\xc0\x2b\0\x37\0\1\0\0\0\x3c";

	wr_bytes(w, head, sizeof(head) - 1);
	wr_u16(w, (uint16_t)len);
	wr_bytes(w, rdata, len);
}

static void save(const char *pem, const char *name, const char *in_reply)
{
	static const uint8_t servers[] = "\3rvs\7example\0\4rvs2\7example";
	uint8_t rdata[1200], reply[1400];
	struct wr w = wr_init(rdata, sizeof(rdata));
	struct wr r = wr_init(reply, sizeof(reply));
	struct identity *id = enrolled_key(pem);
	struct hiprr rr;
	const uint8_t *hi;
	size_t len;

	hi = identity_hi(id, &len);
	if (hiprr_of(identity_hit(id), hi, len, &rr)) {
		hiprr_write(&rr, &w);
		wr_bytes(&w, servers, sizeof(servers));
		seeds_save("hiprr", name, rdata, wr_len(&w));
		write_reply(&r, rdata, wr_len(&w));
		seeds_save("hiprr", in_reply, reply, wr_len(&r));
	}
	identity_free(id);
}

void seeds_hiprr(void)
{
	save(KEY_P256, "p256", "p256-reply");
	save(KEY_P384, "p384", "p384-reply");
	save(KEY_RSA_2048, "rsa", "rsa-reply");
	save(KEY_RFC8032, "ed25519", "ed25519-reply");
}
