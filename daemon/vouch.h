/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Whether a certificate makes a host one of our overlay, for the HIP host
 * (struct host_conf, admit); and whom it has been said of: their names, and
 * who is to go when the authority revokes. No I/O.
 */
#ifndef HIPLINE_VOUCH_H
#define HIPLINE_VOUCH_H

#include "daemon/membership.h"
#include "daemon/pki/revocations.h"

enum { VOUCHED_MAX = 4096 };

struct vouch;

/* In no overlay. NULL for want of memory. `seed`: 16 random bytes. */
struct vouch *vouch_new(const uint8_t seed[16]);
void vouch_free(struct vouch *v);

/*
 * What we are now. *is_another: it has another authority than before, and
 * whatever was known of that one is forgotten. 0; -EINVAL when the authority
 * is none, or -ENOMEM: then we are in no overlay.
 */
__attribute__((warn_unused_result)) int
vouch_set(struct vouch *v, const struct membership *m, bool *is_another);

/*
 * For how many milliseconds from now on that host is a member by this
 * certificate, whose key has proved itself: 0 when it is none.
 */
uint64_t vouch_for(struct vouch *v, const struct hit *hit,
		   const uint8_t *certificate, size_t len, uint64_t now_s);

/* Until when the host is a member by what was vouched for; 0: by nothing. */
uint64_t vouch_until_s(const struct vouch *v, const struct hit *hit);

/* The newest revocation list: its number (0: none); how many are revoked. */
uint64_t vouch_list(const struct vouch *v, size_t *entries);

/* Whether the certificate of that number is revoked, as far as we know. */
bool vouch_is_revoked(const struct vouch *v,
		      const uint8_t serial[CERTIFICATE_SERIAL_LEN]);

/*
 * A revocation list of the authority, whole, a part or its head. False when it
 * is no newer one; *adds: some hold no more that held until now.
 */
bool vouch_take_list(struct vouch *v, const uint8_t *bytes, size_t len,
		     uint64_t now_s, bool *adds);

/* The next host whose certificate is revoked; nothing but that is known of it
 * from then on. Or false. */
bool vouch_next_revoked(struct vouch *v, struct hit *out);

/* Whether that was said of the host, and no other certificate came since. */
bool vouch_was_revoked(const struct vouch *v, const struct hit *hit);

/* The host has that name, though its certificate was not shown. */
void vouch_note(struct vouch *v, const struct hit *hit, const char *name);

/* A name that the host's certificate binds, or that was found; or NULL. */
const char *vouch_name(const struct vouch *v, const struct hit *hit);

#endif
