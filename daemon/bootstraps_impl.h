/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/* Between the files of bootstraps.h. */
#ifndef HIPLINE_BOOTSTRAPS_IMPL_H
#define HIPLINE_BOOTSTRAPS_IMPL_H

#include "daemon/bootstraps.h"
#include "daemon/engine.h"
#include "daemon/hostrecords.h"
#include "daemon/warnings.h"

/* One as configured. */
struct bootstrap {
	struct bootstraps *all;
	char *text; /* as it was written */
	bool names_hit;
	char *host; /* NULL: none is to be looked up */
	uint16_t port;
	struct hit hits[BOOTSTRAPS_HITS_MAX];
	size_t n_hits;
	struct hit first; /* which DNS said first */
	bool has_first;
	struct locator found[ASKER_ADDRESSES_MAX];
	size_t n_found;
	size_t open;  /* questions */
	bool is_gone; /* freed with its last answer */
	bool is_tried;
	uint64_t due_ms, asked_ms, pause_ms;
	const char *no_records, *no_address; /* why; static; NULL: answered */
	enum hiprr_fault fault;	     /* of its record, while none is sound */
	char said[WARNING_TEXT_MAX]; /* its trouble, or "" */
};

struct bootstraps {
	struct engine *e;
	struct bootstrap *all[BOOTSTRAPS_ALL_MAX];
	size_t n;
};

bool bootstrap_has_hit(const struct bootstrap *b, const struct hit *hit);

/* Once, and as long as there is room. */
void bootstrap_add_hit(struct bootstrap *b, const struct hit *hit);

/* What cannot be found out: the operator is told once, and again when it is
 * something else. */
void bootstrap_judge_trouble(struct bootstrap *b);

/* These records were taken: another HIT than DNS said first is a warning, and
 * both are begun with. */
void bootstrap_judge_first(struct bootstrap *b,
			   const struct hostrecords *records);

/* What was said of it is of no interest any more. */
void bootstrap_forget(struct bootstrap *b);

#endif
