/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The DNS side of names, without I/O: queries come in with who asks, replies
 * go out. What stands in DNS for a name says dnsform.h. Names are looked up
 * at a source outside (LOOKUP and ANSWER), once for all who ask, and kept
 * for up to a minute; one that is in use is looked up again before it gets
 * too old. What is not ours goes upstream (FORWARD and FORWARDED) where
 * there is an upstream, and is refused otherwise.
 *
 * It leaves out zone transfers, DNSSEC of its own answers, and a cache of
 * what upstreams say.
 */
#ifndef HIPLINE_STUB_H
#define HIPLINE_STUB_H

#include "daemon/base/locator.h"
#include "resolver/cache.h"

enum {
	STUB_QUESTIONS_MAX = 1024, /* in flight */
	/* Of these, at upstreams: one that is dead leaves room for names. */
	STUB_FORWARDS_MAX = 768,
	STUB_LOOKUP_MS = 5000,
	STUB_FORWARD_MS = 3800, /* who asks waits for 5 s */
	/* Lookups of names that are not kept, in one second and at once. The
	 * engine answers most of them by itself; what goes to the overlay has
	 * a narrower limit there, which leaves pins alone. */
	STUB_LOOKUPS_PER_S = 4000,
};

#define STUB_NEVER UINT64_MAX

struct stub;

struct stub_conf {
	const char *suffix; /* canonical; copied */
	bool has_upstream;
	struct env env;
};

/* Who asks, as the caller wants it back. */
struct stub_asker {
	struct locator from;
	uint64_t via; /* socket or connection */
	bool tcp;
	bool from_here; /* it has the address that it sent to */
};

enum stub_input_kind {
	STUB_IN_QUERY,
	STUB_IN_ANSWER,	   /* to LOOKUP */
	STUB_IN_FORWARDED, /* to FORWARD */
	STUB_IN_CHANGED,   /* the source knows other names: forget them */
};

struct stub_input {
	enum stub_input_kind kind;
	struct stub_asker asker; /* QUERY */
	const uint8_t *bytes;	 /* QUERY, FORWARDED: NULL when it failed */
	size_t len;
	uint64_t id;		    /* ANSWER, FORWARDED: as in the output */
	struct cache_answer answer; /* ANSWER */
};

enum stub_output_kind { STUB_OUT_REPLY, STUB_OUT_LOOKUP, STUB_OUT_FORWARD };

struct stub_output {
	enum stub_output_kind kind;
	struct stub_asker asker; /* REPLY */
	const uint8_t *bytes;	 /* REPLY, FORWARD; until the next call */
	size_t len;
	uint64_t id;		/* LOOKUP, FORWARD */
	struct cache_what what; /* LOOKUP */
};

struct stub_counters {
	uint64_t queries, refused, malformed, kept, lookups, limited, forwarded;
};

/* 0 or -ENOMEM. */
__attribute__((warn_unused_result)) int stub_new(const struct stub_conf *conf,
						 struct stub **out);
void stub_free(struct stub *s);

/* Outputs are to be drained before the next input. Time is monotonic. */
void stub_input(struct stub *s, const struct stub_input *in, uint64_t now_ms);
uint64_t stub_deadline(const struct stub *s);
void stub_tick(struct stub *s, uint64_t now_ms);
bool stub_output(struct stub *s, struct stub_output *out);

/* Another suffix, or an upstream or none, from now on. 0 or -ENOMEM. */
__attribute__((warn_unused_result)) int
stub_set(struct stub *s, const char *suffix, bool has_upstream);

/* The name of a LOOKUP that is open, canonical; NULL: it is not any more. */
const char *stub_open_name(const struct stub *s, uint64_t id);

const struct stub_counters *stub_counters(const struct stub *s);

#endif
