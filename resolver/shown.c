/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Everything is bounded: the neighbours by the ring's rule, names by
 * NODE_NAMES_MAX.
 */
#include "resolver/shown.h"

#include <jansson.h>

static json_t *hit_json(const struct hit *hit)
{
	char text[HIT_TEXT_MAX];

	hit_text(hit, text);
	return json_string(text);
}

static json_t *neighbours_json(const struct route *r,
			       struct link *(*at)(const struct route *, size_t))
{
	json_t *list = json_array();
	const struct link *l;

	for (size_t i = 0; i < ROUTE_NEIGHBOURS && (l = at(r, i)); i++)
		if (json_array_append_new(list, hit_json(&l->node)) < 0)
			break; /* shorter than it is, for want of memory */
	return list;
}

static json_t *names_json(const struct node *n)
{
	json_t *list = json_array();
	enum resolve_name_state state;
	const char *name;
	bool proven;

	for (size_t i = 0; (name = node_name(n, i, &state, &proven)); i++) {
		json_t *one = json_pack(
			"{s:s, s:s, s:s?}", "name", name, "state",
			resolve_name_state_text(state), "proof",
			proven ? resolve_proof_text(RESOLVE_PROOF_AUTHORITY)
			       : NULL);

		if (json_array_append_new(list, one) < 0)
			break;
	}
	return list;
}

/* The list of what holds no more, and which neighbours have it by us. */
static json_t *list_json(const struct node *n, const struct overlay_info *info)
{
	size_t entries;
	uint64_t number = node_list(n, &entries);

	if (number == 0)
		return json_null();
	return json_pack("{s:I, s:I, s:I, s:i, s:i}", "number",
			 (json_int_t)number, "entries", (json_int_t)entries,
			 "missing", (json_int_t)node_missing_parts(n), "told",
			 (int)info->news_told, "confirmed",
			 (int)info->news_confirmed);
}

static json_t *overlay_json(const struct node *n)
{
	struct overlay *core = node_core(n);
	const struct route *r;
	struct overlay_info info;

	if (!core)
		return json_pack("{s:b, s:n, s:[], s:[], s:i, s:f, s:i, s:i, "
				 "s:i, s:i, s:i, s:i, s:i, s:o, s:n}",
				 "joined", 0, "node_id", "successors",
				 "predecessors", "fingers", 0, "size_estimate",
				 0.0, "records", 0, "links", 0, "forwarded", 0,
				 "answered", 0, "refused", 0, "disbelieved", 0,
				 "lookups", 0, "names", names_json(n),
				 "revocations");
	overlay_info(core, &info);
	r = overlay_route(core);
	return json_pack(
		"{s:b, s:o, s:o, s:o, s:i, s:f, s:I, s:I, s:I, s:I, "
		"s:I, s:I, s:I, s:o, s:o}",
		"joined", info.joined, "node_id", hit_json(&r->node),
		"successors", neighbours_json(r, route_successor),
		"predecessors", neighbours_json(r, route_predecessor),
		"fingers", (int)info.fingers, "size_estimate",
		info.size_estimate, "records", (json_int_t)info.records,
		"links", (json_int_t)info.links, "forwarded",
		(json_int_t)info.forwarded, "answered",
		(json_int_t)info.answered, "refused", (json_int_t)info.refused,
		"disbelieved", (json_int_t)info.disbelieved, "lookups",
		(json_int_t)info.lookups, "names", names_json(n), "revocations",
		list_json(n, &info));
}

char *shown_json(const struct node *n)
{
	json_t *o = overlay_json(n);
	char *text = o ? json_dumps(o, JSON_COMPACT) : NULL;

	json_decref(o);
	return text;
}
