/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * A hash table in memory; in the file one line for each peer: its HIT, its
 * locator, and when it was seen, in seconds since 1970. Who is not seen
 * lately any more goes with the next write.
 */
#include "daemon/recent.h"

#include "daemon/base/table.h"
#include "daemon/config_check.h"
#include "daemon/statefile.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char file_name[] = "recent-peers";

enum { LINE_LEN_MAX = HIT_TEXT_MAX + LOCATOR_TEXT_MAX + 24 };

struct item {
	struct recent_peer peer;
	struct table_node node;
	uint64_t saved_s; /* the time on the disk; 0: it is not there */
};

struct recent {
	struct table table;
	bool is_changed;
	uint64_t next_ms; /* not written before this */
};

struct recent *recent_new(const uint8_t seed[16])
{
	struct recent *r = calloc(1, sizeof(*r));

	if (r)
		table_init(&r->table, sizeof(struct hit), RECENT_MAX, seed);
	return r;
}

static void drop(struct recent *r, struct item *i)
{
	table_remove(&r->table, &i->node);
	free(i);
}

void recent_free(struct recent *r)
{
	struct table_iter it;
	struct item *i;

	if (!r)
		return;
	it = table_iterate(&r->table);
	while ((i = table_next(&it)))
		drop(r, i);
	table_clear(&r->table);
	free(r);
}

/* A time that is ahead, because the clock was set back, is not old. */
static bool is_recent(const struct recent_peer *p, uint64_t now_s)
{
	return p->seen_s >= now_s || now_s - p->seen_s <= RECENT_S;
}

/* NULL at the limit or for want of memory: then it is not remembered. */
static struct item *add(struct recent *r, const struct hit *hit)
{
	struct item *i = calloc(1, sizeof(*i));

	if (!i)
		return NULL;
	i->peer.hit = *hit;
	if (table_add(&r->table, &i->node, i->peer.hit.bytes, i) == 0)
		return i;
	free(i);
	return NULL;
}

bool recent_saw(struct recent *r, const struct hit *hit,
		const struct locator *locator, uint64_t now_s)
{
	struct item *i = table_find(&r->table, hit->bytes);
	bool moved;

	if (locator_is_unspecified(locator))
		return false;
	moved = !i || !locator_equal(&i->peer.locator, locator);
	if (!i)
		i = add(r, hit);
	if (!i)
		return false;
	i->peer.locator = *locator;
	i->peer.seen_s = now_s;
	if (moved || now_s < i->saved_s ||
	    now_s - i->saved_s >= RECENT_REFRESH_S)
		r->is_changed = true;
	return moved;
}

void recent_forget(struct recent *r, const struct hit *hit)
{
	struct item *i = table_find(&r->table, hit->bytes);

	if (!i)
		return;
	drop(r, i);
	r->is_changed = true;
}

const struct recent_peer *recent_find(const struct recent *r,
				      const struct hit *hit, uint64_t now_s)
{
	const struct item *i = table_find(&r->table, hit->bytes);

	return i && is_recent(&i->peer, now_s) ? &i->peer : NULL;
}

size_t recent_list(const struct recent *r, uint64_t now_s, struct hit *out,
		   size_t cap)
{
	struct table_iter it = table_iterate(&r->table);
	const struct item *i;
	size_t n = 0;

	while (n < cap && (i = table_next(&it)))
		if (is_recent(&i->peer, now_s))
			out[n++] = i->peer.hit;
	return n;
}

/* One line without its end; it is cut up. False when it is none. */
static bool take_line(struct recent *r, char *line, uint64_t now_s)
{
	char *hit_word = line, *locator_word, *time_word;
	struct recent_peer p;
	struct item *i;

	locator_word = strchr(line, ' ');
	if (!locator_word)
		return false;
	*locator_word++ = '\0';
	time_word = strchr(locator_word, ' ');
	if (!time_word)
		return false;
	*time_word++ = '\0';
	if (hit_from_text(hit_word, &p.hit) < 0 ||
	    locator_from_text(locator_word, 0, &p.locator) < 0 ||
	    locator_scope(&p.locator) == LOCATOR_SCOPE_NONE ||
	    !config_number(time_word, &p.seen_s))
		return false;
	if (!is_recent(&p, now_s))
		return true;
	if (p.seen_s > now_s)
		p.seen_s = now_s; /* the clock was set back */
	i = table_find(&r->table, p.hit.bytes);
	if (!i)
		i = add(r, &p.hit);
	if (i) {
		i->peer = p;
		i->saved_s = p.seen_s;
	}
	return i != NULL;
}

static bool take_text(struct recent *r, char *text, size_t len, uint64_t now_s)
{
	bool whole = memchr(text, '\0', len) == NULL;

	for (char *line = text; whole && *line;) {
		char *end = strchr(line, '\n');

		if (!end) /* a line that does not end is none */
			return false;
		*end = '\0';
		whole = take_line(r, line, now_s);
		line = end + 1;
	}
	return whole;
}

int recent_load(struct recent *r, int dir, uint64_t now_s)
{
	char *text = NULL;
	size_t len = 0;
	int err = statefile_read(dir, file_name, &text, &len);
	bool whole = err == 0 && take_text(r, text, len, now_s);

	free(text);
	if (err == -ENOENT || whole)
		return 0;
	if (err < 0 && err != -EFBIG && err != -ENXIO && err != -ELOOP)
		return err;
	return statefile_set_aside(dir, file_name);
}

/* The lines of all that are recent; the others are dropped. */
static size_t write_lines(struct recent *r, uint64_t now_s, char *out)
{
	struct table_iter it = table_iterate(&r->table);
	struct item *i;
	size_t len = 0;

	while ((i = table_next(&it))) {
		char hit[HIT_TEXT_MAX], locator[LOCATOR_TEXT_MAX];
		int n;

		if (!is_recent(&i->peer, now_s)) {
			drop(r, i);
			continue;
		}
		hit_text(&i->peer.hit, hit);
		locator_text(&i->peer.locator, locator);
		n = snprintf(out + len, LINE_LEN_MAX, "%s %s %" PRIu64 "\n",
			     hit, locator, i->peer.seen_s);
		len += n > 0 ? (size_t)n : 0;
		i->saved_s = i->peer.seen_s;
	}
	return len;
}

int recent_save(struct recent *r, int dir, uint64_t now_s, uint64_t now_ms)
{
	char *text;
	int err;

	if (!r->is_changed || now_ms < r->next_ms)
		return 0;
	r->next_ms = now_ms + RECENT_PAUSE_MS;
	text = malloc(table_count(&r->table) * LINE_LEN_MAX + 1);
	if (!text)
		return -ENOMEM;
	err = statefile_write(dir, file_name, text,
			      write_lines(r, now_s, text));
	free(text);
	r->is_changed = err < 0;
	return err;
}
