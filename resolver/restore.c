/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * What a node gets back that was kept on disk: judged like what comes from
 * elsewhere.
 */
#include "resolver/node_impl.h"

bool node_has_member(const struct node *n, const struct hit *hit)
{
	for (size_t i = 0; i < n->n_members; i++)
		if (hit_equal(&n->members[i], hit))
			return true;
	return false;
}

bool node_restore_record(struct node *n, const struct node_record *r)
{
	struct store *store = n->session ? overlay_store(node_core(n)) : NULL;
	struct store_put put = { .resource = r->resource, .replica = true };
	struct judge_claim claim = { .resource = r->resource,
				     .certificates = &r->certificate,
				     .n_certificates = 1 };
	struct rd rd = rd_init(r->stored.bytes, r->stored.len);
	struct judge_proof proof;
	struct place *p;

	put.kind = store ? store_kind(store, r->kind) : NULL;
	if (!put.kind || r->expires_ms <= n->wall_ms ||
	    !stored_next(&rd, put.kind->model, &put.value) || !rd_done(&rd))
		return false;
	claim.kind = put.kind;
	claim.value = &put.value;
	if (!judge_value(n->session->judge, &claim, &proof))
		return false;
	put.value.lifetime_s =
		(uint32_t)((r->expires_ms - n->wall_ms + 999) / 1000);
	put.signer = proof.signer;
	put.proven = proof.proven;
	put.certificate = r->certificate;
	if (store_put(store, &put, n->wall_ms) != STORE_TAKEN)
		return false;
	p = store_find(store, &r->resource, r->kind);
	if (p && r->generation > p->generation)
		store_set_generation(p, r->generation);
	return true;
}

void node_restore_revocations(struct node *n, struct span list)
{
	lists_on_news(n, list); /* else it is fetched */
}

bool node_revocations_are_over(const struct node *n, struct span list)
{
	return n->session && judge_list_is_over(n->session->judge, &list);
}

void node_restore_member(struct node *n, const struct hit *member,
			 uint64_t now_ms)
{
	const struct overlay_input in = { .type = OVERLAY_BOOTSTRAP,
					  .peer = *member };

	n->now_ms = now_ms;
	if (node_has_member(n, member) || n->n_members == NODE_MEMBERS_MAX)
		return;
	n->members[n->n_members++] = *member;
	if (n->session)
		peer_input(n->session->peer, &in, now_ms);
}

void node_restore_storage_time(struct node *n, uint64_t wall_ms)
{
	if (wall_ms > n->storage_ms)
		n->storage_ms = wall_ms;
}
