/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Bodies of the messages that keep the ring: RFC 6940 6.4.2 (Join, Leave,
 * RouteQuery, Probe), 6.5.3 (Ping), 6.3.3.1 (errors), 10.7 to 10.9 (Update
 * and the data that CHORD-RELOAD adds). Parsers are total, borrow, and
 * answer false for anything that is not exactly the form; lists in *out may
 * then be partly filled.
 */
#ifndef HIPLINE_BODY_H
#define HIPLINE_BODY_H

#include "resolver/message.h"

enum {
	NODE_LIST_MAX = 128, /* more fingers than anybody has */
	PROBE_INFO_MAX = 8,
};

/* Ping (6.5.3). */
void ping_req_write(struct wr *w, size_t padding);
bool ping_req_parse(struct rd r);
struct ping_ans {
	uint64_t response_id;
	uint64_t time_ms; /* since 1970 */
};
void ping_ans_write(struct wr *w, const struct ping_ans *v);
bool ping_ans_parse(struct rd r, struct ping_ans *out);

/* Join and Leave (6.4.2.1, 6.4.2.2): a Node-ID and data of the overlay. */
struct join_req {
	struct hit node;
	struct span data;
};
void join_req_write(struct wr *w, const struct join_req *v);
bool join_req_parse(struct rd r, struct join_req *out);
void join_ans_write(struct wr *w, struct span data);
bool join_ans_parse(struct rd r, struct span *data);

/* Node-IDs one after the other, with a length of 2 bytes before them. */
struct node_list {
	struct hit at[NODE_LIST_MAX];
	size_t n;
};

/* What a leaving peer tells (10.9). */
enum chord_leave_type {
	CHORD_LEAVE_FROM_SUCC = 1, /* to its predecessor: its successors */
	CHORD_LEAVE_FROM_PRED = 2, /* to its successor: its predecessors */
};
struct chord_leave {
	enum chord_leave_type type;
	struct node_list nodes;
};
void chord_leave_write(struct wr *w, const struct chord_leave *v);
bool chord_leave_parse(struct rd r, struct chord_leave *out);

/* Update (10.7). */
enum chord_update_type {
	CHORD_PEER_READY = 1,
	CHORD_NEIGHBORS = 2,
	CHORD_FULL = 3,
};
struct chord_update {
	uint32_t uptime_s;
	enum chord_update_type type;
	struct node_list predecessors, successors; /* NEIGHBORS and FULL */
	struct node_list fingers;		   /* FULL */
};
void chord_update_write(struct wr *w, const struct chord_update *v);
bool chord_update_parse(struct rd r, struct chord_update *out);

/* RouteQuery (6.4.2.4, 10.8). */
struct route_query_req {
	bool send_update;
	struct destination destination;
	struct span data;
};
void route_query_req_write(struct wr *w, const struct route_query_req *v);
bool route_query_req_parse(struct rd r, struct route_query_req *out);
void route_query_ans_write(struct wr *w, const struct hit *next_peer);
bool route_query_ans_parse(struct rd r, struct hit *next_peer);

/* Probe (6.4.2.5). Unknown types are skipped in answers. */
enum probe_info_type {
	PROBE_RESPONSIBLE_SET = 1, /* parts per billion of the ring */
	PROBE_NUM_RESOURCES = 2,
	PROBE_UPTIME = 3, /* seconds */
};
struct probe_req {
	uint8_t types[PROBE_INFO_MAX];
	size_t n;
};
struct probe_ans {
	struct {
		uint8_t type;
		uint32_t value;
	} at[PROBE_INFO_MAX];
	size_t n;
};
void probe_req_write(struct wr *w, const struct probe_req *v);
bool probe_req_parse(struct rd r, struct probe_req *out);
void probe_ans_write(struct wr *w, const struct probe_ans *v);
bool probe_ans_parse(struct rd r, struct probe_ans *out);

/* Error (6.3.3.1). */
struct error_body {
	uint16_t code; /* enum reload_error, or one that we do not know */
	struct span info;
};
void error_write(struct wr *w, const struct error_body *v);
bool error_parse(struct rd r, struct error_body *out);

#endif
