/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/* What the module of the Name Service Switch asks for, and what it reads. */
#include "resolver/nss.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

/* bob@example.com AAAA IN */
#define HEADER(flags, rcode, answers)                                          \
	0x12, 0x34, flags, rcode, 0, 1, 0, answers, 0, 0, 0, 0
#define QUESTION                                                               \
	11, 'b', 'o', 'b', '@', 'e', 'x', 'a', 'm', 'p', 'l', 'e', 3, 'c',     \
		'o', 'm', 0, 0, 28, 0, 1
#define HIT(last) 0x20, 0x01, 0, 0x22, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, last
#define AAAA(ttl, ...) 0xc0, 12, 0, 28, 0, 1, 0, 0, 0, ttl, 0, 16, __VA_ARGS__

enum { QUESTION_END = 12 + 21 };

static struct nss_hipline_answer answer(const uint8_t *b, size_t len)
{
	struct nss_hipline_answer a;

	nss_hipline_read(b, len, QUESTION_END, &a);
	return a;
}

Test(nss, asks_for_our_names_only)
{
	static const char *const ours[] = {
		"bob@example.com",
		"@",
		"x.hip.internal",
		"x.HIP.Internal.",
	};
	static const char *const others[] = {
		"",
		"example.com",
		"hip.internal",
		".",
		"xhip.internal",
		"hip.internal.example.com",
		"hip.internal.",
	};
	char endless[4096];

	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		cr_assert(nss_hipline_is_ours(ours[i]), "%s", ours[i]);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		cr_assert_not(nss_hipline_is_ours(others[i]), "%s", others[i]);
	memset(endless, '@', sizeof(endless));
	endless[sizeof(endless) - 1] = '\0';
	cr_assert_not(nss_hipline_is_ours(endless));
}

Test(nss, reads_the_hits_and_the_least_ttl)
{
	static const uint8_t b[] = { HEADER(0x81, 0x80, 3), QUESTION,
				     AAAA(60, HIT(1)), AAAA(20, HIT(2)),
				     AAAA(90, HIT(3)) };
	static const uint8_t hit[16] = { HIT(2) };
	struct nss_hipline_answer a = answer(b, sizeof(b));

	cr_assert_eq(a.result, NSS_HIPLINE_FOUND);
	cr_assert_eq(a.n, 3);
	cr_assert_eq(a.ttl, 20);
	cr_assert_arr_eq(a.hits[1], hit, sizeof(hit));
}

Test(nss, takes_hits_only)
{
	static const uint8_t b[] = {
		HEADER(0x81, 0x80, 3), QUESTION,
		/* an address of documentation, and an A record */
		AAAA(60, 0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		     1),
		0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1,
		AAAA(60, HIT(7))
	};
	struct nss_hipline_answer a = answer(b, sizeof(b));

	cr_assert_eq(a.n, 1);
	cr_assert_eq(a.hits[0][15], 7);
}

Test(nss, tells_apart_why_there_is_none)
{
	static const uint8_t absent[] = { HEADER(0x81, 0x83, 0), QUESTION },
			     failed[] = { HEADER(0x81, 0x82, 0), QUESTION },
			     empty[] = { HEADER(0x81, 0x80, 0), QUESTION },
			     cut[] = { HEADER(0x83, 0x80, 0), QUESTION };

	cr_assert_eq(answer(absent, sizeof(absent)).result, NSS_HIPLINE_ABSENT);
	cr_assert_eq(answer(failed, sizeof(failed)).result, NSS_HIPLINE_AGAIN);
	cr_assert_eq(answer(empty, sizeof(empty)).result, NSS_HIPLINE_EMPTY);
	cr_assert_eq(answer(cut, sizeof(cut)).result, NSS_HIPLINE_AGAIN);
}

Test(nss, a_reply_may_end_anywhere)
{
	static const uint8_t b[] = { HEADER(0x81, 0x80, 2), QUESTION,
				     AAAA(60, HIT(1)), AAAA(20, HIT(2)) };

	for (size_t len = QUESTION_END; len < sizeof(b); len++) {
		/* Of its own, so that reading on would be seen. */
		uint8_t *copy = malloc(len);
		struct nss_hipline_answer a;

		cr_assert(copy);
		memcpy(copy, b, len);
		a = answer(copy, len);
		cr_assert_eq(a.n, len < QUESTION_END + 28 ? 0 : 1);
		free(copy);
	}
}

Test(nss, no_more_hits_than_there_is_room_for)
{
	static const uint8_t head[] = { HEADER(0x81, 0x80, 40), QUESTION },
			     one[] = { AAAA(60, HIT(1)) };
	uint8_t b[sizeof(head) + 40 * sizeof(one)];
	struct nss_hipline_answer a;

	memcpy(b, head, sizeof(head));
	for (size_t i = 0; i < 40; i++)
		memcpy(b + sizeof(head) + i * sizeof(one), one, sizeof(one));
	a = answer(b, sizeof(b));
	cr_assert_eq(a.n, NSS_HIPLINE_HITS_MAX);
}

Test(nss, other_names_are_left_to_the_next_service)
{
	struct gaih_addrtuple *list = NULL;
	struct hostent host;
	char room[1024];
	int err = 0, h_err = 0;

	cr_assert_eq(_nss_hipline_gethostbyname4_r("example.com", &list, room,
						   sizeof(room), &err, &h_err,
						   NULL),
		     NSS_STATUS_UNAVAIL);
	cr_assert_eq(_nss_hipline_gethostbyname2_r("example.com", AF_INET6,
						   &host, room, sizeof(room),
						   &err, &h_err),
		     NSS_STATUS_UNAVAIL);
	cr_assert_null(list);
}
