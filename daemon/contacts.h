/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Names that the operator wants at hand (`hipline contact`), kept in a file
 * of the state directory, and what was found of each. What to look up and
 * when is contacting.h. No I/O but for the file.
 */
#ifndef HIPLINE_CONTACTS_H
#define HIPLINE_CONTACTS_H

#include "daemon/base/resolve.h"
#include "daemon/hip/hit.h"

#include <stdbool.h>
#include <stddef.h>

enum {
	CONTACTS_MAX = 1000,
	CONTACTS_KEPT_MAX = 256, /* of these, with an association */
};

/* What the last lookup of a contact gave; in the order of its text. */
enum contact_state {
	CONTACT_LOOKING, /* nothing yet */
	CONTACT_FOUND,
	CONTACT_ABSENT,	     /* there is no such name */
	CONTACT_REFUSED,     /* it is claimed, and nothing proves it */
	CONTACT_CONFLICT,    /* hosts contradict each other */
	CONTACT_UNREACHABLE, /* nobody can tell now */
	CONTACT_STATES,
};

/* "looking", "found", "absent", "refused", "conflict", "unreachable". */
const char *contact_state_text(enum contact_state state);

/* A host behind a contact. */
struct contact_hit {
	struct hit hit;
	enum resolve_proof proof;
	uint8_t *hi; /* Host Identity; NULL: not known */
	size_t hi_len;
	/* Of the association that is kept with it. */
	uint64_t try_ms;   /* not made again before this */
	uint64_t asked_ms; /* when it was last asked whether it is there */
	unsigned int tries;
	bool was_up;
};

#define CONTACT_FOREVER UINT64_MAX

/* The name and `keep` are written down; the rest is of this run. */
struct contact {
	char *name; /* canonical, or a HIT as RFC 5952 writes it */
	bool keep;
	enum contact_state state;
	/* From the last lookup that named any; owned. */
	struct contact_hit *hits;
	size_t n_hits;
	uint64_t until_ms; /* they answer for the name until then */
	uint64_t due_ms;   /* when to look it up next */
	uint64_t lookup;   /* that is under way; 0: none */
	uint64_t lookup_ms;
	unsigned int failures; /* in a row */
};

struct contacts;

/* NULL for want of memory. */
struct contacts *contacts_new(void);
void contacts_free(struct contacts *c);

/*
 * What a name or a HIT is called here. Returns 0 or, with *out untouched,
 * -EINVAL.
 */
__attribute__((warn_unused_result)) int contacts_canonical(const char *text,
							   char out[]);

/*
 * Adds a contact, or sets `keep` of one that is there. 0, -ENOSPC (also when
 * too many are kept) or -ENOMEM: then nothing changed.
 */
__attribute__((warn_unused_result)) int
contacts_set(struct contacts *c, const char *name, bool keep);

/* 0 or -ENOENT. */
__attribute__((warn_unused_result)) int contacts_remove(struct contacts *c,
							const char *name);

/* NULL when it is not there; valid until it is removed. */
struct contact *contacts_find(const struct contacts *c, const char *name);

/* All of them in the order of their names; NULL behind the last. */
size_t contacts_count(const struct contacts *c);
struct contact *contacts_at(const struct contacts *c, size_t i);

/* Whether `keep` is set for a contact behind which that host is. */
bool contacts_keep(const struct contacts *c, const struct hit *hit);

/*
 * These hosts (copied, each once) are behind the contact now; what is known
 * of the associations of those that were is kept. 0 or -ENOMEM: then it is as
 * before.
 */
__attribute__((warn_unused_result)) int
contact_set_hits(struct contact *c, const struct resolve_hit *hits, size_t n);

/* The host among those behind it, or NULL. */
struct contact_hit *contact_find_hit(const struct contact *c,
				     const struct hit *hit);

/*
 * Reads the file of the state directory. One that is broken in any way is set
 * aside, what can be read of it is taken, and *broken set. Returns 0 (also
 * when there is no file), or a negative errno when the file could not be read
 * or not be set aside: then it must not be written either.
 */
__attribute__((warn_unused_result)) int contacts_load(struct contacts *c,
						      int dir, bool *broken);

/* Writes it. 0 or a negative errno. */
__attribute__((warn_unused_result)) int contacts_save(const struct contacts *c,
						      int dir);

#endif
