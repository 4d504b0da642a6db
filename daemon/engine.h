/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The process that reads the network, without any right: the HIP host, the
 * data plane's control side, the control socket, on one loop. This header
 * has what its parts share.
 */
#ifndef HIPLINE_ENGINE_H
#define HIPLINE_ENGINE_H

#include "daemon/added.h"
#include "daemon/base/ipc.h"
#include "daemon/base/resolve.h"
#include "daemon/config.h"
#include "daemon/control.h"
#include "daemon/dataplane.h"
#include "daemon/guard.h"
#include "daemon/hip/host.h"
#include "daemon/membership.h"
#include "daemon/pins.h"
#include "daemon/unreached.h"
#include "daemon/warnings.h"

#include <ev.h>
#include <stdbool.h>
#include <stdint.h>

struct asker;
struct bootstraps;
struct contacting;
struct enrol;
struct jobs;
struct lookup;
struct naming;
struct recent;
struct underlay;

enum {
	WAITERS_MAX = CONTROL_CLIENTS_MAX,
	AFTERS_MAX = 64, /* what waits for the end of a run of outputs */
};

/* A client that waits for a name of the overlay, or for an association. */
struct waiter {
	struct control_client *client; /* NULL: free */
	uint64_t lookup; /* the id of what it has looked up; 0: nothing */
	bool is_host;	 /* in DNS, not in the overlay */
	bool connects;	 /* then it waits for the association */
	bool is_pinned;	 /* to `hit`; what is against it is asked for */
	char name[NAME_LEN_MAX + 1]; /* as it was asked for */
	struct hit hit;
	/* Hosts of that name, too: whoever is up first is connected to. */
	struct hit others[RESOLVE_HITS_MAX - 1];
	size_t n_others;
	uint64_t timeout_ms, end_ms;
};

/* What an output asks for that would be an input of the host again. */
enum after_kind {
	AFTER_LOOKUP,	 /* look the peer's host names up */
	AFTER_TELL,	 /* the peer is found elsewhere now */
	AFTER_JOB,	 /* this job was not taken */
	AFTER_KEEP,	 /* it may be one that the overlay keeps */
	AFTER_NOT_FOUND, /* nobody is asked where the peer is */
	AFTER_FOUND,	 /* it is where it was seen last, or DNS says */
};

struct after {
	enum after_kind kind;
	struct hit hit;
	uint64_t job;
};

struct engine {
	struct ev_loop *loop;
	int status;	  /* exit status */
	bool stopping;	  /* associations are being closed, or soon */
	bool leaving;	  /* the overlay, before that */
	bool draining;	  /* the host's outputs */
	bool verbose;	  /* log everything, whatever is configured */
	const char *file; /* the configuration's name */
	struct config config;
	struct identity *id;
	uint32_t mtu;
	int state_dir; /* -1 when it cannot be used */
	bool pins_writable;
	struct warnings warnings;
	struct unreached unreached;
	struct pins *pins;
	struct pins *seen; /* hosts, as they were at first use */
	bool seen_writable;
	struct added *added; /* peers of run time */
	bool added_writable;
	struct membership membership; /* of an overlay */
	bool membership_writable;
	void (*on_membership)(struct engine *e); /* it has changed; or NULL */
	struct host *host;
	struct dataplane *dataplane;
	struct jobs *jobs;
	struct asker *asker; /* of host names; NULL: there is none */
	struct lookup *lookup;
	struct naming *naming;
	struct underlay *underlay;
	struct contacting *contacting;
	struct disputes *disputes;
	struct enrol *enrol;
	struct bootstraps *bootstraps; /* of the configuration */
	struct control *control;
	struct waiter waiters[WAITERS_MAX];
	uint64_t last_lookup;
	/* Who waits until the overlay is left; or NULL. */
	struct control_client *leaver;
	/* Who waits for the monitor to read the configuration, in order. */
	struct control_client *reloading[CONTROL_CLIENTS_MAX];
	size_t n_reloading;
	struct ipc_in from_monitor;
	struct after afters[AFTERS_MAX];
	size_t n_afters;
	uint64_t generation;   /* of R1s, as written down */
	bool exchanged;	       /* in this second */
	bool grown;	       /* since memory was let go of last: */
	uint64_t shrunk_ms;    /* footprint.h */
	struct recent *recent; /* whom we heard lately, and where */
	struct hit *lost;      /* who gets an I1 after the start */
	size_t n_lost;
	struct log_limit failures, changes;
	ev_io channel, data, solved;
	ev_timer deadline, second, stop, recover;
	ev_signal term;
};

/* Nothing in it yet but the loop. */
void engine_init(struct engine *e, struct ev_loop *loop);

/* Monotonic time as the host counts it. */
uint64_t engine_now_ms(void);

/* The overlay's neighbours know that we leave; a stop goes on. */
void engine_on_left(struct engine *e);

/* Gives the host an input and does what it answers. */
void engine_input(struct engine *e, const struct hip_input *in);

/* Sets the timer for what is due next; after the host or waiters changed. */
void engine_schedule(struct engine *e);

/* The port of a locator that names none: one of our transport. */
uint16_t engine_locator_port(const struct engine *e);

/* Whether a peer section or `peer add` speaks of this HIT. */
bool engine_has_peer(const struct engine *e, const struct hit *hit);

/* After the membership in *e has been written down otherwise than before:
 * tells those who work with it. */
void engine_membership_changed(struct engine *e);

/* Runs the loop until it is time to end; everything else has been set up
 * (engine_start.h). Returns the exit status. */
int engine_loop(struct engine *e, int channel);

#endif
