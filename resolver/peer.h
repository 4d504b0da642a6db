/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * What a process drives: a node of the overlay (overlay.h) above the framing
 * of its links (hop.h). No I/O.
 *
 * The process owns a UDP socket bound to [own HIT]:6084, which takes packets
 * only from the HIP interface, and has the engine make associations:
 *
 *	a datagram came from HIT h	peer_datagram(p, &h, bytes, now)
 *	the engine says h is up, down	OVERLAY_UP, OVERLAY_DOWN
 *	OVERLAY_CONNECT comes out	CONNECT(peer, via) to the engine
 *	OVERLAY_CLOSE			the engine need not keep it any more
 *	OVERLAY_SIGN			the engine signs, OVERLAY_SIGNED
 *	the command or a stub asks	OVERLAY_LOOKUP, OVERLAY_PUBLISH
 *	OVERLAY_RESULT, OVERLAY_STORED	their answers, by id
 *
 * After every call: peer_output until NULL, then peer_send until false, then
 * a timer for peer_deadline.
 */
#ifndef HIPLINE_PEER_H
#define HIPLINE_PEER_H

#include "resolver/overlay.h"

struct peer;

/* As overlay_new; NULL without memory. */
struct peer *peer_new(const struct overlay_config *config,
		      const struct hit *node, struct span certificate,
		      bool founder, uint64_t wall_ms, uint64_t now_ms);
void peer_free(struct peer *p);

/* Everything but OVERLAY_MESSAGE, _HEARD, _SILENT and _LOST. */
void peer_input(struct peer *p, const struct overlay_input *in,
		uint64_t now_ms);

/* A datagram from the port of the overlay at that HIT. */
void peer_datagram(struct peer *p, const struct hit *from, struct span bytes,
		   uint64_t now_ms);

uint64_t peer_deadline(const struct peer *p);
void peer_tick(struct peer *p, uint64_t now_ms);

/* The next output, never OVERLAY_SEND; the caller's, or NULL. */
struct overlay_output *peer_output(struct peer *p, uint64_t now_ms);

/* The next datagram; *bytes borrows until the next call. */
bool peer_send(struct peer *p, struct hit *to, struct span *bytes,
	       uint64_t now_ms);

/* As overlay_set_certificate. */
void peer_set_certificate(struct peer *p, struct span certificate);

/* For overlay_info, overlay_store, overlay_set_wall. */
struct overlay *peer_overlay(struct peer *p);

#endif
