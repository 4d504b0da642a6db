/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/* What DNS says against what the operator wrote down is shown, and no more. */
#include "daemon/hostnames.h"

#include <criterion/criterion.h>
#include <string.h>

static const struct hit ours = { { 0x20, 0x01, 0x00, 0x22, [15] = 1 } };
static const struct hit theirs = { { 0x20, 0x01, 0x00, 0x22, [15] = 2 } };
static struct engine e;

static void make(void)
{
	memset(&e, 0, sizeof(e));
}

static void take_away(void)
{
	warnings_clear(&e.warnings);
}

TestSuite(hostnames, .init = make, .fini = take_away);

static const struct hostrecords none;

static struct hostrecords one(enum hiprr_fault fault, const struct hit *hit)
{
	struct hostrecords r = { .n = 1 };

	r.all[0].fault = fault;
	r.all[0].hit = *hit;
	return r;
}

static void expect_warning(const char *code, const char *about)
{
	cr_assert_eq(e.warnings.n, 1);
	cr_expect_str_eq(e.warnings.all[0].code, code);
	cr_expect_not_null(strstr(e.warnings.all[0].text, about), "%s",
			   e.warnings.all[0].text);
}

Test(hostnames, what_agrees_or_says_nothing_is_not_shown)
{
	struct hostrecords r = one(HIPRR_SOUND, &ours);

	hostnames_judge(&e, &ours, "host.example.org", &none);
	hostnames_judge(&e, &ours, "host.example.org", &r);
	cr_expect_eq(e.warnings.n, 0);
	r.n = 2; /* an old record beside the right one */
	r.all[1].fault = HIPRR_NO_HIT;
	hostnames_judge(&e, &ours, "host.example.org", &r);
	cr_expect_eq(e.warnings.n, 0);
}

Test(hostnames, what_contradicts_is_shown_until_it_does_not)
{
	struct hostrecords r = one(HIPRR_SOUND, &theirs);

	hostnames_judge(&e, &ours, "host.example.org", &r);
	hostnames_judge(&e, &ours, "host.example.org", &r);
	expect_warning("hip-record-conflict", "is of 2001:22::2");
	r = one(HIPRR_MISMATCH, &theirs);
	hostnames_judge(&e, &ours, "host.example.org", &r);
	expect_warning("hip-record-refused", "not that of its key");
	hostnames_judge(&e, &ours, "host.example.org", &none);
	cr_expect_eq(e.warnings.n, 0);
}

Test(hostnames, each_host_has_a_warning_of_its_own)
{
	struct hostrecords r = one(HIPRR_SOUND, &theirs);

	hostnames_judge(&e, &ours, "a.example.org", &r);
	hostnames_judge(&e, &ours, "b.example.org", &r);
	cr_expect_eq(e.warnings.n, 2);
	hostnames_judge(&e, &ours, "a.example.org", &none);
	expect_warning("hip-record-conflict", "b.example.org");
}

/* DNS is asked once a minute; each line in the log is one of these added. */
Test(hostnames, what_stays_is_not_said_anew)
{
	struct hostrecords r = one(HIPRR_SOUND, &theirs);

	hostnames_judge(&e, &ours, "a.example.org", &r);
	hostnames_judge(&e, &ours, "b.example.org", &r);
	hostnames_judge(&e, &ours, "a.example.org", &r);
	cr_assert_eq(e.warnings.n, 2);
	cr_expect_not_null(strstr(e.warnings.all[0].text, "a.example.org"));
	cr_expect_not_null(strstr(e.warnings.all[1].text, "b.example.org"));
}
