/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The authority's revocation list as it is published: whole while it fits
 * into REVOCATION_PART_LEN, else in as many parts as it takes, with a head
 * (daemon/pki/revocation.h). A part is signed anew when a certificate was
 * revoked that is not on it, and some time before what is stored of it in the
 * overlay ends; a whole list and the head, each time. What was signed may be
 * kept and taken back after a restart. No I/O.
 */
#ifndef HIPLINE_PARTS_H
#define HIPLINE_PARTS_H

#include "daemon/pki/revocations.h"

struct parts;

/* None is made yet. NULL for want of memory. */
struct parts *parts_new(void);
void parts_free(struct parts *p);

/*
 * A part that was made before a restart, before the first parts_make: false
 * when it is of no use, as one of another authority, of the future, whole, or
 * of another number of parts than those taken before. It is not given to
 * PARTS_DISK again.
 */
bool parts_take(struct parts *p, const struct authority *a, struct span list,
		uint64_t now_s);

/* For what parts_make signs. */
struct parts_signer {
	const struct authority *authority;
	uint64_t number; /* of all that it signs: above those before */
	uint64_t now_s;
	/* The whole of a TBSCertList. 0, or a negative errno. */
	int (*sign)(void *ctx, struct span tbs, uint8_t *out, size_t cap,
		    size_t *len);
	void *ctx;
};

/*
 * What is revoked now, in any order; none of it twice.
 * 0; -EAGAIN when it has signed many and is to be called again, with a higher
 * number; -ENOSPC when it does not fit into REVOCATION_PARTS_MAX parts;
 * -ENOMEM; or what sign has returned. Then there are no parts to give until it
 * is 0.
 */
__attribute__((warn_unused_result)) int parts_make(struct parts *p,
						   const struct parts_signer *s,
						   const struct revoked *at,
						   size_t n);

/* To whom lists are given. */
enum parts_to {
	PARTS_HERE,    /* who lets hosts in on the authority's host */
	PARTS_OVERLAY, /* who publishes them */
	PARTS_DISK,    /* what keeps them; parts_next_kept */
	PARTS_TO,
};

/* The next list that was not given to it yet, the newest first and the head
 * last; false when there is none. Good until the next parts_make. */
bool parts_next(struct parts *p, enum parts_to to, struct span *out);

/* The same for PARTS_DISK, in any order and without head or whole list, which
 * are soon made again; which part it is of parts_count. */
bool parts_next_kept(struct parts *p, uint16_t *index, struct span *out);

/* All are to be given to it again. */
void parts_again(struct parts *p, enum parts_to to);

/* How many parts there are; 1: the list is whole. */
size_t parts_count(const struct parts *p);

#endif
