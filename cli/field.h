/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Reading the daemon's JSON for people. A key that is missing, null or of
 * another kind is shown as a dash or counts as 0: a newer or older daemon
 * must not make a screen impossible.
 */
#ifndef HIPLINE_FIELD_H
#define HIPLINE_FIELD_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FIELD_TEXT_MAX = 160, FIELD_JOINING_MAX = 1024 };

/* The string at key, borrowed; "-" when there is none. */
const char *field_text(const json_t *object, const char *key);

/* The same without the dash: NULL. */
const char *field_text_or_null(const json_t *object, const char *key);

/* The number at key, cut to a whole one; 0 when there is none. */
uint64_t field_number(const json_t *object, const char *key);

/* True when there is a number at key. */
bool field_is_number(const json_t *object, const char *key);

/* The strings of the array at key with `between` in between; "-" if none.
 * What does not fit is left out. */
void field_join(const json_t *object, const char *key, const char *between,
		char out[FIELD_TEXT_MAX]);

/* " (authority)" for an association of the authority's host when no name of it
 * is known, or "". */
const char *field_authority(const json_t *association);

/* What is known of a join that has not ended: the overlay, as whom, and what
 * it waits for. */
void field_joining(const json_t *joining, char out[FIELD_JOINING_MAX]);

/* " (guest)" for an association of one that is let in to enrol, or "". */
const char *field_guest(const json_t *association);

/* An association's path: "direct 192.0.2.2:10500"; "-" when it has none. */
void field_path(const json_t *path, char out[FIELD_TEXT_MAX]);

#endif
