/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Whom to begin with in an overlay: those of the configuration, and those of
 * the invitation that are named by host names. Where one is named by its host
 * name, DNS says who it is (HIP records, RFC 8005) and where; it is asked at
 * once, when its answer is too old, and when the bootstrap does not answer. DNS
 * proves nothing: who is a member shows by its certificate, so that a wrong
 * record leads to nobody who is believed.
 */
#ifndef HIPLINE_BOOTSTRAPS_H
#define HIPLINE_BOOTSTRAPS_H

#include "daemon/asker.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bootstraps;
struct engine;

enum {
	BOOTSTRAPS_MAX = 16, /* of the configuration */
	/* With those that an invitation names by host names. */
	BOOTSTRAPS_ALL_MAX = BOOTSTRAPS_MAX + 2 * 8,
	BOOTSTRAPS_HITS_MAX = 4, /* of one host name, by its records */
};

/* For the configuration in *e, with its asker. NULL for want of memory. */
struct bootstraps *bootstraps_new(struct engine *e);
void bootstraps_free(struct bootstraps *b);

/* Begins anew with what configuration, membership and the invitation that is
 * being used say now; what stays in it stays as it was found. What there is no
 * memory for is left out. Each of these does nothing for NULL. */
void bootstraps_configure(struct bootstraps *b);

/* Asks DNS about those of which it is time. Each second. */
void bootstraps_tick(struct bootstraps *b, uint64_t now_ms);

/* Their HITs, each once, but for our own; returns how many. */
size_t bootstraps_hits(const struct bootstraps *b, struct hit out[],
		       size_t cap);

/* Whether the configuration itself names that HIT as one. */
bool bootstraps_names(const struct bootstraps *b, const struct hit *hit);

/* Those HITs; out has BOOTSTRAPS_ALL_MAX. */
size_t bootstraps_named(const struct bootstraps *b, struct hit out[]);

/* Adds where it is, as far as *n is below cap. */
void bootstraps_locators(const struct bootstraps *b, const struct hit *hit,
			 struct locator out[], size_t cap, size_t *n);

/*
 * A host without a known locator is wanted: true when it is to be found where
 * bootstraps_locators says. That is so once; then others are asked, in turn.
 */
bool bootstraps_on_want(struct bootstraps *b, const struct hit *hit);

/* It does not answer: DNS may know better by now. */
void bootstraps_on_failed(struct bootstraps *b, const struct hit *hit);

/* A name was pinned or unpinned, or what was seen of it is forgotten: it is
 * asked for again. */
void bootstraps_on_pin(struct bootstraps *b, const char *name);

/*
 * What DNS says of all that have this host name, as the asker tells it; NULL
 * for what was not asked for. Public for tests.
 */
struct bootstraps_answer {
	enum asker_status status;
	const char *error; /* static */
	const struct hostrecords *records;
	const struct locator *addresses;
	size_t n;
};

void bootstraps_hear(struct bootstraps *b, const char *host,
		     const struct bootstraps_answer *a);

/* For `overlay` of status; NULL for want of memory. */
json_t *bootstraps_report(const struct bootstraps *b);

#endif
