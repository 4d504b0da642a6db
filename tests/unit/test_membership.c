/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Membership of an overlay: what is written is read again; what was altered,
 * or is another host's, is none.
 */
#include "daemon/membership.h"

#include "tests/unit/enrolled.h"
#include "tests/unit/keys.h"
#include "tests/unit/tempdir.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define NOW_S ENROLLED_NOW_S

static struct tempdir dir;
static struct enrolled_authority authority, other;
static struct identity *us, *stranger;
static struct membership m, again;

static void make(void)
{
	tempdir_make(&dir);
	enrolled_authority_make(&authority, "example.com", KEY_P384);
	enrolled_authority_make(&other, "example.com", KEY_RFC8032);
	us = enrolled_key(KEY_P256);
	stranger = enrolled_key(KEY_RFC8032);
	m = (struct membership){ .authority_algorithm =
					 authority.public.algorithm,
				 .authority_hi_len = authority.public.hi_len,
				 .n_bootstraps = 2 };
	memcpy(m.overlay, "example.com", 12);
	memcpy(m.authority_hi, authority.public.hi, m.authority_hi_len);
	m.authority_host = *identity_hit(stranger);
	m.bootstraps[0].hit = *identity_hit(stranger);
	m.bootstraps[1].hit = *identity_hit(stranger);
	cr_assert_eq(locator_from_text("192.0.2.1:10500", 0,
				       &m.bootstraps[0].locator),
		     0);
	cr_assert_eq(locator_from_text("[2001:db8::1]:10500", 0,
				       &m.bootstraps[1].locator),
		     0);
}

static void take_away(void)
{
	identity_free(us);
	identity_free(stranger);
	enrolled_authority_free(&authority);
	enrolled_authority_free(&other);
	tempdir_remove(&dir);
}

TestSuite(membership, .init = make, .fini = take_away);

static int take_issued(const struct enrolled_authority *a, const char *name,
		       const struct identity *holder, uint64_t from_s)
{
	uint8_t bytes[CERTIFICATE_MAX];
	size_t len = enrolled_issue(a, name, holder, 1, from_s, bytes);

	return membership_take_certificate(&m, identity_hit(us), bytes, len,
					   NOW_S);
}

static void save(void)
{
	cr_assert_eq(take_issued(&authority, "bob@example.com", us, NOW_S), 0);
	cr_assert_eq(membership_save(&m, dir.fd), 0);
}

static void load(bool expect_broken)
{
	bool broken = !expect_broken;

	cr_assert_eq(membership_load(&again, dir.fd, identity_hit(us), &broken),
		     0);
	cr_assert_eq(broken, expect_broken);
}

/* The file with the first `from` in it replaced by `to`, as long. */
static void alter(const char *from, const char *to)
{
	char text[16384] = "";
	int fd = openat(dir.fd, "membership.json", O_RDWR | O_CLOEXEC);
	ssize_t n = read(fd, text, sizeof(text) - 1);
	char *at = strstr(text, from);

	cr_assert_gt(n, 0);
	cr_assert_not_null(at);
	memcpy(at, to, strlen(to));
	cr_assert_eq(pwrite(fd, text, (size_t)n, 0), n);
	(void)close(fd);
}

Test(membership, without_a_file_there_is_no_overlay)
{
	load(false);
	cr_expect_not(membership_is_set(&again));
}

Test(membership, what_was_saved_is_loaded)
{
	m.founder = true;
	save();
	load(false);
	cr_assert(membership_is_set(&again));
	cr_expect_str_eq(again.overlay, "example.com");
	cr_expect_str_eq(again.name, "bob@example.com");
	cr_expect(again.founder);
	cr_expect(hit_equal(&again.authority_host, identity_hit(stranger)));
	cr_expect_eq(again.authority_algorithm, m.authority_algorithm);
	cr_expect_eq(again.authority_hi_len, m.authority_hi_len);
	cr_expect_arr_eq(again.authority_hi, m.authority_hi,
			 m.authority_hi_len);
	cr_expect_eq(again.certificate_len, m.certificate_len);
	cr_expect_arr_eq(again.certificate, m.certificate, m.certificate_len);
	cr_expect_eq(again.not_before_s, NOW_S);
	cr_expect_eq(again.not_after_s, NOW_S + CERTIFICATE_LIFETIME_S);
	cr_assert_eq(again.n_bootstraps, 2);
	for (size_t i = 0; i < 2; i++) {
		cr_expect(hit_equal(&again.bootstraps[i].hit,
				    &m.bootstraps[i].hit));
		cr_expect(locator_equal(&again.bootstraps[i].locator,
					&m.bootstraps[i].locator));
	}
}

Test(membership, the_file_is_for_its_owner_only)
{
	struct stat st;

	save();
	cr_assert_eq(fstatat(dir.fd, "membership.json", &st, 0), 0);
	cr_expect_eq(st.st_mode & 0777, 0600);
}

Test(membership, a_file_of_another_identity_is_set_aside)
{
	bool broken = false;

	save();
	cr_assert_eq(membership_load(&again, dir.fd, identity_hit(stranger),
				     &broken),
		     0);
	cr_expect(broken);
	cr_expect_not(membership_is_set(&again));
	load(false);
	cr_expect_not(membership_is_set(&again), "it is out of the way");
}

Test(membership, a_file_of_another_overlay_is_set_aside)
{
	save();
	alter("example.com", "example.net");
	load(true);
	cr_expect_not(membership_is_set(&again));
}

Test(membership, a_file_cut_short_is_set_aside)
{
	save();
	alter("bootstraps", "bootstrapx");
	load(true);
}

Test(membership, a_certificate_of_another_host_is_not_taken)
{
	cr_expect_eq(
		take_issued(&authority, "bob@example.com", stranger, NOW_S),
		-EINVAL);
	cr_expect_eq(m.certificate_len, 0);
}

Test(membership, a_certificate_of_another_authority_is_not_taken)
{
	cr_expect_eq(take_issued(&other, "bob@example.com", us, NOW_S),
		     -EINVAL);
}

Test(membership, a_certificate_that_has_expired_is_not_taken)
{
	cr_expect_eq(take_issued(&authority, "bob@example.com", us,
				 NOW_S - CERTIFICATE_LIFETIME_S - 1),
		     -EINVAL);
	cr_expect_eq(take_issued(&authority, "bob@example.com", us,
				 NOW_S - CERTIFICATE_LIFETIME_S),
		     0);
}

Test(membership, it_is_due_from_day_20_on)
{
	cr_expect_not(membership_is_due(&again, UINT64_MAX), "of none");
	save();
	cr_expect_not(membership_is_due(&m, NOW_S + 20 * 86400 - 1));
	cr_expect(membership_is_due(&m, NOW_S + 20 * 86400));
}

Test(membership, what_is_forgotten_is_gone_from_the_disk)
{
	save();
	cr_assert_eq(membership_forget(&m, dir.fd), 0);
	cr_expect_not(membership_is_set(&m));
	load(false);
	cr_expect_not(membership_is_set(&again));
	cr_expect_eq(membership_forget(&m, dir.fd), 0, "once more");
}
