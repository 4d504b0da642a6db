/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Reading the daemon's JSON for people.
 */
#include "cli/field.h"

#include <stdio.h>
#include <string.h>

const char *field_text_or_null(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

const char *field_text(const json_t *object, const char *key)
{
	const char *text = field_text_or_null(object, key);

	return text ? text : "-";
}

bool field_is_number(const json_t *object, const char *key)
{
	return json_is_number(json_object_get(object, key));
}

uint64_t field_number(const json_t *object, const char *key)
{
	const json_t *v = json_object_get(object, key);
	double real = json_number_value(v);

	if (json_is_integer(v))
		return json_integer_value(v) > 0
			       ? (uint64_t)json_integer_value(v)
			       : 0;
	return real > 0 && real < 1e18 ? (uint64_t)real : 0;
}

void field_join(const json_t *object, const char *key, const char *between,
		char out[FIELD_TEXT_MAX])
{
	const json_t *array = json_object_get(object, key);
	size_t used = 0;

	(void)snprintf(out, FIELD_TEXT_MAX, "-");
	for (size_t i = 0; i < json_array_size(array); i++) {
		const char *text = json_string_value(json_array_get(array, i));
		size_t gap = used ? strlen(between) : 0;

		if (!text || strlen(text) >= FIELD_TEXT_MAX - used - gap)
			continue;
		memcpy(out + used, between, gap);
		memcpy(out + used + gap, text, strlen(text) + 1);
		used += gap + strlen(text);
	}
}

void field_path(const json_t *path, char out[FIELD_TEXT_MAX])
{
	const char *kind = field_text_or_null(path, "kind");
	const char *relay = field_text_or_null(path, "relay");

	if (!kind)
		(void)snprintf(out, FIELD_TEXT_MAX, "-");
	else if (relay)
		(void)snprintf(out, FIELD_TEXT_MAX, "%s %s by %s", kind,
			       field_text(path, "remote"), relay);
	else
		(void)snprintf(out, FIELD_TEXT_MAX, "%s %s", kind,
			       field_text(path, "remote"));
}

const char *field_authority(const json_t *association)
{
	const json_t *names = json_object_get(association, "names");

	return json_array_size(names) == 0 && json_is_true(json_object_get(
						      association, "authority"))
		       ? " (authority)"
		       : "";
}

void field_joining(const json_t *joining, char out[FIELD_JOINING_MAX])
{
	const char *trouble = field_text_or_null(joining, "trouble");

	(void)snprintf(out, FIELD_JOINING_MAX, "%s: joining as %s; %s",
		       field_text(joining, "overlay"),
		       field_text(joining, "name"),
		       trouble ? trouble
			       : "the authority was not reached "
				 "yet"); /* cut short it still tells */
}

const char *field_guest(const json_t *association)
{
	return json_is_true(json_object_get(association, "guest")) ? " (guest)"
								   : "";
}
