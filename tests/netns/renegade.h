/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * What the parts of renegade share: who it is, what it asks with, and how an
 * answer is judged.
 */
#ifndef HIPLINE_TEST_RENEGADE_H
#define HIPLINE_TEST_RENEGADE_H

#include "tests/netns/speaker.h"

enum {
	STORED = 0, /* or answered; above it, the code of an error */
	SILENCE = -1,
	NOTHING = -2, /* nothing came at all */
	DAY_S = 86400,
	STRANGERS = 4, /* hosts of our own making */
};

#define OUR_NAME "mallory@example.com"

struct work {
	struct speaker s;
	struct papers self, other, foreign, forged, misnamed, expired, early;
	struct papers revoked;
	struct papers borrowed; /* another's certificate, our key */
	struct papers strangers[STRANGERS];
	struct issuing authority, elsewhere, pretender;
	uint64_t begun_ms;
	unsigned int refused; /* by the node that hears it */
	bool failed;
};

/* Prints the verdict on one thing that was done. */
void renegade_tell(struct work *w, const char *what, int want, int got);

/* What is answered; or SILENCE, when Pings to both nodes were answered that
 * were sent later, and this was not. */
int renegade_await(struct work *w, uint64_t transaction);

/* A Store of our name, right in all, its body in RELOAD_MESSAGE_MAX bytes. */
struct letter renegade_letter(struct work *w, uint8_t *body);

/* Stores in each wrong way, more than is allowed, and another's record. */
void renegade_store_all(struct work *w);

/* Sends what is too long, each truncation, and beginnings without an end. */
void renegade_size_all(struct work *w);

#endif
