/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Limits and times of the overlay core. Those of one wire form or one table
 * stand beside it (message.h, fragment.h, route.h, store.h).
 */
#ifndef HIPLINE_OVERLAY_LIMITS_H
#define HIPLINE_OVERLAY_LIMITS_H

/* Of one node. */
enum {
	OVERLAY_REQUESTS_MAX = 512, /* of ours, not answered yet */
	OVERLAY_DRAFTS_MAX = 512,   /* messages that wait to be signed */
	OVERLAY_ANSWERS_MAX = 384,  /* of these, answers; the rest is ours */
	OVERLAY_ANSWERS_EACH = 64,  /* that go out over one link */
	OVERLAY_FINDS_MAX = 20,	    /* answered in one second */
	OVERLAY_OUTPUTS_MAX = 2048,
	OVERLAY_SEARCHES_MAX = 256,
	OVERLAY_PUBLISHES_MAX = 64,
	OVERLAY_COPIES_MAX = 4, /* that a publisher stores: two a place */
	OVERLAY_CONNECTS_MAX = 64,
	OVERLAY_BOOTSTRAPS_MAX = 4,
	OVERLAY_LOST_MAX = 6,	   /* peers that went silently, to look for */
	OVERLAY_RESENDS_MAX = 3,   /* to the same node, where it must be that */
	OVERLAY_MISSED_MAX = 4,	   /* neighbours that are tried soon */
	OVERLAY_MISSES_MAX = 5,	   /* tries of a neighbour that says nothing */
	OVERLAY_DOUBTS_MAX = 33,   /* looks at a link that does not say */
	OVERLAY_NO_TABLES_MAX = 6, /* then who waits for one waits no longer */
	OVERLAY_COPY_TRIES_MAX = 4,
	OVERLAY_VALUE_MAX = 3072,
	OVERLAY_JOIN_SIDE = 3, /* neighbours on each side while joining */
	SEARCH_ROUNDS_MAX = 8,
	SEARCH_ABSENT_MIN = 4, /* answers before a name counts as absent */
	SEARCH_ABSENT_UNSETTLED = 10, /* the same, while links are being made */
	SEARCH_STEP_GAPS = 6,	      /* of a denier behind which it goes on */
	SEARCH_FAR_GAPS = 16, /* a denial from further off says nothing */
	PUBLISH_ROUNDS_MAX = 3,
	TTL_MIN = 20, /* design: max(log2 N + 5, 20) */
	TTL_SLACK = 5,
	HOP_PEERS_MAX = 512,
	HOP_WAITING_MAX = 1024, /* frames without an acknowledgement */
};

/* Times in milliseconds. */
enum {
	REQUEST_FIRST_MS = 3000, /* RFC 6940 6.2.1, then doubled */
	CONNECT_WAIT_MS = 12000,
	JOIN_RETRY_MS = 4000,
	JOIN_LINKS_MS = 3000,  /* for the links to the first neighbours */
	LACK_MS = 1000,	       /* losses of this time are asked for at once */
	TABLE_MS = 3000,       /* from who has answered that it gives one */
	DOUBT_MS = 3000,       /* links that do not say what they are */
	STABILISE_MS = 60000,  /* to one neighbour in turn */
	FINGER_MS = 600000,    /* one finger in turn is looked for anew */
	FINGER_SOON_MS = 2000, /* where one is missing */
	HEAL_MS = 120000,      /* a lost peer is tried */
	HEAL_SOON_MS = 3000,   /* a neighbour that went without a word */
	SWEEP_MS = 120000,     /* links that nobody needs */
	COPY_HOLD_MS = 30000,  /* RFC 6940 10.7.3: before copies move */
	STRAY_SOON_MS = 500,   /* before what its owner lacks goes there */
	LOST_QUIET_MS = 60000, /* a peer that is gone is not tried */
	HOP_RTO_MIN_MS = 500,
	HOP_RTO_MAX_MS = 3000,
	HOP_KEEPALIVE_MS = 20000,
	HOP_SILENCE_MS = 30000, /* RFC 7363 6.6: then it is pinged */
};

#endif
