/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/* Parts of the program that makes the corpora. */
#ifndef HIPLINE_SEEDS_H
#define HIPLINE_SEEDS_H

#include <stddef.h>

/* Writes TARGET/NAME in the folder of the corpora, or exits. */
void seeds_save(const char *target, const char *name, const void *bytes,
		size_t len);

/* Of an authority and those who have certificates of it. */
void seeds_enrolled(void);

/* HIP records, in replies of DNS. */
void seeds_hiprr(void);

/* Of the engine and the resolver. */
void seeds_resolve(void);

#endif
