/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Writing and parsing of SipRegistration: RFC 7904 3.2.
 */
#include "resolver/registration.h"

#include <assert.h>

enum { REGISTRATION_URI = 1, REGISTRATION_ROUTE = 2 };

void registration_resources(const char *name,
			    struct resource_id out[REGISTRATION_KEYS])
{
	char second[2 + NAME_LEN_MAX + 1] = "2:";
	size_t len = strlen(name);

	assert(len <= NAME_LEN_MAX);
	memcpy(second + 2, name, len);
	id_resource(name, len, &out[0]);
	id_resource(second, 2 + len, &out[1]);
}

void registration_write(struct wr *w, const struct hit *node, struct span prefs)
{
	const struct destination to = destination_node(node);
	size_t at = wr_len(w), list;

	wr_u8(w, REGISTRATION_ROUTE);
	wr_u16(w, 0);
	wr_u16(w, (uint16_t)prefs.len);
	wr_bytes(w, prefs.bytes, prefs.len);
	list = wr_len(w);
	wr_u16(w, 0);
	destination_write(w, &to);
	if (prefs.len > REGISTRATION_BYTES_MAX) {
		w->failed = true;
		return;
	}
	wr_u16_at(w, list, (uint16_t)(wr_len(w) - list - 2));
	wr_u16_at(w, at + 1, (uint16_t)(wr_len(w) - at - 3));
}

bool registration_parse(struct span data, struct hit *node, struct span *prefs)
{
	struct rd r = rd_init(data.bytes, data.len), list;
	uint8_t type = rd_u8(&r);
	size_t len = rd_u16(&r);
	struct destination to;
	struct span p;

	if (type != REGISTRATION_ROUTE || len != rd_left(&r))
		return false;
	p.len = rd_u16(&r);
	p.bytes = rd_bytes(&r, p.len);
	len = rd_u16(&r);
	list = rd_sub(&r, len);
	if (!rd_done(&r) || destination_parse(&list, &to) != MESSAGE_OK ||
	    !rd_done(&list) || to.type != DESTINATION_NODE ||
	    !hit_is_hit(&to.node))
		return false;
	*node = to.node;
	*prefs = p;
	return true;
}
