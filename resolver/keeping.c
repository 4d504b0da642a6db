/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Places that have changed are written whole, many in one transaction.
 */
#include "resolver/keeping.h"

#include "daemon/base/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	FLUSH_MAX = 512, /* places in one transaction */
	EXPIRE_MS = 3600 * 1000,
	LIST_KEY_MAX = 32,
	OUTDATED_MAX = 1024, /* lists */
};

static const char about_overlay[] = "overlay";
static const char about_list[] = "revocations"; /* and "/" and which part */
static const char about_time[] = "storage_time";

struct kept_list {
	struct kept_list *next;
	char key[LIST_KEY_MAX];
	size_t len;
	uint8_t bytes[];
};

static void drop_lists(struct keeping *k)
{
	while (k->lists) {
		struct kept_list *l = k->lists;

		k->lists = l->next;
		free(l);
	}
}

/* Says once that the disk does not do as it should. */
static void check(struct keeping *k, int err)
{
	if (err == 0 || err == -ENOENT || k->failed)
		return;
	k->failed = true;
	log_warning("names",
		    "the database cannot be used: %s; what is held "
		    "for others is lost at a restart",
		    strerror(-err));
}

void keeping_open(struct keeping *k, const char *path)
{
	bool set_aside = false;
	size_t len = 0;
	int err;

	*k = (struct keeping){ .db = NULL };
	err = database_open(path, &k->db, &set_aside);
	if (set_aside)
		log_warning("names", "%s was damaged; it is now %s.broken",
			    path, path);
	if (err < 0) {
		k->db = NULL;
		check(k, err);
		return;
	}
	err = database_about(k->db, about_overlay, k->overlay,
			     sizeof(k->overlay) - 1, &len);
	check(k, err);
	k->overlay[err < 0 ? 0 : len] = '\0';
}

void keeping_close(struct keeping *k)
{
	drop_lists(k);
	database_close(k->db);
	k->db = NULL;
}

void keeping_forget(struct keeping *k)
{
	if (!k->db || k->overlay[0] == '\0')
		return;
	drop_lists(k);
	check(k, database_forget_overlay(k->db));
	k->overlay[0] = '\0';
	k->storage_ms = 0;
}

struct giving {
	struct node *node;
	uint64_t now_ms;
	size_t given, refused;
};

static bool give_member(void *ctx, const struct hit *hit,
			const struct locator *at)
{
	struct giving *g = ctx;

	(void)at; /* the engine knows better */
	node_restore_member(g->node, hit, g->now_ms);
	return ++g->given < NODE_MEMBERS_MAX;
}

void keeping_begin(struct keeping *k, struct node *n, const char *overlay,
		   uint64_t now_ms)
{
	struct giving g = { .node = n, .now_ms = now_ms };

	if (!k->db)
		return;
	if (strcmp(k->overlay, overlay) != 0) {
		keeping_forget(k);
		strncpy(k->overlay, overlay, sizeof(k->overlay) - 1);
		check(k, database_put_about(k->db, about_overlay, overlay,
					    strlen(overlay)));
	}
	check(k, database_neighbours(k->db, give_member, &g));
}

static bool give_record(void *ctx, const struct database_record *r)
{
	struct giving *g = ctx;
	const struct node_record record = { .resource = r->resource,
					    .kind = r->kind,
					    .generation = r->generation,
					    .expires_ms = r->expires_ms,
					    .stored = r->stored,
					    .certificate = r->certificate };

	if (node_restore_record(g->node, &record))
		g->given++;
	else
		g->refused++;
	return true;
}

static bool give_list(void *ctx, struct span key, struct span value)
{
	(void)key; /* it says itself what it is */
	node_restore_revocations(ctx, value);
	return true;
}

struct outdated {
	const struct node *node;
	char keys[OUTDATED_MAX][LIST_KEY_MAX];
	size_t n;
};

static bool find_outdated(void *ctx, struct span key, struct span value)
{
	struct outdated *o = ctx;

	if (key.len < LIST_KEY_MAX && node_revocations_are_over(o->node, value))
		memcpy(o->keys[o->n++], key.bytes, key.len);
	return o->n < OUTDATED_MAX;
}

/* Parts of which there were more or fewer; what is left, the next time. */
static void drop_outdated(struct keeping *k, const struct node *n)
{
	struct outdated o = { .node = n };
	int err = database_each_about(k->db, about_list, find_outdated, &o);

	if (err == 0 && o.n > 0) {
		err = database_begin(k->db);
		for (size_t i = 0; i < o.n && err == 0; i++)
			err = database_drop_about(k->db, o.keys[i]);
		check(k, err);
		err = database_end(k->db, err == 0);
	}
	check(k, err);
}

void keeping_restore(struct keeping *k, struct node *n, uint64_t wall_ms)
{
	struct giving g = { .node = n };
	uint64_t storage_ms = 0;
	size_t len = 0;
	int err;

	if (!k->db)
		return;
	check(k, database_each_about(k->db, about_list, give_list, n));
	drop_outdated(k, n);
	err = database_about(k->db, about_time, &storage_ms, sizeof(storage_ms),
			     &len);
	if (err == 0 && len == sizeof(storage_ms))
		node_restore_storage_time(n, storage_ms);
	check(k, err);
	k->storage_ms = storage_ms;
	check(k, database_records(k->db, wall_ms, give_record, &g));
	if (g.given + g.refused > 0)
		log_info("overlay",
			 "took %zu records over from the disk, and dropped %zu "
			 "that do not hold any more",
			 g.given, g.refused);
}

bool keeping_is_due(const struct keeping *k, const struct node *n)
{
	const struct overlay *core = node_core(n);

	return k->db && core &&
	       (k->lists || overlay_has_changes(core) ||
		node_storage_time(n) != k->storage_ms);
}

static int write_record(struct keeping *k, const struct place *p,
			const struct record *r, uint64_t wall_ms)
{
	struct database_record d = { .kind = p->kind->id,
				     .generation = p->generation,
				     .expires_ms = r->expires_ms,
				     .proven = r->proven,
				     .stored = { r->bytes, r->whole_len },
				     .certificate = record_certificate(r) };
	uint8_t index[4];
	struct wr w = wr_init(index, sizeof(index));
	struct stored v;

	record_stored(p, r, wall_ms, &v);
	store_resource(p, &d.resource);
	wr_u32(&w, v.index);
	if (p->kind->model == DATA_DICTIONARY)
		d.slot = v.key;
	else if (p->kind->model == DATA_ARRAY)
		d.slot = (struct span){ index, sizeof(index) };
	return database_put_record(k->db, &d);
}

static int write_place(struct keeping *k, struct store *s,
		       const struct store_change *c, uint64_t wall_ms)
{
	const struct place *p = store_find(s, &c->resource, c->kind);
	int err = database_drop_place(k->db, &c->resource, c->kind);

	for (const struct record *r = p ? p->records : NULL; r && err == 0;
	     r = r->next)
		err = write_record(k, p, r, wall_ms);
	return err;
}

/* What one transaction writes. */
struct batch {
	struct store_change changes[FLUSH_MAX];
	size_t n;
	uint64_t storage_ms;
	bool expires; /* old records, too */
};

static int write_lists(struct keeping *k)
{
	int err = 0;

	for (const struct kept_list *l = k->lists; l && err == 0; l = l->next)
		err = database_put_about(k->db, l->key, l->bytes, l->len);
	return err;
}

static int write_all(struct keeping *k, struct store *s, struct batch *b,
		     uint64_t wall_ms)
{
	int err = 0;

	while (b->n < FLUSH_MAX && err == 0 &&
	       store_take_change(s, &b->changes[b->n]))
		err = write_place(k, s, &b->changes[b->n++], wall_ms);
	if (err == 0 && b->storage_ms != k->storage_ms)
		err = database_put_about(k->db, about_time, &b->storage_ms,
					 sizeof(b->storage_ms));
	if (err == 0)
		err = write_lists(k);
	b->expires = wall_ms - k->expired_ms >= EXPIRE_MS;
	if (err == 0 && b->expires)
		err = database_expire(k->db, wall_ms);
	return err;
}

/* The transaction has ended: what it wrote is there, or is to be written. */
static void settle(struct keeping *k, struct store *s, const struct batch *b,
		   bool is_written, uint64_t wall_ms)
{
	if (!is_written) {
		for (size_t i = 0; i < b->n; i++)
			store_return_change(s, &b->changes[i]);
		return;
	}
	drop_lists(k);
	k->storage_ms = b->storage_ms;
	if (b->expires)
		k->expired_ms = wall_ms;
}

void keeping_flush(struct keeping *k, struct node *n, uint64_t wall_ms)
{
	struct batch b = { .n = 0 };
	struct store *s;
	int err;

	if (!keeping_is_due(k, n))
		return;
	s = overlay_store(node_core(n));
	b.storage_ms = node_storage_time(n);
	err = database_begin(k->db);
	if (err == 0) {
		int wrote = write_all(k, s, &b, wall_ms);

		err = database_end(k->db, wrote == 0);
		err = wrote ? wrote : err;
		settle(k, s, &b, err == 0, wall_ms);
	}
	check(k, err);
}

/* A newer one takes the place of one that is not written yet. */
static void keep_list(struct keeping *k, const struct node_output *o)
{
	struct kept_list *l = malloc(sizeof(*l) + o->bytes.len), **at;
	size_t len = strlen(about_list);

	if (!l || !o->name || len + 1 + strlen(o->name) >= sizeof(l->key)) {
		free(l);
		return; /* it is fetched again */
	}
	strcpy(l->key, about_list);
	if (o->name[0] != '\0') {
		strcat(l->key, "/");
		strcat(l->key, o->name);
	}
	l->len = o->bytes.len;
	memcpy(l->bytes, o->bytes.bytes, l->len);
	for (at = &k->lists; *at && strcmp((*at)->key, l->key) != 0;)
		at = &(*at)->next;
	l->next = *at ? (*at)->next : NULL;
	free(*at);
	*at = l;
}

void keeping_on_output(struct keeping *k, const struct node_output *o,
		       uint64_t wall_ms)
{
	const struct locator nowhere = { .port = 0 };

	if (!k->db)
		return;
	if (o->type == NODE_MEMBER)
		check(k, database_put_neighbour(k->db, &o->hit, &nowhere,
						wall_ms / 1000));
	else if (o->type == NODE_REVOCATIONS)
		keep_list(k, o);
	else if (o->type == NODE_REMEMBER && o->name)
		check(k, database_put_first_use(k->db, o->name, &o->hit));
}

/* Where writing has failed, what nobody knows may be what was not written. */
int keeping_first_use(void *ctx, const char *name, struct hit *out)
{
	struct keeping *k = ctx;
	int err = k->db ? database_find_first_use(k->db, name, out) : -EIO;

	return err == -ENOENT && k->failed ? -EIO : err;
}

void keeping_first_uses(struct keeping *k,
			bool (*fn)(void *ctx, const char *name,
				   const struct hit *hit),
			void *ctx)
{
	if (k->db)
		check(k, database_first_uses(k->db, fn, ctx));
}

void keeping_forget_first_use(struct keeping *k, const char *name)
{
	if (k->db)
		check(k, database_put_first_use(k->db, name, NULL));
}
