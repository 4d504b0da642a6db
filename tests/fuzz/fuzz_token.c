/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Invitations, as text and as bytes. What is taken is written again as the
 * same.
 */
#include "daemon/pki/token.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char text[4096], again[TOKEN_TEXT_MAX];
	static uint8_t bytes[TOKEN_BYTES_MAX];
	struct wr w = wr_init(bytes, sizeof(bytes));
	struct token t;

	if (token_parse(rd_init(data, size), &t)) {
		token_write(&w, &t);
		assert(wr_len(&w) == size && memcmp(bytes, data, size) == 0);
		token_text(&t, again);
		assert(token_from_text(again, &t));
	}
	if (size >= sizeof(text))
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	if (!token_from_text(text, &t))
		return 0;
	token_text(&t, again);
	assert(strcmp(again, text) == 0);
	return 0;
}
