/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The associations as the overlay sees them: which of them stand, and which
 * it wants kept. The resolver hears of what changes; when an association is
 * gone it is the overlay's business to ask for it again. No I/O.
 */
#ifndef HIPLINE_LINKS_H
#define HIPLINE_LINKS_H

#include "daemon/base/table.h"
#include "daemon/hip/host.h"

enum { LINKS_KEPT_MAX = 1024 };

struct links {
	struct table all;
	size_t n_kept;
};

/* What the resolver is to be told. */
enum links_news {
	LINKS_NOTHING,
	LINKS_UP,
	LINKS_DOWN,
	LINKS_DOWN_UP, /* it is another one than before */
};

/* `associations` are as many as there may be. */
void links_init(struct links *ls, size_t associations, const uint8_t seed[16]);
void links_clear(struct links *ls);

/* An association's state has changed. */
enum links_news links_on_state(struct links *ls, const struct hit *hit,
			       enum assoc_state state);

/* It is to be kept. False when too many are. */
bool links_keep(struct links *ls, const struct hit *hit);

/* It need not be kept any more. */
void links_release(struct links *ls, const struct hit *hit);

bool links_is_up(const struct links *ls, const struct hit *hit);
bool links_is_kept(const struct links *ls, const struct hit *hit);

/* One that stands or is kept, in no order; false at the end. Begin with
 * links_iterate; nothing may change in between. */
struct links_iter {
	struct table_iter it;
};
struct links_iter links_iterate(const struct links *ls);
bool links_next(struct links_iter *it, struct hit *hit, bool *up, bool *kept);

#endif
