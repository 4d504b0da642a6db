/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Writing and parsing of the bodies in body.h: RFC 6940 6.3.3.1, 6.4.2,
 * 6.5.3 and 10.7 to 10.9.
 */
#include "resolver/body.h"

#include <assert.h>

/* opaque<0..2^16-1> at the end of a structure. */
static void write_opaque16(struct wr *w, struct span v)
{
	assert(v.len <= UINT16_MAX);
	wr_u16(w, (uint16_t)v.len);
	wr_bytes(w, v.bytes, v.len);
}

static struct span read_opaque16(struct rd *r)
{
	struct span v = { 0 };

	v.len = rd_u16(r);
	v.bytes = rd_bytes(r, v.len);
	return v;
}

static struct hit read_node(struct rd *r)
{
	struct hit node = { 0 };

	rd_copy(r, node.bytes, sizeof(node.bytes));
	return node;
}

static void write_node(struct wr *w, const struct hit *node)
{
	wr_bytes(w, node->bytes, sizeof(node->bytes));
}

static void write_list(struct wr *w, const struct node_list *l)
{
	assert(l->n <= NODE_LIST_MAX);
	wr_u16(w, (uint16_t)(l->n * ID_LEN));
	for (size_t i = 0; i < l->n; i++)
		write_node(w, &l->at[i]);
}

static bool read_list(struct rd *r, struct node_list *out)
{
	size_t len = rd_u16(r);
	struct rd list = rd_sub(r, len);

	if (rd_failed(r) || len % ID_LEN != 0 || len / ID_LEN > NODE_LIST_MAX)
		return false;
	out->n = len / ID_LEN;
	for (size_t i = 0; i < out->n; i++)
		out->at[i] = read_node(&list);
	return true;
}

void ping_req_write(struct wr *w, size_t padding)
{
	assert(padding <= UINT16_MAX);
	wr_u16(w, (uint16_t)padding);
	wr_zero(w, padding);
}

bool ping_req_parse(struct rd r)
{
	(void)read_opaque16(&r); /* padding says nothing */
	return rd_done(&r);
}

void ping_ans_write(struct wr *w, const struct ping_ans *v)
{
	wr_u64(w, v->response_id);
	wr_u64(w, v->time_ms);
}

bool ping_ans_parse(struct rd r, struct ping_ans *out)
{
	struct ping_ans v = { 0 };

	v.response_id = rd_u64(&r);
	v.time_ms = rd_u64(&r);
	if (!rd_done(&r))
		return false;
	*out = v;
	return true;
}

void join_req_write(struct wr *w, const struct join_req *v)
{
	write_node(w, &v->node);
	write_opaque16(w, v->data);
}

bool join_req_parse(struct rd r, struct join_req *out)
{
	struct join_req v = { 0 };

	v.node = read_node(&r);
	v.data = read_opaque16(&r);
	if (!rd_done(&r))
		return false;
	*out = v;
	return true;
}

void join_ans_write(struct wr *w, struct span data)
{
	write_opaque16(w, data);
}

bool join_ans_parse(struct rd r, struct span *data)
{
	struct span v = read_opaque16(&r);

	if (!rd_done(&r))
		return false;
	*data = v;
	return true;
}

void chord_leave_write(struct wr *w, const struct chord_leave *v)
{
	wr_u8(w, (uint8_t)v->type);
	write_list(w, &v->nodes);
}

bool chord_leave_parse(struct rd r, struct chord_leave *out)
{
	uint8_t type = rd_u8(&r);

	if (type != CHORD_LEAVE_FROM_SUCC && type != CHORD_LEAVE_FROM_PRED)
		return false;
	out->type = (enum chord_leave_type)type;
	return read_list(&r, &out->nodes) && rd_done(&r);
}

void chord_update_write(struct wr *w, const struct chord_update *v)
{
	wr_u32(w, v->uptime_s);
	wr_u8(w, (uint8_t)v->type);
	if (v->type == CHORD_PEER_READY)
		return;
	write_list(w, &v->predecessors);
	write_list(w, &v->successors);
	if (v->type == CHORD_FULL)
		write_list(w, &v->fingers);
}

bool chord_update_parse(struct rd r, struct chord_update *out)
{
	uint8_t type;

	out->uptime_s = rd_u32(&r);
	type = rd_u8(&r);
	if (type < CHORD_PEER_READY || type > CHORD_FULL)
		return false;
	out->type = (enum chord_update_type)type;
	out->predecessors.n = out->successors.n = out->fingers.n = 0;
	if (type != CHORD_PEER_READY && !(read_list(&r, &out->predecessors) &&
					  read_list(&r, &out->successors)))
		return false;
	if (type == CHORD_FULL && !read_list(&r, &out->fingers))
		return false;
	return rd_done(&r);
}

void route_query_req_write(struct wr *w, const struct route_query_req *v)
{
	wr_u8(w, v->send_update);
	destination_write(w, &v->destination);
	write_opaque16(w, v->data);
}

bool route_query_req_parse(struct rd r, struct route_query_req *out)
{
	struct route_query_req v = { 0 };
	uint8_t send_update = rd_u8(&r);

	if (send_update > 1 || rd_left(&r) == 0)
		return false;
	v.send_update = send_update != 0;
	if (destination_parse(&r, &v.destination) != MESSAGE_OK)
		return false;
	v.data = read_opaque16(&r);
	if (!rd_done(&r))
		return false;
	*out = v;
	return true;
}

void route_query_ans_write(struct wr *w, const struct hit *next_peer)
{
	write_node(w, next_peer);
}

bool route_query_ans_parse(struct rd r, struct hit *next_peer)
{
	struct hit node = read_node(&r);

	if (!rd_done(&r))
		return false;
	*next_peer = node;
	return true;
}

void probe_req_write(struct wr *w, const struct probe_req *v)
{
	assert(v->n <= PROBE_INFO_MAX);
	wr_u8(w, (uint8_t)v->n);
	wr_bytes(w, v->types, v->n);
}

bool probe_req_parse(struct rd r, struct probe_req *out)
{
	struct probe_req v = { 0 };
	size_t n = rd_u8(&r);

	/* What is asked for beyond our limit is not answered (6.4.2.5.2). */
	v.n = n < PROBE_INFO_MAX ? n : PROBE_INFO_MAX;
	rd_copy(&r, v.types, v.n);
	rd_skip(&r, n - v.n);
	if (!rd_done(&r))
		return false;
	*out = v;
	return true;
}

void probe_ans_write(struct wr *w, const struct probe_ans *v)
{
	assert(v->n <= PROBE_INFO_MAX);
	wr_u16(w, (uint16_t)(v->n * 6));
	for (size_t i = 0; i < v->n; i++) {
		wr_u8(w, v->at[i].type);
		wr_u8(w, 4);
		wr_u32(w, v->at[i].value);
	}
}

bool probe_ans_parse(struct rd r, struct probe_ans *out)
{
	struct probe_ans v = { 0 };
	size_t len = rd_u16(&r);
	struct rd list = rd_sub(&r, len);

	while (rd_left(&list) > 0) {
		uint8_t type = rd_u8(&list);
		size_t n = rd_u8(&list);
		struct rd value = rd_sub(&list, n);

		if (rd_failed(&list))
			return false;
		if (type < PROBE_RESPONSIBLE_SET || type > PROBE_UPTIME)
			continue;
		if (v.n == PROBE_INFO_MAX)
			return false;
		v.at[v.n].type = type;
		v.at[v.n].value = rd_u32(&value);
		if (!rd_done(&value))
			return false;
		v.n++;
	}
	if (!rd_done(&r))
		return false;
	*out = v;
	return true;
}

void error_write(struct wr *w, const struct error_body *v)
{
	wr_u16(w, v->code);
	write_opaque16(w, v->info);
}

bool error_parse(struct rd r, struct error_body *out)
{
	struct error_body v = { 0 };

	v.code = rd_u16(&r);
	v.info = read_opaque16(&r);
	if (!rd_done(&r))
		return false;
	*out = v;
	return true;
}
