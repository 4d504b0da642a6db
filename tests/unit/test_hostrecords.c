/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
#include "daemon/hostrecords.h"

#include "daemon/hip/identity.h"
#include "tests/unit/keys.h"

#include <criterion/criterion.h>
#include <string.h>

enum { A, B, HITS };

static uint8_t reply[4096];
static struct wr w;
static uint16_t n_answers;
static struct hit hits[HITS];

/* Names in wire form that stand behind the key in the next record. */
static const char *servers;
static size_t servers_len;

static void begin(void)
{
	static const uint8_t head[] = "\x12\x34\x81\x80\0\1\0\0\0\0\0\0"
				      "\4host\7example\0\0\x37\0\1";

	w = wr_init(reply, sizeof(reply));
	wr_bytes(&w, head, sizeof(head) - 1);
	n_answers = 0;
	servers = "";
	servers_len = 0;
}

TestSuite(hostrecords, .init = begin);

static void add_bytes(const uint8_t *rdata, size_t len, uint32_t ttl_s)
{
	static const uint8_t owner[] = { 0xc0, 0x0c, 0, HIPRR_TYPE, 0, 1 };

	wr_bytes(&w, owner, sizeof(owner));
	wr_u32(&w, ttl_s);
	wr_u16(&w, (uint16_t)len);
	wr_bytes(&w, rdata, len);
	wr_u16_at(&w, 6, ++n_answers);
}

/* The record of host A or B; `flip` breaks its HIT. */
static void add(int host, bool flip)
{
	const char *pem = host == A ? KEY_P256 : KEY_RFC8032;
	uint8_t rdata[256];
	struct wr r = wr_init(rdata, sizeof(rdata));
	struct identity *id;
	struct hiprr rr;
	const uint8_t *hi;
	size_t len;

	cr_assert_eq(identity_from_pem(pem, strlen(pem), &id), 0);
	hits[host] = *identity_hit(id);
	hi = identity_hi(id, &len);
	cr_assert(hiprr_of(&hits[host], hi, len, &rr));
	hiprr_write(&rr, &r);
	wr_bytes(&r, servers, servers_len);
	rdata[19] ^= flip ? 1 : 0;
	add_bytes(rdata, wr_len(&r), 300);
	identity_free(id);
}

static struct hostrecords records;

static void read_reply(void)
{
	hostrecords_read(reply, wr_len(&w), &records);
}

static struct hostrecords_decision
decide(const struct hit *pin, const struct hit *remembered, bool first_use)
{
	const struct hostrecords_question q = { &records, pin, remembered,
						first_use };
	struct hostrecords_decision d;

	read_reply();
	hostrecords_decide(&q, &d);
	return d;
}

#define SERVERS(wire) servers = (wire), servers_len = sizeof(wire)

Test(hostrecords, rendezvous_servers_belong_to_the_hit)
{
	const struct hostrecord *r;

	SERVERS("\3rvs\7Example\0\4rvs2\7example");
	add(A, false);
	SERVERS("\1.\7example"); /* no host name */
	add(B, false);
	read_reply();
	r = hostrecords_find(&records, &hits[A]);
	cr_assert(r);
	cr_assert_eq(r->n_servers, 2);
	cr_expect_str_eq(r->servers[0], "rvs.example");
	cr_expect_str_eq(r->servers[1], "rvs2.example");
	r = hostrecords_find(&records, &hits[B]);
	cr_assert(r);
	cr_expect_eq(r->n_servers, 0);
}

Test(hostrecords, of_many_rendezvous_servers_the_first_are_taken)
{
	SERVERS("\1a\1x\0\1b\1x\0\1c\1x\0\1d\1x\0\1e\1x");
	add(A, false);
	read_reply();
	cr_assert_eq(records.all[0].n_servers, HOSTRECORD_SERVERS_MAX);
	cr_expect_str_eq(records.all[0].servers[3], "d.x");
}

Test(hostrecords, a_record_that_is_refused_has_no_servers)
{
	SERVERS("\3rvs\7example");
	add(A, true);
	read_reply();
	cr_expect_eq(records.all[0].fault, HIPRR_MISMATCH);
	cr_expect_eq(records.all[0].n_servers, 0);
	cr_expect_null(hostrecords_find(&records, &hits[A]));
}

Test(hostrecords, each_record_is_verified)
{
	add(A, false);
	add(B, true);
	add_bytes((const uint8_t *)"x", 1, 1);
	read_reply();
	cr_assert_eq(records.n, 3);
	cr_expect_eq(records.all[0].fault, HIPRR_SOUND);
	cr_expect_eq(records.all[0].ttl_s, 300);
	cr_expect_eq(records.all[1].fault, HIPRR_MISMATCH);
	cr_expect_eq(records.all[2].fault, HIPRR_MALFORMED);
	cr_expect(hostrecords_has(&records, &hits[A]));
	cr_expect_not(hostrecords_has(&records, &hits[B]));
	cr_expect_eq(hostrecords_faulty(&records), &records.all[1]);
}

Test(hostrecords, no_more_are_taken_than_the_limit)
{
	for (size_t i = 0; i < HOSTRECORDS_MAX + 1; i++)
		add_bytes((const uint8_t *)"x", 1, 1);
	read_reply();
	cr_expect_eq(records.n, HOSTRECORDS_MAX);
}

Test(hostrecords, none_and_none_that_is_sound_are_told_apart)
{
	cr_expect_eq(decide(NULL, NULL, true).verdict, HOSTRECORDS_NONE);
	add(A, true);
	cr_expect_eq(decide(NULL, NULL, true).verdict, HOSTRECORDS_FAULTY);
}

Test(hostrecords, one_is_not_believed_but_at_first_use)
{
	struct hostrecords_decision d;

	add(A, false);
	d = decide(NULL, NULL, false);
	cr_expect_eq(d.verdict, HOSTRECORDS_UNPROVEN);
	cr_expect(hit_equal(&d.hit, &hits[A]));
	d = decide(NULL, NULL, true);
	cr_expect_eq(d.verdict, HOSTRECORDS_FOUND);
	cr_expect(d.remember);
	cr_expect_not(d.is_pin);
	cr_expect_eq(d.lifetime_s, 300);
	d = decide(NULL, &hits[A], true);
	cr_expect_eq(d.verdict, HOSTRECORDS_FOUND);
	cr_expect_not(d.remember);
}

Test(hostrecords, several_or_another_than_before_are_a_conflict)
{
	struct hostrecords_decision d;

	add(A, false);
	add(B, false);
	cr_expect_eq(decide(NULL, NULL, true).verdict, HOSTRECORDS_CONFLICT);
	cr_expect_eq(decide(NULL, &hits[B], true).verdict,
		     HOSTRECORDS_CONFLICT);
	begin();
	add(A, false);
	d = decide(NULL, &hits[B], true);
	cr_expect_eq(d.verdict, HOSTRECORDS_CONFLICT);
	cr_expect(hit_equal(&d.hit, &hits[B]));
	cr_expect(hit_equal(&d.other, &hits[A]));
}

Test(hostrecords, what_was_remembered_does_not_hold_where_it_is_refused)
{
	add(A, false);
	cr_expect_eq(decide(NULL, &hits[A], false).verdict,
		     HOSTRECORDS_UNPROVEN);
}

Test(hostrecords, a_record_never_overrides_a_pin)
{
	struct hostrecords_decision d;

	add(B, false);
	hits[A].bytes[0] = 0x20; /* somebody else */
	d = decide(&hits[A], NULL, true);
	cr_expect_eq(d.verdict, HOSTRECORDS_FOUND);
	cr_expect(d.is_pin);
	cr_expect(hit_equal(&d.hit, &hits[A]));
	cr_expect(d.contradicts);
	cr_expect(hit_equal(&d.other, &hits[B]));
	cr_expect_not(d.remember);
	d = decide(&hits[B], NULL, true);
	cr_expect_not(d.contradicts);
	add(A, false); /* another device of that name */
	d = decide(&hits[B], NULL, true);
	cr_expect_not(d.contradicts);
}

Test(hostrecords, a_pin_needs_no_record)
{
	hits[A].bytes[0] = 0x20;
	cr_expect_eq(decide(&hits[A], NULL, false).verdict, HOSTRECORDS_FOUND);
	add(B, true);
	cr_expect_not(decide(&hits[A], NULL, false).contradicts);
}
