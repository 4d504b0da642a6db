/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/* Messages: RFC 1035 4.1, RFC 6891. */
#include "resolver/dnsmsg.h"

#include <criterion/criterion.h>
#include <string.h>

#define HEADER "\x12\x34\1\0\0\1\0\0\0\0\0\0"
#define HEADER_EDNS "\x12\x34\1\0\0\1\0\0\0\0\0\1"
#define QUESTION "\1A\0\0\x1c\0\1"
#define OPT(version) "\0\0\x29\x10\0\0" version "\x80\0\0\0"

#define BYTES(text) (const uint8_t *)(text), sizeof(text) - 1

static struct dnsmsg_query q;
static enum dnsmsg_rcode rcode;

Test(dnsmsg, a_query_is_read)
{
	cr_assert(dnsmsg_query_read(BYTES(HEADER QUESTION), &q, &rcode));
	cr_assert_eq(rcode, DNSMSG_NOERROR);
	cr_assert_eq(q.id, 0x1234);
	cr_assert_eq(q.flags, DNSMSG_RD);
	cr_assert_eq(q.type, DNSMSG_AAAA);
	cr_assert_eq(q.class, DNSMSG_CLASS_IN);
	cr_assert(q.has_question);
	cr_assert_not(q.edns);
	cr_assert_eq(dnsmsg_limit(&q, false), DNSMSG_UDP_MIN);
	cr_assert_eq(dnsmsg_limit(&q, true), DNSMSG_MAX);
}

Test(dnsmsg, edns_says_how_much_fits)
{
	cr_assert(dnsmsg_query_read(BYTES(HEADER_EDNS QUESTION OPT("\0")), &q,
				    &rcode));
	cr_assert_eq(rcode, DNSMSG_NOERROR);
	cr_assert(q.edns && q.dnssec_ok);
	cr_assert_eq(q.udp_size, 4096);
	cr_assert_eq(dnsmsg_limit(&q, false), DNSMSG_UDP_MAX);
	q.udp_size = 0;
	cr_assert_eq(dnsmsg_limit(&q, false), DNSMSG_UDP_MIN);
	q.udp_size = 600;
	cr_assert_eq(dnsmsg_limit(&q, false), 600);
}

Test(dnsmsg, another_version_of_edns_is_bad)
{
	struct dnsmsg_reply r;
	uint8_t out[512];
	size_t len;

	cr_assert(dnsmsg_query_read(BYTES(HEADER_EDNS QUESTION OPT("\1")), &q,
				    &rcode));
	cr_assert_eq(rcode, DNSMSG_BADVERS);
	dnsmsg_reply_begin(&r, &q, out, sizeof(out));
	r.rcode = rcode;
	len = dnsmsg_reply_end(&r, sizeof(out));
	cr_assert_eq(out[3] & 0xf, 0);
	cr_assert_eq(out[len - 6], 1, "the upper bits of the code");
}

Test(dnsmsg, what_is_no_query_gets_no_answer)
{
	uint8_t reply[] = HEADER QUESTION;

	reply[2] |= 0x80;
	cr_assert_not(dnsmsg_query_read(reply, sizeof(reply) - 1, &q, &rcode));
	cr_assert_not(dnsmsg_query_read(reply, 11, &q, &rcode));
	cr_assert_not(dnsmsg_query_read(reply, 0, &q, &rcode));
}

Test(dnsmsg, what_is_wrong_is_said)
{
	static const struct {
		const char *what;
		const uint8_t *bytes;
		size_t len;
		enum dnsmsg_rcode rcode;
	} cases[] = {
		{ "a header alone", BYTES(HEADER), DNSMSG_FORMERR },
		{ "short", BYTES(HEADER "\1A\0\0\x1c\0"), DNSMSG_FORMERR },
		{ "left over", BYTES(HEADER QUESTION "\0"), DNSMSG_FORMERR },
		{ "no question", BYTES("\0\0\0\0\0\0\0\0\0\0\0\0"),
		  DNSMSG_FORMERR },
		{ "two questions",
		  BYTES("\0\0\0\0\0\2\0\0\0\0\0\0" QUESTION QUESTION),
		  DNSMSG_FORMERR },
		{ "two OPT",
		  BYTES("\0\0\0\0\0\1\0\0\0\0\0\2" QUESTION OPT("\0")
				OPT("\0")),
		  DNSMSG_FORMERR },
		{ "many records",
		  BYTES("\0\0\0\0\0\1\xff\xff\xff\xff\xff\xff" QUESTION),
		  DNSMSG_FORMERR },
		{ "NOTIFY", BYTES("\0\0\x20\0\0\1\0\0\0\0\0\0" QUESTION),
		  DNSMSG_NOTIMP },
		{ "UPDATE", BYTES("\0\0\x28\0\0\0\0\0\0\0\0\0"),
		  DNSMSG_NOTIMP },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t out[512];
		struct dnsmsg_reply r;

		cr_assert(dnsmsg_query_read(cases[i].bytes, cases[i].len, &q,
					    &rcode));
		cr_assert_eq(rcode, cases[i].rcode, "%s: %d", cases[i].what,
			     rcode);
		dnsmsg_reply_begin(&r, &q, out, sizeof(out));
		r.rcode = rcode;
		cr_assert_leq(dnsmsg_reply_end(&r, sizeof(out)),
			      cases[i].len + 11, "no amplification");
	}
}

Test(dnsmsg, a_reply_over_its_limit_is_truncated)
{
	struct dnsmsg_reply r;
	uint8_t out[512];
	size_t whole, cut, at;

	cr_assert(dnsmsg_query_read(BYTES(HEADER QUESTION), &q, &rcode));
	for (int i = 0; i < 2; i++) {
		dnsmsg_reply_begin(&r, &q, out, sizeof(out));
		at = dnsmsg_record_begin(&r, DNSMSG_ANSWER, DNSMSG_AAAA, 60);
		wr_zero(&r.w, 16);
		dnsmsg_record_end(&r, at);
		if (i == 0) {
			whole = dnsmsg_reply_end(&r, 47);
			cr_assert_eq(whole, 47);
			cr_assert_eq(out[2] & 2, 0);
			cr_assert_eq(out[7], 1);
			cr_assert_eq(memcmp(out + 12, QUESTION, 7), 0,
				     "its case stays");
			cr_assert_eq(
				memcmp(out + 19,
				       "\xc0\x0c\0\x1c\0\1\0\0\0\x3c\0\x10",
				       12),
				0);
		} else {
			cut = dnsmsg_reply_end(&r, 46);
			cr_assert_eq(cut, 19);
			cr_assert_eq(out[2] & 2, 2, "TC");
			cr_assert_eq(out[7], 0);
		}
	}
}

Test(dnsmsg, our_query_for_an_upstream_asks_the_same)
{
	struct dnsmsg_query again;
	uint8_t out[512];
	size_t len;

	cr_assert(dnsmsg_query_read(BYTES(HEADER_EDNS QUESTION OPT("\0")), &q,
				    &rcode));
	len = dnsmsg_forward(&q, 0x4321, out, sizeof(out));
	cr_assert(dnsmsg_query_read(out, len, &again, &rcode));
	cr_assert_eq(rcode, DNSMSG_NOERROR);
	cr_assert_eq(again.id, 0x4321);
	cr_assert(dnsname_equal(&again.name, &q.name));
	cr_assert_eq(again.type, q.type);
	cr_assert(again.edns && again.dnssec_ok);
	cr_assert_eq(again.udp_size, DNSMSG_UDP_MAX);
}

Test(dnsmsg, an_upstreams_reply_becomes_ours)
{
	uint8_t reply[] = "\x43\x21\x81\x80\0\1\0\0\0\0\0\0\1a\0\0\x1c\0\1";

	cr_assert(dnsmsg_query_read(BYTES(HEADER QUESTION), &q, &rcode));
	cr_assert(dnsmsg_adopt(&q, reply, sizeof(reply) - 1));
	cr_assert_eq(memcmp(reply, "\x12\x34\x81\x80", 4), 0);
	cr_assert_eq(reply[13], 'A');
}

Test(dnsmsg, a_reply_to_another_question_is_none)
{
	static const struct {
		size_t at;
		uint8_t value;
	} changes[] = {
		{ 2, 0x01 }, /* a query */
		{ 2, 0xa1 }, /* another opcode */
		{ 5, 2 },    /* two questions */
		{ 13, 'b' }, /* another name */
		{ 16, 1 },   /* another type */
		{ 18, 3 },   /* another class */
	};
	static const uint8_t good[] =
		"\x43\x21\x81\x80\0\1\0\0\0\0\0\0\1a\0\0\x1c\0\1";
	uint8_t reply[sizeof(good)];

	cr_assert(dnsmsg_query_read(BYTES(HEADER QUESTION), &q, &rcode));
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		memcpy(reply, good, sizeof(good));
		reply[changes[i].at] = changes[i].value;
		cr_assert_not(dnsmsg_adopt(&q, reply, sizeof(good) - 1), "%zu",
			      i);
	}
	for (size_t len = 0; len < sizeof(good) - 1; len++) {
		memcpy(reply, good, sizeof(good));
		cr_assert_not(dnsmsg_adopt(&q, reply, len));
	}
}

Test(dnsmsg, a_question_that_points_into_the_header_is_none)
{
	/* At 4 stands \1A\0: that is the name, and not in its place. */
	uint8_t reply[] = "\x43\x21\x80\0\0\1\1A\0\0\0\0\xc0\6\0\x1c\0\1";

	cr_assert(dnsmsg_query_read(BYTES(HEADER QUESTION), &q, &rcode));
	cr_assert_not(dnsmsg_adopt(&q, reply, sizeof(reply) - 1));
}
