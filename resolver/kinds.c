/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The table of Kinds, and the form of the values that no RFC defines.
 */
#include "resolver/kinds.h"

enum { ADDRESS_V4 = 1, ADDRESS_V6 = 2, V4_LEN = 6, V6_LEN = 18 };

const struct kind overlay_kinds[KINDS] = {
	{ REGISTRATION_KIND, DATA_DICTIONARY, ACCESS_USER_NODE_MATCH,
	  REGISTRATION_DEVICES_MAX, REGISTRATION_BYTES_MAX },
	{ KIND_LOCATORS, DATA_SINGLE, ACCESS_NODE_MATCH, 1, 256 },
	{ KIND_REVOCATIONS, DATA_SINGLE, ACCESS_AUTHORITY, 1,
	  KIND_REVOCATIONS_LEN },
};

static void resources(const void *bytes, size_t len,
		      struct resource_id out[REGISTRATION_KEYS])
{
	uint8_t second[2 + 64] = { '2', ':' };
	struct wr w = wr_init(second + 2, sizeof(second) - 2);

	wr_bytes(&w, bytes, len);
	id_resource(bytes, len, &out[0]);
	id_resource(second, 2 + wr_len(&w), &out[1]);
}

void kinds_locator_resources(const struct hit *host,
			     struct resource_id out[REGISTRATION_KEYS])
{
	resources(host->bytes, sizeof(host->bytes), out);
}

void kinds_revocation_resources(const char *part,
				struct resource_id out[REGISTRATION_KEYS])
{
	char name[16 + REVOCATION_TEXT_MAX] = "revocations";

	if (part[0] != '\0') {
		strcat(name, "/");
		strncat(name, part, REVOCATION_TEXT_MAX - 1);
	}
	resources(name, strlen(name), out);
}

void kinds_locators_write(struct wr *w, const struct locator *at, size_t n)
{
	size_t start = wr_len(w);

	wr_u16(w, 0);
	for (size_t i = 0; i < n; i++) {
		bool v4 = locator_is_v4(&at[i]);

		wr_u8(w, v4 ? ADDRESS_V4 : ADDRESS_V6);
		wr_u8(w, v4 ? V4_LEN : V6_LEN);
		wr_bytes(w, at[i].addr + (v4 ? 12 : 0), v4 ? 4 : 16);
		wr_u16(w, at[i].port);
	}
	if (n > KIND_LOCATORS_MAX)
		w->failed = true;
	wr_u16_at(w, start, (uint16_t)(wr_len(w) - start - 2));
}

static bool read_one(struct rd *r, struct locator *out)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	struct locator l = { .port = 0 };
	uint8_t type = rd_u8(r), len = rd_u8(r);
	bool v4 = type == ADDRESS_V4;

	if ((!v4 && type != ADDRESS_V6) || len != (v4 ? V4_LEN : V6_LEN))
		return false;
	if (v4)
		memcpy(l.addr, mapped, sizeof(mapped));
	rd_copy(r, l.addr + (v4 ? 12 : 0), v4 ? 4 : 16);
	l.port = rd_u16(r);
	*out = l;
	/* One address has one form: a mapped one is IPv4. */
	return !rd_failed(r) && locator_is_v4(&l) == v4;
}

bool kinds_locators_parse(struct span data,
			  struct locator out[KIND_LOCATORS_MAX], size_t *n)
{
	struct rd r = rd_init(data.bytes, data.len);
	uint16_t len = rd_u16(&r);
	size_t found = 0;

	if (rd_failed(&r) || len != rd_left(&r))
		return false;
	while (rd_left(&r) > 0) {
		if (found == KIND_LOCATORS_MAX || !read_one(&r, &out[found]))
			return false;
		found++;
	}
	*n = found;
	return true;
}
