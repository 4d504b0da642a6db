/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
#include "daemon/hip/admit.h"

#include "daemon/hip/host_impl.h"
#include "tests/unit/hosts.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

enum { LONG_MS = 3600 * 1000 };

static struct hosts t;

/* What B's caller says of certificates. */
static struct judge {
	uint64_t for_ms;
	unsigned int calls;
	struct hit hit;
	uint8_t bytes[CERT_MAX];
	size_t len;
} judge;

static const uint8_t certificate[] = { 0x30, 3, 1, 2, 3 };

static uint64_t on_admit(void *ctx, const struct hit *hit, const uint8_t *bytes,
			 size_t len)
{
	struct judge *j = ctx;

	j->calls++;
	j->hit = *hit;
	memcpy(j->bytes, bytes, len);
	j->len = len;
	return j->for_ms;
}

static void set_member(int who, const uint8_t *bytes, size_t len)
{
	const struct host_membership m = { .is_member = true,
					   .certificate = bytes,
					   .certificate_len = len };

	cr_assert_eq(host_set_membership(t.h[who], &m, t.now_ms), 0);
}

/* B is a member, which was told of nobody. */
static void make_b(void)
{
	t.conf[B].admit = on_admit;
	t.conf[B].admit_ctx = &judge;
	hosts_remake(&t, B);
	set_member(B, NULL, 0);
}

static void make(void)
{
	hosts_make(&t);
	judge = (struct judge){ .for_ms = LONG_MS };
	make_b();
	set_member(A, certificate, sizeof(certificate));
}

static void clear(void)
{
	hosts_clear(&t);
}

TestSuite(admit, .init = make, .fini = clear);

Test(admit, a_member_is_let_in_by_its_certificate)
{
	hosts_establish(&t);
	cr_expect_eq(judge.calls, 1);
	cr_expect(hit_equal(&judge.hit, &t.hit[A]));
	cr_expect_eq(judge.len, sizeof(certificate));
	cr_expect_eq(memcmp(judge.bytes, certificate, judge.len), 0);
	cr_expect(host_is_known(t.h[B], &t.hit[A]));
	cr_expect_eq(table_count(&t.h[B]->strangers.sources), 0);
}

Test(admit, its_i2_has_the_certificate_where_rfc_8002_wants_it)
{
	struct bytes i2 = hosts_run_to(&t, HIP_I2);
	struct bytes body = packet_body(&i2, PARAM_CERT);

	cr_expect_eq(body.len, 4 + sizeof(certificate));
	cr_expect_eq(memcmp(body.b, "\1\1\1\1", 4), 0);
	cr_expect_eq(memcmp(body.b + 4, certificate, sizeof(certificate)), 0);
}

Test(admit, nothing_is_kept_before_the_certificate_holds)
{
	struct bytes i2 = hosts_run_to(&t, HIP_I2);

	cr_expect_eq(judge.calls, 0);
	cr_expect_eq(host_assoc_list(t.h[B], NULL, 0), 0);
	judge.for_ms = 0;
	cr_expect_eq(hosts_judge(&t, B, &i2), DROP_CERTIFICATE);
	cr_expect_eq(judge.calls, 1);
	cr_expect_eq(host_assoc_list(t.h[B], NULL, 0), 0);
	cr_expect_not(hosts_has_packet(&t, B, HIP_R2));
	cr_expect(hosts_has_packet(&t, B, HIP_NOTIFY));
}

Test(admit, whose_certificate_is_refused_hears_why)
{
	struct bytes i2 = hosts_run_to(&t, HIP_I2), notify;

	judge.for_ms = 0;
	hosts_deliver(&t, B, &i2);
	notify = hosts_packet(&t, B, HIP_NOTIFY);
	hosts_deliver(&t, A, &notify);
	cr_expect_str_eq(assoc_find(t.h[A], &t.hit[B])->exchange->notified,
			 "the peer finds our certificate not valid");
}

Test(admit, without_a_certificate_nothing_that_costs_is_done)
{
	const struct host_counters *c = hosts_counters(&t, B);
	struct bytes i2;

	set_member(A, NULL, 0);
	i2 = hosts_run_to(&t, HIP_I2);
	cr_expect_eq(hosts_judge(&t, B, &i2), DROP_NOT_KNOWN);
	cr_expect_eq(c->puzzles_verified, 0);
	cr_expect_eq(c->dh_agreements, 0);
	cr_expect_eq(judge.calls, 0);
	cr_expect_eq(t.n_got[B], 0);
}

/* A's I2 with another CERT, signed and protected as A does. */
static struct bytes with_cert(const struct bytes *i2, const void *body,
			      size_t len)
{
	const struct agreed *g =
		assoc_find(t.h[A], &t.hit[B])->exchange->agreed;
	const struct edit edit = { PARAM_CERT, body, len };
	const struct remake how = { .edits = &edit,
				    .n_edits = 1,
				    .mac_key = g->keys.mac_out,
				    .hit_suite = hit_suite(&t.hit[B]),
				    .signer = t.id[A] };

	return remake_packet(i2, &how);
}

Test(admit, only_one_whole_x509_certificate_counts)
{
	static const char *const bodies[] = {
		"\1\1\1\3cert",		    /* a URL */
		"\1\2\1\1cert",		    /* of a chain */
		"\1\1\2\1cert",		    /* no such one */
		"\1\1\0\1cert", "\1\1\1\1", /* empty */
	};
	static const size_t lens[] = { 8, 8, 8, 8, 4 };
	struct bytes i2 = hosts_run_to(&t, HIP_I2);

	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		struct bytes other = with_cert(&i2, bodies[i], lens[i]);

		cr_expect_eq(hosts_judge(&t, B, &other), DROP_NOT_KNOWN, "%zu",
			     i);
	}
	cr_expect_eq(judge.calls, 0);
}

Test(admit, a_certificate_that_was_put_in_on_the_way_is_not_judged)
{
	struct bytes i2, other;

	set_member(A, NULL, 0);
	i2 = hosts_run_to(&t, HIP_I2);
	other = with_cert(&i2, "\1\1\1\1cert", 8);
	other = spoil_param(&other, PARAM_HIP_SIGNATURE);
	cr_expect_eq(hosts_judge(&t, B, &other), DROP_SIGNATURE);
	cr_expect_eq(judge.calls, 0);
}

Test(admit, who_is_in_no_overlay_lets_nobody_in)
{
	const struct host_membership none = { .is_member = false };
	struct bytes i1 = hosts_run_to(&t, HIP_I1);

	cr_assert_eq(host_set_membership(t.h[B], &none, t.now_ms), 0);
	cr_expect_eq(hosts_judge(&t, B, &i1), DROP_NOT_KNOWN);
}

Test(admit, a_known_peer_needs_no_certificate)
{
	set_member(A, NULL, 0);
	hosts_tell(&t, B);
	hosts_establish(&t);
	cr_expect_eq(judge.calls, 0);
}

/* A comes again, after a crash. What B thinks of its I2. */
static enum drop come_again(void)
{
	struct bytes i2;

	hosts_remake(&t, A);
	set_member(A, certificate, sizeof(certificate));
	hosts_tell(&t, A);
	t.now_ms += UAL_DEFAULT_MS / 2; /* B's puzzle is another by then */
	hosts_tick(&t, B);
	t.n_got[B] = 0;
	i2 = hosts_run_to(&t, HIP_I2);
	return hosts_judge(&t, B, &i2);
}

Test(admit, who_was_let_in_before_may_come_again)
{
	hosts_establish(&t);
	cr_expect_eq(come_again(), DROP_NONE);
}

Test(admit, who_was_let_in_before_is_not_with_a_bad_certificate)
{
	hosts_establish(&t);
	judge.for_ms = 0;
	cr_expect_eq(come_again(), DROP_CERTIFICATE);
}

Test(admit, who_was_removed_needs_a_certificate_again)
{
	const struct hip_input remove = { .kind = HIP_IN_PEER_REMOVE,
					  .hit = t.hit[A] };

	hosts_establish(&t);
	cr_assert(host_is_known(t.h[B], &t.hit[A]));
	hosts_input(&t, B, &remove);
	cr_expect_not(host_is_known(t.h[B], &t.hit[A]));
}

Test(admit, a_stranger_that_becomes_a_member_is_none_any_more)
{
	t.conf[B].accept_any = true;
	make_b();
	judge.for_ms = 0;
	hosts_establish(&t);
	cr_assert_eq(table_count(&t.h[B]->strangers.sources), 1);
	judge.for_ms = LONG_MS;
	cr_expect_eq(come_again(), DROP_NONE);
	cr_expect_eq(table_count(&t.h[B]->strangers.sources), 0);
}

Test(admit, with_the_certificate_ends_the_association)
{
	hosts_establish(&t);
	for (int i = 0; i < 6; i++) { /* it is in use */
		t.now_ms += LONG_MS / 7;
		hosts_traffic(&t, B, true);
		hosts_tick(&t, B);
	}
	cr_assert_eq(hosts_state(&t, B), ASSOC_ESTABLISHED);
	t.now_ms += LONG_MS / 7 + 1000;
	hosts_traffic(&t, B, true);
	hosts_tick(&t, B);
	cr_expect_eq(hosts_state(&t, B), ASSOC_CLOSING);
	cr_expect_not(host_is_known(t.h[B], &t.hit[A]));
}

Test(admit, with_the_overlay_ends_the_association)
{
	const struct host_membership none = { .is_member = false };

	hosts_establish(&t);
	cr_assert_eq(host_set_membership(t.h[B], &none, t.now_ms), 0);
	hosts_tick(&t, B);
	cr_expect_eq(hosts_state(&t, B), ASSOC_CLOSING);
}

Test(admit, what_is_kept_is_not_closed_for_idleness)
{
	struct hip_input keep = { .kind = HIP_IN_KEEP, .keep = true };
	struct host_assoc_info a;

	judge.for_ms = UINT64_MAX;
	hosts_establish(&t);
	keep.hit = t.hit[A];
	hosts_input(&t, B, &keep);
	t.now_ms += 2 * UAL_DEFAULT_MS;
	hosts_tick(&t, B);
	cr_expect_eq(hosts_state(&t, B), ASSOC_ESTABLISHED);
	cr_expect(host_assoc_find(t.h[B], &t.hit[A], &a) && a.is_kept);
	keep.keep = false;
	hosts_input(&t, B, &keep);
	cr_expect(host_assoc_find(t.h[B], &t.hit[A], &a) && !a.is_kept);
	hosts_tick(&t, B);
	cr_expect_eq(hosts_state(&t, B), ASSOC_CLOSING);
}

/* The largest I2: an RSA identity, and echoes as long as we take them. */
static void make_a_rsa(void)
{
	identity_free(t.id[A]);
	cr_assert_eq(identity_generate(IDENTITY_RSA_3072, &t.id[A]), 0);
	t.hit[A] = *identity_hit(t.id[A]);
	t.conf[A].id = t.id[A];
	hosts_remake(&t, A);
	hosts_tell(&t, A);
}

Test(admit, a_certificate_with_an_rsa_identity_fits)
{
	static uint8_t big[860];

	make_a_rsa();
	set_member(A, big, sizeof(big));
	hosts_establish(&t);
	cr_expect_eq(judge.len, sizeof(big));
}

Test(admit, a_certificate_that_leaves_no_room_stays_out)
{
	static uint8_t big[CERT_MAX];
	struct bytes i2;
	struct packet p;

	make_a_rsa();
	set_member(A, big, sizeof(big));
	i2 = hosts_run_to(&t, HIP_I2);
	cr_assert_eq(packet_parse(i2.b, i2.len, &p, NULL), DROP_NONE);
	cr_expect_null(packet_find(&p, PARAM_CERT));
	hosts_tell(&t, B);
	cr_expect_eq(hosts_judge(&t, B, &i2), DROP_NONE);
}

Test(admit, a_longer_one_is_not_taken)
{
	static uint8_t big[CERT_MAX + 1];
	const struct host_membership m = { .is_member = true,
					   .certificate = big,
					   .certificate_len = sizeof(big) };

	cr_expect_eq(host_set_membership(t.h[A], &m, t.now_ms), -EINVAL);
	cr_expect_eq(t.h[A]->certificate_len, sizeof(certificate));
}

/* What becomes of a guest's I2. */
static enum drop come_as_guest(enum host_guests guests)
{
	struct bytes i2;

	host_let_guests_in(t.h[B], guests);
	i2 = hosts_run_to(&t, HIP_I2);
	return hosts_judge(&t, B, &i2);
}

Test(admit, without_a_certificate_a_stranger_is_let_in_as_a_guest_only)
{
	set_member(A, NULL, 0);
	cr_expect_eq(come_as_guest(HOST_GUESTS_NONE), DROP_NOT_KNOWN);
}

Test(admit, a_guest_needs_no_certificate)
{
	set_member(A, NULL, 0);
	cr_expect_eq(come_as_guest(HOST_GUESTS_FRESH), DROP_NONE);
}

Test(admit, a_guest_that_is_to_be_refused_has_no_bad_certificate)
{
	judge.for_ms = 0;
	cr_expect_eq(come_as_guest(HOST_GUESTS_FRESH), DROP_CERTIFICATE);
}

Test(admit, a_guest_that_may_enrol_has_any_certificate)
{
	judge.for_ms = 0;
	cr_expect_eq(come_as_guest(HOST_GUESTS_ALL), DROP_NONE);
}

Test(admit, a_stranger_with_a_bad_certificate_is_a_stranger)
{
	t.conf[B].accept_any = true;
	make_b();
	judge.for_ms = 0;
	hosts_establish(&t);
	cr_expect_eq(judge.calls, 1);
	cr_expect_eq(table_count(&t.h[B]->strangers.sources), 1);
}
