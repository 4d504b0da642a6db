/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Messages between neighbours: RFC 6940 6.6.2, under an overlay and over
 * datagrams to UDP 6084 inside an association. Every message is framed and
 * acknowledged. One that is not acknowledged in time is not sent again from
 * here: the overlay gets it back and may know a better way. A link that says
 * nothing repeats its last acknowledgement now and then.
 */
#ifndef HIPLINE_HOP_H
#define HIPLINE_HOP_H

#include "resolver/frame.h"
#include "resolver/overlay.h"

struct hop;

/*
 * NULL without memory. Sequence numbers of the first link begin at `first`,
 * of the next ones elsewhere: who restarts must not be taken for repeating
 * itself by a peer that did not notice.
 */
struct hop *hop_new(uint32_t first);
void hop_free(struct hop *h);

/* The association with a peer stands (anew), or is gone. */
void hop_up(struct hop *h, const struct hit *peer, uint64_t now_ms);
void hop_down(struct hop *h, const struct hit *peer);
bool hop_has(const struct hop *h, const struct hit *hit);

/* Takes an OVERLAY_SEND; without a link to its peer it is lost at once. */
void hop_send(struct hop *h, struct overlay_output *out, uint64_t now_ms);

enum hop_result {
	HOP_REFUSED, /* no frame, no link, or a repeated one */
	HOP_HEARD,   /* the peer lives */
	HOP_MESSAGE, /* and *message is for the overlay; borrows from bytes */
};
enum hop_result hop_datagram(struct hop *h, const struct hit *peer,
			     struct span bytes, struct span *message,
			     uint64_t now_ms);

uint64_t hop_deadline(const struct hop *h);
void hop_tick(struct hop *h, uint64_t now_ms);

/* Drain these three after each call above. */

/* The next datagram; *bytes borrows until the next call. */
bool hop_output(struct hop *h, struct hit *peer, struct span *bytes,
		uint64_t now_ms);
/* A message that was not acknowledged: the caller's, for OVERLAY_LOST. */
struct overlay_output *hop_lost(struct hop *h);
/* A peer from which nothing was heard, for OVERLAY_SILENT. */
bool hop_silent(struct hop *h, struct hit *peer);

#endif
