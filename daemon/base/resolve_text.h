/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/* Texts in the messages of resolve.h and overlay_ipc.h. */
#ifndef HIPLINE_RESOLVE_TEXT_H
#define HIPLINE_RESOLVE_TEXT_H

#include "daemon/base/cursor.h"

/* A text with its NUL, which stands nowhere else in it. */
void resolve_text_write(struct wr *w, const char *text);

/*
 * NULL when there is none; fails r when it is broken, or longer than max
 * without its NUL. Borrowed.
 */
const char *resolve_text_read(struct rd *r, size_t max);

/* The length of what was written; 0 when it did not fit. */
size_t resolve_text_end(const struct wr *w);

#endif
