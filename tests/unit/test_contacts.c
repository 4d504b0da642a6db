/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Contacts: what was told is kept over restarts, what was found is not.
 */
#include "daemon/contacts.h"

#include "daemon/base/name.h"
#include "tests/unit/tempdir.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define HIT_A "2001:22:f065:b1f0:b663:57f7:ac17:831"
#define HIT_B "2001:21:48c9:1c1c:a192:acad:79b:5c81"

static struct tempdir dir;
static struct contacts *contacts;
static struct hit a, b;

static void make(void)
{
	tempdir_make(&dir);
	contacts = contacts_new();
	cr_assert_not_null(contacts);
	cr_assert_eq(hit_from_text(HIT_A, &a), 0);
	cr_assert_eq(hit_from_text(HIT_B, &b), 0);
}

static void take_away(void)
{
	contacts_free(contacts);
	tempdir_remove(&dir);
}

TestSuite(contacts, .init = make, .fini = take_away);

/* New ones, as after a restart, with what the file has. */
static void restart(bool expect_broken)
{
	bool broken = !expect_broken;

	contacts_free(contacts);
	contacts = contacts_new();
	cr_assert_eq(contacts_load(contacts, dir.fd, &broken), 0);
	cr_assert_eq(broken, expect_broken);
}

static struct contact *add(const char *name, bool keep)
{
	cr_assert_eq(contacts_set(contacts, name, keep), 0);
	return contacts_find(contacts, name);
}

static struct resolve_hit found(const struct hit *hit)
{
	struct resolve_hit h = { .proof = RESOLVE_PROOF_AUTHORITY };

	memcpy(h.hit, hit->bytes, sizeof(h.hit));
	return h;
}

Test(contacts, what_was_added_is_found_in_order)
{
	add("bob@x", false);
	add("alice@x", true);
	cr_assert_eq(contacts_count(contacts), 2);
	cr_expect_str_eq(contacts_at(contacts, 0)->name, "alice@x");
	cr_expect(contacts_at(contacts, 0)->keep);
	cr_expect_not(contacts_find(contacts, "bob@x")->keep);
	cr_expect_eq(contacts_find(contacts, "bob@x")->state, CONTACT_LOOKING);
	cr_expect_null(contacts_find(contacts, "bob@"));
	cr_expect_null(contacts_at(contacts, 2));
}

Test(contacts, adding_again_says_whether_it_is_kept)
{
	add("bob@x", true);
	cr_expect_not(add("bob@x", false)->keep);
	cr_expect(add("bob@x", true)->keep);
	cr_expect_eq(contacts_count(contacts), 1);
}

Test(contacts, a_removed_one_is_gone)
{
	add("bob@x", true);
	cr_assert_eq(contacts_remove(contacts, "bob@x"), 0);
	cr_expect_null(contacts_find(contacts, "bob@x"));
	cr_expect_eq(contacts_remove(contacts, "bob@x"), -ENOENT);
}

Test(contacts, names_and_hits_have_one_form)
{
	char out[NAME_LEN_MAX + 1];

	cr_assert_eq(contacts_canonical("sip:Bob@Example.COM", out), 0);
	cr_expect_str_eq(out, "bob@example.com");
	cr_assert_eq(contacts_canonical(
			     "2001:0022:F065:b1f0:b663:57f7:ac17:0831", out),
		     0);
	cr_expect_str_eq(out, HIT_A);
	cr_expect_eq(contacts_canonical("a b", out), -EINVAL);
	cr_expect_eq(contacts_canonical("2001:db8::1", out), -EINVAL);
}

Test(contacts, there_is_a_limit)
{
	char name[32];

	for (int i = 0; i < CONTACTS_MAX; i++) {
		(void)snprintf(name, sizeof(name), "n%d@x", i);
		add(name, false);
	}
	cr_expect_eq(contacts_set(contacts, "bob@x", false), -ENOSPC);
	cr_expect_eq(contacts_set(contacts, name, true), 0, "it is there");
}

Test(contacts, of_those_that_are_kept_too)
{
	char name[32];

	for (int i = 0; i < CONTACTS_KEPT_MAX; i++) {
		(void)snprintf(name, sizeof(name), "n%d@x", i);
		add(name, true);
	}
	cr_expect_eq(contacts_set(contacts, "bob@x", true), -ENOSPC);
	cr_expect_null(contacts_find(contacts, "bob@x"));
	cr_expect_eq(contacts_set(contacts, name, true), 0, "it is one");
	add("n0@x", false);
	add("bob@x", true);
	cr_assert_eq(contacts_remove(contacts, "bob@x"), 0);
	add("carol@x", true);
}

Test(contacts, a_host_is_kept_for_who_wants_it_kept)
{
	const struct resolve_hit at[] = { found(&a) };
	struct contact *c = add("bob@x", false);

	cr_assert_eq(contact_set_hits(c, at, 1), 0);
	cr_expect_not(contacts_keep(contacts, &a));
	add("bob@x", true);
	cr_expect(contacts_keep(contacts, &a));
	cr_expect_not(contacts_keep(contacts, &b));
}

Test(contacts, a_host_that_stays_keeps_what_is_known_of_it)
{
	static const uint8_t hi[] = { 1, 2, 3 };
	struct resolve_hit at[] = { found(&a), found(&b), found(&a) };
	struct contact *c = add("bob@x", true);

	at[0].hi = hi;
	at[0].hi_len = sizeof(hi);
	cr_assert_eq(contact_set_hits(c, at, 3), 0);
	cr_assert_eq(c->n_hits, 2, "each once");
	cr_assert_eq(c->hits[0].hi_len, sizeof(hi));
	cr_expect_eq(memcmp(c->hits[0].hi, hi, sizeof(hi)), 0);
	c->hits[1].tries = 3;
	cr_assert_eq(contact_set_hits(c, &at[1], 1), 0);
	cr_expect_eq(c->n_hits, 1);
	cr_expect_eq(contact_find_hit(c, &b)->tries, 3);
	cr_expect_null(contact_find_hit(c, &a));
	cr_assert_eq(contact_set_hits(c, NULL, 0), 0);
	cr_expect_eq(c->n_hits, 0);
}

Test(contacts, they_are_there_after_a_restart)
{
	const struct resolve_hit at[] = { found(&a) };

	restart(false);
	cr_expect_eq(contacts_count(contacts), 0);
	cr_assert_eq(contact_set_hits(add("bob@x", true), at, 1), 0);
	add(HIT_A, false);
	cr_assert_eq(contacts_save(contacts, dir.fd), 0);
	restart(false);
	cr_assert_eq(contacts_count(contacts), 2);
	cr_expect(contacts_find(contacts, "bob@x")->keep);
	cr_expect_eq(contacts_find(contacts, "bob@x")->n_hits, 0);
	cr_expect_not(contacts_find(contacts, HIT_A)->keep);
}

Test(contacts, of_a_broken_file_the_good_entries_are_taken)
{
	static const char *const wrong[] = {
		"{\"name\": \"a b\", \"keep\": true}",
		"{\"name\": \"2001:db8::1\", \"keep\": true}",
		"{\"name\": \"carol@x\", \"keep\": 1}",
		"{\"name\": \"carol@x\"}",
		"{\"keep\": true}",
		"{\"name\": \"Bob@x\", \"keep\": false}", /* twice */
		"3",
	};
	char text[256];

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		(void)snprintf(text, sizeof(text),
			       "{\"contacts\": [{\"name\": \"bob@x\", "
			       "\"keep\": true}, %s]}",
			       wrong[i]);
		tempdir_put(&dir, "contacts.json", text);
		restart(true);
		cr_expect_eq(contacts_count(contacts), 1, "%s", wrong[i]);
		cr_expect(contacts_at(contacts, 0)->keep);
	}
}

Test(contacts, a_file_that_is_no_json_is_set_aside)
{
	tempdir_put(&dir, "contacts.json", "{");
	restart(true);
	cr_expect_eq(tempdir_count(&dir), 1);
	restart(false);
}
