/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * New SAs for an association: RFC 7402 3.3.2, 6.8 to 6.10. Each side sends
 * an UPDATE with its new SPI; who has the other's opens the new inbound SA,
 * and who knows that the other has its own takes the new outbound SA. The
 * old inbound SA stays for a while, so that nothing is lost.
 */
#ifndef HIPLINE_REKEY_H
#define HIPLINE_REKEY_H

#include "daemon/base/timers.h"
#include "daemon/hip/pace.h"
#include "daemon/hip/sa_pair.h"
#include "daemon/hip/update.h"

struct rekey;

/* What an association knows of its rekeys. */
struct rekeys {
	struct timer timer;
	struct rekey *running; /* or NULL */
	struct sa_pairs old;   /* oldest first: they receive only */
	size_t n_old;
	uint64_t keyed_ms;	 /* when the present keys came */
	uint64_t packets, bytes; /* that they protected, both ways */
	uint64_t done;
	struct pace asked; /* by the peer, for a new DH value */
};

/* Begins one, unless one is running or the state is not ESTABLISHED. */
void rekey_begin(struct host *h, struct assoc *a, bool new_dh);

/*
 * An UPDATE of the peer, genuine and new, has ESP_INFO. Adds our answer to
 * draft. Otherwise than with DROP_NONE nothing of it was taken.
 */
enum drop rekey_on_update(struct host *h, struct assoc *a,
			  const struct msg_update *msg,
			  struct update_draft *draft);

/* The peer has acknowledged our UPDATE of this id. */
void rekey_on_ack(struct host *h, struct assoc *a, uint32_t id);

/* As HIP_IN_TRAFFIC tells it. */
void rekey_on_traffic(struct host *h, struct assoc *a,
		      const struct hip_input *in);

/*
 * Takes a pair that was replaced: its inbound SA stays for late arrivals
 * (RFC 7402 3.3.3), for SA_OLD_MS at most.
 */
void rekey_retire(struct host *h, struct assoc *a, struct sa_pair *pair);

void rekey_on_timer(struct host *h, struct assoc *a);

/* The association has new keys, not by a rekey. */
void rekey_start_over(struct host *h, struct assoc *a);

/* Now it may rekey. */
void rekey_on_established(struct host *h, struct assoc *a);

/* Our half could not be sent: as if the peer's had not come. */
void rekey_abandon(struct host *h, struct assoc *a);

/*
 * A CLOSE has gone: nothing is rekeyed any more, but its CLOSE_ACK may come on
 * any inbound SA that is open. rekey_forget closes them.
 */
void rekey_wind_down(struct host *h, struct assoc *a);

/* Ends a running one and closes all SAs but the present ones. */
void rekey_forget(struct host *h, struct assoc *a);

/* The same without a word, for host_free. */
void rekey_silence(struct assoc *a);

#endif
