/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * What an authority remembers: an invitation is spent once, also when the
 * process is killed half way.
 */
#include "daemon/registry.h"

#include "tests/unit/tempdir.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define HOST(n)                                                                \
	{                                                                      \
		{                                                              \
			0x20, 0x01, 0x00, 0x22, [15] = (n)                     \
		}                                                              \
	}

static const struct hit a = HOST(1), b = HOST(2);
static struct tempdir dir;
static char path[512];
static struct registry *registry;

static void reopen(void)
{
	bool aside;

	registry_close(registry);
	cr_assert_eq(registry_open(path, &registry, &aside), 0);
	cr_assert_not(aside);
}

static void setup(void)
{
	tempdir_make(&dir);
	strcpy(path, tempdir_path(&dir, "authority.db"));
	reopen();
}

static void teardown(void)
{
	registry_close(registry);
	tempdir_remove(&dir);
}

TestSuite(registry, .init = setup, .fini = teardown);

static struct {
	size_t n;
	uint8_t serial;
	uint64_t revoked_s;
} seen;

static struct registry_invitation invitation(void)
{
	return (struct registry_invitation){ .id = { 1, [31] = 2 },
					     .name = "bob@example.com",
					     .expires_s = 500 };
}

static struct registry_grant grant(const struct hit *hit, uint8_t serial)
{
	return (struct registry_grant){
		.serial = { 0x40, [15] = serial },
		.name = "bob@example.com",
		.hit = *hit,
		.not_after_s = 10000,
		.certificate = { (const uint8_t *)"certificate", 11 },
	};
}

Test(registry, the_file_is_for_nobody_else)
{
	struct stat st;

	cr_assert_eq(stat(path, &st), 0);
	cr_expect_eq(st.st_mode & 0777, 0600);
}

Test(registry, what_there_is_once_is_replaced)
{
	struct registry_about about = { .overlay = "example.com",
					.mac_key = { 1, [31] = 2 },
					.list_number = 7 },
			      found;

	cr_expect_eq(registry_about(registry, &found), -ENOENT);
	cr_assert_eq(registry_set_about(registry, &about), 0);
	about.list_number = 8;
	about.is_exported = true;
	cr_assert_eq(registry_set_about(registry, &about), 0);
	reopen();
	cr_assert_eq(registry_about(registry, &found), 0);
	cr_expect_str_eq(found.overlay, "example.com");
	cr_expect_arr_eq(found.mac_key, about.mac_key, sizeof(found.mac_key));
	cr_expect_eq(found.list_number, 8);
	cr_expect(found.is_exported);
}

Test(registry, invitations_that_can_be_spent_are_counted)
{
	struct registry_invitation v = invitation();
	struct registry_grant g = grant(&a, 1);
	size_t n = 9;

	cr_assert_eq(registry_open_invitations(registry, 0, &n), 0);
	cr_expect_eq(n, 0);
	cr_assert_eq(registry_put_invitation(registry, &v), 0);
	cr_assert_eq(registry_open_invitations(registry, 499, &n), 0);
	cr_expect_eq(n, 1);
	cr_assert_eq(registry_open_invitations(registry, 500, &n), 0);
	cr_expect_eq(n, 0);
	cr_assert_eq(registry_spend(registry, v.id, &g, 1), 0);
	cr_assert_eq(registry_open_invitations(registry, 1, &n), 0);
	cr_expect_eq(n, 0);
}

Test(registry, the_last_expiry_is_that_of_a_spent_one_too)
{
	struct registry_invitation v = invitation();
	struct registry_grant g = grant(&a, 1);
	uint64_t last = 9;

	cr_assert_eq(registry_last_expiry(registry, &last), 0);
	cr_expect_eq(last, 0);
	cr_assert_eq(registry_put_invitation(registry, &v), 0);
	cr_assert_eq(registry_spend(registry, v.id, &g, 1), 0);
	v.id[0] ^= 1;
	v.expires_s--;
	cr_assert_eq(registry_put_invitation(registry, &v), 0);
	cr_assert_eq(registry_last_expiry(registry, &last), 0);
	cr_expect_eq(last, 500);
}

Test(registry, an_open_invitation_of_a_name_is_found)
{
	struct registry_invitation v = invitation();
	struct registry_grant g = grant(&a, 1);
	uint64_t until = 9;

	cr_assert_eq(registry_open_until(registry, v.name, 0, &until), 0);
	cr_expect_eq(until, 0);
	cr_assert_eq(registry_put_invitation(registry, &v), 0);
	v.id[0] = 3;
	v.expires_s = 400;
	cr_assert_eq(registry_put_invitation(registry, &v), 0);
	cr_assert_eq(registry_open_until(registry, v.name, 0, &until), 0);
	cr_expect_eq(until, 500);
	cr_assert_eq(registry_open_until(registry, "a@example.com", 0, &until),
		     0);
	cr_expect_eq(until, 0);
	cr_assert_eq(registry_open_until(registry, v.name, 500, &until), 0);
	cr_expect_eq(until, 0);
	v.id[0] = 1;
	cr_assert_eq(registry_spend(registry, v.id, &g, 1), 0);
	cr_assert_eq(registry_open_until(registry, v.name, 1, &until), 0);
	cr_expect_eq(until, 400);
}

Test(registry, a_name_in_use_takes_an_invitation_beside_it)
{
	struct registry_invitation v = invitation(), w = invitation();
	struct registry_grant ga = grant(&a, 1), gb = grant(&b, 2);

	w.id[0] = 2;
	cr_assert_eq(registry_put_invitation(registry, &v), 0);
	cr_assert_eq(registry_put_invitation(registry, &w), 0);
	cr_assert_eq(registry_spend(registry, v.id, &ga, 1), 0);
	cr_expect_eq(registry_spend(registry, w.id, &gb, 1), -EADDRINUSE);
	w.id[0] = 3;
	w.device = true;
	cr_assert_eq(registry_put_invitation(registry, &w), 0);
	cr_expect_eq(registry_spend(registry, w.id, &gb, 1), 0);
}

Test(registry, the_certificate_that_holds_longest_is_found)
{
	struct registry_grant g = grant(&a, 1), found;
	uint8_t bytes[CERTIFICATE_MAX];

	cr_expect_eq(
		registry_find_grant(registry, g.name, &a, 0, &found, bytes),
		-ENOENT);
	cr_assert_eq(registry_put_grant(registry, &g), 0);
	g = grant(&a, 2);
	g.not_after_s = 20000;
	g.certificate.len = 4;
	cr_assert_eq(registry_put_grant(registry, &g), 0);
	cr_assert_eq(
		registry_find_grant(registry, g.name, &a, 19999, &found, bytes),
		0);
	cr_expect_eq(found.serial[15], 2);
	cr_assert_eq(found.certificate.len, 4);
	cr_expect_arr_eq(bytes, "cert", 4);
	cr_expect_eq(
		registry_find_grant(registry, g.name, &a, 20000, &found, bytes),
		-ENOENT);
	cr_expect_eq(
		registry_find_grant(registry, g.name, &b, 0, &found, bytes),
		-ENOENT);
}

Test(registry, a_host_is_revoked_under_all_its_names)
{
	struct registry_grant g = grant(&a, 1), found;
	uint8_t bytes[CERTIFICATE_MAX];
	size_t n = 0;

	cr_assert_eq(registry_put_grant(registry, &g), 0);
	g = grant(&a, 2);
	strcpy(g.name, "rob@example.com");
	cr_assert_eq(registry_put_grant(registry, &g), 0);
	g = grant(&b, 3);
	cr_assert_eq(registry_put_grant(registry, &g), 0);
	cr_assert_eq(registry_revoke(registry, NULL, &a, 5, &n), 0);
	cr_expect_eq(n, 2);
	cr_expect_eq(registry_find_grant(registry, "rob@example.com", &a, 6,
					 &found, bytes),
		     -ENOENT);
	cr_expect_eq(
		registry_find_grant(registry, g.name, &b, 6, &found, bytes), 0);
}

Test(registry, an_invitation_is_spent_once)
{
	struct registry_invitation v = invitation(), found;
	struct registry_grant ga = grant(&a, 1), gb = grant(&b, 2);

	cr_assert_eq(registry_put_invitation(registry, &v), 0);
	cr_expect_eq(registry_put_invitation(registry, &v), -EEXIST);
	cr_assert_eq(registry_find_invitation(registry, v.id, &found), 0);
	cr_expect_not(found.spent);
	cr_assert_eq(registry_spend(registry, v.id, &ga, 499), 0);
	reopen();
	cr_assert_eq(registry_find_invitation(registry, v.id, &found), 0);
	cr_expect(found.spent && hit_equal(&found.spent_by, &a));
	cr_expect_str_eq(found.name, "bob@example.com");
	cr_expect_eq(registry_spend(registry, v.id, &gb, 499), -EACCES);
	/* The same host again, also later: its answer may have been lost. */
	cr_expect_eq(registry_spend(registry, v.id, &ga, 501), 0);
}

Test(registry, an_invitation_that_is_late_or_unknown_is_not_spent)
{
	struct registry_invitation v = invitation(), found;
	struct registry_grant g = grant(&a, 1);
	bool in_use;

	cr_expect_eq(registry_spend(registry, v.id, &g, 0), -ENOENT);
	cr_assert_eq(registry_put_invitation(registry, &v), 0);
	cr_expect_eq(registry_spend(registry, v.id, &g, 500), -ETIMEDOUT);
	cr_assert_eq(registry_find_invitation(registry, v.id, &found), 0);
	cr_expect_not(found.spent);
	cr_assert_eq(registry_name_in_use(registry, v.name, &b, 0, &in_use), 0);
	cr_expect_not(in_use);
}

static bool note_grant(void *ctx, const struct registry_grant *g)
{
	(void)ctx; /* one place for all */
	seen.n++;
	seen.serial = g->serial[15];
	seen.revoked_s = g->revoked_s;
	return true;
}

Test(registry, a_revoked_name_is_free_and_its_certificate_is_known)
{
	struct registry_invitation v = invitation();
	struct registry_grant g = grant(&a, 7);
	bool in_use = false;
	size_t n = 0;

	cr_assert_eq(registry_put_invitation(registry, &v), 0);
	cr_assert_eq(registry_spend(registry, v.id, &g, 1), 0);
	cr_assert_eq(registry_name_in_use(registry, v.name, &b, 2, &in_use), 0);
	cr_expect(in_use);
	cr_assert_eq(registry_name_in_use(registry, v.name, &a, 2, &in_use), 0);
	cr_expect_not(in_use);
	cr_assert_eq(registry_revoke(registry, v.name, NULL, 3, &n), 0);
	cr_expect_eq(n, 1);
	cr_assert_eq(registry_revoke(registry, v.name, NULL, 4, &n), 0);
	cr_expect_eq(n, 0);
	/* Redeeming again does not bring it back, nor another of its kind. */
	cr_assert_eq(registry_spend(registry, v.id, &g, 5), -EACCES);
	g.serial[0]++;
	cr_assert_eq(registry_spend(registry, v.id, &g, 5), -EACCES);
	reopen();
	cr_assert_eq(registry_name_in_use(registry, v.name, &b, 5, &in_use), 0);
	cr_expect_not(in_use);
	memset(&seen, 0, sizeof(seen));
	cr_assert_eq(registry_grants(registry, note_grant, NULL), 0);
	cr_expect_eq(seen.n, 1);
	cr_expect_eq(seen.serial, 7);
	cr_expect_eq(seen.revoked_s, 3);
}

/*
 * Killed after the n-th answer: what was answered with success before is
 * there, and what was not is there whole or not at all.
 */
Test(registry, a_process_that_is_killed_has_spent_whole_invitations)
{
	for (unsigned int round = 0; round < 12; round++) {
		struct registry_invitation v = invitation(), found;
		unsigned int done = 0;
		int fds[2];
		pid_t pid;

		v.device = true;
		v.id[1] = (uint8_t)round;
		cr_assert_eq(pipe(fds), 0);
		registry_close(registry);
		registry = NULL;
		pid = fork();
		if (pid == 0) {
			bool aside;

			if (registry_open(path, &registry, &aside) != 0)
				_exit(1);
			for (unsigned int i = 0; i < 250; i++) {
				struct registry_grant g = grant(&a, (uint8_t)i);

				g.serial[1] = (uint8_t)round;
				v.id[2] = (uint8_t)i;
				if (registry_put_invitation(registry, &v) ||
				    registry_spend(registry, v.id, &g, 1) ||
				    write(fds[1], "", 1) != 1)
					_exit(1);
			}
			pause();
		}
		cr_assert_eq(close(fds[1]), 0);
		while (done <= round + 2) {
			char byte;

			cr_assert_eq(read(fds[0], &byte, 1), 1);
			done++;
		}
		cr_assert_eq(kill(pid, SIGKILL), 0);
		cr_assert_eq(waitpid(pid, NULL, 0), pid);
		cr_assert_eq(close(fds[0]), 0);
		reopen();
		for (unsigned int i = 0; i < done; i++) {
			v.id[2] = (uint8_t)i;
			cr_assert_eq(registry_find_invitation(registry, v.id,
							      &found),
				     0);
			cr_expect(found.spent);
		}
	}
}

static bool has_invitation(uint8_t first)
{
	uint8_t id[REGISTRY_ID_LEN] = { first, [31] = 2 };
	struct registry_invitation v;

	return registry_find_invitation(registry, id, &v) == 0;
}

static bool count_grant(void *ctx, const struct registry_grant *g)
{
	(void)g;
	++*(size_t *)ctx;
	return true;
}

static size_t grants(void)
{
	size_t n = 0;

	cr_assert_eq(registry_grants(registry, count_grant, &n), 0);
	return n;
}

Test(registry, what_is_over_is_purged)
{
	struct registry_invitation v = invitation();
	struct registry_grant g = grant(&a, 1);
	size_t n;

	cr_assert_eq(registry_put_invitation(registry, &v), 0);
	cr_assert_eq(registry_spend(registry, v.id, &g, 100), 0);
	cr_assert_eq(registry_revoke(registry, NULL, &a, 200, &n), 0);
	v.id[0] = 3;
	cr_assert_eq(registry_put_invitation(registry, &v), 0);
	cr_assert_eq(registry_purge(registry, 500), 0);
	cr_expect(has_invitation(3), "it expires now");
	cr_assert_eq(registry_purge(registry, 501), 0);
	cr_expect_not(has_invitation(3));
	cr_expect(has_invitation(1), "what it was spent for is there");
	cr_expect_eq(
		registry_spend(registry, (uint8_t[32]){ 1, [31] = 2 }, &g, 600),
		-EACCES, "or its host could come back");
	cr_assert_eq(registry_purge(registry, 10001), 0);
	cr_expect_eq(grants(), 1, "what was taken back stays so");
	cr_expect(has_invitation(1), "they stay together");
}

Test(registry, certificates_that_ended_are_purged)
{
	struct registry_invitation v = invitation();
	struct registry_grant g = grant(&a, 1);

	cr_assert_eq(registry_put_invitation(registry, &v), 0);
	cr_assert_eq(registry_spend(registry, v.id, &g, 100), 0);
	cr_assert_eq(registry_purge(registry, 10000), 0);
	cr_expect_eq(grants(), 1);
	cr_assert_eq(registry_purge(registry, 10001), 0);
	cr_expect_eq(grants(), 0);
	cr_expect_not(has_invitation(1), "they go together");
}

static bool note_part(void *ctx, struct span list)
{
	uint8_t *all = ctx;

	cr_assert_eq(list.len, 1);
	all[seen.n++] = list.bytes[0];
	return true;
}

Test(registry, parts_are_kept_and_replaced_and_go_with_their_number)
{
	static const uint8_t bytes[] = { 1, 2, 3 };
	uint8_t all[8] = { 0 };

	for (uint16_t i = 0; i < 2; i++)
		cr_assert_eq(registry_put_part(registry, 2, i,
					       (struct span){ &bytes[i], 1 }),
			     0);
	cr_assert_eq(registry_put_part(registry, 2, 1,
				       (struct span){ &bytes[2], 1 }),
		     0);
	reopen();
	seen.n = 0;
	cr_assert_eq(registry_parts(registry, note_part, all), 0);
	cr_expect_eq(seen.n, 2);
	cr_expect_eq(all[0], 1);
	cr_expect_eq(all[1], 3);
	cr_assert_eq(registry_keep_parts(registry, 4), 0);
	seen.n = 0;
	cr_assert_eq(registry_parts(registry, note_part, all), 0);
	cr_expect_eq(seen.n, 0);
}
