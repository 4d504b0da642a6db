/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The monitor's errands: their two messages, and the real program.
 */
#include "daemon/errand.h"

#include "daemon/errand_form.h"
#include "daemon/hip/identity.h"
#include "tests/unit/tempdir.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* make check runs where the programs are built. */
static const char here[] = ".";

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

TestSuite(errand, .init = make, .fini = take_away);

Test(errand, what_one_has_made_another_loads)
{
	struct errand_key made, loaded;
	struct identity *id = NULL;

	cr_expect_eq(errand_run(ERRAND_LOAD, &config, here, &loaded), -ENOENT);
	cr_assert_eq(errand_run(ERRAND_MAKE, &config, here, &made), 0);
	cr_assert_eq(errand_run(ERRAND_LOAD, &config, here, &loaded), 0);
	cr_expect(hit_equal(&made.hit, &loaded.hit));
	cr_assert_eq(identity_from_pem(loaded.pem, loaded.len, &id), 0);
	cr_expect(hit_equal(&loaded.hit, identity_hit(id)));
	identity_free(id);
}

Test(errand, what_hostkey_refuses_is_refused)
{
	struct config other = { .identity = path,
				.algorithm = IDENTITY_ED25519,
				.algorithm_set = true };
	struct errand_key key = { .len = 0 };

	cr_assert_eq(errand_run(ERRAND_MAKE, &config, here, &key), 0);
	key.len = 0;
	cr_expect_eq(errand_run(ERRAND_MAKE, &config, here, &key), -EEXIST);
	cr_expect_eq(errand_run(ERRAND_LOAD, &other, here, &key), -EINVAL);
	cr_expect_eq(key.len, 0);
}

/* RSA-4096 has the longest key that we take. */
Test(errand, the_longest_key_fits)
{
	struct config rsa = { .identity = path,
			      .algorithm = IDENTITY_RSA_4096,
			      .algorithm_set = true };
	struct errand_key key;

	cr_expect_eq(errand_run(ERRAND_MAKE, &rsa, here, &key), 0);
}

Test(errand, a_program_that_is_not_there_is_told_once)
{
	static const char said[] = "start: /nonexistent/hipline-engine: No "
				   "such file or directory; name the directory "
				   "where it is with --libexec, or install "
				   "hipline again\n";
	char got[1024] = "";
	struct errand_key key;
	int out[2];

	cr_assert_eq(pipe2(out, O_NONBLOCK), 0);
	cr_assert_eq(dup2(out[1], STDERR_FILENO), STDERR_FILENO);
	cr_expect_eq(errand_run(ERRAND_LOAD, &config, "/nonexistent", &key),
		     -ECONNRESET);
	cr_expect_gt(read(out[0], got, sizeof(got) - 1), 0);
	cr_expect_str_eq(got, said);
}

Test(errand, a_question_is_read_as_it_was_written)
{
	const struct errand_question q = { .kind = ERRAND_MAKE,
					   .log = LOG_LEVEL_WARNING,
					   .aead = CIPHER_OPENSSL,
					   .algorithm = IDENTITY_ECDSA_P384,
					   .algorithm_set = true,
					   .identity = "/a/key" };
	uint8_t bytes[64];
	size_t len = errand_write_question(&q, bytes, sizeof(bytes));
	struct errand_question got;

	cr_assert_eq(len, 5 + sizeof("/a/key"));
	cr_assert(errand_parse_question(bytes, len, &got));
	cr_expect_eq(got.kind, q.kind);
	cr_expect_eq(got.log, q.log);
	cr_expect_eq(got.aead, q.aead);
	cr_expect_eq(got.algorithm, q.algorithm);
	cr_expect(got.algorithm_set);
	cr_expect_str_eq(got.identity, q.identity);
	cr_expect_eq(errand_write_question(&q, bytes, len - 1), 0);
}

Test(errand, a_broken_question_is_refused)
{
	const struct errand_question q = { .kind = ERRAND_LOAD,
					   .identity = "/a/key" };
	uint8_t bytes[64];
	size_t len = errand_write_question(&q, bytes, sizeof(bytes));
	struct errand_question got;

	for (size_t cut = 0; cut < len; cut++)
		cr_expect_not(errand_parse_question(bytes, cut, &got), "%zu",
			      cut);
	for (size_t i = 0; i < 5; i++) {
		uint8_t was = bytes[i];

		bytes[i] = 0xff;
		cr_expect_not(errand_parse_question(bytes, len, &got), "%zu",
			      i);
		bytes[i] = was;
	}
	bytes[6] = '\0'; /* two texts */
	cr_expect_not(errand_parse_question(bytes, len, &got));
}

Test(errand, an_answer_is_read_as_it_was_written)
{
	struct errand_key key = { .hit = { { 0x20, 0x01, 0, 0x22, [15] = 1 } },
				  .len = 3,
				  .pem = "pem" };
	struct errand_key got = { .len = 0 };
	uint8_t bytes[64];
	int result = 1;
	size_t len = errand_write_answer(0, &key, bytes, sizeof(bytes));

	cr_assert(errand_parse_answer(bytes, len, &result, &got));
	cr_expect_eq(result, 0);
	cr_expect(hit_equal(&got.hit, &key.hit));
	cr_expect_eq(got.len, key.len);
	cr_expect_arr_eq(got.pem, key.pem, key.len);
	got.len = 0;
	len = errand_write_answer(-EACCES, &key, bytes, sizeof(bytes));
	cr_expect_eq(len, 4);
	cr_assert(errand_parse_answer(bytes, len, &result, &got));
	cr_expect_eq(result, -EACCES);
	cr_expect_eq(got.len, 0);
}

Test(errand, a_broken_answer_is_refused)
{
	struct errand_key key = { .hit = { { 0x20, 0x01, 0, 0x22, [15] = 1 } },
				  .len = 1,
				  .pem = "p" };
	uint8_t bytes[ERRAND_ANSWER_MAX + 1] = { 0 };
	struct errand_key got = { .len = 0 };
	int result = 1;
	size_t len = errand_write_answer(0, &key, bytes, sizeof(bytes));

	for (size_t cut = 0; cut < len; cut++)
		cr_expect_not(errand_parse_answer(bytes, cut, &result, &got),
			      "%zu", cut);
	cr_expect(errand_parse_answer(bytes, ERRAND_ANSWER_MAX, &result, &got));
	got.len = 0;
	result = 1;
	cr_expect_not(errand_parse_answer(bytes, ERRAND_ANSWER_MAX + 1, &result,
					  &got));
	bytes[4] = 0; /* no HIT */
	cr_expect_not(errand_parse_answer(bytes, len, &result, &got));
	bytes[3] = EACCES; /* with a key behind it */
	cr_expect_not(errand_parse_answer(bytes, len, &result, &got));
	bytes[0] = 0xff; /* no errno */
	cr_expect_not(errand_parse_answer(bytes, 4, &result, &got));
	cr_expect_eq(got.len, 0);
	cr_expect_eq(result, 1);
}
