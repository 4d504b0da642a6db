/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Questions to this host's DNS, by c-ares on the engine's loop: a host's
 * addresses (also from /etc/hosts) and its HIP records (RFC 8005 4.2). Each
 * question is answered once, at the latest when the asker ends.
 */
#ifndef HIPLINE_ASKER_H
#define HIPLINE_ASKER_H

#include "daemon/base/locator.h"
#include "daemon/hostrecords.h"

#include <stdbool.h>
#include <stddef.h>

struct asker;
struct ev_loop;

enum { ASKER_ADDRESSES_MAX = 4 }; /* taken of one host name */

enum asker_status {
	ASKER_DONE,   /* answered, if with nothing */
	ASKER_FAILED, /* nobody answered well; `error` says what */
	ASKER_ENDED,  /* the asker is being freed: release what is ctx's */
};

/* Answers, which may come from within the call that asks. Borrowed. */
typedef void asker_addresses_fn(void *ctx, enum asker_status status,
				const char *error,
				const struct locator *addresses, size_t n);
typedef void asker_records_fn(void *ctx, enum asker_status status,
			      const char *error,
			      const struct hostrecords *records);

/* 0 or a negative errno. */
__attribute__((warn_unused_result)) int asker_new(struct ev_loop *loop,
						  struct asker **out);
void asker_free(struct asker *a);

/*
 * Asks for the addresses of a host, which get this port. Without a name
 * server's answer that is ASKER_FAILED; so it is for a name without any.
 */
void asker_addresses(struct asker *a, const char *host, uint16_t port,
		     asker_addresses_fn *fn, void *ctx);

/* Asks for the HIP records of a host; that there is none is an answer. */
void asker_records(struct asker *a, const char *host, asker_records_fn *fn,
		   void *ctx);

#endif
