/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/* The messages of reload_samples.h: RFC 6940 6.4.2, 6.5.3, 7.4, 10.7. */
#include "tests/unit/reload_samples.h"

#include "resolver/kinds.h"

#include <assert.h>

struct hit sample_hit(uint8_t n)
{
	return (struct hit){ { 0x20, 0x01, 0x00, 0x22, 0xca, 0xfe, [15] = n } };
}

struct reload_signature sample_signature(void)
{
	static const uint8_t value[64] = { 0x5a, 0x5b, [63] = 0x77 };
	static uint8_t identity[64];
	static const uint8_t sha256[32] = { 0xce, 0x47, [31] = 0x11 };
	struct wr w = wr_init(identity, sizeof(identity));

	signer_identity_write(&w, sha256);
	return (struct reload_signature){
		.hash_alg = 4,
		.sig_alg = 3,
		.identity_type = SIGNER_CERT_HASH,
		.identity = identity,
		.identity_len = wr_len(&w),
		.value = value,
		.value_len = sizeof(value),
	};
}

static struct resource_id resource(void)
{
	struct resource_id id;

	id_resource("bob@example.com", 15, &id);
	return id;
}

struct stored sample_stored(const struct hit *key, uint8_t scratch[512])
{
	struct wr data = wr_init(scratch, 128);
	struct wr value = wr_init(scratch + 128, 384);
	struct destination to = destination_node(key);
	struct stored v = {
		.storage_time_ms = 1700000000000,
		.lifetime_s = 86400,
		.exists = true,
		.key = { key->bytes, ID_LEN },
		.signature = sample_signature(),
	};

	/* RFC 7904 3.2: a route of one Node-ID, no preferences. */
	wr_u8(&data, 2);
	wr_u16(&data, 2 + 2 + 18);
	wr_u16(&data, 0);
	wr_u16(&data, 18);
	destination_write(&data, &to);
	v.data = (struct span){ scratch, wr_len(&data) };
	stored_value_write(&value, DATA_DICTIONARY, &v);
	v.value = (struct span){ value.start, wr_len(&value) };
	return v;
}

static void list(struct node_list *l, uint8_t first, size_t n)
{
	l->n = n;
	for (size_t i = 0; i < n; i++)
		l->at[i] = sample_hit((uint8_t)(first + i));
}

static void ping_req(struct wr *w)
{
	ping_req_write(w, 0);
}

static void ping_ans(struct wr *w)
{
	ping_ans_write(w,
		       &(struct ping_ans){ 0x1122334455667788, 1700000000000 });
}

static void probe_req(struct wr *w)
{
	probe_req_write(w, &(struct probe_req){ { 1, 2, 3 }, 3 });
}

static void probe_ans(struct wr *w)
{
	const struct probe_ans v = {
		.at = { { PROBE_RESPONSIBLE_SET, 1000000 },
			{ PROBE_NUM_RESOURCES, 7 },
			{ PROBE_UPTIME, 3600 } },
		.n = 3,
	};

	probe_ans_write(w, &v);
}

static void join_req(struct wr *w)
{
	join_req_write(w, &(struct join_req){ .node = sample_hit(1) });
}

static void join_ans(struct wr *w)
{
	join_ans_write(w, (struct span){ NULL, 0 });
}

static void leave_req(struct wr *w)
{
	struct chord_leave leave = { .type = CHORD_LEAVE_FROM_SUCC };
	uint8_t bytes[256];
	struct wr data = wr_init(bytes, sizeof(bytes));

	list(&leave.nodes, 20, 8);
	chord_leave_write(&data, &leave);
	join_req_write(w, &(struct join_req){ sample_hit(1),
					      { bytes, wr_len(&data) } });
}

static void nothing(struct wr *w)
{
	(void)w; /* LeaveAns and UpdateAns have no body */
}

static void update(struct wr *w, enum chord_update_type type)
{
	static struct chord_update v;

	v.uptime_s = 86399;
	v.type = type;
	list(&v.predecessors, 10, 8);
	list(&v.successors, 20, 8);
	list(&v.fingers, 30, 17);
	chord_update_write(w, &v);
}

static void update_ready(struct wr *w)
{
	update(w, CHORD_PEER_READY);
}

static void update_neighbors(struct wr *w)
{
	update(w, CHORD_NEIGHBORS);
}

static void update_full(struct wr *w)
{
	update(w, CHORD_FULL);
}

static void route_query_req(struct wr *w)
{
	struct resource_id id = resource();
	struct route_query_req v = { .send_update = true,
				     .destination = destination_resource(&id) };

	route_query_req_write(w, &v);
}

static void route_query_ans(struct wr *w)
{
	struct hit next = sample_hit(9);

	route_query_ans_write(w, &next);
}

static void store_req(struct wr *w)
{
	struct resource_id id = resource();
	struct store_writer at = store_req_begin(w, &id, 0, SAMPLE_KIND_SIP, 0);
	uint8_t scratch[512];

	for (uint8_t i = 1; i <= 2; i++) {
		struct hit key = sample_hit(i);
		struct stored v = sample_stored(&key, scratch);

		stored_write(w, &v);
	}
	store_req_end(w, &at);
}

static void store_ans(struct wr *w)
{
	struct hit at[3] = { sample_hit(2), sample_hit(3), sample_hit(4) };
	const struct store_ans_kind v = { SAMPLE_KIND_SIP,
					  5,
					  { at[0].bytes, sizeof(at) } };

	store_ans_write(w, &v, 1);
}

static void fetch_req(struct wr *w)
{
	struct resource_id id = resource();

	fetch_req_write_keys(w, &id, SAMPLE_KIND_SIP, NULL, 0);
}

static void fetch_req_keys(struct wr *w)
{
	struct resource_id id = resource();
	struct hit a = sample_hit(1), b = sample_hit(2);
	const struct span keys[2] = { { a.bytes, ID_LEN },
				      { b.bytes, ID_LEN } };

	fetch_req_write_keys(w, &id, SAMPLE_KIND_SIP, keys, 2);
}

static void fetch_ans(struct wr *w)
{
	struct store_writer at = fetch_ans_begin(w, SAMPLE_KIND_SIP, 5);
	struct hit here = sample_hit(1);
	uint8_t scratch[512];
	struct stored v = sample_stored(&here, scratch);

	stored_write(w, &v);
	fetch_ans_end(w, &at);
}

static void fetch_ans_absent(struct wr *w)
{
	struct store_writer at = fetch_ans_begin(w, SAMPLE_KIND_SIP, 5);
	struct hit gone = sample_hit(2);

	stored_absent_write(w, DATA_DICTIONARY, 0,
			    (struct span){ gone.bytes, ID_LEN });
	fetch_ans_end(w, &at);
}

/* One value of a Kind of ours, at a place of its own. */
static struct stored single(struct span data, uint8_t *scratch, size_t cap)
{
	struct wr value = wr_init(scratch, cap);
	struct stored v = { .storage_time_ms = 1700000000000,
			    .lifetime_s = 3600,
			    .exists = true,
			    .data = data,
			    .signature = sample_signature() };

	stored_value_write(&value, DATA_SINGLE, &v);
	v.value = (struct span){ value.start, wr_len(&value) };
	return v;
}

static size_t locators(uint8_t *out, size_t cap)
{
	const struct locator at[2] = {
		{ { [10] = 0xff, 0xff, 192, 0, 2, 1 }, 10500 },
		{ { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 }, 10500 },
	};
	struct wr w = wr_init(out, cap);

	kinds_locators_write(&w, at, 2);
	return wr_len(&w);
}

static void store_locators(struct wr *w)
{
	struct resource_id at[REGISTRATION_KEYS];
	uint8_t data[64], scratch[128];
	struct hit here = sample_hit(1);
	struct store_writer s;
	struct stored v;

	kinds_locator_resources(&here, at);
	s = store_req_begin(w, &at[0], 0, KIND_LOCATORS, 0);
	v = single((struct span){ data, locators(data, sizeof(data)) }, scratch,
		   sizeof(scratch));
	stored_write(w, &v);
	store_req_end(w, &s);
}

static void fetch_locators(struct wr *w)
{
	struct resource_id at[REGISTRATION_KEYS];
	struct hit here = sample_hit(1);

	kinds_locator_resources(&here, at);
	fetch_req_write_single(w, &at[0], KIND_LOCATORS);
}

static void fetch_ans_locators(struct wr *w)
{
	struct store_writer s = fetch_ans_begin(w, KIND_LOCATORS, 1);
	uint8_t data[64], scratch[128];
	struct stored v =
		single((struct span){ data, locators(data, sizeof(data)) },
		       scratch, sizeof(scratch));

	stored_write(w, &v);
	fetch_ans_end(w, &s);
}

/* Its length is a true one; what is in it tshark does not look at. */
static void store_revocations(struct wr *w)
{
	static const uint8_t list[350] = { 0x30, 0x82, 0x01, 0x5a };
	struct resource_id at[REGISTRATION_KEYS];
	uint8_t scratch[512];
	struct store_writer s;
	struct stored v;

	kinds_revocation_resources("", at);
	s = store_req_begin(w, &at[1], 0, KIND_REVOCATIONS, 0);
	v = single((struct span){ list, sizeof(list) }, scratch,
		   sizeof(scratch));
	stored_write(w, &v);
	store_req_end(w, &s);
}

static void stat_ans(struct wr *w)
{
	struct store_writer at = fetch_ans_begin(w, SAMPLE_KIND_SIP, 5);
	static const uint8_t sha256[32] = { 1, 2, [31] = 3 };
	struct hit here = sample_hit(1);
	uint8_t scratch[512];
	struct stored v = sample_stored(&here, scratch);

	stored_meta_write(w, DATA_DICTIONARY, &v, sha256);
	fetch_ans_end(w, &at);
}

static void find_req(struct wr *w)
{
	find_req_write(w, &(struct find_req){ resource(), { 1, 2 }, 2 });
}

static void find_ans(struct wr *w)
{
	struct find_ans v = { .n = 1 };

	v.at[0].kind = SAMPLE_KIND_SIP;
	v.at[0].closest = resource();
	find_ans_write(w, &v);
}

static void error(struct wr *w)
{
	static const uint8_t info[] = "quota";

	error_write(w, &(struct error_body){ RELOAD_ERROR_FORBIDDEN,
					     { info, sizeof(info) - 1 } });
}

const struct reload_sample reload_samples[] = {
	{ "probe_req", RELOAD_PROBE_REQ, probe_req },
	{ "probe_ans", RELOAD_PROBE_ANS, probe_ans },
	{ "store_req", RELOAD_STORE_REQ, store_req },
	{ "store_ans", RELOAD_STORE_ANS, store_ans },
	{ "fetch_req", RELOAD_FETCH_REQ, fetch_req },
	{ "fetch_req_keys", RELOAD_FETCH_REQ, fetch_req_keys },
	{ "fetch_ans", RELOAD_FETCH_ANS, fetch_ans },
	{ "fetch_ans_absent", RELOAD_FETCH_ANS, fetch_ans_absent },
	{ "store_locators", RELOAD_STORE_REQ, store_locators },
	{ "fetch_locators", RELOAD_FETCH_REQ, fetch_locators },
	{ "fetch_ans_locators", RELOAD_FETCH_ANS, fetch_ans_locators },
	{ "store_revocations", RELOAD_STORE_REQ, store_revocations },
	{ "find_req", RELOAD_FIND_REQ, find_req },
	{ "find_ans", RELOAD_FIND_ANS, find_ans },
	{ "join_req", RELOAD_JOIN_REQ, join_req },
	{ "join_ans", RELOAD_JOIN_ANS, join_ans },
	{ "leave_req", RELOAD_LEAVE_REQ, leave_req },
	{ "leave_ans", RELOAD_LEAVE_ANS, nothing },
	{ "update_ready", RELOAD_UPDATE_REQ, update_ready },
	{ "update_neighbors", RELOAD_UPDATE_REQ, update_neighbors },
	{ "update_full", RELOAD_UPDATE_REQ, update_full },
	{ "update_ans", RELOAD_UPDATE_ANS, nothing },
	{ "route_query_req", RELOAD_ROUTE_QUERY_REQ, route_query_req },
	{ "route_query_ans", RELOAD_ROUTE_QUERY_ANS, route_query_ans },
	{ "ping_req", RELOAD_PING_REQ, ping_req },
	{ "ping_ans", RELOAD_PING_ANS, ping_ans },
	{ "stat_req", RELOAD_STAT_REQ, fetch_req },
	{ "stat_ans", RELOAD_STAT_ANS, stat_ans },
	{ "error", RELOAD_ERROR, error },
};
const size_t reload_samples_count =
	sizeof(reload_samples) / sizeof(reload_samples[0]);

size_t reload_sample_body(const struct reload_sample *s, uint8_t *out,
			  size_t cap)
{
	struct wr w = wr_init(out, cap);

	s->body(&w);
	assert(!wr_failed(&w));
	return wr_len(&w);
}

size_t reload_sample_make(const struct reload_sample *s, uint8_t *out,
			  size_t cap)
{
	uint8_t body[RELOAD_MESSAGE_MAX], rest[RELOAD_MESSAGE_MAX];
	size_t len = reload_sample_body(s, body, sizeof(body));
	struct reload_signature signature = sample_signature();
	struct resource_id id = resource();
	struct wr r = wr_init(rest, sizeof(rest)), w = wr_init(out, cap);
	struct forwarding f = {
		.overlay = id_overlay("example.com", 11),
		.configuration_sequence = 1,
		.ttl = 20,
		.last_fragment = true,
		.transaction_id =
			0x0102030405060708 + (uint64_t)(s - reload_samples),
		.max_response_length = 0,
	};

	f.via.at[f.via.n++] = (struct destination){ .type = DESTINATION_NODE,
						    .node = sample_hit(5) };
	f.destination.at[f.destination.n++] = destination_resource(&id);
	contents_write(&r, s->code, body, len);
	security_write(&r, NULL, 0, &signature);
	forwarding_write(&w, &f, wr_len(&r));
	wr_bytes(&w, rest, wr_len(&r));
	assert(!wr_failed(&r) && !wr_failed(&w));
	return wr_len(&w);
}
