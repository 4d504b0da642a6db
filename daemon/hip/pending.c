/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Inner packets that wait for their association. Each lies in one piece of
 * memory with its link, which is handed on whole when the packet goes.
 */
#include "daemon/hip/pending.h"

#include "daemon/hip/limits.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

int pending_add(struct pending *q, size_t *total, const uint8_t *bytes,
		size_t len)
{
	struct pending_packet *p;

	if (len == 0 || len > STAGED_PACKET_LEN_MAX)
		return -EMSGSIZE;
	if (q->n >= STAGED_PACKETS_PER_PEER || *total >= STAGED_PACKETS_MAX)
		return -ENOBUFS;
	p = malloc(sizeof(*p) + len);
	if (!p)
		return -ENOMEM;
	p->next = NULL;
	p->len = len;
	memcpy(p->bytes, bytes, len);
	if (q->last)
		q->last->next = p;
	else
		q->first = p;
	q->last = p;
	q->n++;
	(*total)++;
	return 0;
}

struct pending_packet *pending_take(struct pending *q, size_t *total)
{
	struct pending_packet *p = q->first;

	if (!p)
		return NULL;
	assert(q->n > 0 && *total > 0);
	q->first = p->next;
	if (!q->first)
		q->last = NULL;
	q->n--;
	(*total)--;
	return p;
}

void pending_clear(struct pending *q, size_t *total)
{
	struct pending_packet *p;

	while ((p = pending_take(q, total)))
		free(p);
}
