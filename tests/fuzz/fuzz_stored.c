/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Bodies of Store, Fetch, Stat and Find. The first byte chooses the data
 * model. A StoredData that was parsed is written again as the same bytes.
 */
#include "resolver/stored.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

static uint8_t once[8192];

static void values(struct rd r, enum data_model model)
{
	struct resource_id id = { { 1 } };
	struct stored v;
	struct rd meta = r;

	while (stored_meta_next(&meta, model, &v))
		assert(v.key.len <= UINT16_MAX);
	while (stored_next(&r, model, &v)) {
		struct wr w = wr_init(once, sizeof(once));

		if (v.whole.len > sizeof(once) / 2)
			continue;
		stored_write(&w, &v);
		assert(!wr_failed(&w) && wr_len(&w) == v.whole.len);
		assert(memcmp(once, v.whole.bytes, v.whole.len) == 0);
		w = wr_init(once, sizeof(once));
		stored_value_write(&w, model, &v);
		assert(wr_len(&w) == v.value.len);
		stored_signed_write(&w, &id, 1, model, &v);
	}
}

static void kinds(struct rd r, enum data_model model)
{
	struct store_kind kind;

	while (store_kind_next(&r, &kind))
		values(kind.values, model);
}

static void specifiers(struct rd r)
{
	struct span keys[FETCH_KEYS_MAX];
	struct fetch_specifier s;
	uint32_t first, last;
	struct rd ranges;
	size_t n;

	while (fetch_specifier_next(&r, &s)) {
		if (fetch_keys_parse(s.model, keys, &n))
			assert(n <= FETCH_KEYS_MAX);
		if (!fetch_ranges_parse(s.model, &ranges))
			continue;
		while (fetch_range_next(&ranges, &first, &last))
			assert(first <= last);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct store_ans_kind ans;
	struct store_req store;
	struct fetch_req fetch;
	struct find_req find;
	struct find_ans found;
	enum data_model model;
	struct rd r, list;

	if (size < 1)
		return 0;
	model = (enum data_model)(1 + data[0] % 3);
	r = rd_init(data + 1, size - 1);
	if (store_req_parse(r, &store))
		kinds(store.kinds, model);
	if (fetch_ans_parse(r, &list))
		kinds(list, model);
	if (fetch_req_parse(r, &fetch))
		specifiers(fetch.specifiers);
	if (store_ans_parse(r, &list)) {
		while (store_ans_next(&list, &ans))
			assert(ans.replicas.len % ID_LEN == 0);
	}
	if (find_req_parse(r, &find))
		assert(find.n <= FIND_KINDS_MAX);
	if (find_ans_parse(r, &found))
		assert(found.n <= FIND_KINDS_MAX);
	return 0;
}
