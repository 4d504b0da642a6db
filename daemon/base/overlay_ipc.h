/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * What the engine and the resolver say to each other of the overlay, on the
 * same socket as resolve.h, which has the types. The engine holds the key, the
 * membership and the associations; the resolver is the overlay's node.
 *
 * OVERLAY comes after CONFIG and whenever it changes; LOCATORS, each UP and
 * each PUBLISH come again to a resolver that was started again. Pointers
 * borrow from the body. Ids are those of who asks; the answer has the same.
 */
#ifndef HIPLINE_OVERLAY_IPC_H
#define HIPLINE_OVERLAY_IPC_H

#include "daemon/base/resolve.h"

enum {
	RESOLVE_CERTIFICATE_MAX = 2048,
	RESOLVE_BOOTSTRAPS_MAX = 16,
	RESOLVE_LOCATORS_MAX = 16, /* in LOCATORS */
	RESOLVE_HINT_MAX = 8,	   /* in HINT */
	RESOLVE_PREIMAGE_MAX = 5120,
	RESOLVE_SIGNATURE_MAX = 512,
	RESOLVE_REASON_MAX = 255,
	RESOLVE_SHOWN_MAX = 48 * 1024,
	RESOLVE_REVOKED_MAX = 40960,
	RESOLVE_LIST_MAX = 3000, /* of one list or part that is published */
};

/* Our place in an overlay. Without one, name is "" and nothing else counts. */
struct resolve_overlay {
	const char *name;
	uint32_t configuration; /* its number */
	uint8_t hit[RESOLVE_HIT_LEN];
	bool is_founder;
	bool first_use;		      /* `unverified = first-use` */
	uint16_t authority_algorithm; /* of its Host Identity */
	const uint8_t *authority;     /* its Host Identity */
	size_t authority_len;
	const uint8_t *certificate; /* ours; may be empty */
	size_t certificate_len;
	uint8_t bootstraps[RESOLVE_BOOTSTRAPS_MAX][RESOLVE_HIT_LEN];
	size_t n_bootstraps;
};

/*
 * LOCATORS: our own HIT and locators. HINT: a host's, maybe none, and the
 * certificate by which it has published them.
 */
struct resolve_places {
	uint8_t hit[RESOLVE_HIT_LEN];
	struct locator locators[RESOLVE_LOCATORS_MAX];
	size_t n;
	const uint8_t *certificate; /* of HINT; may be empty */
	size_t certificate_len;
};

struct resolve_sign {
	uint64_t id;
	const uint8_t *preimage;
	size_t len;
};

/* Algorithms as RFC 6940 6.3.4 numbers them; len 0: refused. */
struct resolve_signed {
	uint64_t id;
	uint8_t hash_alg, sig_alg;
	const uint8_t *signature;
	size_t len;
};

/* PUBLISH; LOOKUP and FORGET, where exists and the id mean nothing. */
struct resolve_publish {
	uint64_t id;
	const char *name;
	bool exists; /* false: take it away */
};

/* What became of a name; in the order of its text. */
enum resolve_name_state {
	RESOLVE_NAME_PUBLISHING,
	RESOLVE_NAME_PUBLISHED,
	RESOLVE_NAME_CONFLICT,
	RESOLVE_NAME_REFUSED,
	RESOLVE_NAME_EXPIRED,
	RESOLVE_NAME_STATES,
};

/* "publishing", "published", "conflict", "refused", "expired". */
const char *resolve_name_state_text(enum resolve_name_state state);

struct resolve_published {
	uint64_t id; /* of the PUBLISH; 0: it has changed since */
	const char *name;
	enum resolve_name_state state;
	const char *reason; /* for people; "" when there is none to give */
};

/* What a name was at its first use: when that is new, or was looked at. */
struct resolve_seen {
	const char *name;
	uint8_t hit[RESOLVE_HIT_LEN];
	uint8_t other[RESOLVE_HIT_LEN]; /* says it is its own now; 0: none */
};

struct resolve_shown {
	uint64_t id; /* of the SHOW; 0: nobody asked */
	const char *json;
};

/* Bodies. Write: the length, 0 when it does not fit or is over a limit. */
size_t resolve_overlay_write(const struct resolve_overlay *o, uint8_t *out,
			     size_t cap);
size_t resolve_places_write(const struct resolve_places *p, uint8_t *out,
			    size_t cap);
size_t resolve_sign_write(const struct resolve_sign *s, uint8_t *out,
			  size_t cap);
size_t resolve_signed_write(const struct resolve_signed *s, uint8_t *out,
			    size_t cap);
size_t resolve_publish_write(const struct resolve_publish *p, uint8_t *out,
			     size_t cap);
size_t resolve_published_write(const struct resolve_published *p, uint8_t *out,
			       size_t cap);
size_t resolve_shown_write(const struct resolve_shown *s, uint8_t *out,
			   size_t cap);
size_t resolve_seen_write(const struct resolve_seen *s, uint8_t *out,
			  size_t cap);

/* UP, DOWN, WHERE, CONNECT and RELEASE are a HIT; SHOW is an id. */
size_t resolve_hit_write(const uint8_t hit[RESOLVE_HIT_LEN], uint8_t *out,
			 size_t cap);
size_t resolve_id_write(uint64_t id, uint8_t *out, size_t cap);

/* False on a broken form, with *out untouched. */
bool resolve_overlay_parse(const uint8_t *body, size_t len,
			   struct resolve_overlay *out);
/* At most `max` locators (RESOLVE_LOCATORS_MAX, RESOLVE_HINT_MAX). */
bool resolve_places_parse(const uint8_t *body, size_t len, size_t max,
			  struct resolve_places *out);
bool resolve_sign_parse(const uint8_t *body, size_t len,
			struct resolve_sign *out);
bool resolve_signed_parse(const uint8_t *body, size_t len,
			  struct resolve_signed *out);
bool resolve_publish_parse(const uint8_t *body, size_t len,
			   struct resolve_publish *out);
bool resolve_published_parse(const uint8_t *body, size_t len,
			     struct resolve_published *out);
bool resolve_shown_parse(const uint8_t *body, size_t len,
			 struct resolve_shown *out);
bool resolve_seen_parse(const uint8_t *body, size_t len,
			struct resolve_seen *out);
bool resolve_hit_parse(const uint8_t *body, size_t len,
		       uint8_t out[RESOLVE_HIT_LEN]);
bool resolve_id_parse(const uint8_t *body, size_t len, uint64_t *out);

#endif
