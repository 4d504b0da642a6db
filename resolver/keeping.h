/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * What a node keeps on disk between two lives of the process: the records
 * that it holds for others, members to begin with, the revocation list with its
 * parts, hosts of first use, its storage time. Without a database nothing is
 * kept, and all goes on. This is an edge: it does I/O.
 */
#ifndef HIPLINE_KEEPING_H
#define HIPLINE_KEEPING_H

#include "resolver/database.h"
#include "resolver/node.h"

struct kept_list;

struct keeping {
	struct database *db;	 /* NULL: nothing is kept */
	uint64_t storage_ms;	 /* as it stands there */
	uint64_t expired_ms;	 /* when old records were looked for */
	struct kept_list *lists; /* that are to be written */
	bool failed;		 /* that was said already */
	char overlay[RESOLVE_NAME_MAX + 1]; /* whose records they are */
};

/* Opens the file; what goes wrong is a warning. */
void keeping_open(struct keeping *k, const char *path);
void keeping_close(struct keeping *k);

/*
 * The node is about to be in this overlay: gives it the members of before.
 * What was kept of another overlay is forgotten.
 */
void keeping_begin(struct keeping *k, struct node *n, const char *overlay,
		   uint64_t now_ms);
/* It is in it: gives it the rest. */
void keeping_restore(struct keeping *k, struct node *n, uint64_t wall_ms);
/* It is in none: forgets everything. */
void keeping_forget(struct keeping *k);

/* Whether there is anything that keeping_flush would write. */
bool keeping_is_due(const struct keeping *k, const struct node *n);
/* Writes what has changed since, a part of it when it is much. */
void keeping_flush(struct keeping *k, struct node *n, uint64_t wall_ms);

/* Outputs that are to be kept; others are left alone. */
void keeping_on_output(struct keeping *k, const struct node_output *o,
		       uint64_t wall_ms);

/* What names were at their first use: each; and to forget one. */
void keeping_first_uses(struct keeping *k,
			bool (*fn)(void *ctx, const char *name,
				   const struct hit *hit),
			void *ctx);
void keeping_forget_first_use(struct keeping *k, const char *name);

/* For struct node_conf; ctx is the keeping. */
int keeping_first_use(void *ctx, const char *name, struct hit *out);

#endif
