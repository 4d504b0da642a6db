/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * What names of the overlay were at their first use, where `unverified =
 * first-use`. The resolver keeps it and holds names to it; here is what it
 * has told, so that the operator sees it and can have it forgotten.
 */
#include "daemon/underlay_impl.h"

#include "daemon/base/name.h"
#include "daemon/naming.h"
#include "daemon/pins.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

enum { SEEN_MAX = 1024 }; /* that are shown */

static const char code[] = "name-contradicted";

static void judge(struct underlay *u, const struct resolve_seen *s)
{
	char about[WARNING_TEXT_MAX], text[WARNING_TEXT_MAX];
	char ours[HIT_TEXT_MAX], theirs[HIT_TEXT_MAX];
	struct hit hit, other;
	bool is_contradicted = !sodium_is_zero(s->other, sizeof(s->other));

	memcpy(hit.bytes, s->hit, sizeof(hit.bytes));
	memcpy(other.bytes, s->other, sizeof(other.bytes));
	hit_text(&hit, ours);
	hit_text(&other, theirs);
	(void)snprintf(about, sizeof(about), "%.300s was ", s->name);
	(void)snprintf(text, sizeof(text),
		       "%.300s was %s at first use, and another host, %s, "
		       "says now that it is: refused",
		       s->name, ours, theirs);
	warnings_remove_about(&u->e->warnings, code, about,
			      is_contradicted ? text : NULL);
	if (is_contradicted)
		warnings_add(&u->e->warnings, code,
			     "find out which is right; then hipline pin binds "
			     "the name, or hipline unpin forgets what was "
			     "seen",
			     "%s", text);
}

/* What finds no room is held to all the same, and not shown. */
static void note(struct underlay *u, const char *name, const struct hit *hit)
{
	int err = -ENOMEM;

	if (!u->seen)
		u->seen = pins_new();
	if (u->seen && !pins_find(u->seen, name) &&
	    pins_count(u->seen) >= SEEN_MAX)
		err = -ENOSPC;
	else if (u->seen)
		err = pins_add(u->seen, name, hit, 0);
	if (err < 0)
		log_limited(&u->names_log, engine_now_ms(), LOG_LEVEL_WARNING,
			    "name", "what %s was at first use is not shown: %s",
			    name, strerror(-err));
}

int underlay_on_seen(struct underlay *u, const struct ipc_message *m)
{
	struct resolve_seen s;
	struct hit hit;

	if (!resolve_seen_parse(m->body, m->len, &s) ||
	    !name_is_utf8(s.name, strlen(s.name)))
		return -EPROTO;
	memcpy(hit.bytes, s.hit, sizeof(hit.bytes));
	if (!hit_is_hit(&hit))
		return -EPROTO;
	note(u, s.name, &hit);
	if (!pins_find(u->e->pins, s.name))
		judge(u, &s);
	return 0;
}

void underlay_settle(struct underlay *u, const char *name)
{
	char about[WARNING_TEXT_MAX];

	(void)snprintf(about, sizeof(about), "%.300s was ", name);
	warnings_remove_about(&u->e->warnings, code, about, NULL);
}

void underlay_clear_seen(struct underlay *u)
{
	pins_free(u->seen);
	u->seen = NULL;
	warnings_remove(&u->e->warnings, code);
}

bool underlay_forget(struct underlay *u, const char *name)
{
	const struct resolve_publish p = { .name = name };

	if (!u || !u->seen || !underlay_can_ask(u) ||
	    (pins_remove(u->seen, name) < 0 &&
	     pins_count(u->seen) < SEEN_MAX)) /* else it may be one of more */
		return false;
	underlay_settle(u, name);
	underlay_send(u, RESOLVE_FORGET,
		      resolve_publish_write(&p, u->body, sizeof(u->body)));
	naming_changed(u->e->naming); /* what it was, too */
	return true;
}

static int add(json_t *array, const struct pin *pin)
{
	char hit[HIT_TEXT_MAX];

	hit_text(&pin->hit, hit);
	return json_array_append_new(
		array, json_pack("{s:s, s:s}", "name", pin->name, "hit", hit));
}

json_t *underlay_seen(const struct underlay *u)
{
	json_t *array = json_array();

	for (size_t i = 0; u && u->seen && i < pins_count(u->seen); i++)
		if (add(array, pins_at(u->seen, i)) != 0) {
			json_decref(array);
			return NULL;
		}
	return array;
}
