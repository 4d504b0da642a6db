/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The whole HIP host without I/O: RFC 7401 4.4 and 6. Feed it inputs, drain
 * its outputs after every call, call host_tick no later than host_deadline.
 * It never calls back (but for certificates), never reads a clock, never
 * touches a socket.
 */
#ifndef HIPLINE_HOST_H
#define HIPLINE_HOST_H

#include "daemon/base/env.h"
#include "daemon/base/locator.h"
#include "daemon/hip/drop.h"
#include "daemon/hip/hit.h"
#include "daemon/hip/identity.h"
#include "daemon/hip/keymat.h"
#include "daemon/hip/limits.h"
#include "daemon/hip/puzzle.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct host;

#define HOST_NEVER UINT64_MAX

/*
 * Whether a certificate lets a HIT in, whose signature over its I2 holds:
 * for how many milliseconds, or 0. The one function that a host calls.
 */
typedef uint64_t host_admit_fn(void *ctx, const struct hit *hit,
			       const uint8_t *certificate, size_t len);

/* How a host behaves. Copied by host_new; id is borrowed for its life. */
struct host_conf {
	const struct identity *id;
	struct env env;
	bool accept_any;      /* false: only peers told by HIP_IN_PEER */
	uint16_t dh[IDS_MAX]; /* groups, preferred first */
	size_t n_dh;
	uint16_t cipher[IDS_MAX];
	size_t n_cipher;
	uint16_t esp[IDS_MAX];
	size_t n_esp;
	bool inside; /* RFC 6261: HIP packets may go inside ESP */
	uint32_t assoc_max;
	uint64_t idle_ms; /* UAL; 0 = never close */
	/* New ESP keys after so much, where traffic passes; 0 = no limit. */
	uint64_t rekey_ms, rekey_packets, rekey_bytes;
	/* Where fewer went since, rekey_ms waits for a new DH value, which
	 * is due after REKEY_DH_MS. */
	uint64_t rekey_quiet_bytes;
	/* Divided by this, the SPIs that we draw for a peer leave the same
	 * remainder as the last 16 bits of its HIT; 0 or 1: any SPI. */
	uint32_t spi_modulus;
	uint32_t inner_mtu;	/* the TUN device's; 0: paths are not probed */
	uint8_t puzzle_k;	/* difficulty without load */
	uint64_t r1_generation; /* at least this; kept over restarts by us */
	host_admit_fn *admit;	/* NULL: certificates mean nothing */
	void *admit_ctx;
};

/* Sane values for everything but id and env. */
void host_conf_defaults(struct host_conf *conf);

/* 0, -EINVAL, -ENOMEM or -EIO. `now_ms` is monotonic. */
__attribute__((warn_unused_result)) int
host_new(const struct host_conf *conf, uint64_t now_ms, struct host **out);

/* Forgets everything, sends nothing; wipes keys. */
void host_free(struct host *h);

/* What we are of an overlay. */
struct host_membership {
	bool is_member;	 /* certificates are asked about; WANT comes out */
	bool is_another; /* than before: who was let in is so no more */
	const uint8_t *certificate; /* ours, for I2s (RFC 8002) */
	size_t certificate_len;	    /* 0: none; at most CERT_MAX */
};

/* Copies it. 0, -EINVAL or -ENOMEM: then nothing changed. */
__attribute__((warn_unused_result)) int
host_set_membership(struct host *h, const struct host_membership *m,
		    uint64_t now_ms);

/* Which hosts that nobody told us of are let in. */
enum host_guests {
	HOST_GUESTS_NONE,
	HOST_GUESTS_FRESH, /* all but with a certificate that does not hold */
	HOST_GUESTS_ALL,   /* as with accept_any */
};

/* Just now. It gives no output; who is in stays. */
void host_let_guests_in(struct host *h, enum host_guests guests);

/* Association states: RFC 7401 4.4.2. */
enum assoc_state {
	ASSOC_UNASSOCIATED,
	ASSOC_I1_SENT,
	ASSOC_I2_SENT,
	ASSOC_R2_SENT,
	ASSOC_ESTABLISHED,
	ASSOC_CLOSING,
	ASSOC_CLOSED,
	ASSOC_FAILED,
};

/* "i1-sent" and so on, as JSON has it. */
const char *assoc_state_text(enum assoc_state state);

enum hip_input_kind {
	HIP_IN_PACKET,	/* a HIP packet from the network */
	HIP_IN_ACQUIRE, /* a packet for a HIT without an SA; or none */
	HIP_IN_PEER,	/* a peer is known: it is let in, and its locators */
	HIP_IN_PEER_REMOVE, /* no longer let in; its association is closed */
	HIP_IN_TRAFFIC,	    /* authenticated ESP passed since the last one */
	HIP_IN_UNKNOWN_SPI, /* ESP for an SPI of nobody came from a locator */
	HIP_IN_SOLVED,	    /* a puzzle was solved, or not */
	HIP_IN_CLOSE,	    /* close one association, or all */
	HIP_IN_PROBE,	    /* is the peer still there? Ask it */
	HIP_IN_REKEY,	    /* new ESP keys and SPIs, if ESTABLISHED */
	HIP_IN_FOUND,	    /* where a wanted host is (locators), or that nobody
			       knows (none); and that it is a member, which
			       counts for an association that stands, too */
	HIP_IN_KEEP,	   /* close this association for idleness no more, or so
			      again; as long as it is there */
	HIP_IN_LARGE,	   /* large ESP packets go; from time to time */
	HIP_IN_RENDEZVOUS, /* where a known peer's rendezvous servers are, to
			      which I1s for it go beside its locators */
};

struct hip_input {
	enum hip_input_kind kind;
	struct hit hit;	      /* ACQUIRE, PEER*, TRAFFIC, SOLVED, CLOSE,
				 PROBE, REKEY, FOUND, KEEP, LARGE,
				 RENDEZVOUS */
	const uint8_t *bytes; /* PACKET: HIP from its header on, without the
				 zero SPI; ACQUIRE: inner IPv6 packet or NULL */
	size_t len;
	struct locator local, remote; /* PACKET, UNKNOWN_SPI (remote) */
	bool raw;    /* PACKET: came by IP protocol 139, has a checksum */
	bool inside; /* PACKET: came inside ESP of its sender's SA. local,
			remote and raw are those of ESP */
	const struct locator *locators; /* PEER: replaces those known; one
					   without a port is spoken to raw.
					   FOUND: at most HINTS_MAX count.
					   RENDEZVOUS: come before those
					   known, of which RENDEZVOUS_MAX are
					   kept */
	size_t n_locators;
	size_t n_unproven; /* PEER: so many of these, the last, nobody vouches
			      for (plain DNS): they come after all others */
	bool in, out;	   /* TRAFFIC: which direction */
	uint32_t spi;	   /* TRAFFIC in: the newest SA used; 0 unknown */
	uint64_t esp_packets; /* TRAFFIC: since the last one; 0 means 1 */
	uint64_t esp_bytes;   /* TRAFFIC: the same */
	bool new_dh;	      /* REKEY: with a new Diffie-Hellman value */
	uint64_t job;	      /* SOLVED: as in HIP_OUT_SOLVE */
	bool solved;	      /* SOLVED */
	uint8_t j[RHASH_MAX]; /* SOLVED */
	bool all;	      /* CLOSE: every association */
	bool last;	      /* CLOSE of all: this host goes away, and neither
				 begins an exchange nor takes one any more */
	bool keep;	      /* KEEP */
	uint64_t known_ms;    /* FOUND: a certificate says that it is a member,
				 for so long; 0: none was seen. PEER_REMOVE:
				 the same, so its association stays */
};

enum hip_output_kind {
	HIP_OUT_SEND,	     /* a HIP packet to a locator */
	HIP_OUT_SA_IN,	     /* install an inbound SA */
	HIP_OUT_SA_OUT,	     /* install an outbound SA; traffic may go */
	HIP_OUT_SA_DELETE,   /* remove the SA with this SPI and direction */
	HIP_OUT_INJECT,	     /* an inner packet that waited: seal and send */
	HIP_OUT_UNREACHABLE, /* an inner packet that will never go: ICMPv6 */
	HIP_OUT_SOLVE,	     /* solve a puzzle away from this thread */
	HIP_OUT_PEER,	     /* an association's state changed */
	HIP_OUT_WANT,	     /* where is this host? HIP_IN_FOUND answers */
	HIP_OUT_PATH,	     /* what the path of the outbound SA carries */
};

struct hip_output {
	enum hip_output_kind kind;
	struct hit hit;	      /* the peer's */
	const uint8_t *bytes; /* SEND, INJECT, UNREACHABLE: valid until the
				 next call with this host */
	size_t len;
	struct locator local, remote; /* SEND, SA_OUT; local may be unspecified:
					 the system chooses */
	bool raw; /* SEND: by IP protocol 139. Its checksum is right for local;
		     where the system chooses, who sends it sets it anew */
	bool whole;   /* SEND: it may not be fragmented, nor on the way */
	bool inside;  /* SEND: inside ESP of this peer's SA, as next header 139,
			 with the checksum for the HITs; where there is no SA,
			 outside as the rest says, with the checksum for that */
	uint32_t spi; /* SA_* */
	bool inbound; /* SA_DELETE */
	uint16_t esp_suite;	  /* SA_* */
	uint8_t key[ESP_KEY_MAX]; /* SA_IN, SA_OUT: the caller wipes it */
	size_t key_len;
	uint32_t path_mtu;	/* PATH: IP packets of up to so many bytes;
				   0: all that the TUN device gives */
	uint64_t job;		/* SOLVE */
	struct puzzle puzzle;	/* SOLVE */
	uint64_t lifetime_ms;	/* SOLVE: give up after this */
	enum assoc_state state; /* PEER */
	const char *reason;	/* PEER with FAILED, UNREACHABLE: static text or
				   NULL; a PEER that FAILED without an
				   association never had one */
};

/* One input. Outputs may follow: drain them all before the next. */
void host_input(struct host *h, const struct hip_input *in, uint64_t now_ms);

/* When host_tick is next due (monotonic ms), or HOST_NEVER. */
uint64_t host_deadline(const struct host *h);

/*
 * Does what was due by now_ms, in order, however late: at most
 * TICK_TIMERS_MAX timers, and what outputs hold. When there is more, the
 * deadline stays in the past: drain, look after others, and tick again.
 */
void host_tick(struct host *h, uint64_t now_ms);

/* The next output, oldest first; false when there is none. */
bool host_output(struct host *h, struct hip_output *out);

/* One association, for `peers` and `status`. */
struct host_assoc_info {
	struct hit hit;
	enum assoc_state state;
	struct locator local, remote;
	uint16_t esp_suite, hip_cipher;
	uint8_t dh_group;
	uint32_t spi_in, spi_out; /* 0 when there is none */
	uint64_t rekeys;
	bool is_rekeying;
	bool is_kept;	    /* not closed for idleness */
	uint64_t since_ms;  /* monotonic time of ESTABLISHED; 0 before */
	uint64_t heard_ms;  /* when the peer proved last that it is there */
	uint32_t rtt_ms;    /* a round trip takes about that; 0: unknown */
	const char *reason; /* why it failed, or NULL; static */
};

/* Whether it was told of this peer, be it without a locator. */
bool host_knows_peer(const struct host *h, const struct hit *peer);

/* Looks one up; false when there is none. */
bool host_assoc_find(const struct host *h, const struct hit *peer,
		     struct host_assoc_info *out);

/*
 * The Host Identity field (RFC 7401 5.2.9) of a peer that there is an
 * association with, and its length into *len; borrowed until the next
 * host_input or host_tick. NULL when it is not known.
 */
const uint8_t *host_peer_hi(const struct host *h, const struct hit *peer,
			    size_t *len);

/* Fills up to cap entries, returns how many there are in all. */
size_t host_assoc_list(const struct host *h, struct host_assoc_info *out,
		       size_t cap);

/* Counters since host_new. */
struct host_counters {
	uint64_t drops[DROP_COUNT];
	uint64_t received[32]; /* by packet type, well-formed */
	uint64_t sent[32];
	uint64_t sent_inside; /* of those sent: inside ESP */
	uint64_t retransmitted;
	uint64_t rekeys;
	uint64_t exchanges_completed;
	uint64_t exchanges_failed;
	uint64_t puzzle_k; /* how hard puzzles were last */
	uint64_t puzzles_verified, dh_agreements, signatures_verified;
	uint64_t signatures_made;
	uint64_t certificates_judged;
	uint64_t r1s_by_rendezvous; /* taken, to I1s that a server relayed */
	uint64_t staged_packets, staged_dropped;
};

const struct host_counters *host_counters(const struct host *h);

/* The generation that a restart must not fall below (RFC 7401 4.1.4). */
uint64_t host_r1_generation(const struct host *h);

#endif
