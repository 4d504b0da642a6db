/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Names that are bound to a HIT by the operator's word: those of `peer`
 * entries, which stand in the configuration and stay as they are, and those
 * of `hipline pin`, which are kept in a file of the state directory.
 */
#ifndef HIPLINE_PINS_H
#define HIPLINE_PINS_H

#include "daemon/hip/hit.h"

#include <stdbool.h>
#include <stddef.h>

enum { PINS_MAX = 32768 };

/* One name. All of it is borrowed from the pins. */
struct pin {
	const char *name; /* canonical */
	struct hit hit;
	int line; /* in the configuration; 0: pinned at run time */
};

struct pins;

/* NULL for want of memory. */
struct pins *pins_new(void);

/* Those that are kept in another file of the state directory (static). */
struct pins *pins_new_in(const char *file);
void pins_free(struct pins *p);

/*
 * Binds a canonical name to a HIT: from line `line` of the configuration,
 * or 0 for run time. Binding it again to another HIT replaces it at run
 * time. Returns 0, -EEXIST when the configuration binds it to another HIT,
 * -ENOSPC or -ENOMEM.
 */
__attribute__((warn_unused_result)) int
pins_add(struct pins *p, const char *name, const struct hit *hit, int line);

/*
 * Takes one of run time away, also one that the configuration overrides. 0,
 * -ENOENT, or -EEXIST when it is the configuration's.
 */
__attribute__((warn_unused_result)) int pins_remove(struct pins *p,
						    const char *name);

/* The pin of a canonical name, or NULL; valid until the next change. */
const struct pin *pins_find(const struct pins *p, const char *name);

/* All of them in the order of their names. */
size_t pins_count(const struct pins *p);
const struct pin *pins_at(const struct pins *p, size_t i);

/* Whether any name is bound to it. */
bool pins_has_hit(const struct pins *p, const struct hit *hit);

/*
 * Reads the pins of run time from the state directory; those of the
 * configuration are there already. A file that is broken in any way is set
 * aside, what can be read of it is taken, and *broken set. Returns 0 (also
 * when there is no file), or a negative errno when the file could not be
 * read or not be set aside: then it must not be written either.
 */
__attribute__((warn_unused_result)) int pins_load(struct pins *p, int dir,
						  bool *broken);

/*
 * Pins of the file that do not hold, because the configuration binds the
 * name to another HIT. They stay in the file until they are removed.
 */
size_t pins_overridden(const struct pins *p);
const struct pin *pins_overridden_at(const struct pins *p, size_t i);

/*
 * Takes copies of the pins of run time out of others; those of the
 * configuration are there already. 0, -ENOSPC or -ENOMEM.
 */
__attribute__((warn_unused_result)) int pins_take_over(struct pins *p,
						       const struct pins *from);

/* Writes the pins of run time. 0 or a negative errno. */
__attribute__((warn_unused_result)) int pins_save(const struct pins *p,
						  int dir);

#endif
