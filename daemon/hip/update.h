/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * UPDATE: RFC 7401 5.3.5, 6.11, 6.12. Both sides number theirs from 0; each
 * that has a SEQ is sent again until it is acknowledged, and taken once.
 * What one asks for is for others: rekeying is rekey.h's. Echoes are
 * answered here, and probes, which ask for nothing else, are sent.
 */
#ifndef HIPLINE_UPDATE_H
#define HIPLINE_UPDATE_H

#include "daemon/base/timers.h"
#include "daemon/hip/message.h"

struct arrival;
struct assoc;
struct host;

enum { UPDATE_NONCE_LEN = 16 };

/* An UPDATE of ours that waits for its acknowledgement. */
struct update_sent {
	uint8_t *bytes; /* NULL: this place is free */
	uint16_t len;
	uint8_t sends, sends_max;
	uint32_t id;
	uint32_t rto_ms;
	uint64_t first_ms, due_ms;
	uint8_t nonce[UPDATE_NONCE_LEN]; /* of a probe */
};

/* A genuine UPDATE of the peer that could not be taken. */
struct update_refused {
	uint32_t id;
	uint64_t until_ms; /* a copy of it is not looked at before */
};

/* Where an association is with its UPDATEs. All zeros at first. */
struct updates {
	struct timer timer;
	uint32_t next_id;  /* of our next one */
	uint32_t expected; /* the peer's next one (peer Update ID) */
	uint32_t passed;   /* ids below it that can be known: to the window */
	uint32_t taken;	   /* bit n: expected - 1 - n was taken */
	struct update_sent sent[UPDATES_OUT_MAX];
	uint8_t *answer; /* to the peer's that was taken last */
	size_t answer_len;
	uint32_t answer_id; /* of what it acknowledges */
	uint64_t answered_ms;
	struct update_refused refused[UPDATES_REFUSED_MAX];
	size_t next_refused;
};

/* What an UPDATE of ours says. NULL and false: not in it. */
struct update_draft {
	const struct esp_info *esp_info;
	const struct dh *dh;
	const uint8_t *nonce; /* ECHO_REQUEST_SIGNED */
	bool has_seq, is_rekey;
	uint32_t id; /* of SEQ: set when it is sent */
	bool has_ack;
	uint32_t ack;
	const struct packet *asks; /* its echo requests are answered */
};

enum drop update_on_packet(struct host *h, const struct arrival *m);

/*
 * Sends one with a SEQ until it is acknowledged. 0, -ENOBUFS when too many
 * are not acknowledged yet, -ENOMEM, -EIO or -ENOSPC.
 */
__attribute__((warn_unused_result)) int
update_send(struct host *h, struct assoc *a, struct update_draft *draft);

/*
 * Asks an ESTABLISHED peer whether it is there. When PROBE_SENDS_MAX UPDATEs
 * stay unanswered a new exchange begins; what is there stays until that is
 * done.
 */
void update_probe(struct host *h, struct assoc *a);

/* It need not be acknowledged any more, if it still waits. */
void update_settle(struct host *h, struct assoc *a, uint32_t id);

void updates_on_timer(struct host *h, struct assoc *a);

/* Back to the beginning: its keys change or are not used any more. */
void updates_forget(struct host *h, struct assoc *a);

#endif
