/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Associations: RFC 7401 4.4. One per peer, found by its HIT. An exchange
 * that we initiated hangs beside it, so that what is established stays in
 * use until the new one is.
 */
#ifndef HIPLINE_ASSOC_H
#define HIPLINE_ASSOC_H

#include "daemon/base/table.h"
#include "daemon/base/timers.h"
#include "daemon/hip/agreed.h"
#include "daemon/hip/checks.h"
#include "daemon/hip/host.h"
#include "daemon/hip/pathmtu.h"
#include "daemon/hip/pending.h"
#include "daemon/hip/rekey.h"
#include "daemon/hip/strangers.h"

#include <sys/queue.h>

struct exchange;

/* What a timer is for. */
enum host_timer {
	TIMER_ASSOC,	/* the state's own time is over */
	TIMER_EXCHANGE, /* our exchange waits for an answer */
	TIMER_UPDATE,	/* an UPDATE waits for its acknowledgement */
	TIMER_REKEY,	/* keys are used up, or old SAs are over */
	TIMER_PATH,	/* a probe was not answered, or the next is due */
	TIMER_R1,	/* the R1s are old */
};

enum { CLOSE_NONCE_LEN = 16 };

struct assoc {
	struct hit hit;
	enum assoc_state state;
	struct table_node node;
	struct timer timer;
	TAILQ_ENTRY(assoc) dead; /* while CLOSED or FAILED */
	struct stranger stranger;
	struct exchange *exchange;    /* ours, or NULL */
	struct agreed *agreed;	      /* from R2-SENT on, until forgotten */
	struct locator local, remote; /* of its last authenticated packet */
	bool raw;
	bool wants_close;	 /* a CLOSE was asked for and is due */
	bool has_turn;		 /* to be closed for idleness */
	bool is_kept;		 /* not closed for idleness */
	uint64_t known_until_ms; /* without being told of (admit.h); or 0 */
	struct pending pending;
	uint8_t *reply; /* R2, CLOSE or CLOSE_ACK, to be sent again */
	size_t reply_len;
	unsigned int sends;  /* of a CLOSE */
	uint64_t replied_ms; /* when reply went last */
	uint64_t used_ms;    /* when traffic passed last */
	uint64_t heard_ms;   /* when the peer proved last that it is there */
	uint64_t changed_ms; /* when the state changed last */
	uint64_t made_ms;    /* I2s that answer older R1s than this are late */
	uint64_t since_ms;   /* ESTABLISHED, or 0 */
	uint8_t nonce[CLOSE_NONCE_LEN]; /* ECHO_REQUEST_SIGNED in CLOSE */
	bool has_nonce;
	struct checks checks; /* signatures behind a right MAC */
	struct updates updates;
	struct rekeys rekeys;
	struct pathmtu *pathmtu; /* NULL: large packets never went */
	bool is_suspect; /* an UPDATE stayed unanswered; nothing came since */
	uint32_t rtt_ms; /* 0: not known yet */
	const char *reason; /* why it failed, or what the peer notified */
};

/* NULL when there is none. */
struct assoc *assoc_find(const struct host *h, const struct hit *hit);

/*
 * A new one, UNASSOCIATED. Where all places are taken, the one that died
 * first goes, or that of a stranger, of any when this one is known. NULL at the
 * limit or for want of memory.
 */
struct assoc *assoc_new(struct host *h, const struct hit *hit, bool is_known);

/*
 * Ends it at once: SAs are closed, its exchange is dropped, packets that
 * wait are given back as unreachable, and it is freed.
 */
void assoc_forget(struct host *h, struct assoc *a, const char *reason);

/* Frees it without a word, for host_free. */
void assoc_free(struct host *h, struct assoc *a);

/* The one place where a state changes; tells the caller of the host. */
void assoc_set_state(struct host *h, struct assoc *a, enum assoc_state state);

/*
 * The part of assoc_adopt that wants memory, to be called first: who the peer
 * is is known now, and whether it is a stranger, from where. 0 or -ENOMEM.
 */
__attribute__((warn_unused_result)) int
assoc_prepare(struct host *h, struct assoc *a, const struct agreed *agreed,
	      const struct hip_input *in);

/*
 * A new agreement (taken, except on failure), whose inbound SA is open,
 * comes in place of the old one, whose inbound SA stays for a while. Its
 * outbound SA is opened first, so that traffic always has one. The locators are
 * those of the authenticated packet. 0 or -EIO: nothing changed then.
 */
__attribute__((warn_unused_result)) int assoc_adopt(struct host *h,
						    struct assoc *a,
						    struct agreed *agreed,
						    const struct hip_input *in);

/* Closes its SAs; no UPDATE waits for an answer any more. */
void assoc_close_sas(struct host *h, struct assoc *a);

/* Closes its SAs and wipes its keys. */
void assoc_drop_keys(struct host *h, struct assoc *a);

/* ESTABLISHED now; the idle time begins (RFC 7401 4.4.1: UAL). */
void assoc_establish(struct host *h, struct assoc *a);

/* The peer has proved that it is there. */
void assoc_hear(struct host *h, struct assoc *a);

/* A round trip to the peer took that long. */
void assoc_measure_rtt(struct assoc *a, uint64_t ms);

/* What waits goes out (the outbound SA is there), or is given back. */
void assoc_inject_pending(struct host *h, struct assoc *a);
void assoc_return_pending(struct host *h, struct assoc *a, const char *reason);

/* The packet to be sent again: keeps a copy, sends it, forgets it. */
__attribute__((warn_unused_result)) int
assoc_set_reply(struct assoc *a, const struct packet_out *p);
void assoc_send_reply(struct host *h, struct assoc *a);
void assoc_clear_reply(struct assoc *a);

#endif
