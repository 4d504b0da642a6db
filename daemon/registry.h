/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * What an overlay's authority has to remember: invitations, and certificates
 * that were issued. SQLite, in one file of the state directory; what a call
 * has written is on the disk when it returns, whole or not at all.
 */
#ifndef HIPLINE_REGISTRY_H
#define HIPLINE_REGISTRY_H

#include "daemon/pki/certificate.h"
#include "daemon/pki/token.h"

enum {
	REGISTRY_VERSION = 1,
	REGISTRY_ID_LEN = 32, /* of an invitation: token_id */
};

struct registry;

/*
 * Opens or makes a file, mode 0600. A file that is damaged is renamed to
 * PATH.broken, *set_aside set, and an empty one made. 0; -EPROTO when a newer
 * program has written it (it is left alone); or another negative errno.
 */
__attribute__((warn_unused_result)) int
registry_open(const char *path, struct registry **out, bool *set_aside);
void registry_close(struct registry *r);

/* What there is once. */
struct registry_about {
	char overlay[NAME_DOMAIN_MAX + 1];
	uint8_t mac_key[TOKEN_MAC_KEY_LEN]; /* seals invitations */
	uint64_t list_number;		    /* of the last revocation list */
	bool is_exported;		    /* a backup was made */
};

/* 0, or -ENOENT in a new file. The caller wipes *out. */
__attribute__((warn_unused_result)) int
registry_about(struct registry *r, struct registry_about *out);
/* In place of what there was. */
__attribute__((warn_unused_result)) int
registry_set_about(struct registry *r, const struct registry_about *about);

struct registry_invitation {
	uint8_t id[REGISTRY_ID_LEN];
	char name[NAME_LEN_MAX + 1];
	uint64_t expires_s;
	bool device; /* beside others that have the name */
	bool spent;
	struct hit spent_by;
};

/* 0, or -EEXIST. */
__attribute__((warn_unused_result)) int
registry_put_invitation(struct registry *r,
			const struct registry_invitation *v);
/* 0, or -ENOENT. */
__attribute__((warn_unused_result)) int
registry_find_invitation(struct registry *r, const uint8_t id[REGISTRY_ID_LEN],
			 struct registry_invitation *out);
/* How many can still be spent. */
__attribute__((warn_unused_result)) int
registry_open_invitations(struct registry *r, uint64_t now_s, size_t *n);
/* When the last one that was made ends or ended, spent or not; 0: there is
 * none. */
__attribute__((warn_unused_result)) int
registry_last_expiry(struct registry *r, uint64_t *expires_s);
/* Until when the one of a name can be spent that ends last; 0: there is none
 * that can. */
__attribute__((warn_unused_result)) int
registry_open_until(struct registry *r, const char *name, uint64_t now_s,
		    uint64_t *expires_s);
/* Each, until fn is false. */
__attribute__((warn_unused_result)) int
registry_invitations(struct registry *r,
		     bool (*fn)(void *ctx, const struct registry_invitation *v),
		     void *ctx);

/* A certificate that was issued; `revoked_s` is 0 while it holds. */
struct registry_grant {
	uint8_t serial[CERTIFICATE_SERIAL_LEN];
	char name[NAME_LEN_MAX + 1];
	struct hit hit;
	uint64_t not_after_s, revoked_s;
	struct span certificate; /* borrowed */
};

/*
 * Spends an invitation for a host and notes the certificate that it gets, in
 * one step. 0, also when the same host has spent it before; -ENOENT,
 * -EACCES when another host has, or it was revoked since, -ETIMEDOUT when it
 * has expired, -EADDRINUSE when another host has the name and this is no
 * invitation beside it: then nothing is written.
 */
__attribute__((warn_unused_result)) int
registry_spend(struct registry *r, const uint8_t id[REGISTRY_ID_LEN],
	       const struct registry_grant *grant, uint64_t now_s);
/* A certificate without invitation: a renewed one. One that is there stays. */
__attribute__((warn_unused_result)) int
registry_put_grant(struct registry *r, const struct registry_grant *grant);

/*
 * The certificate of a host for a name that holds longest, its bytes copied
 * to out. 0, or -ENOENT when each has ended by now_s or is revoked.
 */
__attribute__((warn_unused_result)) int
registry_find_grant(struct registry *r, const char *name, const struct hit *hit,
		    uint64_t now_s, struct registry_grant *grant,
		    uint8_t out[CERTIFICATE_MAX]);
/* Each, until fn is false. */
__attribute__((warn_unused_result)) int
registry_grants(struct registry *r,
		bool (*fn)(void *ctx, const struct registry_grant *g),
		void *ctx);

/* Whether a host has any certificate that holds now. */
__attribute__((warn_unused_result)) int registry_has_host(struct registry *r,
							  const struct hit *hit,
							  uint64_t now_s,
							  bool *has);

/*
 * Whether anybody but `hit` has a certificate for a name that holds now, or
 * has ended so lately that it may be renewed (CERTIFICATE_GRACE_S).
 */
__attribute__((warn_unused_result)) int
registry_name_in_use(struct registry *r, const char *name,
		     const struct hit *hit, uint64_t now_s, bool *in_use);

/*
 * Those of a name, or of a host (the other is NULL), are revoked; how many
 * held until then or might have been renewed.
 */
__attribute__((warn_unused_result)) int
registry_revoke(struct registry *r, const char *name, const struct hit *hit,
		uint64_t now_s, size_t *n);

/*
 * Forgets what is over: certificates that ended before `before_s`, but none
 * that was revoked (a clock that was wrong once would bring it back), and
 * invitations that expired before, unless what they were spent for is still
 * there: who has one asks with it again, and a host whose certificate was
 * revoked must not come back by it.
 */
__attribute__((warn_unused_result)) int registry_purge(struct registry *r,
						       uint64_t before_s);

/*
 * Parts of the last revocation list, so that they need not be signed again:
 * the one at `index` of `of`, in place of the one before; all but those of so
 * many are forgotten; each, borrowed, until fn is false.
 */
__attribute__((warn_unused_result)) int registry_put_part(struct registry *r,
							  size_t of,
							  uint16_t index,
							  struct span list);
__attribute__((warn_unused_result)) int registry_keep_parts(struct registry *r,
							    size_t of);
__attribute__((warn_unused_result)) int
registry_parts(struct registry *r, bool (*fn)(void *ctx, struct span list),
	       void *ctx);

/* Several calls as one step: begin, then end with what came of them. */
__attribute__((warn_unused_result)) int registry_begin(struct registry *r);
__attribute__((warn_unused_result)) int registry_end(struct registry *r,
						     int err);

#endif
