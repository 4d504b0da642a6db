/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
#include "cli/field.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

static json_t *root;

static void load(const char *text)
{
	root = json_loads(text, 0, NULL);
	cr_assert(root != NULL);
}

static void drop_json(void)
{
	json_decref(root);
}

TestSuite(field, .fini = drop_json);

Test(field, text_that_is_not_there_is_a_dash)
{
	load("{\"a\":\"x\",\"n\":null,\"i\":1}");
	cr_assert(strcmp(field_text(root, "a"), "x") == 0);
	cr_assert(strcmp(field_text(root, "n"), "-") == 0);
	cr_assert(strcmp(field_text(root, "i"), "-") == 0);
	cr_assert(strcmp(field_text(root, "none"), "-") == 0);
	cr_assert(strcmp(field_text(NULL, "a"), "-") == 0);
	cr_assert(field_text_or_null(root, "n") == NULL);
}

Test(field, numbers_are_whole_and_not_negative)
{
	load("{\"i\":7,\"r\":2.9,\"m\":-1,\"x\":-0.5,\"h\":1e300,\"s\":\"1\"}");
	cr_assert(eq(u64, field_number(root, "i"), 7));
	cr_assert(eq(u64, field_number(root, "r"), 2));
	cr_assert(eq(u64, field_number(root, "m"), 0));
	cr_assert(eq(u64, field_number(root, "x"), 0));
	cr_assert(eq(u64, field_number(root, "h"), 0));
	cr_assert(eq(u64, field_number(root, "s"), 0));
	cr_assert(eq(u64, field_number(root, "none"), 0));
	cr_assert(field_is_number(root, "r"));
	cr_assert(not(field_is_number(root, "s")));
}

Test(field, lists_are_joined)
{
	char out[FIELD_TEXT_MAX];

	load("{\"l\":[\"a\",\"b\",3,\"c\"],\"e\":[],\"n\":null}");
	field_join(root, "l", ", ", out);
	cr_assert(strcmp(out, "a, b, c") == 0);
	field_join(root, "e", ",", out);
	cr_assert(strcmp(out, "-") == 0);
	field_join(root, "n", ",", out);
	cr_assert(strcmp(out, "-") == 0);
}

Test(field, what_does_not_fit_a_list_is_left_out)
{
	char out[FIELD_TEXT_MAX], fits[FIELD_TEXT_MAX],
		text[3 * FIELD_TEXT_MAX];

	memset(fits, 'x', sizeof(fits));
	fits[FIELD_TEXT_MAX - 1] = '\0';
	(void)snprintf(text, sizeof(text), "{\"l\":[\"%sx\",\"%s\",\"y\"]}",
		       fits, fits);
	load(text);
	field_join(root, "l", " ", out);
	cr_assert(strcmp(out, fits) == 0);
}

Test(field, a_path_names_the_relay_when_there_is_one)
{
	char out[FIELD_TEXT_MAX];

	load("{\"d\":{\"kind\":\"direct\",\"local\":null,"
	     "\"remote\":\"192.0.2.2:10500\",\"relay\":null},"
	     "\"r\":{\"kind\":\"relayed\",\"remote\":\"192.0.2.3:9\","
	     "\"relay\":\"2001:22::9\"},\"n\":null}");
	field_path(json_object_get(root, "d"), out);
	cr_assert(strcmp(out, "direct 192.0.2.2:10500") == 0);
	field_path(json_object_get(root, "r"), out);
	cr_assert(strcmp(out, "relayed 192.0.2.3:9 by 2001:22::9") == 0);
	field_path(json_object_get(root, "n"), out);
	cr_assert(strcmp(out, "-") == 0);
	field_path(NULL, out);
	cr_assert(strcmp(out, "-") == 0);
}
