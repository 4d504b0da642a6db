/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * From words of the configuration to values in a struct, as the key says,
 * with one error text for all of it.
 */
#ifndef HIPLINE_CONFIG_VALUE_H
#define HIPLINE_CONFIG_VALUE_H

#include "daemon/config.h"
#include "daemon/config_keys.h"

/* A word as it stands in the text. */
struct config_token {
	int line;
	const char *text;
};

/* What stands behind a key; an empty list is one empty word. Borrowed. */
struct config_tokens {
	const struct config_token *items[CONFIG_ITEMS_MAX];
	size_t n;
};

/* The first thing that went wrong. */
struct config_report {
	const char *file;
	char *text; /* CONFIG_ERROR_MAX bytes */
	int err;    /* 0, -EINVAL or -ENOMEM */
	/* The section that is read, and its title; NULL when there is none. */
	const char *section;
	const char *title;
};

/* Writes "file:line: what" and sets -EINVAL, unless an error is there. */
__attribute__((format(printf, 3, 4))) void
config_report(struct config_report *r, int line, const char *format, ...);

enum { CONFIG_TAKES_MAX = 128 };

/* What a value may be, for people. */
void config_value_takes(const struct config_key *key,
			char out[static CONFIG_TAKES_MAX]);

/*
 * Checks the words and puts the value into the struct at `into`, freeing
 * what was there. False when something is wrong, which is then reported.
 */
bool config_value_set(const struct config_key *key,
		      const struct config_tokens *tokens, void *into,
		      struct config_report *r);

/* The same with the key's initial value, when it has one. */
bool config_value_initial(const struct config_key *key, void *into,
			  struct config_report *r);

/* Frees what config_value_set has put there. */
void config_value_clear(const struct config_key *key, void *into);

/* Whether two configurations have the same value there. */
bool config_value_is_same(const struct config_key *key, const void *a,
			  const void *b);

/* Exchanges the values there. */
void config_value_swap(const struct config_key *key, void *a, void *b);

/* Whether this version does what these words say. */
bool config_value_is_acted_on(const struct config_key *key,
			      const struct config_tokens *tokens);

/* Appends a copy of a text. False for want of memory, which is reported. */
bool config_list_add(struct config_list *list, const char *text, int line,
		     struct config_report *r);

void config_list_clear(struct config_list *list);

/* Whether they hold the same texts in the same order. */
bool config_list_is_same(const struct config_list *a,
			 const struct config_list *b);

#endif
