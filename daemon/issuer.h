/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * An overlay's authority: its key (authority.pem in the state directory,
 * written once, never changed) and its memory (authority.db). It issues only
 * against an invitation that is its own and can still be spent, or against a
 * certificate that it gave and that holds. What it gives is on the disk
 * before the call returns. No network in here.
 */
#ifndef HIPLINE_ISSUER_H
#define HIPLINE_ISSUER_H

#include "daemon/base/enrol.h"
#include "daemon/parts.h"
#include "daemon/pki/token.h"

struct issuer;

/* Of a path; and what a caller may say of why it failed. */
enum {
	ISSUER_PATH_MAX = 4096,
	ISSUER_REVOKED_MAX = 16384, /* that have not ended */
};

/*
 * Opens that of a state directory for the overlay's name. 0; -ENOENT when
 * there is none, -EXDEV when it is another overlay's, or a negative errno
 * (keyfile_error_text tells of a key that cannot be read).
 */
__attribute__((warn_unused_result)) int
issuer_open(const char *state, const char *overlay, struct issuer **out);

/* Of which overlay the one in a state directory is. False when there is none,
 * or it cannot be read. */
bool issuer_overlay(const char *state, char out[NAME_DOMAIN_MAX + 1]);

/* Makes one, then as issuer_open; one that is there for it is opened. */
__attribute__((warn_unused_result)) int
issuer_create(const char *state, const char *overlay, struct issuer **out);
void issuer_close(struct issuer *is);

const struct authority *issuer_authority(const struct issuer *is);

/* Whether a backup was made since it was created. */
bool issuer_is_exported(const struct issuer *is);

/* Whom somebody may become: a name and a Host Identity. */
struct issuer_host {
	struct hit hit; /* as it proved itself; checked against the key */
	uint16_t algorithm;
	struct span hi;
};

/*
 * A certificate for the host of the authority itself, without invitation.
 * 0 with its bytes; -EINVAL for a name that is not fit or a key that is
 * none; or another negative errno.
 */
__attribute__((warn_unused_result)) int
issuer_issue(struct issuer *is, const char *name,
	     const struct issuer_host *host, uint64_t now_s,
	     uint8_t out[CERTIFICATE_MAX], size_t *len);

/*
 * The name of the certificate of that host that holds longest, or has held,
 * and is not revoked; none that another host has got since. 0, or -ENOENT.
 */
__attribute__((warn_unused_result)) int
issuer_name_of(struct issuer *is, const struct hit *hit, uint64_t now_s,
	       char out[NAME_LEN_MAX + 1]);

/*
 * Fills a token: overlay, authority, secret, seal. The caller has set name,
 * bootstraps, authority (the host's HIT) and expiry. 0; -EINVAL when the name
 * is not fit, -EADDRINUSE when it is in use and `device` is not set; or
 * another negative errno.
 */
__attribute__((warn_unused_result)) int
issuer_invite(struct issuer *is, struct token *t, bool device, uint64_t now_s);

/* Until when an invitation of this name can still be spent; 0: none can. */
uint64_t issuer_open_until(struct issuer *is, const char *name, uint64_t now_s);

/* How many invitations can still be spent. */
size_t issuer_open_invitations(struct issuer *is, uint64_t now_s);

/* Whether somebody may come with an invitation in vain: one that is spent,
 * and has not ended yet or only just. */
bool issuer_expects_to_refuse(struct issuer *is, uint64_t now_s);

/*
 * What a host asks for: its certificate for an invitation, the same one when
 * it asks again; or a new one for one that is due. Sets out's certificate
 * (bytes in `bytes`) and the authority's key when the result is ENROL_OK.
 */
void issuer_answer(struct issuer *is, const struct hit *from,
		   const struct enrol_request *request, uint64_t now_s,
		   uint8_t bytes[CERTIFICATE_MAX], struct enrol_answer *out);

/*
 * Revokes those of a name, or of a host; how many held, and of whom. 0;
 * -ENOSPC, and nothing is revoked, when ISSUER_REVOKED_MAX are already; or
 * another negative errno.
 */
__attribute__((warn_unused_result)) int
issuer_revoke(struct issuer *is, const char *name, const struct hit *hit,
	      uint64_t now_s, size_t *n,
	      void (*fn)(void *ctx, const struct hit *hit), void *ctx);

/* Each host with a certificate that holds or that may be renewed; some more
 * than once. */
__attribute__((warn_unused_result)) int
issuer_hosts(struct issuer *is, uint64_t now_s,
	     void (*fn)(void *ctx, const struct hit *hit), void *ctx);

/* Each host of which one has ended by itself, or could be renewed until then,
 * after `from_s`. */
__attribute__((warn_unused_result)) int
issuer_ended_hosts(struct issuer *is, uint64_t from_s, uint64_t now_s,
		   void (*fn)(void *ctx, const struct hit *hit), void *ctx);

/* Forgets invitations and certificates that have long been over. */
__attribute__((warn_unused_result)) int issuer_purge(struct issuer *is,
						     uint64_t now_s);

/* Whether that host has one. */
bool issuer_has_host(struct issuer *is, const struct hit *hit, uint64_t now_s);

/* Whether it has none that holds, but one that may be renewed. */
bool issuer_may_renew(struct issuer *is, const struct hit *hit, uint64_t now_s);

/* The next revocation list, signed: whole, or those of its parts that have
 * changed, and a head. 0; -EAGAIN when it is to be called again, as it has
 * signed many; -ENOSPC when it has no room even in parts; or
 * another negative errno. */
__attribute__((warn_unused_result)) int issuer_make_list(struct issuer *is,
							 uint64_t now_s);

/* One after the other, of what was made and not given yet; false at the end.
 * Good until the next is made. */
bool issuer_next_list(struct issuer *is, enum parts_to to, struct span *out);

/* All is to be given again, to one who may have nothing of it. `is` may be
 * NULL. */
void issuer_list_again(struct issuer *is, enum parts_to to);

/*
 * All of it as text, with the private key, NUL-terminated: the caller wipes
 * and frees it. NULL for want of memory. It counts as exported from then on.
 */
char *issuer_export(struct issuer *is);

/*
 * Makes one out of what issuer_export gave. 0; -EEXIST when there is one,
 * -EINVAL when it is no such text; or another negative errno.
 */
__attribute__((warn_unused_result)) int
issuer_import(const char *state, const char *text, size_t len);

#endif
