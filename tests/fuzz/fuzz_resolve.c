/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Bodies of messages between engine and resolver: the first byte says which.
 * What is parsed is written as the same bytes.
 */
#include "daemon/base/overlay_ipc.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

static uint8_t out[RESOLVE_BODY_MAX];

static void check(const uint8_t *body, size_t len, size_t written)
{
	assert(written == len);
	assert(memcmp(out, body, len) == 0);
}

static void answers(const uint8_t *body, size_t len)
{
	struct resolve_answer answer;
	struct resolve_ask ask;
	struct resolve_config config;

	if (resolve_answer_parse(body, len, &answer))
		check(body, len,
		      resolve_answer_write(&answer, out, sizeof(out)));
	if (resolve_ask_parse(body, len, &ask))
		check(body, len, resolve_ask_write(&ask, out, sizeof(out)));
	if (resolve_config_parse(body, len, &config))
		check(body, len,
		      resolve_config_write(&config, out, sizeof(out)));
}

static void overlays(const uint8_t *body, size_t len)
{
	struct resolve_overlay overlay;
	struct resolve_places places;

	if (resolve_overlay_parse(body, len, &overlay))
		check(body, len,
		      resolve_overlay_write(&overlay, out, sizeof(out)));
	if (resolve_places_parse(body, len, RESOLVE_LOCATORS_MAX, &places))
		check(body, len,
		      resolve_places_write(&places, out, sizeof(out)));
}

static void signatures(const uint8_t *body, size_t len)
{
	struct resolve_sign sign;
	struct resolve_signed sig;

	if (resolve_sign_parse(body, len, &sign))
		check(body, len, resolve_sign_write(&sign, out, sizeof(out)));
	if (resolve_signed_parse(body, len, &sig))
		check(body, len, resolve_signed_write(&sig, out, sizeof(out)));
}

static void names(const uint8_t *body, size_t len)
{
	struct resolve_publish publish;
	struct resolve_published published;
	struct resolve_shown shown;
	struct resolve_seen seen;

	if (resolve_publish_parse(body, len, &publish))
		check(body, len,
		      resolve_publish_write(&publish, out, sizeof(out)));
	if (resolve_published_parse(body, len, &published))
		check(body, len,
		      resolve_published_write(&published, out, sizeof(out)));
	if (resolve_shown_parse(body, len, &shown))
		check(body, len, resolve_shown_write(&shown, out, sizeof(out)));
	if (resolve_seen_parse(body, len, &seen))
		check(body, len, resolve_seen_write(&seen, out, sizeof(out)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const targets[])(const uint8_t *,
				       size_t) = { answers, overlays,
						   signatures, names };

	if (size == 0 || size > sizeof(out))
		return 0;
	targets[data[0] % 4](data + 1, size - 1);
	return 0;
}
