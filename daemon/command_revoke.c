/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The command revoke: certificates of a name or of a host hold no more, and
 * the members are to hear of it.
 */
#include "daemon/command_impl.h"

#include "daemon/base/name.h"
#include "daemon/enrol.h"
#include "daemon/underlay.h"

#include <errno.h>
#include <string.h>
#include <time.h>

enum { HITS_SHOWN_MAX = 16 };

struct revoking {
	struct enrol *en;
	json_t *hits;
};

static bool has_text(const json_t *array, const char *text)
{
	for (size_t i = 0; i < json_array_size(array); i++)
		if (!strcmp(json_string_value(json_array_get(array, i)), text))
			return true;
	return false;
}

/* Once for each of its certificates; shown once. */
static void forget_revoked(void *ctx, const struct hit *hit)
{
	struct revoking *r = ctx;
	char text[HIT_TEXT_MAX];

	enrol_tell_peer(r->en, hit);
	hit_text(hit, text);
	if (json_array_size(r->hits) < HITS_SHOWN_MAX &&
	    !has_text(r->hits, text))
		(void)json_array_append_new(r->hits,
					    json_string(text)); /* shown only */
}

/* What was done, and the list that the members are to get. */
static void answer_revoked(const struct command_call *c, size_t n, json_t *hits)
{
	size_t entries = 0;
	uint64_t number;

	enrol_list_changed(c->e->enrol);
	number = underlay_list(c->e->underlay, &entries);
	c->answer->json =
		json_pack("{s:I, s:O, s:{s:I, s:I}}", "revoked", (json_int_t)n,
			  "hits", hits, "list", "number", (json_int_t)number,
			  "entries", (json_int_t)entries);
	if (!c->answer->json)
		command_say(c->answer, API_FAILED, "out of memory");
	else if (enrol_list_is_too_long(c->e->enrol))
		command_say(c->answer, API_DONE,
			    "it is revoked; but the list has no room for it, "
			    "and so it does not reach the members: see "
			    "hipline status");
}

void command_revoke(const struct command_call *c)
{
	struct issuer *is = command_issuer(c);
	bool is_hit = strchr(c->args[0], ':') != NULL;
	char name[NAME_LEN_MAX + 1];
	struct revoking r = { .en = c->e->enrol };
	struct hit hit;
	size_t n = 0;
	int err;

	if (!is)
		return;
	if (is_hit ? hit_from_text(c->args[0], &hit) < 0
		   : name_canonical(c->args[0], name) < 0) {
		command_say(c->answer, API_USAGE, "'%s' is no name and no HIT",
			    c->args[0]);
		return;
	}
	if (is_hit ? hit_equal(&hit, identity_hit(c->e->id))
		   : strcmp(name, c->e->membership.name) == 0) {
		command_say(c->answer, API_FAILED,
			    "this is the authority's own host");
		return;
	}
	r.hits = json_array();
	err = issuer_revoke(is, is_hit ? NULL : name, is_hit ? &hit : NULL,
			    (uint64_t)time(NULL), &n, forget_revoked, &r);
	if (err == -ENOSPC)
		command_say(c->answer, API_FAILED,
			    "%d certificates are revoked that have not ended: "
			    "the list has no room for one more",
			    ISSUER_REVOKED_MAX);
	else if (err < 0)
		command_say(c->answer, API_FAILED,
			    "the revocation is not written down: %s",
			    strerror(-err));
	else if (n == 0)
		command_say(c->answer, API_NO_SUCH_NAME,
			    "there is no certificate for %s that holds",
			    c->args[0]);
	else
		answer_revoked(c, n, r.hits);
	json_decref(r.hits);
}
