/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * One node of an overlay with its neighbours played by the test: a stub
 * signs for it at once, and messages to it are made by hand.
 */
#ifndef HIPLINE_TEST_MEMBER_H
#define HIPLINE_TEST_MEMBER_H

#include "resolver/body.h"
#include "resolver/overlay.h"

enum {
	MEMBER_OVERLAY = 0x01020304,
	MEMBER_DICTIONARY = 1, /* Kinds */
	MEMBER_SINGLE = 2,
	MEMBER_ARRAY = 3,
	MEMBER_AUTHORITY = 4,
	MEMBER_WALL_MS = 1000000000,
	MEMBER_OUT_MAX = 256,
};

struct member {
	struct overlay *core;
	struct overlay_config config;
	struct hit hit;
	uint64_t now_ms;
	uint32_t drawn;		/* the state of what it takes for chance */
	bool values_hold, mute; /* what the checks say; nobody signs */
	bool unproven;		/* values hold, and prove nothing */
	enum overlay_news news; /* the same */
	struct overlay_output *out[MEMBER_OUT_MAX]; /* since the last call */
	size_t n;
};

/* A HIT that differs with n. */
struct hit member_hit(uint32_t n);

void member_init(struct member *m, bool founder);
void member_clear(struct member *m);

/* Each of these forgets the outputs of the one before. */
void member_input(struct member *m, const struct overlay_input *in);
void member_pass(struct member *m, uint64_t ms);
void member_up(struct member *m, const struct hit *peer);
void member_down(struct member *m, const struct hit *peer);
void member_receive(struct member *m, const struct hit *from,
		    struct span bytes);
/* Up, and the peer says that it is in the ring. */
void member_meet(struct member *m, const struct hit *peer);

/* A message made by hand; zeros give a plain one for the member itself. */
struct letter {
	struct forwarding header; /* transaction id, lists, options */
	uint16_t code;
	struct span body;
	struct hit signer; /* whose stub signature it gets */
	bool spoiled;	   /* the signature does not hold */
};
struct letter member_letter(const struct member *m, uint16_t code,
			    struct span body);
size_t member_write(const struct letter *l, uint8_t *out, size_t cap);
/* Writes it and hands it over. */
void member_post(struct member *m, const struct hit *from,
		 const struct letter *l);

/* The n-th message to that peer, of those put out; false: none. */
bool member_sent(const struct member *m, const struct hit *to, size_t n,
		 struct message *out);
/* The code of the first message to that peer, 0: none; an error's code. */
uint16_t member_answer(const struct member *m, const struct hit *to);
uint16_t member_error(const struct member *m, const struct hit *to);
/* The first output of a type, or NULL. */
struct overlay_output *member_find(const struct member *m,
				   enum overlay_output_type type);

/* A signed value of the dictionary Kind, key and data are the signer's. */
size_t member_store_body(const struct hit *signer, const struct resource_id *at,
			 uint8_t replica, uint64_t storage_time_ms,
			 uint8_t *out, size_t cap);
/* The same of another Kind, the dictionary or one of single values. */
size_t member_store_kind(uint32_t kind, const struct hit *signer,
			 const struct resource_id *at, uint8_t *out,
			 size_t cap);

#endif
