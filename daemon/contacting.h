/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * What the engine does for contacts: those that are names of the overlay are
 * looked up soon after the start and again before what was found ends, so
 * that a call finds the HIT at once; those with `keep` have an association
 * (kept.h). A contact gives no right: who is let in is decided elsewhere.
 */
#ifndef HIPLINE_CONTACTING_H
#define HIPLINE_CONTACTING_H

#include "daemon/contacts.h"

#include <jansson.h>

struct engine;
struct contacting;

enum {
	CONTACTING_PER_TICK = 10, /* lookups that begin */
	CONTACTING_OPEN_MAX = 32, /* that are under way */
	CONTACTING_OPEN_MS = 20 * 1000,
	/* From one lookup to the next: half of what it found holds for. */
	CONTACTING_FRESH_MIN_MS = 30 * 1000,
	CONTACTING_FRESH_MAX_MS = 300 * 1000,
	/* After one that found nothing; doubled with each, up to the same. */
	CONTACTING_AGAIN_MS = 15 * 1000,
	/* Denials in a row, after which the hosts of before are let go. */
	CONTACTING_DENIALS_MAX = 3,
};

/* With the contacts of the state directory; NULL for want of memory. */
struct contacting *contacting_new(struct engine *e);
void contacting_free(struct contacting *x);

/*
 * Adds a contact (contacts_canonical), or sets its `keep`. 0, -ENOSPC or
 * -ENOMEM. Remove: 0 or -ENOENT. Neither is written down: that is save, 0 or a
 * negative errno.
 */
__attribute__((warn_unused_result)) int
contacting_add(struct contacting *x, const char *name, bool keep);
__attribute__((warn_unused_result)) int contacting_remove(struct contacting *x,
							  const char *name);
__attribute__((warn_unused_result)) int
contacting_save(const struct contacting *x);

/* Each second. */
void contacting_tick(struct contacting *x, uint64_t now_ms);

/* The overlay's answer to a lookup; false when it was none of a contact. */
bool contacting_on_found(struct contacting *x, const struct resolve_answer *a);

/* What somebody else's lookup of that name has given. */
void contacting_learn(struct contacting *x, const char *name,
		      const struct resolve_answer *a);

/* There is nobody any more who was asked. */
void contacting_on_gone(struct contacting *x);

/* What was found may be revoked: all is looked up again, and answers no
 * question before. */
void contacting_on_revoked(struct contacting *x);
/* What was believed of a name by pin or first use is forgotten: it is looked
 * up anew. No contact: nothing. */
void contacting_forget(struct contacting *x, const char *name);

/* Whether an association with that host is to be kept. x may be NULL. */
bool contacting_keeps(const struct contacting *x, const struct hit *hit);

/*
 * What was found of a canonical name, as the overlay would answer; pointers
 * are good until the next input. False when nothing is known that holds now. x
 * may be NULL.
 */
bool contacting_answer(const struct contacting *x, const char *name,
		       struct resolve_answer *out);

/* `contacts` of hipline(1); NULL for want of memory. x may be NULL. */
json_t *contacting_report(const struct contacting *x);

#endif
