/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * A pair of ESP SAs, one of each direction: RFC 7402 3.3.3, 3.3.4. The data
 * plane has them; here is what it was asked for.
 */
#ifndef HIPLINE_SA_PAIR_H
#define HIPLINE_SA_PAIR_H

#include "daemon/base/table.h"
#include "daemon/hip/host.h"

#include <sys/queue.h>

struct sa_pair {
	uint32_t spi_in;  /* drawn by us, unique in this host; 0: not yet */
	uint32_t spi_out; /* 0: not known yet */
	bool has_in, has_out;
	struct table_node node;
	uint64_t expires_ms;	   /* of one that was replaced */
	TAILQ_ENTRY(sa_pair) next; /* while it is */
};

TAILQ_HEAD(sa_pairs, sa_pair);

/* What the keys of a pair are drawn from: a secret. */
struct esp_source {
	struct keymat keymat;
	uint16_t suite;
	uint16_t index; /* in bytes */
};

/* NULL for want of memory. */
struct sa_pair *sa_pair_new(void);

/* Its SAs must be closed. Does nothing for NULL. */
void sa_pair_free(struct host *h, struct sa_pair *pair);

/* Draws an SPI for inbound ESP of a peer (spi_modulus). 0, -ENOMEM or
 * -ENOSPC. */
__attribute__((warn_unused_result)) int
sa_pair_draw(struct host *h, struct sa_pair *pair, const struct hit *peer);

/* Asks for the inbound SA, which was not open yet. 0 or -EIO. */
__attribute__((warn_unused_result)) int
sa_pair_open_in(struct host *h, struct sa_pair *pair, const struct hit *peer,
		const struct esp_source *source);

/*
 * Asks for the outbound SA, which was not open yet: the caller fills in the
 * locators of the output. NULL when the keys cannot be drawn.
 */
__attribute__((warn_unused_result)) struct hip_output *
sa_pair_open_out(struct host *h, struct sa_pair *pair, const struct hit *peer,
		 const struct esp_source *source);

/* Asks for the end of those that are open. */
void sa_pair_close_in(struct host *h, struct sa_pair *pair,
		      const struct hit *peer);
void sa_pair_close_out(struct host *h, struct sa_pair *pair,
		       const struct hit *peer);

#endif
