/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Pre-images that a resolver asks the engine to sign. The end names us, so
 * that the fuzzer need not find it; whatever is signed is a message of the
 * overlay or a stored value, and no packet of HIP.
 */
#include "daemon/signer.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/keys.h"

#include <errno.h>
#include <string.h>

enum { OVERLAY = 0x9a1c1e36 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t end[5 + 32] = { 1, 0, 34, 4, 32 };
	static uint8_t bytes[SIGNER_PREIMAGE_MAX + sizeof(end)];
	static struct identity *id;
	uint8_t sig[SIGNATURE_MAX];
	struct signer s;
	size_t len;
	int err;

	if (!id) {
		err = identity_from_pem(KEY_RFC8032, strlen(KEY_RFC8032), &id);
		assert(err == 0);
	}
	err = signer_init(&s, id, OVERLAY, 0);
	assert(err == 0);
	signer_set_certificate(&s, end + 5);
	if (size > SIGNER_PREIMAGE_MAX)
		return 0;
	memcpy(bytes, data, size);
	memcpy(bytes + size, end, sizeof(end));
	if (signer_sign(&s, bytes, size + sizeof(end), 0, sig, &len) == 0)
		assert(bytes[0] == 0x10 ||
		       memcmp(bytes, "\x9a\x1c\x1e\x36", 4) == 0);
	/* Without the end it is nearly always refused; never a crash. */
	err = signer_sign(&s, data, size, 0, sig, &len);
	assert(err == 0 || err == -EPERM);
	return 0;
}
