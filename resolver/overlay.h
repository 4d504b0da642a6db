/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * A node of the overlay: RFC 6940 with CHORD-RELOAD on hashed places
 * (id.h), RFC 7086's links. No I/O: inputs, time, outputs. Links are HIP
 * associations that the caller opens and closes; messages come and go whole,
 * acknowledged hop by hop by whoever carries them (hop.h). The caller signs,
 * and judges signatures and values.
 *
 *	overlay_input(o, &in, now);
 *	while ((out = overlay_output(o)))
 *		... carry it out; overlay_output_free(out), unless kept
 *	call overlay_tick(o, now) at overlay_deadline(o)
 */
#ifndef HIPLINE_OVERLAY_H
#define HIPLINE_OVERLAY_H

#include "daemon/base/env.h"
#include "resolver/message.h"
#include "resolver/route.h"
#include "resolver/store.h"

struct overlay;

/* A stored value before anybody believes it; borrowed. */
struct overlay_claim {
	struct resource_id resource;
	const struct kind *kind;
	const struct stored *value;
	const struct span *certificates; /* of the message it came in */
	size_t n_certificates;
	uint64_t wall_ms;
};

/* What the check found out. */
struct overlay_proof {
	struct hit signer;
	bool proven;	    /* its certificate binds the name */
	size_t certificate; /* the one that does; n_certificates: none */
};

/* What is known of a node by the certificates that it has shown. */
enum overlay_standing {
	STANDING_UNKNOWN,
	STANDING_GOOD,
	STANDING_FALLEN, /* it is no member any more */
};

/* What a value of the authority's says to the caller. */
enum overlay_news {
	NEWS_NONE,
	NEWS_NEWER, /* than what the caller has, with nothing more in it */
	NEWS_ADDS,
};

/*
 * The caller's judgement. Both look at bytes that a stranger may have made,
 * and answer false for anything that does not hold. `message`: the signature
 * over a whole message, and the node whose it is. `value`: signature and
 * access control (RFC 6940 7.1, 7.3) of a stored value.
 * Either of the others may be NULL. `standing`: a node that was a member.
 * `news`: a value of ACCESS_AUTHORITY that holds.
 */
struct overlay_check {
	bool (*message)(void *ctx, const struct message *m, struct hit *signer);
	bool (*value)(void *ctx, const struct overlay_claim *claim,
		      struct overlay_proof *proof);
	enum overlay_standing (*standing)(void *ctx, const struct hit *node);
	enum overlay_news (*news)(void *ctx, const struct overlay_claim *claim);
	void *ctx;
};

/* Borrowed for the life of the overlay; many may share one. */
struct overlay_config {
	uint32_t overlay; /* id_overlay(name) */
	uint16_t configuration_sequence;
	const struct kind *kinds;
	size_t n_kinds;
	size_t mtu; /* of a message on a link; longer ones are split */
	struct env env;
	struct overlay_check check;
};

/*
 * `certificate` goes into messages that leave the neighbourhood; borrowed
 * for life. A founder is in the ring at once, alone. wall_ms is the wall
 * clock's time at now_ms. NULL without memory.
 */
struct overlay *overlay_new(const struct overlay_config *config,
			    const struct hit *node, struct span certificate,
			    bool founder, uint64_t wall_ms, uint64_t now_ms);
void overlay_free(struct overlay *o);

/*
 * A founder that found nobody of before begins anew, alone in the ring. True
 * when it is in one now; false when it is linked to somebody, and may get in.
 */
bool overlay_begin_alone(struct overlay *o, uint64_t now_ms);

/* A renewed certificate for the same key, from now on; borrowed as before. */
void overlay_set_certificate(struct overlay *o, struct span certificate);

/* The wall clock was set. */
void overlay_set_wall(struct overlay *o, uint64_t wall_ms, uint64_t now_ms);

enum overlay_output_type {
	OVERLAY_SEND,	 /* bytes: a message for `peer` */
	OVERLAY_SIGN,	 /* bytes: a pre-image; answer with OVERLAY_SIGNED */
	OVERLAY_CONNECT, /* to `peer`; `via` has a link to it, or is us */
	OVERLAY_CLOSE,	 /* the link to `peer` is not needed any more */
	OVERLAY_RESULT,	 /* of a lookup: `result`, and bytes for value_next */
	OVERLAY_STORED,	 /* of a publication: `result`, `copies`, `is_whole` */
	OVERLAY_STORED_ENOUGH, /* it can be found; it goes on, STORED ends it */
	OVERLAY_JOINED,	       /* we are in the ring */
	OVERLAY_LEFT,	       /* our Leave has been said */
	OVERLAY_NEWS, /* bytes: the data of a value of the authority's */
};

enum overlay_result {
	OVERLAY_FOUND,	     /* or: is stored */
	OVERLAY_ABSENT,	     /* both keys say so; or: was refused */
	OVERLAY_UNREACHABLE, /* nobody answered for it */
};

struct overlay_output {
	struct overlay_output *next;
	enum overlay_output_type type;
	enum overlay_result result;
	struct hit peer, via;
	uint64_t id; /* of the signature, the lookup, or the publication */
	unsigned int copies;   /* up to OVERLAY_COPIES_MAX */
	bool is_whole;	       /* there is one under each key */
	struct excluded tried; /* of a SEND: gone through already */
	size_t len;
	uint8_t bytes[];
};

enum overlay_input_type {
	OVERLAY_BOOTSTRAP, /* a member to begin at: `peer` */
	OVERLAY_UP,	   /* the association with `peer` stands */
	OVERLAY_DOWN,	   /* it is gone, or could not be made */
	OVERLAY_SILENT,	   /* nothing was heard from `peer` for long */
	OVERLAY_HEARD,	   /* a sign of life from `peer` */
	OVERLAY_MESSAGE,   /* `bytes` from `peer` */
	OVERLAY_LOST,	   /* `lost` was not acknowledged; takes it */
	OVERLAY_SIGNED,	   /* `id`, `signature`; without a value: refused */
	OVERLAY_LOOKUP,	   /* `id`, `lookup` */
	OVERLAY_PUBLISH,   /* `id`, `publish` */
	OVERLAY_LEAVE,
	OVERLAY_REVIEW, /* some may be members no more */
};

/*
 * A name's two keys (RFC 6940 has one; see protocol.md). A careful lookup does
 * not end with the first holder's word: values without a proof are the result
 * when both keys have nothing better. They stand behind those with a proof;
 * when the result is UNREACHABLE, not all holders were heard.
 */
struct overlay_lookup {
	struct resource_id resource[2];
	uint32_t kind;
	bool careful;
};

struct overlay_publish {
	struct resource_id resource[2];
	uint32_t kind;
	struct span key;	  /* of a dictionary */
	struct span data;	  /* at most OVERLAY_VALUE_MAX */
	uint64_t storage_time_ms; /* 0: by the wall clock */
	uint32_t lifetime_s;
	bool exists;  /* false: takes the record away */
	bool is_news; /* all members shall have it at once */
};

/* Everything but `lost` is borrowed until overlay_input returns. */
struct overlay_input {
	enum overlay_input_type type;
	struct hit peer;
	struct span bytes;
	uint64_t id; /* the caller's, given back in the output */
	union {
		struct overlay_output *lost;
		struct overlay_lookup lookup;
		struct overlay_publish publish;
		struct {
			uint8_t hash_alg, sig_alg;
			struct span value;
		} signature;
	};
};

void overlay_input(struct overlay *o, const struct overlay_input *in,
		   uint64_t now_ms);

/* When overlay_tick is due next. */
uint64_t overlay_deadline(const struct overlay *o);
void overlay_tick(struct overlay *o, uint64_t now_ms);

/* The next output, the caller's now; or NULL. */
struct overlay_output *overlay_output(struct overlay *o);
void overlay_output_free(struct overlay_output *out);

/* A value that a lookup found; borrows from the output. */
struct overlay_value {
	struct hit signer;
	bool proven;
	struct stored stored;
	struct span certificate;
};

/* The next one; start with *at = 0. False at the end. */
bool overlay_value_next(const struct overlay_output *out, enum data_model model,
			size_t *at, struct overlay_value *value);

/* What status shows. */
struct overlay_info {
	bool joined;
	size_t links, members, records, requests, publishes;
	unsigned int fingers;
	double size_estimate;
	uint64_t forwarded, answered, refused;
	uint64_t disbelieved; /* values in answers that proved nothing */
	uint64_t lookups;     /* begun */
	/* To how many the last news were passed on, and who has them. */
	unsigned int news_told, news_confirmed;
};
void overlay_info(const struct overlay *o, struct overlay_info *out);
const struct route *overlay_route(const struct overlay *o);

/* The records held; put in what survived a restart, read what to keep. */
struct store *overlay_store(struct overlay *o);
bool overlay_has_changes(const struct overlay *o);

#endif
