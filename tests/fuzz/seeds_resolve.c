/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/* Messages between engine and resolver, behind the choice of fuzz_resolve.c. */
#include "daemon/base/overlay_ipc.h"
#include "tests/fuzz/seeds.h"

#include <string.h>

enum { ANSWERS, OVERLAYS, SIGNATURES, NAMES };

static uint8_t input[RESOLVE_BODY_MAX];

static void save(const char *name, uint8_t which, size_t len)
{
	input[0] = which;
	seeds_save("resolve", name, input, 1 + len);
}

static void answers(uint8_t *body, size_t cap)
{
	static const uint8_t hi[] = { 3, 1, 4 };
	struct resolve_answer answer = { .id = 1,
					 .lifetime_s = 60,
					 .n_hits = 1,
					 .name = "bob@example.com" };
	const struct resolve_ask ask = { .id = 2, .name = "bob@example.com" };
	const struct resolve_config config = { .suffix = "hip.internal",
					       .n_upstreams = 1 };

	answer.hits[0].hi = hi;
	answer.hits[0].hi_len = sizeof(hi);
	save("answer", ANSWERS, resolve_answer_write(&answer, body, cap));
	save("ask", ANSWERS, resolve_ask_write(&ask, body, cap));
	save("config", ANSWERS, resolve_config_write(&config, body, cap));
}

static void overlays(uint8_t *body, size_t cap)
{
	static const uint8_t bytes[] = { 3, 1, 4 };
	const struct resolve_overlay overlay = { .name = "example.com",
						 .is_founder = true,
						 .authority = bytes,
						 .authority_len = 3,
						 .certificate = bytes,
						 .certificate_len = 2,
						 .n_bootstraps = 1 };
	struct resolve_places places = { .n = 2 };

	places.locators[1].port = 10500;
	save("overlay", OVERLAYS, resolve_overlay_write(&overlay, body, cap));
	save("places", OVERLAYS, resolve_places_write(&places, body, cap));
}

static void rest(uint8_t *body, size_t cap)
{
	static const uint8_t bytes[] = { 3, 1, 4 };
	const struct resolve_sign sign = { 1, bytes, 3 };
	const struct resolve_signed sig = { 1, 4, 3, bytes, 3 };
	const struct resolve_publish publish = { 1, "bob@example.com", true };
	const struct resolve_published published = { 1, "bob@example.com",
						     RESOLVE_NAME_CONFLICT,
						     "two hosts" };
	const struct resolve_shown shown = { 1, "{}" };

	save("sign", SIGNATURES, resolve_sign_write(&sign, body, cap));
	save("signed", SIGNATURES, resolve_signed_write(&sig, body, cap));
	save("publish", NAMES, resolve_publish_write(&publish, body, cap));
	save("published", NAMES,
	     resolve_published_write(&published, body, cap));
	save("shown", NAMES, resolve_shown_write(&shown, body, cap));
}

void seeds_resolve(void)
{
	answers(input + 1, sizeof(input) - 1);
	overlays(input + 1, sizeof(input) - 1);
	rest(input + 1, sizeof(input) - 1);
}
