/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The authority's revocation lists as a node gets them: by news, from disk,
 * from its own engine, and by asking for the head from time to time and then
 * for the parts of which that knows newer ones (daemon/pki/revocations.h).
 */
#include "resolver/node_impl.h"

#include <stdlib.h>
#include <string.h>

enum {
	FETCH_SOON_MS = 1000,
	FETCH_AGAIN_MS = 60 * 1000,
	PARTS_AGAIN_MS = 2000, /* then doubled */
	PARTS_EACH_MS = 500,   /* but not sooner than that for each of them */
	PARTS_AT_ONCE = 8,
	REVIEW_MS = 800, /* who is revoked hears of it before its links go */
};

static bool is_taken_back(void *ctx, struct span certificate)
{
	return judge_is_taken_back(ctx, certificate);
}

/* A newer one: told to who lets hosts in, and to who has links to them. */
static void on_list(struct node *n, struct span list, const char *name,
		    bool adds)
{
	struct event *e = node_event(n, NODE_REVOCATIONS);

	if (e) {
		e->name = strdup(name);
		e->bytes = malloc(list.len);
	}
	if (e && e->bytes) {
		memcpy(e->bytes, list.bytes, list.len);
		e->out.bytes = (struct span){ e->bytes, list.len };
	}
	if (!adds)
		return;
	if (n->review_ms == NODE_NEVER)
		n->review_ms = n->now_ms + REVIEW_MS;
	store_drop_if(overlay_store(node_core(n)), is_taken_back,
		      n->session->judge);
}

bool lists_take(struct node *n, struct span list, struct taken_list *out)
{
	struct judge *judge = n->session->judge;
	struct revocation *v = calloc(1, sizeof(*v));
	enum overlay_news news;
	bool holds;

	if (!v)
		return false;
	holds = revocation_verify(&n->session->authority, list.bytes, list.len,
				  n->wall_ms / 1000, v) == CERTIFICATE_OK;
	news = holds ? judge_set_revocation(judge, v) : NEWS_NONE;
	out->number = v->number;
	out->depth = v->depth;
	out->adds = news == NEWS_ADDS;
	revocation_text(v, out->part);
	if (news != NEWS_NONE)
		on_list(n, list, v->is_head ? "head" : out->part, out->adds);
	if (news != NEWS_NONE && v->is_head) {
		n->part_at = 0;
		n->parts_ms = n->now_ms;
		n->parts_wait_ms = PARTS_AGAIN_MS;
	}
	free(v);
	return holds;
}

void lists_on_news(struct node *n, struct span list)
{
	struct taken_list t;

	if (n->session)
		(void)lists_take(n, list, &t); /* or older */
}

void lists_on_result(struct node *n, const char *part,
		     const struct overlay_output *out)
{
	struct overlay_value v;
	size_t at = 0;

	if (part[0] != '\0')
		n->parts_asked--;
	else if (out->result == OVERLAY_UNREACHABLE)
		n->fetch_ms = n->now_ms + node_about(n, FETCH_AGAIN_MS);
	while (overlay_value_next(out, DATA_SINGLE, &at, &v))
		lists_on_news(n, v.stored.data);
}

/* All members together ask about once a second, whoever keeps the list; who
 * has missed the news has it by then. */
static uint64_t fetch_period_ms(const struct node *n)
{
	struct overlay_info info;
	double period_ms;

	overlay_info(node_core(n), &info);
	period_ms = info.size_estimate * 1000;
	if (period_ms < NODE_FETCH_MIN_MS)
		return NODE_FETCH_MIN_MS;
	return period_ms < NODE_FETCH_MS ? (uint64_t)period_ms : NODE_FETCH_MS;
}

/* All have been asked for: those that did not come, once more later. One may
 * be on its way to who keeps it; many are somebody's who is not there. */
static void end_round(struct node *n)
{
	uint64_t wait_ms = n->parts_wait_ms;
	size_t missing;

	if (n->parts_asked > 0)
		return; /* they may still come */
	n->part_at = 0;
	n->parts_ms = NODE_NEVER;
	missing = revocations_missing(judge_revocations(n->session->judge));
	if (missing == 0)
		return;
	if (wait_ms < missing * PARTS_EACH_MS)
		wait_ms = missing * PARTS_EACH_MS;
	n->parts_ms = n->now_ms + node_about(n, wait_ms);
	if (n->parts_wait_ms < NODE_FETCH_MS)
		n->parts_wait_ms *= 2;
}

static void ask_for_parts(struct node *n)
{
	const struct revocations *r = judge_revocations(n->session->judge);
	char part[REVOCATION_TEXT_MAX];
	struct revocation v = { .depth = r->depth };

	while (n->parts_asked < PARTS_AT_ONCE) {
		v.index = n->part_at;
		if (!revocations_next_missing(r, &v.index)) {
			end_round(n);
			return;
		}
		revocation_text(&v, part);
		if (!asking_start(n, ASKED_LIST, 0, part, &n->session->hit)) {
			n->parts_ms = n->now_ms + node_about(n, PARTS_AGAIN_MS);
			return;
		}
		n->parts_asked++;
		n->part_at = v.index + 1;
	}
}

void lists_fetch(struct node *n)
{
	if (n->fetch_ms <= n->now_ms) {
		n->fetch_ms = n->now_ms + node_about(n, fetch_period_ms(n));
		(void)asking_start(n, ASKED_LIST, 0, "", &n->session->hit);
	}
	if (n->parts_ms <= n->now_ms)
		ask_for_parts(n);
}

void lists_tick(struct node *n)
{
	const struct overlay_input review = { .type = OVERLAY_REVIEW };

	if (n->review_ms > n->now_ms)
		return;
	n->review_ms = NODE_NEVER;
	peer_input(n->session->peer, &review, n->now_ms);
}

uint64_t lists_deadline(const struct node *n)
{
	uint64_t due = n->review_ms;

	if (!n->session || !node_is_linked(n))
		return due;
	if (n->fetch_ms < due)
		due = n->fetch_ms;
	/* Those that are asked for come as results. */
	if (n->parts_asked == 0 && n->parts_ms < due)
		due = n->parts_ms;
	return due;
}

void lists_begin(struct node *n)
{
	n->fetch_ms = n->now_ms + FETCH_SOON_MS;
	n->part_at = 0;
	n->parts_ms = n->review_ms = NODE_NEVER;
}
