/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The inside of a host, for the files that handle its packets: exchange_i,
 * exchange_r, close, update, notify, assoc. Nobody else includes this.
 */
#ifndef HIPLINE_HOST_IMPL_H
#define HIPLINE_HOST_IMPL_H

#include "daemon/base/table.h"
#include "daemon/base/timers.h"
#include "daemon/hip/admit.h"
#include "daemon/hip/assoc.h"
#include "daemon/hip/exchange_i.h"
#include "daemon/hip/host.h"
#include "daemon/hip/load.h"
#include "daemon/hip/outputs.h"
#include "daemon/hip/peers.h"
#include "daemon/hip/protect.h"
#include "daemon/hip/quota.h"
#include "daemon/hip/r1.h"

TAILQ_HEAD(assoc_queue, assoc);
TAILQ_HEAD(exchange_queue, exchange);

struct host {
	struct host_conf conf;
	struct hit hit;
	uint8_t suite; /* of our HIT */
	struct whole_param host_id;
	struct packet_out host_id_packet; /* where its bytes lie */
	uint64_t now_ms;		  /* of the running call */
	struct outputs out;
	struct timers timers;
	struct timer r1_timer;
	struct table assocs;	 /* by HIT */
	struct table spis;	 /* struct sa_pair by inbound SPI */
	struct assoc_queue dead; /* oldest first */
	struct exchange_queue waiting;
	struct strangers strangers;
	size_t half_open;
	size_t sought;
	bool admits; /* a member of an overlay */
	bool is_ending;
	enum host_guests guests;
	uint8_t *certificate;
	size_t certificate_len;
	size_t pending_total;
	struct peers peers;
	struct r1_pool r1;
	struct quota quota;
	struct load load;
	uint64_t last_job;
	struct pace path_searches;
	uint64_t idle_close_ms;	  /* of the last place given for a CLOSE */
	unsigned int idle_closes; /* with the same time */
	uint64_t notify_ms;	  /* no NOTIFY is sent before this */
	uint64_t notified_ms;	  /* none is verified before this */
	struct host_counters counters;
};

/* A packet that arrived, of right form and for us. */
struct arrival {
	struct packet packet;
	const struct hip_input *in;
};

/* Outputs that one packet, input or timer may need at most. */
enum { OUTPUTS_PER_STEP = STAGED_PACKETS_PER_PEER + 24 };

/* Sends a finished packet, and gives what was asked for. It may be lost for
 * want of memory (NULL), as others are on the way. */
struct hip_output *host_send(struct host *h, const struct hit *peer,
			     const uint8_t *bytes, size_t len,
			     const struct locator *local,
			     const struct locator *remote, bool raw);

/* New R1s; the ones before stay good for one lifetime more. */
void host_renew_r1(struct host *h);

/*
 * The n-th place to look for a peer: its known locators in turn, else those
 * that it was found at, else where it was heard last; each of these twice
 * before one of the unproven ones. False when there is none.
 */
bool host_locator(const struct host *h, const struct assoc *a, size_t n,
		  struct locator *out);

/* Whether there is one that is not unproven. */
bool host_has_good_locator(const struct host *h, const struct assoc *a);

/* RFC 7401 6.8 step 10, 6.9 step 12: does the HIT come from this HI? */
enum drop host_check_hi(const struct hit *hit, const struct host_id *id);

/* RFC 7402 6.5, 6.6: an ESP_INFO of a base exchange. */
enum drop host_check_esp_info(const struct esp_info *info,
			      const struct agreed *agreed);

/*
 * HIP_MAC, HIP_SIGNATURE and the length, which end a packet between two that
 * have keys. 0, -EIO or -ENOSPC.
 */
__attribute__((warn_unused_result)) int
host_protect(struct host *h, const struct agreed *g, struct packet_out *p);

/* Is HIP_SIGNATURE the peer's, at a bounded cost? Its MAC was right. */
enum drop host_check_signature(struct host *h, struct assoc *a,
			       const struct packet *p, const struct agreed *g);

/* Ids of the configuration as a list for a packet. */
struct id_list host_id_list(const uint16_t *ids, size_t n);

#endif
