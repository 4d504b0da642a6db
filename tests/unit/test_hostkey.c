/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The identity's file: made once, read ever after.
 */
#include "daemon/hostkey.h"

#include "tests/unit/tempdir.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

static struct tempdir dir;
static char path[512];
static struct config config = { .identity = path };

static void make(void)
{
	tempdir_make(&dir);
	memcpy(path, tempdir_path(&dir, "id.pem"), sizeof(dir.file));
}

static void take_away(void)
{
	tempdir_remove(&dir);
}

TestSuite(hostkey, .init = make, .fini = take_away);

Test(hostkey, what_was_made_is_loaded)
{
	struct identity *made = NULL, *loaded = NULL;
	struct stat st;

	cr_expect_eq(hostkey_load(&config, &loaded), -ENOENT);
	cr_assert_eq(hostkey_make(&config, &made), 0);
	cr_assert_eq(stat(path, &st), 0);
	cr_expect_eq(st.st_mode & 07777, 0600);
	cr_assert_eq(hostkey_load(&config, &loaded), 0);
	cr_expect(hit_equal(identity_hit(made), identity_hit(loaded)));
	identity_free(made);
	identity_free(loaded);
}

Test(hostkey, one_is_never_made_over_another)
{
	struct identity *made = NULL, *again = NULL;
	struct stat before, after;

	cr_assert_eq(hostkey_make(&config, &made), 0);
	cr_assert_eq(stat(path, &before), 0);
	cr_expect_eq(hostkey_make(&config, &again), -EEXIST);
	cr_assert_eq(stat(path, &after), 0);
	cr_expect_eq(before.st_ino, after.st_ino);
	cr_expect_null(again);
	identity_free(made);
}

Test(hostkey, the_algorithm_must_fit_when_it_is_written_down)
{
	struct identity *made = NULL, *loaded = NULL;

	cr_assert_eq(hostkey_make(&config, &made), 0);
	config.algorithm = IDENTITY_ECDSA_P384;
	cr_expect_eq(hostkey_load(&config, &loaded), 0);
	identity_free(loaded);
	loaded = NULL;
	config.algorithm_set = true;
	cr_expect_eq(hostkey_load(&config, &loaded), -EINVAL);
	cr_expect_null(loaded);
	config.algorithm = IDENTITY_ECDSA_P256;
	cr_expect_eq(hostkey_load(&config, &loaded), 0);
	identity_free(loaded);
	identity_free(made);
}

Test(hostkey, what_others_can_read_is_refused)
{
	struct identity *made = NULL, *loaded = NULL;

	cr_assert_eq(hostkey_make(&config, &made), 0);
	cr_assert_eq(chmod(path, 0640), 0);
	cr_expect_eq(hostkey_load(&config, &loaded), -EKEYREJECTED);
	cr_expect_null(loaded);
	identity_free(made);
}

Test(hostkey, what_is_no_key_is_refused)
{
	static const char *const texts[] = {
		"", "junk\n", "-----BEGIN PRIVATE KEY-----\n",
		"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"
	};
	struct identity *loaded = NULL;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		tempdir_put(&dir, "id.pem", texts[i]);
		cr_expect_eq(hostkey_load(&config, &loaded), -EINVAL, "%s",
			     texts[i]);
		cr_expect_null(loaded);
	}
}

Test(hostkey, a_directory_that_is_not_there_is_told)
{
	struct identity *made = NULL;

	memcpy(path, tempdir_path(&dir, "no/id.pem"), sizeof(dir.file));
	cr_expect_eq(hostkey_make(&config, &made), -ENOENT);
	cr_expect_null(made);
}
