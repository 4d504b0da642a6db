/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/* The DNS stub as a whole, on a clock of its own. */
#include "resolver/stub.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct stub *s;
static uint64_t now;
static uint8_t query[512];
static size_t query_len;
static struct stub_output out;
static uint8_t reply[DNSMSG_MAX];
static const struct stub_asker asker = {
	.from = { .addr = { [10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1 },
		  .port = 4000 },
	.via = 7,
};

static void env_count(void *ctx, void *buf, size_t len)
{
	(void)ctx;
	memset(buf, 0x5a, len);
}

static void begin(bool has_upstream)
{
	const struct stub_conf conf = { .suffix = "hip.internal",
					.has_upstream = has_upstream,
					.env = { .random = env_count } };

	stub_free(s); /* the suite's, where a test wants another */
	cr_assert_eq(stub_new(&conf, &s), 0);
	now = 1000;
}

static void set_up(void)
{
	begin(false);
}

static void tear_down(void)
{
	stub_free(s);
}

TestSuite(stub, .init = set_up, .fini = tear_down);

static void make_query(const char *name, uint16_t type)
{
	struct wr w = wr_init(query, sizeof(query));
	struct dnsname n;

	cr_assert_eq(dnsname_from_text(name, &n), 0);
	wr_u16(&w, 0xbeef);
	wr_u16(&w, DNSMSG_RD);
	wr_u16(&w, 1);
	wr_zero(&w, 6);
	dnsname_write(&w, &n);
	wr_u16(&w, type);
	wr_u16(&w, DNSMSG_CLASS_IN);
	query_len = wr_len(&w);
}

static void send_query(void)
{
	const struct stub_input in = { .kind = STUB_IN_QUERY,
				       .asker = asker,
				       .bytes = query,
				       .len = query_len };

	stub_input(s, &in, now);
}

static void ask(const char *name, uint16_t type)
{
	make_query(name, type);
	send_query();
}

static bool next(enum stub_output_kind kind)
{
	if (!stub_output(s, &out))
		return false;
	cr_assert_eq(out.kind, kind);
	if (kind != STUB_OUT_REPLY)
		return true;
	memcpy(reply, out.bytes, out.len);
	cr_assert_eq(reply[0] << 8 | reply[1], 0xbeef);
	cr_assert(reply[2] & 0x80, "a reply");
	cr_assert_eq(out.asker.via, 7);
	return true;
}

static unsigned rcode(void)
{
	return reply[3] & 0xfu;
}

static unsigned count(enum dnsmsg_section section)
{
	return (unsigned)reply[4 + 2 * section] << 8 | reply[5 + 2 * section];
}

/* The first record behind the question: its data. */
static struct rd record(uint16_t *type, uint32_t *ttl)
{
	const struct rd message = rd_init(reply, out.len);
	struct rd r = message;
	struct dnsname n;

	rd_skip(&r, DNSMSG_HEADER_LEN);
	dnsname_read(&r, &message, &n);
	rd_skip(&r, 4);
	dnsname_read(&r, &message, &n);
	*type = rd_u16(&r);
	rd_skip(&r, 2);
	*ttl = rd_u32(&r);
	return rd_sub(&r, rd_u16(&r));
}

static struct hit make_hit(uint8_t n)
{
	return (struct hit){ { 0x20, 0x01, 0x00, 0x22, [15] = n } };
}

static void answer(uint64_t id, enum cache_result result, uint8_t n)
{
	static const uint8_t hi[66] = { 0, 1, 0xaa };
	struct dnsrecord_hit hits[DNSRECORD_HITS_MAX];
	struct stub_input in = {
		.kind = STUB_IN_ANSWER,
		.id = id,
		.answer = { .result = result,
			    .lifetime_s = 1000,
			    .known = { .hits = hits, .n_hits = n } },
	};

	for (uint8_t i = 0; i < n; i++)
		hits[i] = (struct dnsrecord_hit){ .hit = make_hit(i + 1),
						  .proof = "pin",
						  .hi = hi,
						  .hi_len = sizeof(hi) };
	stub_input(s, &in, now);
}

static uint64_t expect_lookup(const char *name)
{
	cr_assert(next(STUB_OUT_LOOKUP));
	cr_assert_not(out.what.is_reverse);
	cr_assert_str_eq(out.what.name, name);
	return out.id;
}

/* bob@example.com is known from now on. */
static void know_bob(void)
{
	ask("bob@example.com", DNSMSG_AAAA);
	answer(expect_lookup("bob@example.com"), CACHE_FOUND, 1);
	cr_assert(next(STUB_OUT_REPLY));
	cr_assert_not(stub_output(s, &out));
}

Test(stub, a_name_is_looked_up_and_answered)
{
	uint16_t type;
	uint32_t ttl;
	struct rd data;
	struct hit hit = make_hit(1);

	know_bob();
	cr_assert_eq(rcode(), DNSMSG_NOERROR);
	cr_assert_eq(count(DNSMSG_ANSWER), 1);
	cr_assert(reply[2] & 4, "authoritative");
	data = record(&type, &ttl);
	cr_assert_eq(type, DNSMSG_AAAA);
	cr_assert_eq(ttl, 60);
	cr_assert_eq(rd_left(&data), 16);
	cr_assert_eq(memcmp(data.p, hit.bytes, 16), 0);
}

Test(stub, the_case_of_the_question_stays)
{
	know_bob();
	ask("BoB@eXample.com", DNSMSG_AAAA);
	cr_assert(next(STUB_OUT_REPLY));
	cr_assert_eq(memcmp(reply + 13, "BoB@eXample", 11), 0);
	cr_assert_eq(count(DNSMSG_ANSWER), 1);
}

Test(stub, each_type_has_its_record)
{
	static const struct {
		const char *name;
		uint16_t type;
		size_t len;
	} cases[] = {
		{ "bob@example.com", DNSMSG_TXT, 25 },
		{ "bob@example.com", DNSMSG_HIP, 4 + 16 + 64 },
		{ "bob@example.com", DNSMSG_ANY, 16 },
		{ "bob.at.example.com.hip.internal", DNSMSG_AAAA, 16 },
		{ "_sip._udp.bob.at.example.com.hip.internal", DNSMSG_SRV,
		  6 + 33 },
		{ "_sip._tcp.bob.at.example.com.hip.internal", DNSMSG_SRV,
		  6 + 33 },
	};

	know_bob();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint16_t type;
		uint32_t ttl;
		struct rd data;

		ask(cases[i].name, cases[i].type);
		cr_assert(next(STUB_OUT_REPLY));
		cr_assert_eq(count(DNSMSG_ANSWER), 1, "%zu", i);
		data = record(&type, &ttl);
		cr_assert_eq(rd_left(&data), cases[i].len, "%zu: %zu", i,
			     rd_left(&data));
	}
}

Test(stub, a_key_is_as_rfc_8005_has_it)
{
	uint16_t type;
	uint32_t ttl;
	struct rd data;

	know_bob();
	ask("bob@example.com", DNSMSG_HIP);
	cr_assert(next(STUB_OUT_REPLY));
	data = record(&type, &ttl);
	cr_assert_eq(rd_u8(&data), 16);
	cr_assert_eq(rd_u8(&data), 3, "ECDSA");
	cr_assert_eq(rd_u16(&data), 64, "without the curve");
	rd_skip(&data, 16);
	cr_assert_eq(rd_u8(&data), 0xaa);
}

Test(stub, a_hit_has_a_hip_record_where_the_key_is_known)
{
	uint16_t type;
	uint32_t ttl;
	struct rd data;

	ask("2001-22--1.hip.internal", DNSMSG_HIP);
	answer(expect_lookup("2001:22::1"), CACHE_FOUND, 1);
	cr_assert(next(STUB_OUT_REPLY));
	cr_assert_eq(count(DNSMSG_ANSWER), 1);
	data = record(&type, &ttl);
	cr_expect_eq(type, DNSMSG_HIP);
	cr_expect_eq(rd_left(&data), 4 + 16 + 64);
	ask("2001-22--2.hip.internal", DNSMSG_HIP);
	answer(expect_lookup("2001:22::2"), CACHE_FOREIGN, 0);
	cr_assert(next(STUB_OUT_REPLY));
	cr_expect_eq(reply[3] & 0xf, DNSMSG_NOERROR);
	cr_expect_eq(count(DNSMSG_ANSWER), 0);
	cr_expect_eq(count(DNSMSG_AUTHORITY), 1, "SOA");
}

Test(stub, sip_finds_both_transports)
{
	know_bob();
	ask("bob.at.example.com.hip.internal", DNSMSG_NAPTR);
	cr_assert(next(STUB_OUT_REPLY));
	cr_assert_eq(count(DNSMSG_ANSWER), 2);
}

Test(stub, other_types_have_no_data_at_once)
{
	uint16_t type;
	uint32_t ttl;

	know_bob();
	ask("bob@example.com", 1);
	cr_assert(next(STUB_OUT_REPLY));
	cr_assert_eq(rcode(), DNSMSG_NOERROR);
	cr_assert_eq(count(DNSMSG_ANSWER), 0);
	cr_assert_eq(count(DNSMSG_AUTHORITY), 1);
	(void)record(&type, &ttl);
	cr_assert_eq(type, DNSMSG_SOA);
	cr_assert_leq(ttl, 60);
}

Test(stub, a_hit_needs_no_lookup)
{
	ask("2001-22--5.hip.internal", DNSMSG_AAAA);
	cr_assert(next(STUB_OUT_REPLY));
	cr_assert_eq(count(DNSMSG_ANSWER), 1);
	cr_assert_eq(reply[out.len - 1], 5);
	cr_assert_eq(stub_counters(s)->lookups, 0);
}

Test(stub, a_reverse_name_has_exactly_one_host)
{
	static const char text[] =
		"1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.2.2.0.0."
		"1.0.0.2.ip6.arpa";
	struct stub_input in = { .kind = STUB_IN_ANSWER };
	char label[HIT_SELF_LABEL_LEN + 1], self[64];
	struct hit hit;
	uint16_t type;
	uint32_t ttl;

	hit = make_hit(1);
	hit_self_label(&hit, label);
	(void)snprintf(self, sizeof(self), "%s.hip.internal", label);
	for (int i = 0; i < 2; i++) {
		struct dnsname n;
		char name[DNSNAME_TEXT_MAX];
		struct rd data, message = { 0 };

		ask(text, DNSMSG_PTR);
		cr_assert(next(STUB_OUT_LOOKUP));
		cr_assert(out.what.is_reverse);
		in.id = out.id;
		in.answer.result = i == 0 ? CACHE_FOUND : CACHE_ABSENT;
		in.answer.known.name = i == 0 ? "bob@example.com" : NULL;
		stub_input(s, &in, now);
		cr_assert(next(STUB_OUT_REPLY));
		cr_assert_eq(count(DNSMSG_ANSWER), 1);
		data = record(&type, &ttl);
		message = data;
		dnsname_read(&data, &message, &n);
		cr_assert(dnsname_text(&n, name));
		cr_assert_str_eq(name,
				 i == 0 ? "bob.at.example.com.hip.internal"
					: self);
		in.kind = STUB_IN_CHANGED;
		stub_input(s, &in, now);
		in.kind = STUB_IN_ANSWER;
	}
}

Test(stub, what_is_not_there_is_nxdomain_with_soa_where_it_is_ours)
{
	ask("bob@example.com", DNSMSG_AAAA);
	answer(expect_lookup("bob@example.com"), CACHE_ABSENT, 0);
	cr_assert(next(STUB_OUT_REPLY));
	cr_assert_eq(rcode(), DNSMSG_NXDOMAIN);
	cr_assert_eq(count(DNSMSG_AUTHORITY), 1);
	ask("b%40.at.x.hip.internal", DNSMSG_AAAA);
	cr_assert(next(STUB_OUT_REPLY));
	cr_assert_eq(rcode(), DNSMSG_NXDOMAIN);
	ask("hip.internal", DNSMSG_NS);
	cr_assert(next(STUB_OUT_REPLY));
	cr_assert_eq(rcode(), DNSMSG_NOERROR);
}

Test(stub, what_is_not_ours_is_refused_and_never_nxdomain)
{
	ask("example.com", DNSMSG_AAAA);
	cr_assert(next(STUB_OUT_REPLY));
	cr_assert_eq(rcode(), DNSMSG_REFUSED);
	ask("bob@example.org", DNSMSG_AAAA);
	answer(expect_lookup("bob@example.org"), CACHE_FOREIGN, 0);
	cr_assert(next(STUB_OUT_REPLY));
	cr_assert_eq(rcode(), DNSMSG_REFUSED);
	ask("bob@example.org", DNSMSG_AAAA);
	cr_assert(next(STUB_OUT_REPLY));
	cr_assert_eq(rcode(), DNSMSG_REFUSED, "also from what is kept");
	ask("bob.at.example.org.hip.internal", DNSMSG_AAAA);
	cr_assert(next(STUB_OUT_REPLY));
	cr_assert_eq(rcode(), DNSMSG_NXDOMAIN, "the suffix is ours");
}

Test(stub, an_unreachable_source_is_servfail_for_a_moment)
{
	ask("bob@example.com", DNSMSG_AAAA);
	answer(expect_lookup("bob@example.com"), CACHE_UNREACHABLE, 0);
	cr_assert(next(STUB_OUT_REPLY));
	cr_assert_eq(rcode(), DNSMSG_SERVFAIL);
	cr_assert_eq(count(DNSMSG_AUTHORITY), 0);
	now += 1000;
	ask("bob@example.com", DNSMSG_AAAA);
	(void)expect_lookup("bob@example.com");
}

Test(stub, a_source_that_says_nothing_is_servfail_in_time)
{
	ask("bob@example.com", DNSMSG_AAAA);
	(void)expect_lookup("bob@example.com");
	cr_assert_eq(stub_deadline(s), now + STUB_LOOKUP_MS);
	now += STUB_LOOKUP_MS - 1;
	stub_tick(s, now);
	cr_assert_not(stub_output(s, &out));
	stub_tick(s, ++now);
	cr_assert(next(STUB_OUT_REPLY));
	cr_assert_eq(rcode(), DNSMSG_SERVFAIL);
	cr_assert_eq(stub_deadline(s), STUB_NEVER);
}

Test(stub, many_askers_cause_one_lookup)
{
	uint64_t id;

	ask("bob@example.com", DNSMSG_AAAA);
	id = expect_lookup("bob@example.com");
	for (int i = 1; i < STUB_QUESTIONS_MAX; i++) {
		ask("bob@example.com", DNSMSG_AAAA);
		cr_assert_not(stub_output(s, &out));
	}
	ask("bob@example.com", DNSMSG_AAAA);
	cr_assert(next(STUB_OUT_REPLY));
	cr_assert_eq(rcode(), DNSMSG_SERVFAIL, "one too many");
	answer(id, CACHE_FOUND, 1);
	for (int i = 0; i < STUB_QUESTIONS_MAX; i++) {
		cr_assert(next(STUB_OUT_REPLY));
		cr_assert_eq(count(DNSMSG_ANSWER), 1);
	}
	cr_assert_not(stub_output(s, &out));
	cr_assert_eq(stub_counters(s)->lookups, 1);
}

Test(stub, what_is_kept_gets_old_and_is_fetched_before_that)
{
	uint16_t type;
	uint32_t ttl;
	uint64_t id;

	know_bob();
	now += 40 * 1000;
	ask("bob@example.com", DNSMSG_AAAA);
	cr_assert(next(STUB_OUT_REPLY));
	(void)record(&type, &ttl);
	cr_assert_eq(ttl, 20);
	cr_assert_not(stub_output(s, &out));
	now += 5 * 1000;
	ask("bob@example.com", DNSMSG_AAAA);
	cr_assert(next(STUB_OUT_REPLY));
	cr_assert_eq(count(DNSMSG_ANSWER), 1, "from what is kept");
	id = expect_lookup("bob@example.com");
	ask("bob@example.com", DNSMSG_AAAA);
	cr_assert(next(STUB_OUT_REPLY));
	cr_assert_not(stub_output(s, &out), "fetched once");
	answer(id, CACHE_UNREACHABLE, 0);
	cr_assert_not(stub_output(s, &out));
	now += 15 * 1000 - 1;
	ask("bob@example.com", DNSMSG_AAAA);
	cr_assert(next(STUB_OUT_REPLY));
	cr_assert_eq(count(DNSMSG_ANSWER), 1, "until the end");
	(void)expect_lookup("bob@example.com");
	now += STUB_LOOKUP_MS;
	stub_tick(s, now);
	ask("bob@example.com", DNSMSG_AAAA);
	(void)next(STUB_OUT_REPLY);
	cr_assert_neq(count(DNSMSG_ANSWER), 1, "not longer");
}

Test(stub, what_changed_is_forgotten)
{
	const struct stub_input in = { .kind = STUB_IN_CHANGED };

	know_bob();
	stub_input(s, &in, now);
	ask("bob@example.com", DNSMSG_AAAA);
	(void)expect_lookup("bob@example.com");
}

Test(stub, lookups_have_a_rate)
{
	char name[64];
	int looked_up = 0, refused = 0;

	for (int i = 0; i < 5000; i++) {
		(void)snprintf(name, sizeof(name), "x%d@example.com", i);
		ask(name, DNSMSG_AAAA);
		cr_assert(stub_output(s, &out));
		if (out.kind == STUB_OUT_LOOKUP) {
			looked_up++;
			answer(out.id, CACHE_ABSENT, 0);
			cr_assert(next(STUB_OUT_REPLY));
		} else {
			refused++;
		}
	}
	cr_assert_eq(looked_up, STUB_LOOKUPS_PER_S);
	cr_assert_eq(refused, 5000 - STUB_LOOKUPS_PER_S);
	now += 100;
	ask("y@example.com", DNSMSG_AAAA);
	(void)expect_lookup("y@example.com");
}

Test(stub, what_is_kept_is_bounded_and_what_is_in_use_stays)
{
	char name[64];

	know_bob();
	for (int i = 0; i < 3 * CACHE_FOUND_MAX; i++) {
		now += 4;
		(void)snprintf(name, sizeof(name), "x%d@example.com", i);
		ask(name, DNSMSG_AAAA);
		answer(expect_lookup(name), i % 2 ? CACHE_FOUND : CACHE_ABSENT,
		       i % 2);
		cr_assert(next(STUB_OUT_REPLY));
		if (i % 100 != 0)
			continue;
		ask("bob@example.com", DNSMSG_AAAA);
		cr_assert(next(STUB_OUT_REPLY), "bob is kept");
		cr_assert_eq(count(DNSMSG_ANSWER), 1);
	}
	ask("x1@example.com", DNSMSG_AAAA);
	(void)expect_lookup("x1@example.com");
}

Test(stub, more_hits_than_fit_are_truncated_by_udp_alone)
{
	struct stub_input in = { .kind = STUB_IN_QUERY, .asker = asker };

	in.asker.tcp = true;
	ask("bob@example.com", DNSMSG_HIP);
	answer(expect_lookup("bob@example.com"), CACHE_FOUND,
	       DNSRECORD_HITS_MAX);
	cr_assert(next(STUB_OUT_REPLY));
	cr_assert(reply[2] & 2, "TC");
	cr_assert_eq(out.len, query_len);
	in.bytes = query;
	in.len = query_len;
	stub_input(s, &in, now);
	cr_assert(next(STUB_OUT_REPLY));
	cr_assert_not(reply[2] & 2);
	cr_assert_eq(count(DNSMSG_ANSWER), DNSRECORD_HITS_MAX);
}

Test(stub, others_than_this_host_get_nothing)
{
	struct stub_input in = { .kind = STUB_IN_QUERY, .asker = asker };

	make_query("2001-22--5.hip.internal", DNSMSG_AAAA);
	in.bytes = query;
	in.len = query_len;
	in.asker.from.addr[12] = 192;
	stub_input(s, &in, now);
	cr_assert_not(stub_output(s, &out));
	cr_assert_eq(stub_counters(s)->refused, 1);
	in.asker.from_here = true;
	stub_input(s, &in, now);
	cr_assert(next(STUB_OUT_REPLY));
	cr_assert_eq(stub_counters(s)->refused, 1);
}

Test(stub, transfers_and_other_classes_are_refused)
{
	ask("hip.internal", DNSMSG_AXFR);
	cr_assert(next(STUB_OUT_REPLY));
	cr_assert_eq(rcode(), DNSMSG_REFUSED);
	make_query("hip.internal", DNSMSG_TXT);
	query[query_len - 1] = 3; /* CHAOS */
	send_query();
	cr_assert(next(STUB_OUT_REPLY));
	cr_assert_eq(rcode(), DNSMSG_REFUSED);
}

static void forwarded(uint64_t id, const uint8_t *bytes, size_t len)
{
	const struct stub_input in = {
		.kind = STUB_IN_FORWARDED, .id = id, .bytes = bytes, .len = len
	};

	stub_input(s, &in, now);
}

/* The upstream's reply to out: so many bytes behind the question. */
static size_t upstream_reply(uint8_t *bytes, size_t more)
{
	memcpy(bytes, out.bytes, out.len);
	memset(bytes + out.len, 0, more);
	bytes[2] |= 0x80;
	return out.len + more;
}

Test(stub, what_is_not_ours_goes_upstream, .init = NULL)
{
	uint8_t bytes[2048];
	uint64_t id;
	size_t len;

	begin(true);
	ask("Example.com", 1);
	cr_assert(next(STUB_OUT_FORWARD));
	cr_assert_eq(out.bytes[0], 0x5a, "an id of our own");
	id = out.id;
	len = upstream_reply(bytes, 100);
	cr_assert_not(stub_output(s, &out));
	forwarded(id, bytes, len);
	cr_assert(next(STUB_OUT_REPLY));
	cr_assert_eq(out.len, len);
	cr_assert_eq(memcmp(reply + 13, "Example", 7), 0);
	forwarded(id, bytes, len);
	cr_assert_not(stub_output(s, &out), "once");
}

Test(stub, an_upstream_that_fails_is_servfail, .init = NULL)
{
	uint8_t bytes[2048];
	size_t len;

	begin(true);
	ask("example.com", 1);
	cr_assert(next(STUB_OUT_FORWARD));
	forwarded(out.id, NULL, 0);
	cr_assert(next(STUB_OUT_REPLY));
	cr_assert_eq(rcode(), DNSMSG_SERVFAIL);
	ask("example.com", 1);
	cr_assert(next(STUB_OUT_FORWARD));
	len = upstream_reply(bytes, 0);
	bytes[14] = 'y'; /* another question's */
	forwarded(out.id, bytes, len);
	cr_assert(next(STUB_OUT_REPLY));
	cr_assert_eq(rcode(), DNSMSG_SERVFAIL);
	ask("example.com", 1);
	cr_assert(next(STUB_OUT_FORWARD));
	cr_assert_eq(stub_deadline(s), now + STUB_FORWARD_MS);
	now += STUB_FORWARD_MS;
	stub_tick(s, now);
	cr_assert(next(STUB_OUT_REPLY));
	cr_assert_eq(rcode(), DNSMSG_SERVFAIL);
}

Test(stub, an_upstreams_long_reply_is_truncated, .init = NULL)
{
	uint8_t bytes[2048];
	size_t len;

	begin(true);
	ask("example.com", 1);
	cr_assert(next(STUB_OUT_FORWARD));
	len = upstream_reply(bytes, 600);
	forwarded(out.id, bytes, len);
	cr_assert(next(STUB_OUT_REPLY));
	cr_assert(reply[2] & 2);
	cr_assert_leq(out.len, query_len);
}

Test(stub, a_dead_upstream_leaves_room_for_names, .init = NULL)
{
	begin(true);
	for (int i = 0; i < STUB_FORWARDS_MAX; i++) {
		ask("example.com", 1);
		cr_assert(next(STUB_OUT_FORWARD));
	}
	ask("example.com", 1);
	cr_assert(next(STUB_OUT_REPLY));
	cr_assert_eq(rcode(), DNSMSG_SERVFAIL);
	ask("bob@example.com", DNSMSG_AAAA);
	answer(expect_lookup("bob@example.com"), CACHE_FOUND, 1);
	cr_assert(next(STUB_OUT_REPLY));
	cr_assert_eq(count(DNSMSG_ANSWER), 1);
	ask("x@example.com", DNSMSG_AAAA);
	answer(expect_lookup("x@example.com"), CACHE_FOREIGN, 0);
	cr_assert(next(STUB_OUT_REPLY), "neither does it go upstream now");
	cr_assert_eq(rcode(), DNSMSG_SERVFAIL);
	now += STUB_FORWARD_MS;
	stub_tick(s, now);
	while (stub_output(s, &out))
		continue;
	ask("example.com", 1);
	cr_assert(next(STUB_OUT_FORWARD));
}

Test(stub, what_an_upstream_has_validated_is_not_passed_on, .init = NULL)
{
	uint8_t bytes[2048];
	size_t len;

	begin(true);
	ask("example.com", 1);
	cr_assert(next(STUB_OUT_FORWARD));
	len = upstream_reply(bytes, 0);
	bytes[3] |= 0x20; /* RFC 4035 3.2.3: AD */
	forwarded(out.id, bytes, len);
	cr_assert(next(STUB_OUT_REPLY));
	cr_assert_eq(rcode(), DNSMSG_NOERROR);
	cr_assert_eq(reply[3] & 0x20, 0);
}

/* A reply of an upstream with one record, of this type and data. */
static void reply_with(const char *name, uint16_t type, const uint8_t *data,
		       size_t data_len)
{
	uint8_t bytes[2048];
	struct wr w;
	size_t len;

	ask(name, DNSMSG_AAAA);
	if (strchr(name, '@'))
		answer(expect_lookup(name), CACHE_FOREIGN, 0);
	cr_assert(next(STUB_OUT_FORWARD));
	len = upstream_reply(bytes, 0);
	bytes[7] = 1;
	w = wr_init(bytes + len, sizeof(bytes) - len);
	wr_u16(&w, 0xc00c);
	wr_u16(&w, type);
	wr_u16(&w, 1);
	wr_u32(&w, 60);
	wr_u16(&w, (uint16_t)data_len);
	wr_bytes(&w, data, data_len);
	forwarded(out.id, bytes, len + wr_len(&w));
	cr_assert(next(STUB_OUT_REPLY));
}

Test(stub, a_hit_of_an_upstreams_is_not_believed, .init = NULL)
{
	static const uint8_t hit[16] = { 0x20, 0x01, 0x00, 0x22, [15] = 1 };
	static const uint8_t other[16] = { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 };

	begin(true);
	reply_with("a@example.org", DNSMSG_AAAA, hit, sizeof(hit));
	cr_expect_eq(rcode(), DNSMSG_SERVFAIL);
	reply_with("b@example.org", DNSMSG_HIP, hit, sizeof(hit));
	cr_expect_eq(rcode(), DNSMSG_SERVFAIL);
	reply_with("c@example.org", DNSMSG_AAAA, other, sizeof(other));
	cr_expect_eq(rcode(), DNSMSG_NOERROR);
	cr_expect_eq(count(DNSMSG_ANSWER), 1);
	reply_with("d@example.org", DNSMSG_AAAA, other, 15);
	cr_expect_eq(rcode(), DNSMSG_NOERROR, "no AAAA, and no HIT");
	reply_with("example.org", DNSMSG_AAAA, hit, sizeof(hit));
	cr_expect_eq(rcode(), DNSMSG_NOERROR, "the name of a host");
}

Test(stub, a_name_that_turns_out_foreign_goes_upstream, .init = NULL)
{
	begin(true);
	ask("bob@example.org", DNSMSG_AAAA);
	answer(expect_lookup("bob@example.org"), CACHE_FOREIGN, 0);
	cr_assert(next(STUB_OUT_FORWARD));
	ask("bob@example.org", DNSMSG_AAAA);
	cr_assert(next(STUB_OUT_FORWARD), "from what is kept");
}

Test(stub, garbage_makes_no_harm)
{
	uint32_t seed = 1;

	for (int i = 0; i < 20000; i++) {
		make_query("bob.at.example.com.hip.internal", DNSMSG_AAAA);
		for (int j = 0; j < 4; j++) {
			seed = seed * 1664525 + 1013904223;
			query[(seed >> 8) % query_len] = (uint8_t)(seed >> 24);
		}
		query_len = (seed >> 4) % (query_len + 1);
		send_query();
		while (stub_output(s, &out))
			cr_assert_leq(out.kind == STUB_OUT_REPLY ? out.len : 0,
				      512);
		now++;
	}
	now += STUB_LOOKUP_MS;
	stub_tick(s, now);
	while (stub_output(s, &out))
		;
	now += 1000;
	know_bob();
}

Test(stub, another_suffix_holds_at_once)
{
	cr_assert_eq(stub_set(s, "hip.example", false), 0);
	ask("2001-22--5.hip.example", DNSMSG_AAAA);
	cr_assert(next(STUB_OUT_REPLY));
	cr_assert_eq(count(DNSMSG_ANSWER), 1);
	ask("2001-22--5.hip.internal", DNSMSG_AAAA);
	cr_assert(next(STUB_OUT_REPLY));
	cr_assert_eq(rcode(), DNSMSG_REFUSED);
}
