/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * All keys of the configuration in one table: what each takes, where its
 * value goes, and what this version acts on.
 */
#ifndef HIPLINE_CONFIG_KEYS_H
#define HIPLINE_CONFIG_KEYS_H

#include "daemon/config.h"
#include "daemon/config_check.h"

enum config_kind {
	CONFIG_TEXT,   /* into a char *, an allocated one */
	CONFIG_NUMBER, /* into a uint32_t */
	CONFIG_CHOICE, /* into an enum: the place in the list of words */
	CONFIG_HIT,    /* into a struct hit */
	CONFIG_IDS,    /* into a struct config_ids */
	CONFIG_LIST,   /* into a struct config_list */
};

/* The value is checked and kept nowhere. */
#define CONFIG_NOWHERE ((size_t)-1)

struct config_key {
	const char *name;
	enum config_kind kind;
	/* For people; of a choice the words, in order, with one space. */
	const char *allowed;
	uint64_t min, max; /* of a number; of items */
	config_check_fn *check;
	config_id_fn *is_id;
	/* As the file would write it; NULL when there is none. */
	const char *initial;
	/* When not NULL, this version acts on these values only (words with
	 * one space; of a list the whole list). */
	const char *acts_on;
	size_t offset; /* in struct config or struct config_peer */
	bool reloads;  /* a new value takes effect without a restart */
};

struct config_section {
	const char *name;
	bool titled; /* may be there many times, each with another title */
	const struct config_key *keys;
	size_t n_keys;
};

extern const struct config_section config_sections[];
extern const size_t config_n_sections;

/* The place of a word among words with one space between; -1 if nowhere. */
int config_word_place(const char *words, const char *word);

#endif
