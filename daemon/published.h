/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The names that this host publishes in its overlay: those of the
 * configuration and those of `hipline publish`, which are kept in a file of
 * the state directory; and what became of each.
 */
#ifndef HIPLINE_PUBLISHED_H
#define HIPLINE_PUBLISHED_H

#include "daemon/base/overlay_ipc.h"
#include "daemon/config.h"

enum { PUBLISHED_MAX = CONFIG_PUBLISH_MAX };

struct published_name {
	char *name; /* canonical */
	int line;   /* in the configuration; 0: not there */
	bool added; /* at run time */
	enum resolve_name_state state;
	char reason[RESOLVE_REASON_MAX + 1];
};

struct published {
	struct published_name all[PUBLISHED_MAX];
	size_t n;
};

void published_clear(struct published *p);

/* Adds a canonical name at run time. 0, -EEXIST, -ENOSPC or -ENOMEM. */
__attribute__((warn_unused_result)) int published_add(struct published *p,
						      const char *name);

/* Takes one of run time away: 0; -ENOENT, or -EEXIST when the configuration
 * has it. */
__attribute__((warn_unused_result)) int published_remove(struct published *p,
							 const char *name);

struct published_name *published_find(struct published *p, const char *name);

/*
 * The names of the configuration are these now (in any spelling). Those that go
 * for it are written to gone (PUBLISHED_MAX), for the caller to free. 0, or
 * -ENOSPC when not all find room.
 */
__attribute__((warn_unused_result)) int
published_configure(struct published *p, const struct config_list *names,
		    char *gone[PUBLISHED_MAX], size_t *n_gone);

/* All have to be published anew. */
void published_again(struct published *p);

/*
 * Reads the names of run time; a broken file is set aside, *broken set. 0,
 * also when there is none, or a negative errno.
 */
__attribute__((warn_unused_result)) int published_load(struct published *p,
						       int dir, bool *broken);
__attribute__((warn_unused_result)) int
published_save(const struct published *p, int dir);

#endif
