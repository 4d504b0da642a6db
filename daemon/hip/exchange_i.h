/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The Initiator's side of a base exchange: RFC 7401 6.6, 6.8, 6.10; RFC 7402
 * 6.4, 6.6. It sends I1, answers R1 with I2 and completes with R2.
 */
#ifndef HIPLINE_EXCHANGE_I_H
#define HIPLINE_EXCHANGE_I_H

#include "daemon/base/timers.h"
#include "daemon/hip/asked.h"
#include "daemon/hip/host.h"
#include "daemon/hip/pace.h"

#include <sys/queue.h>

struct agreed;
struct arrival;
struct assoc;

enum exchange_phase {
	EXCHANGE_SEEKING, /* for a locator (seek.h) */
	EXCHANGE_WAITING, /* for a place among HALF_OPEN_MAX */
	EXCHANGE_I1,	  /* I1 sent */
	EXCHANGE_SOLVING, /* R1 taken, its puzzle is being solved */
	EXCHANGE_I2,	  /* I2 sent */
};

/* Where a host was found whose locators nobody told us of before. */
struct hints {
	struct locator locators[HINTS_MAX];
	size_t n;
};

/* An exchange that we initiated and that is not over. */
struct exchange {
	struct assoc *assoc;
	enum exchange_phase phase;
	struct timer timer;
	TAILQ_ENTRY(exchange) waiting;
	unsigned int sends;    /* of the packet that waits for an answer */
	unsigned int i1_sends; /* in all: says which locator comes next */
	struct hints hints;
	struct asked asked;    /* where I1s of this exchange went */
	unsigned int restarts; /* R1s taken after the first, or in vain */
	struct pace r1s;       /* that were verified since the last I1 */
	bool probing;	       /* I1s go beside the I2 */
	bool has_counter;
	uint64_t counter;     /* the highest of an R1 that verified */
	uint8_t i[RHASH_MAX]; /* of the R1 that was taken */
	uint64_t job;	      /* while solving */
	uint64_t sent_ms;     /* when that packet went last */
	uint64_t heard_ms;    /* when an I1 of theirs was answered last */
	uint8_t *bytes;	      /* R1 while solving, then our I2 */
	size_t len;
	struct locator local, remote; /* of that R1: there I2 goes, and
					 from there R2 comes */
	bool raw;
	struct agreed *agreed; /* once I2 is made */
	const char *refusal;   /* why an R1 that verified is of no use */
	const char *notified;  /* what the peer says about our I2 */
};

/*
 * Begins one; there is none. The state becomes I1-SENT, except that
 * ESTABLISHED and R2-SENT stay until the new exchange is done. On failure it
 * has told why, and `a` may be freed.
 */
void exchange_i_begin(struct host *h, struct assoc *a);

/* The same, but it waits for a locator: EXCHANGE_SEEKING, or `a` is freed. */
void exchange_i_begin_seeking(struct host *h, struct assoc *a);

/* It has a locator: begins. */
void exchange_i_begin_found(struct host *h, struct assoc *a);

/* One that runs has locators that are better: an I1 goes there at once. */
void exchange_i_on_found(struct host *h, struct exchange *x);

/* Starts those that wait for a place, as far as there are places. */
void exchange_i_start_waiting(struct host *h);

/* Drops a running one, if any, without a word. */
void exchange_i_drop(struct host *h, struct assoc *a);

/*
 * Drops a running one, but leaves its keys to an association that has none:
 * the peer may have them too.
 */
void exchange_i_hand_over(struct host *h, struct assoc *a);

/* Ends a running one as failed: RFC 7401 table 9. */
void exchange_i_fail(struct host *h, struct assoc *a, const char *reason);

enum drop exchange_i_on_r1(struct host *h, const struct arrival *m);
enum drop exchange_i_on_r2(struct host *h, const struct arrival *m);

/* A puzzle was solved, or was not. */
void exchange_i_on_solved(struct host *h, const struct hip_input *in);

/*
 * The peer's I1 came while we wait for its R1 and leave the Initiator's role
 * to ourselves: it tells where the peer can be heard, so our I1 goes there.
 */
void exchange_i_on_i1(struct host *h, struct assoc *a,
		      const struct hip_input *in);

void exchange_i_on_timer(struct host *h, struct exchange *x);

#endif
