/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Messages go from the overlay into frames and back; what the framing finds
 * out about a link, the overlay is told.
 */
#include "resolver/peer.h"
#include "resolver/frame.h"
#include "resolver/hop.h"

#include <stdlib.h>

struct peer {
	struct overlay *core;
	struct hop *hop;
};

struct peer *peer_new(const struct overlay_config *config,
		      const struct hit *node, struct span certificate,
		      bool founder, uint64_t wall_ms, uint64_t now_ms)
{
	struct peer *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->core = overlay_new(config, node, certificate, founder, wall_ms,
			      now_ms);
	p->hop = hop_new(env_random_u32(&config->env));
	if (!p->core || !p->hop) {
		peer_free(p);
		return NULL;
	}
	return p;
}

void peer_free(struct peer *p)
{
	if (!p)
		return;
	overlay_free(p->core);
	hop_free(p->hop);
	free(p);
}

void peer_input(struct peer *p, const struct overlay_input *in, uint64_t now_ms)
{
	if (in->type == OVERLAY_UP)
		hop_up(p->hop, &in->peer, now_ms);
	else if (in->type == OVERLAY_DOWN)
		hop_down(p->hop, &in->peer);
	overlay_input(p->core, in, now_ms);
}

void peer_datagram(struct peer *p, const struct hit *from, struct span bytes,
		   uint64_t now_ms)
{
	struct overlay_input in = { .type = OVERLAY_UP, .peer = *from };
	struct frame f;
	enum hop_result res;

	/* Its end took the association for a link when ours had given it up:
	 * it would speak to nobody for as long as the association stands. That
	 * it only keeps it up is no reason to have one again: it will notice
	 * our silence, and say something if it needs us. */
	if (!hop_has(p->hop, from) && frame_parse(bytes.bytes, bytes.len, &f) &&
	    f.type == FRAME_DATA)
		peer_input(p, &in, now_ms);
	in.type = OVERLAY_HEARD;
	res = hop_datagram(p->hop, from, bytes, &in.bytes, now_ms);
	if (res == HOP_REFUSED)
		return;
	if (res == HOP_MESSAGE)
		in.type = OVERLAY_MESSAGE;
	overlay_input(p->core, &in, now_ms);
}

void peer_set_certificate(struct peer *p, struct span certificate)
{
	overlay_set_certificate(p->core, certificate);
}

uint64_t peer_deadline(const struct peer *p)
{
	uint64_t a = overlay_deadline(p->core), b = hop_deadline(p->hop);

	return a < b ? a : b;
}

void peer_tick(struct peer *p, uint64_t now_ms)
{
	hop_tick(p->hop, now_ms);
	overlay_tick(p->core, now_ms);
}

/* False when the framing has nothing to tell. */
static bool tell_core(struct peer *p, uint64_t now_ms)
{
	struct overlay_input in = { .type = OVERLAY_LOST };

	in.lost = hop_lost(p->hop);
	if (in.lost) {
		overlay_input(p->core, &in, now_ms);
		return true;
	}
	in.type = OVERLAY_SILENT;
	if (!hop_silent(p->hop, &in.peer))
		return false;
	overlay_input(p->core, &in, now_ms);
	return true;
}

struct overlay_output *peer_output(struct peer *p, uint64_t now_ms)
{
	struct overlay_output *out;

	for (;;) {
		out = overlay_output(p->core);
		if (out && out->type == OVERLAY_SEND) {
			hop_send(p->hop, out, now_ms);
			continue;
		}
		if (out && out->type == OVERLAY_CLOSE)
			hop_down(p->hop, &out->peer);
		if (out || !tell_core(p, now_ms))
			return out;
	}
}

bool peer_send(struct peer *p, struct hit *to, struct span *bytes,
	       uint64_t now_ms)
{
	return hop_output(p->hop, to, bytes, now_ms);
}

struct overlay *peer_overlay(struct peer *p)
{
	return p->core;
}
