/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The inside of a node of the overlay, for the files that make it up:
 * outbox (messages of ours, until they are signed), forward (hop by hop),
 * answer (to requests), request (transactions), chord (joining and leaving),
 * neighbours (Updates), lacking (neighbours that were lost), fingers, healing
 * (who went without a word), links, storing and fetching (records for others),
 * copies (records that move), news (what everybody shall have), search
 * (lookups), publish (records of ours), overlay (the four functions).
 */
#ifndef HIPLINE_OVERLAY_IMPL_H
#define HIPLINE_OVERLAY_IMPL_H

#include "resolver/body.h"
#include "resolver/fragment.h"
#include "resolver/limits.h"
#include "resolver/overlay.h"

enum { SIGNER_IDENTITY_LEN = 37 };

enum phase {
	PHASE_OUTSIDE, /* a client, or not even that */
	PHASE_SEEKING, /* asks who its successor is */
	PHASE_LINKING, /* makes links to its first neighbours */
	PHASE_ASKING,  /* has sent its Join */
	PHASE_JOINED,
	PHASE_LEAVING, /* has told everybody */
	PHASE_LEFT,
};

struct draft;
struct request;
struct search;
struct publish;
struct news;

/* An association that was asked for. */
struct connecting {
	ring_t at;
	struct hit node, via; /* who has named it; ourselves: nobody */
	uint64_t until_ms;
};

/* A peer that went without a word, or did not come. */
struct lost {
	struct hit node;
	uint32_t at_s;
	bool member;
};

/* A neighbour that went without a word. */
struct missed {
	struct hit node;
	uint64_t due_ms; /* then it is tried; 0: it was */
	uint8_t tries;	 /* that were in vain */
};

/* Sides of the ring, as bits. */
enum side { SIDE_SUCCESSORS = 1, SIDE_PREDECESSORS = 2 };
enum { SIDES = 2 };

/* What nearly every event looks at stands first, close together. */
struct overlay {
	struct route route; /* the node itself is route.node */
	const struct overlay_config *config;
	uint64_t now_ms;
	struct overlay_output *first, **last;
	struct draft *drafts;
	struct request *requests;
	struct search *searches;
	struct connecting *connecting; /* OVERLAY_CONNECTS_MAX, or NULL */
	enum phase phase;
	uint16_t n_outputs, n_drafts, n_requests, n_searches, n_publishes;
	uint16_t n_connecting;
	uint16_t n_fresh; /* links that have not been doubted yet */
	bool is_doubting; /* some have */
	uint8_t ttl;	  /* of our messages, as of ttl_s */
	uint32_t ttl_s;
	uint64_t requests_ms; /* no request is due before */
	/* When which care is due; UINT64_MAX: never. */
	uint64_t join_ms, lack_ms, stabilise_ms, finger_ms, heal_ms;
	uint64_t miss_ms, table_ms;
	uint64_t sweep_ms, copies_ms, strays_ms, doubt_ms;
	uint64_t started_ms, next_id;
	uint64_t forwarded, answered, refused, disbelieved, lookups;
	struct span certificate;
	uint8_t identity[SIGNER_IDENTITY_LEN];
	bool linking;	   /* the admitting peer has given its table */
	uint8_t sides;	   /* where neighbours were lost */
	uint8_t n_lacking; /* how many of them, that nobody was asked for */
	uint8_t awaited;   /* sides of which somebody was asked for his table */
	uint8_t no_tables; /* that did not come, one after the other */
	uint8_t n_bootstraps, n_lost, next_bootstrap, next_lost;
	uint8_t next_finger;
	uint8_t next_missed;
	uint8_t quick_fingers; /* that are looked at before the next pause */
	int64_t wall_offset_ms;
	struct store store;
	struct publish *publishes;
	struct hit admitting;	 /* the peer that lets us in */
	struct hit healing;	 /* a lost peer that is tried */
	struct hit asked[SIDES]; /* who was asked last for each side */
	struct missed missed[OVERLAY_MISSED_MAX];
	struct hit bootstraps[OVERLAY_BOOTSTRAPS_MAX];
	struct lost lost[OVERLAY_LOST_MAX];
	struct hit copied_to[ROUTE_COPIES - 1];
	ring_t copied_from; /* behind that place, these have what we own */
	ring_t owned_from;  /* our predecessor's place then */
	ring_t owners[ROUTE_COPIES];   /* our predecessors' places then */
	struct reassembly *reassembly; /* made when first needed */
	uint32_t finds_s; /* the second in which n_finds were answered */
	uint32_t n_finds;
	struct news *news;    /* that were passed on, the last first */
	uint64_t news_serial; /* of that one */
	uint16_t n_news, news_told, news_confirmed;
};

static inline uint32_t overlay_now_s(const struct overlay *o)
{
	return (uint32_t)(o->now_ms / 1000);
}

static inline uint64_t overlay_wall_ms(const struct overlay *o)
{
	return o->now_ms + (uint64_t)o->wall_offset_ms;
}

static inline bool overlay_is_joined(const struct overlay *o)
{
	return o->phase == PHASE_JOINED;
}

/* A time between 3/4 and 5/4 of that, so that nodes do not act in step. */
uint64_t overlay_about(struct overlay *o, uint64_t ms);

/* An output with room for len bytes, not queued yet; NULL at a limit. */
struct overlay_output *output_new(struct overlay *o,
				  enum overlay_output_type type, size_t len);
void output_push(struct overlay *o, struct overlay_output *out);

/* ---- outbox.c ---- */

/* What a message of ours is made of; everything is borrowed. */
struct envelope {
	uint64_t transaction_id;
	const struct destination *to;
	size_t n_to;
	uint16_t code;
	struct span body;
	const struct span *certificates; /* besides our own */
	size_t n_certificates;
	const struct excluded *tried; /* first hops to avoid, or NULL */
};

/* Has it signed, then sent. */
void outbox_send(struct overlay *o, const struct envelope *e);
/* False when the id is not a message's. */
bool outbox_on_signed(struct overlay *o, const struct overlay_input *in);
void outbox_clear(struct overlay *o);

/* ---- forward.c ---- */

/* A message that was received and is for us. */
struct delivery {
	struct message m;
	struct hit from;   /* the neighbour that brought it */
	struct hit source; /* who made it: a neighbour, or who signed */
	bool direct;	   /* source is the neighbour */
};

void forward_on_message(struct overlay *o, const struct hit *peer,
			struct span bytes);
void forward_on_lost(struct overlay *o, struct overlay_output *lost);
/* What is ours to answer, or was sent by us to ourselves. */
bool forward_is_home(const struct overlay *o, const struct destination *d);
/* Takes a message of ours that is whole and goes no further. */
void forward_home(struct overlay *o, struct span bytes);
/* Sends what is longer than a link takes. */
void forward_pieces(struct overlay *o, const struct hit *to, struct span bytes,
		    const struct excluded *tried);
/* The first hop that a message of ours would take; NULL: none, or home. */
struct link *forward_first(const struct overlay *o, const struct destination *d,
			   const struct excluded *tried);

/* ---- answer.c ---- */

enum {
	FORWARD_INFO_MAX = 256, /* bytes of an error's error_info */
	UNKNOWN_KINDS_MAX = 63,
};

/* Answers a request, with a body or with an error. */
void forward_answer(struct overlay *o, const struct delivery *d, uint16_t code,
		    struct span body);
void forward_answer_with(struct overlay *o, const struct delivery *d,
			 uint16_t code, struct span body,
			 const struct span *certificates, size_t n);
void forward_refuse(struct overlay *o, const struct delivery *d,
		    enum reload_error error);
void forward_refuse_with(struct overlay *o, const struct delivery *d,
			 enum reload_error error, struct span info);

/* 7.4.1.2: the Kinds of a request that are not known; those beyond what the
 * error can tell are left out. */
struct unknown_kinds {
	uint32_t at[UNKNOWN_KINDS_MAX];
	size_t n;
};
void unknown_kinds_add(struct unknown_kinds *u, uint32_t kind);
void forward_refuse_kinds(struct overlay *o, const struct delivery *d,
			  const struct unknown_kinds *u);

/* ---- request.c ---- */

enum purpose {
	PURPOSE_NOTHING, /* the answer says nothing */
	PURPOSE_SEEK,	 /* Ping for our successor */
	PURPOSE_TABLE,	 /* RouteQuery with send_update */
	PURPOSE_JOIN,
	PURPOSE_FINGER, /* Ping for a finger */
	PURPOSE_HEAL,	/* Ping for our successor in another's ring */
	PURPOSE_FETCH,	/* of a search: arg */
	PURPOSE_STORE,	/* of a publication: arg */
	PURPOSE_LEAVE,
	PURPOSE_UPDATE,
	PURPOSE_NEWS,
	PURPOSE_COPY, /* a Store of what we hold */
};

enum { REQUEST_DESTINATIONS_MAX = 2, REQUEST_BODY_MAX = RELOAD_MESSAGE_MAX };

struct asking {
	enum purpose purpose;
	uint64_t arg;
	uint8_t tries;
	uint16_t wait_ms; /* for the first answer; 0: REQUEST_FIRST_MS */
	uint16_t code;
	struct destination to[REQUEST_DESTINATIONS_MAX];
	size_t n_to;
	struct span body;
	const struct span *certificates; /* not repeated: tries is 1 then */
	size_t n_certificates;
	const struct excluded *tried;
};

/* What came of a request; m is NULL when nobody answered. */
struct reply {
	enum purpose purpose;
	uint64_t arg;
	const struct delivery *d;
	uint16_t error;	     /* 0, or what an error message said */
	struct span request; /* the body of what was asked */
};

/* False at the limit or without memory. */
bool request_start(struct overlay *o, const struct asking *a);
void request_on_answer(struct overlay *o, const struct delivery *d);
void request_tick(struct overlay *o);
bool request_is_waiting(const struct overlay *o, enum purpose purpose);
void request_clear(struct overlay *o);

/* ---- chord.c ---- */

void chord_step(struct overlay *o);
void chord_on_bootstrap(struct overlay *o, const struct hit *node);
void chord_on_up(struct overlay *o, struct link *l);
void chord_on_reply(struct overlay *o, const struct reply *r);
void chord_on_table(struct overlay *o, const struct hit *peer,
		    const struct chord_update *u);
void chord_on_join(struct overlay *o, const struct delivery *d);
void chord_on_leave(struct overlay *o, const struct delivery *d);
void chord_leave(struct overlay *o);
void chord_tick(struct overlay *o);
/* A ring of one's own. */
void chord_found(struct overlay *o);

/* ---- neighbours.c ---- */

void neighbours_on_update(struct overlay *o, const struct delivery *d);
void neighbours_on_route_query(struct overlay *o, const struct delivery *d);
void neighbours_on_finger(struct overlay *o, const struct reply *r);
void neighbours_on_heal(struct overlay *o, const struct reply *r);
void neighbours_on_updated(struct overlay *o, const struct reply *r);
void neighbours_update(struct overlay *o, const struct hit *to,
		       enum chord_update_type type);
void neighbours_on_up(struct overlay *o, struct link *l);
/* A link is there that has not said yet whether its node is in the ring. */
void neighbours_doubt(struct overlay *o);
void neighbours_enter(struct overlay *o);
/* Our certificate is another: all see it, before the old one ends. */
void neighbours_show(struct overlay *o);
void neighbours_consider(struct overlay *o, const struct hit *node,
			 const struct hit *via);
/* Asks who stands at or behind a place; through a peer, or from here. */
void neighbours_ping(struct overlay *o, enum purpose purpose, ring_t at,
		     const struct hit *through);
void neighbours_tick(struct overlay *o);
uint64_t neighbours_deadline(const struct overlay *o);

/* ---- lacking.c ---- */

/* Asks for a table, for what is lacking on these sides, or on none. */
void lacking_ask_table(struct overlay *o, const struct hit *peer,
		       unsigned int sides);
void lacking_on_loss(struct overlay *o, const struct link *l);
/* Who stands there is gone, or cannot be reached: what comes next on that side
 * is asked for, where it is a neighbour's place. */
void lacking_on_failure(struct overlay *o, ring_t at);
/* What came of asking for a table: the table itself comes as an Update. */
void lacking_on_reply(struct overlay *o, const struct reply *r);
/* Somebody has sent his table. */
void lacking_on_table(struct overlay *o, const struct hit *from);
void lacking_tick(struct overlay *o);

/* ---- fingers.c ---- */

/* Those that are no neighbours, for an Update. */
void fingers_list(const struct overlay *o, struct node_list *out);
/* Whether a finger would become nearer to where it should be. */
bool fingers_is_better(const struct overlay *o, ring_t at);
/* Whether one of our predecessors stands nearer than we to where a finger of
 * that node begins. */
bool fingers_is_better_before(const struct overlay *o, const struct link *l);
/* A node has come into the ring. Where it is right before us, it is a better
 * finger than we are for some, who hear of it. */
void fingers_on_member(struct overlay *o, const struct link *l);
/* Looks for the next one whose turn it is. */
void fingers_search(struct overlay *o);

/* ---- healing.c ---- */

/* A neighbour has ended our association without a Leave, or answers nothing.
 * It may live, and have lost only some packets: it is tried once, in a
 * moment. */
void healing_miss(struct overlay *o, const struct hit *node);
/* Its association stands, but it has said nothing: it is tried some times
 * more, later each time. */
void healing_miss_again(struct overlay *o, const struct hit *node);
/* The neighbours whose time it is. */
void healing_try_missed(struct overlay *o);
/* One of those we lost, or of those that we know from elsewhere. */
void healing_try_lost(struct overlay *o);

/* ---- links.c ---- */

/* Asks for an association unless there is one, or it was tried lately. */
void links_connect(struct overlay *o, const struct hit *node,
		   const struct hit *via);
void links_on_up(struct overlay *o, const struct hit *node);
void links_on_down(struct overlay *o, const struct hit *node);
void links_gone(struct overlay *o, const struct hit *node, bool silently);
bool links_is_connecting(const struct overlay *o, const struct hit *node);
bool links_was_lost(const struct overlay *o, const struct hit *node);
/* A Join or an Update is a member's: by its certificate, for an Update this
 * time or an earlier one. An association alone may be with anybody. */
bool links_prove(struct overlay *o, const struct delivery *d);
void links_sweep(struct overlay *o);
/* Closes one to a member that neither end needs; false: it is needed. */
bool links_let_go(struct overlay *o, const struct link *l);
/* Who is a member no more loses its place; whose proof is not known any
 * more has to prove itself again. */
void links_review(struct overlay *o);
void links_expire(struct overlay *o);
/* How many members stand between us and where that node's finger begins that
 * is nearest to us: 0, we are that finger. ROUTE_NEIGHBOURS: so many or more,
 * or it wants no such finger. */
size_t links_finger_rank(const struct overlay *o, const struct link *l);
uint64_t links_deadline(const struct overlay *o);
void links_clear(struct overlay *o);

/* ---- storing.c ---- */

void storing_on_store(struct overlay *o, const struct delivery *d);
void storing_on_find(struct overlay *o, const struct delivery *d);
void storing_on_probe(struct overlay *o, const struct delivery *d);
/* Whether we own that place or are to hold a copy. */
bool storing_is_ours(const struct overlay *o,
		     const struct resource_id *resource);

/* ---- fetching.c ---- */

/* Fetch and Stat. */
void fetching_on_fetch(struct overlay *o, const struct delivery *d);
/* Whether all that is asked for is here: who passes it on can answer then. */
bool fetching_has(const struct overlay *o, struct fetch_req req);

/* ---- news.c ---- */

/* A value of the authority's, which holds: hands it to the caller when it is
 * new there; true when it is to be passed on. */
bool news_take(struct overlay *o, const struct overlay_claim *claim);
/* Passes on a Store with its certificate, to all in the ring that we are
 * linked with but for one node, which has it. */
void news_spread(struct overlay *o, struct span body, struct span certificate,
		 const struct hit *except);
void news_on_reply(struct overlay *o, const struct reply *r);
/* A link's node is in the ring: what it may have missed. */
void news_on_member(struct overlay *o, const struct link *l);
/* To those who have not answered, once more. */
void news_tick(struct overlay *o);
uint64_t news_deadline(const struct overlay *o);
void news_clear(struct overlay *o);

/* ---- copies.c ---- */

/* A record of ours to own: to the successors. */
void copies_spread(struct overlay *o, struct place *p);
/* To a node that joins through us, or anew: all that it owns now. */
void copies_hand_over(struct overlay *o, const struct hit *to);
/* To a member that has come into the ring: what it owns now and we did, and
 * what its owner is not known to have. */
void copies_make_way(struct overlay *o, const struct hit *to);
void copies_on_change(struct overlay *o);
/* What a Store did to a place. */
struct taken {
	const struct hit *from;
	bool is_copy; /* from another holder */
	bool is_news; /* some of it we had not got */
	bool is_all;  /* as it came it stands there, and nothing besides */
};
void copies_on_taken(struct overlay *o, struct place *p, const struct taken *t);
/* A copy that was refused or lost is sent again, some times. */
void copies_on_reply(struct overlay *o, const struct reply *r);
/* What the neighbours hold now is what they shall hold. */
void copies_settle(struct overlay *o);
void copies_tick(struct overlay *o);
void copies_leave(struct overlay *o);

/* ---- search.c, publish.c ---- */

void search_start(struct overlay *o, const struct overlay_input *in);
void search_on_reply(struct overlay *o, const struct reply *r);
void search_tick(struct overlay *o);
uint64_t search_deadline(const struct overlay *o);
void search_clear(struct overlay *o);

void publish_start(struct overlay *o, const struct overlay_input *in);
bool publish_on_signed(struct overlay *o, const struct overlay_input *in);
void publish_on_reply(struct overlay *o, const struct reply *r);
void publish_clear(struct overlay *o);

/* Whether a node stands near enough behind a place to know what is there. */
bool search_is_near(const struct overlay *o, const struct resource_id *at,
		    const struct hit *node);
/* Where to aim so that the aim-th holder after the owner is met. */
ring_t search_aim(const struct overlay *o, const struct resource_id *at,
		  unsigned int aim);

#endif
