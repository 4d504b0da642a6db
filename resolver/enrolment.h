/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Enrolment's side to the network: TCP between HITs, on our own interface
 * only, so that who speaks is who the association says. On the authority's
 * host it listens and passes each request to the engine; elsewhere it brings
 * the engine's request to the authority. One request for each connection.
 */
#ifndef HIPLINE_ENROLMENT_H
#define HIPLINE_ENROLMENT_H

#include "daemon/base/enrol.h"

struct ev_loop;
struct enrolment;

enum {
	ENROLMENT_CONNECTIONS_MAX = 16,
	ENROLMENT_PER_HOST_MAX = 2,
	ENROLMENT_TIMEOUT_MS = 30000,
};

/* A message for the engine. */
typedef void enrolment_fn(void *ctx, enum enrol_type type, const uint8_t *body,
			  size_t len);

/* NULL for want of memory. */
struct enrolment *enrolment_new(struct ev_loop *loop, enrolment_fn *to_engine,
				void *ctx);
void enrolment_free(struct enrolment *en);

/* A message of the engine. 0, or -EPROTO when it is none. */
__attribute__((warn_unused_result)) int
enrolment_on_message(struct enrolment *en, uint16_t type, const uint8_t *body,
		     size_t len);

#endif
