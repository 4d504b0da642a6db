/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The engine's loop: events become inputs of the host, its outputs are done,
 * and the timer is set for its next deadline.
 */
#include "daemon/engine.h"

#include "daemon/aside.h"
#include "daemon/base/enrol.h"
#include "daemon/base/footprint.h"
#include "daemon/base/log.h"
#include "daemon/bootstraps.h"
#include "daemon/command.h"
#include "daemon/contacting.h"
#include "daemon/disputes.h"
#include "daemon/enrol.h"
#include "daemon/generation.h"
#include "daemon/handover.h"
#include "daemon/jobs.h"
#include "daemon/lookup.h"
#include "daemon/naming.h"
#include "daemon/reconfigure.h"
#include "daemon/recovery.h"
#include "daemon/underlay.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum {
	TAKE_BATCH = 256, /* from the data plane, before others have a turn */
	STOP_MS = 2000,	  /* for CLOSE_ACKs */
	LEAVE_MS = 1000,  /* before that, for neighbours of the overlay */
	SECOND_S = 1,
	SHRINK_MS = 60000,	/* no more often, while exchanges go on, */
	SHRINK_QUIET_MS = 5000, /* and in a second without one */
};

uint64_t engine_now_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts); /* cannot fail on Linux */
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

uint16_t engine_locator_port(const struct engine *e)
{
	return e->config.transport == CONFIG_TRANSPORT_RAW ? 0 : HIP_UDP_PORT;
}

bool engine_has_peer(const struct engine *e, const struct hit *hit)
{
	return config_peer_find(&e->config, hit) || added_find(e->added, hit);
}

void engine_membership_changed(struct engine *e)
{
	if (e->on_membership)
		e->on_membership(e);
}

void engine_schedule(struct engine *e)
{
	uint64_t due = host_deadline(e->host);
	uint64_t waiters = command_deadline(e);
	uint64_t now = engine_now_ms();

	if (waiters < due)
		due = waiters;
	ev_timer_stop(e->loop, &e->deadline);
	if (due == HOST_NEVER)
		return;
	/* libev counts from the loop's time, which may lie behind. */
	ev_now_update(e->loop);
	ev_timer_set(&e->deadline, due > now ? (double)(due - now) / 1000 : 0,
		     0);
	ev_timer_start(e->loop, &e->deadline);
}

static void add_after(struct engine *e, enum after_kind kind,
		      const struct hit *hit, uint64_t job)
{
	/* More would be a flood of failures: the next one will do. */
	if (e->n_afters < AFTERS_MAX)
		e->afters[e->n_afters++] = (struct after){ kind, *hit, job };
}

/* Info: associations come and go. Debug: all between. */
static void log_peer(struct engine *e, const struct hip_output *o,
		     uint64_t now_ms)
{
	const char *state = assoc_state_text(o->state);
	char hit[HIT_TEXT_MAX];

	hit_text(&o->hit, hit);
	if (o->state == ASSOC_FAILED)
		log_limited(&e->failures, now_ms, LOG_LEVEL_INFO, "association",
			    "peer=%s %s: %s", hit, state,
			    o->reason ? o->reason : "no reason");
	else if (o->state != ASSOC_ESTABLISHED &&
		 o->state != ASSOC_UNASSOCIATED)
		log_debug("association", "peer=%s %s", hit, state);
	else if (e->config.accept == CONFIG_ACCEPT_KNOWN)
		log_info("association", "peer=%s %s", hit, state);
	else /* of which strangers can cause as many as they like */
		log_limited(&e->changes, now_ms, LOG_LEVEL_INFO, "association",
			    "peer=%s %s", hit, state);
}

/* For `status`; those that we were not told of are not missed. */
static void keep_unreached(struct engine *e, const struct hip_output *o)
{
	if (o->state == ASSOC_ESTABLISHED || o->state == ASSOC_R2_SENT)
		unreached_remove(&e->unreached, &o->hit);
	else if (o->state == ASSOC_FAILED &&
		 (engine_has_peer(e, &o->hit) ||
		  contacting_keeps(e->contacting, &o->hit)))
		unreached_add(&e->unreached, &o->hit,
			      o->reason ? o->reason : "no reason is known");
}

static void do_output(struct engine *e, struct hip_output *o, uint64_t now_ms)
{
	if (dataplane_output(e->dataplane, o, now_ms)) {
		if ((o->kind == HIP_OUT_SA_IN || o->kind == HIP_OUT_SA_OUT) &&
		    enrol_is_guest(e->enrol, &o->hit))
			dataplane_narrow(e->dataplane, &o->hit, ENROL_PORT);
		return;
	}
	if (o->kind == HIP_OUT_SOLVE) {
		if (jobs_add(e->jobs, o->job, &o->hit, &o->puzzle,
			     o->lifetime_ms) < 0)
			add_after(e, AFTER_JOB, &o->hit, o->job);
		return;
	}
	if (o->kind == HIP_OUT_WANT) {
		if (recovery_knows(e, &o->hit) ||
		    bootstraps_on_want(e->bootstraps, &o->hit))
			add_after(e, AFTER_FOUND, &o->hit, 0);
		else if (!e->underlay ||
			 !underlay_on_want(e->underlay, &o->hit))
			add_after(e, AFTER_NOT_FOUND, &o->hit, 0);
		return;
	}
	e->exchanged |= o->state == ASSOC_ESTABLISHED;
	log_peer(e, o, now_ms);
	keep_unreached(e, o);
	command_on_peer(e, o);
	if (e->underlay && underlay_on_peer(e->underlay, o))
		add_after(e, AFTER_KEEP, &o->hit, 0);
	if (e->enrol)
		enrol_on_peer(e->enrol, o);
	if (recovery_on_peer(e, o))
		add_after(e, AFTER_TELL, &o->hit, 0);
	if (o->state != ASSOC_FAILED)
		return;
	bootstraps_on_failed(e->bootstraps, &o->hit);
	add_after(e, AFTER_LOOKUP, &o->hit, 0);
}

static void drain(struct engine *e, uint64_t now_ms)
{
	struct hip_output o;

	e->draining = true;
	while (host_output(e->host, &o))
		do_output(e, &o, now_ms);
	dataplane_flush(e->dataplane);
	e->draining = false;
}

/* One input and its outputs. */
static void give(struct engine *e, const struct hip_input *in)
{
	uint64_t now_ms = engine_now_ms();

	assert(!e->draining);
	/* Who was let in to enrol may be known by now. */
	if ((in->kind == HIP_IN_PEER ||
	     (in->kind == HIP_IN_FOUND && in->known_ms > 0)) &&
	    !enrol_is_guest(e->enrol, &in->hit))
		dataplane_narrow(e->dataplane, &in->hit, 0);
	host_input(e->host, in, now_ms);
	drain(e, now_ms);
}

static void do_after(struct engine *e, const struct after *a)
{
	const struct hip_input in = { .kind = HIP_IN_SOLVED,
				      .hit = a->hit,
				      .job = a->job };
	const struct hip_input not_found = { .kind = HIP_IN_FOUND,
					     .hit = a->hit };

	switch (a->kind) {
	case AFTER_JOB:
		give(e, &in);
		break;
	case AFTER_KEEP:
		if (e->underlay)
			underlay_keep(e->underlay, &a->hit);
		break;
	case AFTER_NOT_FOUND:
		give(e, &not_found);
		break;
	case AFTER_FOUND:
		recovery_tell_found(e, &a->hit);
		break;
	case AFTER_TELL:
		reconfigure_tell_again(e, &a->hit);
		break;
	case AFTER_LOOKUP:
		if (e->lookup)
			lookup_again(e->lookup, &a->hit);
		break;
	}
}

/*
 * What had to wait. It may add more, of which some is left for next time. A
 * name that is looked up may be answered at once (/etc/hosts): that answer is
 * an input of its own, and comes here again while this runs.
 */
static void do_afters(struct engine *e)
{
	for (size_t n = e->n_afters; n > 0 && e->n_afters > 0; n--) {
		struct after a = e->afters[0];

		e->n_afters--;
		memmove(&e->afters[0], &e->afters[1],
			e->n_afters * sizeof(e->afters[0]));
		do_after(e, &a);
	}
}

/* Whether a CLOSE is still to be answered. */
static bool is_closing(const struct engine *e)
{
	size_t n = host_assoc_list(e->host, NULL, 0);
	struct host_assoc_info *all = calloc(n + 1, sizeof(*all));
	bool closing = false;

	if (!all)
		return false;
	n = host_assoc_list(e->host, all, n);
	for (size_t i = 0; i < n; i++)
		closing |= all[i].state == ASSOC_CLOSING ||
			   all[i].state == ASSOC_ESTABLISHED ||
			   all[i].state == ASSOC_R2_SENT;
	free(all);
	return closing;
}

void engine_input(struct engine *e, const struct hip_input *in)
{
	give(e, in);
	do_afters(e);
	engine_schedule(e);
}

/* Ends at once, for a reason that was logged. */
static void give_up(struct engine *e)
{
	e->status = EXIT_FAILURE;
	ev_break(e->loop, EVBREAK_ALL);
}

/* Closes all associations, then ends. */
static void close_all(struct engine *e)
{
	const struct hip_input in = { .kind = HIP_IN_CLOSE,
				      .all = true,
				      .last = true };

	e->leaving = false;
	ev_timer_stop(e->loop, &e->stop);
	ev_timer_set(&e->stop, STOP_MS / 1000.0, 0);
	ev_timer_start(e->loop, &e->stop);
	engine_input(e, &in);
	if (!is_closing(e))
		ev_break(e->loop, EVBREAK_ALL);
}

/* The overlay's neighbours hear of it first, while there are associations. */
static void begin_stop(struct engine *e)
{
	if (e->stopping)
		return;
	e->stopping = true;
	e->leaving = underlay_stop(e->underlay);
	if (!e->leaving) {
		close_all(e);
		return;
	}
	ev_timer_set(&e->stop, LEAVE_MS / 1000.0, 0);
	ev_timer_start(e->loop, &e->stop);
}

void engine_on_left(struct engine *e)
{
	if (e->leaving)
		close_all(e);
}

static void check_stopped(struct engine *e)
{
	if (e->stopping && !e->leaving && !is_closing(e))
		ev_break(e->loop, EVBREAK_ALL);
}

static void on_data(struct ev_loop *loop, ev_io *w, int events)
{
	struct engine *e = w->data;
	struct hip_input in;
	int n = 0;

	(void)events;
	dataplane_woken(e->dataplane);
	while (n < TAKE_BATCH && dataplane_take(e->dataplane, &in)) {
		give(e, &in);
		n++;
	}
	if (n == TAKE_BATCH)
		ev_feed_event(loop, w, EV_READ); /* there may be more */
	do_afters(e);
	engine_schedule(e);
	if (dataplane_failed(e->dataplane) != 0) {
		log_error("data plane", "interface %s or a socket is gone: %s",
			  e->config.interface,
			  strerror(dataplane_failed(e->dataplane)));
		give_up(e);
	}
	check_stopped(e);
}

static void on_solved(struct ev_loop *loop, ev_io *w, int events)
{
	struct engine *e = w->data;
	struct job_result r;

	(void)loop;
	(void)events;
	while (jobs_take(e->jobs, &r)) {
		struct hip_input in = { .kind = HIP_IN_SOLVED,
					.hit = r.hit,
					.job = r.job,
					.solved = r.solved };

		memcpy(in.j, r.j, sizeof(in.j));
		engine_input(e, &in);
	}
}

static void on_deadline(struct ev_loop *loop, ev_timer *w, int events)
{
	struct engine *e = w->data;
	uint64_t now_ms = engine_now_ms();

	(void)loop;
	(void)events;
	host_tick(e->host, now_ms);
	drain(e, now_ms);
	do_afters(e);
	command_tick(e, now_ms);
	engine_schedule(e);
	check_stopped(e);
}

/* A restart must not begin below what has been in use. */
static void keep_generation(struct engine *e)
{
	uint64_t now = host_r1_generation(e->host);

	if (now <= e->generation || e->state_dir < 0)
		return;
	e->generation = now; /* once; a full disk is told once, too */
	if (generation_save(e->state_dir, now) < 0)
		warnings_add(&e->warnings, "state-not-written",
			     "make room there, or look after its permissions, "
			     "and restart hiplined",
			     "the R1 generation cannot be written to %s",
			     e->config.state);
}

/* What an exchange has touched is not needed until the next one, and while
 * there are many of them they keep it. */
static void shrink(struct engine *e, uint64_t now_ms)
{
	const bool busy = e->exchanged;

	e->exchanged = false;
	e->grown = e->grown || busy;
	if (!e->grown ||
	    (e->shrunk_ms &&
	     now_ms < e->shrunk_ms + (busy ? SHRINK_MS : SHRINK_QUIET_MS)))
		return;
	footprint_shrink();
	e->grown = false;
	e->shrunk_ms = now_ms;
}

static void on_second(struct ev_loop *loop, ev_timer *w, int events)
{
	struct engine *e = w->data;
	uint64_t now_ms = engine_now_ms();
	struct hip_input in;
	size_t at = 0;

	(void)loop;
	(void)events;
	dataplane_count(e->dataplane, now_ms);
	while (dataplane_traffic(e->dataplane, &at, &in)) {
		const struct hip_input probe = { .kind = HIP_IN_PROBE,
						 .hit = in.hit };

		give(e, &in);
		if (recovery_on_traffic(e, &in, now_ms))
			give(e, &probe);
	}
	dataplane_expect_large(e->dataplane);
	do_afters(e);
	engine_schedule(e);
	keep_generation(e);
	recovery_save(e, now_ms);
	bootstraps_tick(e->bootstraps, now_ms);
	if (e->underlay)
		underlay_tick(e->underlay, now_ms);
	contacting_tick(e->contacting, now_ms);
	disputes_tick(e->disputes, now_ms);
	aside_tick(e);
	enrol_tick(e->enrol, now_ms);
	shrink(e, now_ms);
}

static void on_stop_time(struct ev_loop *loop, ev_timer *w, int events)
{
	struct engine *e = w->data;

	(void)events;
	if (e->leaving) {
		underlay_end_leaving(e->underlay);
		close_all(e);
	} else {
		ev_break(loop, EVBREAK_ALL);
	}
	/* Who has not answered will find out. */
}

/* The end of the monitor's stream is our end. */
static void on_channel(struct ev_loop *loop, ev_io *w, int events)
{
	struct engine *e = w->data;
	struct ipc_message m;
	int got = ipc_in_read(&e->from_monitor, w->fd);

	(void)events;
	if (got == -EAGAIN)
		return;
	if (got == 1)
		got = ipc_in_next(&e->from_monitor, &m);
	else
		got = -ECONNRESET;
	if (got == 1 && m.type == HANDOVER_RESOLVER)
		got = naming_on_message(e->naming, &m);
	else if (got == 1)
		got = reconfigure_on_message(e, &m);
	if (got == 0)
		return;
	ev_io_stop(loop, w);
	begin_stop(e);
}

static void on_term(struct ev_loop *loop, ev_signal *w, int events)
{
	(void)loop;
	(void)events;
	begin_stop(w->data);
}

static void start_watchers(struct engine *e, int channel)
{
	ev_io_init(&e->channel, on_channel, channel, EV_READ);
	e->channel.data = e;
	ev_io_start(e->loop, &e->channel);
	ev_io_init(&e->data, on_data, dataplane_event_fd(e->dataplane),
		   EV_READ);
	e->data.data = e;
	ev_io_start(e->loop, &e->data);
	ev_io_init(&e->solved, on_solved, jobs_event_fd(e->jobs), EV_READ);
	e->solved.data = e;
	ev_io_start(e->loop, &e->solved);
	ev_timer_init(&e->second, on_second, SECOND_S, SECOND_S);
	e->second.data = e;
	ev_timer_start(e->loop, &e->second);
	ev_init(&e->stop, on_stop_time);
	e->stop.data = e;
	ev_signal_init(&e->term, on_term, SIGTERM);
	e->term.data = e;
	ev_signal_start(e->loop, &e->term);
}

void engine_init(struct engine *e, struct ev_loop *loop)
{
	*e = (struct engine){ .loop = loop, .state_dir = -1 };
	ipc_in_init(&e->from_monitor, IPC_BODY_MAX);
	ev_init(&e->deadline, on_deadline);
	e->deadline.data = e;
}

int engine_loop(struct engine *e, int channel)
{
	start_watchers(e, channel);
	engine_schedule(e);
	(void)ev_run(e->loop, 0); /* ends by ev_break only */
	return e->status;
}
