/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * After a crash of either side traffic comes back by itself: this side gets
 * associated again with those it spoke to lately, and asks whoever it sends
 * to in vain whether they are still there.
 */
#ifndef HIPLINE_RECOVERY_H
#define HIPLINE_RECOVERY_H

#include "daemon/engine.h"

/* Reads who was seen lately; before peers are told to the host. 0 or -ENOMEM;
 * a file that cannot be read is a warning. */
__attribute__((warn_unused_result)) int recovery_load(struct engine *e);

/* Begins to send them I1s, one every few milliseconds. */
void recovery_start(struct engine *e);

/* Forgets everything. */
void recovery_clear(struct engine *e);

/*
 * Tells the host of a peer with these locators, of which there may be none;
 * where it was seen lately comes last.
 */
void recovery_tell_peer(struct engine *e, const struct hit *hit,
			const struct locator *locators, size_t n);

/* The same, with places besides that nobody vouches for: behind all others. */
struct recovery_places {
	const struct locator *locators, *unproven;
	size_t n, n_unproven;
};
void recovery_tell_heard(struct engine *e, const struct hit *hit,
			 const struct recovery_places *at);

/*
 * A host without a known locator is wanted: whether it was seen lately. And
 * tells the host where, as what was found of it, and where a bootstrap is.
 */
bool recovery_knows(const struct engine *e, const struct hit *hit);
void recovery_tell_found(struct engine *e, const struct hit *hit);

/*
 * An association's state has changed. True when the peer turned up at
 * another place than before: then it should be told to the host again.
 */
bool recovery_on_peer(struct engine *e, const struct hip_output *o);

/*
 * Something has passed for this flow since the last second, or is about to
 * be told as such: remembers where the peer is. Returns whether to probe it.
 */
bool recovery_on_traffic(struct engine *e, const struct hip_input *in,
			 uint64_t now_ms);

/* Writes down what has changed, now and then. */
void recovery_save(struct engine *e, uint64_t now_ms);

#endif
