/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Claims and proofs pass from the overlay to the judge and back.
 */
#include "resolver/check.h"

static bool check_message(void *ctx, const struct message *m,
			  struct hit *signer)
{
	return judge_message(ctx, m, signer);
}

static bool check_value(void *ctx, const struct overlay_claim *c,
			struct overlay_proof *proof)
{
	const struct judge_claim claim = {
		.resource = c->resource,
		.kind = c->kind,
		.value = c->value,
		.certificates = c->certificates,
		.n_certificates = c->n_certificates,
	};
	struct judge_proof found;

	if (!judge_value(ctx, &claim, &found))
		return false;
	proof->signer = found.signer;
	proof->proven = found.proven;
	proof->certificate = found.certificate;
	return true;
}

static enum overlay_standing check_standing(void *ctx, const struct hit *node)
{
	return judge_standing(ctx, node);
}

static enum overlay_news check_news(void *ctx, const struct overlay_claim *c)
{
	return judge_news(ctx, &c->value->data);
}

struct overlay_check check_by_judge(struct judge *judge)
{
	return (struct overlay_check){ .message = check_message,
				       .value = check_value,
				       .standing = check_standing,
				       .news = check_news,
				       .ctx = judge };
}
