/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/* Whose word counts for a name, and what is never decided in silence. */
#include "resolver/decide.h"

#include <criterion/criterion.h>

#define HOST(n)                                                                \
	{                                                                      \
		{                                                              \
			0x20, 0x01, 0x00, 0x22, [15] = (n)                     \
		}                                                              \
	}

static const struct hit a = HOST(1), b = HOST(2);
static const struct decide_record proven_a = { HOST(1), true, 60 };
static const struct decide_record proven_b = { HOST(2), true, 70 };
static const struct decide_record claims_a = { HOST(1), false, 80 };
static const struct decide_record claims_b = { HOST(2), false, 90 };

static struct decision d;

static struct decide_question
question(const char *name, const struct decide_record *records, size_t n)
{
	return (struct decide_question){ .name = name,
					 .suffix = "hip.internal",
					 .overlay = "example.com",
					 .records = records,
					 .n_records = n };
}

static void expect(enum verdict verdict, size_t n, size_t against)
{
	cr_expect_eq(d.verdict, verdict, "verdict %d", d.verdict);
	cr_expect_eq(d.n, n, "%zu hosts", d.n);
	cr_expect_eq(d.n_against, against, "%zu against", d.n_against);
}

Test(decide, nothing_known_is_absent)
{
	struct decide_question q = question("bob@example.com", NULL, 0);

	decide(&q, &d);
	expect(VERDICT_ABSENT, 0, 0);
}

Test(decide, certificates_name_all_devices_once)
{
	const struct decide_record r[] = { proven_a, proven_b, proven_a };
	struct decide_question q = question("bob@example.com", r, 3);

	decide(&q, &d);
	expect(VERDICT_FOUND, 2, 0);
	cr_expect_eq(d.proof, PROOF_AUTHORITY);
	cr_expect_eq(d.at[1].lifetime_s, 70);
	cr_expect_str_eq(proof_text(d.proof), "authority");
}

Test(decide, what_is_proven_displaces_what_is_not)
{
	const struct decide_record r[] = { claims_b, proven_a };
	struct decide_question q = question("bob@example.com", r, 2);

	decide(&q, &d);
	expect(VERDICT_FOUND, 1, 1);
	cr_expect(hit_equal(&d.against[0], &b));
	cr_expect(hit_equal(&d.at[0].hit, &a));
}

Test(decide, a_certificate_proves_no_name_of_another_domain)
{
	const struct decide_record r[] = { proven_a };
	struct decide_question q = question("bob@example.org", r, 1);

	decide(&q, &d);
	expect(VERDICT_UNPROVEN, 0, 1);
	q.overlay = NULL;
	decide(&q, &d);
	expect(VERDICT_UNPROVEN, 0, 1);
}

Test(decide, what_is_not_proven_is_refused)
{
	const struct decide_record r[] = { claims_a };
	struct decide_question q = question("bob@example.org", r, 1);

	decide(&q, &d);
	expect(VERDICT_UNPROVEN, 0, 1);
	cr_expect_not(d.remember);
}

Test(decide, first_use_takes_one_host_and_remembers_it)
{
	const struct decide_record r[] = { claims_a };
	struct decide_question q = question("bob@example.org", r, 1);

	q.first_use = true;
	decide(&q, &d);
	expect(VERDICT_FOUND, 1, 0);
	cr_expect_eq(d.proof, PROOF_FIRST_USE);
	cr_expect(d.remember);
	q.remembered = &a;
	decide(&q, &d);
	expect(VERDICT_FOUND, 1, 0);
	cr_expect_not(d.remember);
}

Test(decide, first_use_is_not_for_the_overlays_own_names)
{
	const struct decide_record r[] = { claims_a };
	struct decide_question q = question("bob@example.com", r, 1);

	q.first_use = true;
	decide(&q, &d);
	expect(VERDICT_UNPROVEN, 0, 1);
}

Test(decide, several_hosts_at_first_sight_are_a_conflict)
{
	const struct decide_record r[] = { claims_a, claims_b };
	struct decide_question q = question("bob@example.org", r, 2);

	q.first_use = true;
	decide(&q, &d);
	expect(VERDICT_CONFLICT, 0, 2);
	cr_expect_not(d.remember);
}

Test(decide, another_host_than_the_remembered_is_a_conflict)
{
	const struct decide_record r[] = { claims_b };
	struct decide_question q = question("bob@example.org", r, 1);

	q.first_use = true;
	q.remembered = &a;
	decide(&q, &d);
	expect(VERDICT_CONFLICT, 0, 2);
}

Test(decide, a_certificate_against_the_remembered_is_a_conflict)
{
	const struct decide_record r[] = { proven_b };
	struct decide_question q = question("bob@example.com", r, 1);

	q.remembered = &a;
	decide(&q, &d);
	expect(VERDICT_CONFLICT, 0, 2);
	q.remembered = &b;
	decide(&q, &d);
	expect(VERDICT_FOUND, 1, 0);
	cr_expect_eq(d.proof, PROOF_AUTHORITY);
}

Test(decide, a_pin_answers_and_what_is_against_it_is_told)
{
	const struct decide_record r[] = { proven_b, claims_b };
	struct decide_question q = question("bob@example.com", r, 2);

	q.pin = &a;
	decide(&q, &d);
	expect(VERDICT_FOUND, 1, 1);
	cr_expect_eq(d.proof, PROOF_PIN);
	cr_expect(hit_equal(&d.at[0].hit, &a));
	cr_expect(hit_equal(&d.against[0], &b));
	q.pin = &b;
	decide(&q, &d);
	expect(VERDICT_FOUND, 1, 0);
}

Test(decide, a_pin_of_one_of_several_devices_is_no_conflict)
{
	const struct decide_record r[] = { proven_b, proven_a };
	struct decide_question q = question("bob@example.com", r, 2);

	q.pin = &a;
	decide(&q, &d);
	expect(VERDICT_FOUND, 1, 0);
}

Test(decide, a_name_can_be_its_own_proof)
{
	char label[HIT_SELF_LABEL_LEN + 1], name[64] = "x@";
	struct decide_question q = question(name, NULL, 0);

	hit_self_label(&b, label);
	strcat(name, label);
	strcat(name, ".hip.internal");
	decide(&q, &d);
	expect(VERDICT_FOUND, 1, 0);
	cr_expect_eq(d.proof, PROOF_SELF);
	cr_expect(hit_equal(&d.at[0].hit, &b));
}
