/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The module of glibc's Name Service Switch: what the C library calls
 * (its names are glibc's), and the parts of it that tests and the fuzzer
 * call. It links the C library only.
 */
#ifndef HIPLINE_NSS_H
#define HIPLINE_NSS_H

#include <netdb.h>
#include <nss.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { NSS_HIPLINE_HITS_MAX = 16 };

enum nss_hipline_result {
	NSS_HIPLINE_FOUND,
	NSS_HIPLINE_EMPTY,  /* the name is there, without a HIT */
	NSS_HIPLINE_ABSENT, /* there is no such name */
	NSS_HIPLINE_AGAIN,  /* the stub could not find out now */
	NSS_HIPLINE_DOWN,   /* no stub answers, or the name is not ours */
};

struct nss_hipline_answer {
	enum nss_hipline_result result;
	size_t n;
	uint8_t hits[NSS_HIPLINE_HITS_MAX][16]; /* network order */
	uint32_t ttl;				/* seconds; the least of them */
};

/* Whether the stub is asked for a name: one with an @ or of hip.internal. */
bool nss_hipline_is_ours(const char *name);

/*
 * Reads a DNS reply of `len` bytes whose question, already compared, ends at
 * `question_end` (at least 12). Total: for any bytes.
 */
void nss_hipline_read(const uint8_t *reply, size_t len, size_t question_end,
		      struct nss_hipline_answer *out);

#define NSS_HIPLINE_PUBLIC __attribute__((visibility("default")))

/* nss(5); the results go into `buffer`. */
NSS_HIPLINE_PUBLIC enum nss_status
_nss_hipline_gethostbyname4_r(const char *name, struct gaih_addrtuple **pat,
			      char *buffer, size_t buflen, int *errnop,
			      int *h_errnop, int32_t *ttlp);
NSS_HIPLINE_PUBLIC enum nss_status
_nss_hipline_gethostbyname3_r(const char *name, int family,
			      struct hostent *result, char *buffer,
			      size_t buflen, int *errnop, int *h_errnop,
			      int32_t *ttlp, char **canonp);
NSS_HIPLINE_PUBLIC enum nss_status
_nss_hipline_gethostbyname2_r(const char *name, int family,
			      struct hostent *result, char *buffer,
			      size_t buflen, int *errnop, int *h_errnop);

#endif
