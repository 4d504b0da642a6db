/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Nobody but the peer can make a new HIP_MAC, so that only the peer draws on
 * the pace of new packets.
 */
#include "daemon/hip/checks.h"

#include <assert.h>
#include <string.h>

static uint64_t mac_of(const struct packet *p)
{
	/* The one that was verified; a packet may have the other, too. */
	const struct param *mac = packet_find(
		p, p->type == HIP_R2 ? PARAM_HIP_MAC_2 : PARAM_HIP_MAC);
	uint64_t first = 0;

	assert(mac && mac->len >= sizeof(first)); /* it has been verified */
	memcpy(&first, mac->body, sizeof(first));
	return first;
}

static struct check *find(struct checks *c, uint64_t mac)
{
	for (size_t i = 0; i < CHECKS_MAX; i++) {
		if (c->seen[i].mac == mac)
			return &c->seen[i];
	}
	return NULL;
}

bool checks_allow(struct checks *c, const struct packet *p, uint64_t now_ms)
{
	uint64_t mac = mac_of(p);
	struct check *seen = find(c, mac);

	if (seen)
		return pace_allow(&seen->again, CHECKS_AGAIN_AT_ONCE,
				  CHECKS_AGAIN_MS, now_ms);
	if (!pace_allow(&c->first, CHECKS_AT_ONCE, CHECKS_MS, now_ms))
		return false;
	c->seen[c->next] = (struct check){ .mac = mac };
	c->next = (uint8_t)((c->next + 1) % CHECKS_MAX);
	return true;
}
