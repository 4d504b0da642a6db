/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Invitations are known by a hash of their secret. A certificate is kept as
 * it was given, so that who asks again gets the same one.
 */
#include "daemon/registry.h"

#include "daemon/base/sql.h"

#include <assert.h>
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>

struct registry {
	sqlite3 *sql;
};

static const char tables[] =
	"CREATE TABLE about(overlay TEXT, mac_key BLOB, list_number INTEGER,"
	" exported INTEGER);"
	"CREATE TABLE invitations(id BLOB PRIMARY KEY, name TEXT,"
	" expires_s INTEGER, device INTEGER, spent_by BLOB) WITHOUT ROWID;"
	"CREATE TABLE grants(serial BLOB PRIMARY KEY, name TEXT, hit BLOB,"
	" not_after_s INTEGER, revoked_s INTEGER, certificate BLOB)"
	" WITHOUT ROWID;"
	"CREATE INDEX grants_name ON grants(name);"
	"CREATE INDEX grants_hit ON grants(hit);"
	"PRAGMA user_version = 1;";
/* Since then; programs of before leave it alone. */
static const char later_tables[] =
	"CREATE TABLE IF NOT EXISTS parts(of INTEGER, at INTEGER, list BLOB,"
	" PRIMARY KEY (of, at)) WITHOUT ROWID;";
static_assert(REGISTRY_VERSION == 1, "the schema says so, too");

void registry_close(struct registry *r)
{
	if (!r)
		return;
	sql_close(r->sql);
	free(r);
}

int registry_open(const char *path, struct registry **out, bool *set_aside)
{
	static const struct sql_schema schema = { tables, REGISTRY_VERSION };
	struct registry *r = calloc(1, sizeof(*r));
	int err;

	*set_aside = false;
	if (!r)
		return -ENOMEM;
	err = sql_open(path, &schema, &r->sql, set_aside);
	if (err) {
		free(r);
		return err;
	}
	err = sql_run(r->sql, later_tables);
	if (err)
		registry_close(r);
	else
		*out = r;
	return err;
}

int registry_about(struct registry *r, struct registry_about *out)
{
	struct sql_query q = sql_prepare(r->sql, "SELECT overlay, mac_key,"
						 " list_number, exported FROM"
						 " about");
	struct registry_about about = { .is_exported = false };
	bool found =
		sql_step(&q) &&
		sql_take_text(&q, 0, about.overlay, NAME_DOMAIN_MAX) &&
		sql_take_bytes(&q, 1, about.mac_key, sizeof(about.mac_key));
	int err;

	if (found) {
		about.list_number = sql_number(&q, 2);
		about.is_exported = sql_number(&q, 3) != 0;
	}
	err = sql_finish(&q);
	if (err || !found)
		return err ? err : -ENOENT;
	*out = about;
	sodium_memzero(&about, sizeof(about));
	return 0;
}

static int replace_about(struct registry *r, const struct registry_about *about)
{
	struct sql_query q;
	int err = sql_run(r->sql, "DELETE FROM about");

	if (err)
		return err;
	q = sql_prepare(r->sql, "INSERT INTO about VALUES (?, ?, ?, ?)");
	sql_bind_text(&q, about->overlay);
	sql_bind_blob(&q, about->mac_key, sizeof(about->mac_key));
	sql_bind_number(&q, about->list_number);
	sql_bind_number(&q, about->is_exported);
	return sql_run_query(&q);
}

int registry_set_about(struct registry *r, const struct registry_about *about)
{
	struct sql_query q = sql_prepare(r->sql, "SAVEPOINT about");
	int err = sql_run_query(&q);

	if (err)
		return err;
	err = replace_about(r, about);
	if (err)
		(void)sql_run(r->sql, "ROLLBACK TO about");
	return sql_run(r->sql, "RELEASE about") ? -EIO : err;
}

int registry_put_invitation(struct registry *r,
			    const struct registry_invitation *v)
{
	struct sql_query q =
		sql_prepare(r->sql, "INSERT INTO invitations VALUES"
				    " (?, ?, ?, ?, ?)");

	sql_bind_blob(&q, v->id, sizeof(v->id));
	sql_bind_text(&q, v->name);
	sql_bind_number(&q, v->expires_s);
	sql_bind_number(&q, v->device);
	sql_bind_blob(&q, v->spent_by.bytes,
		      v->spent ? sizeof(v->spent_by.bytes) : 0);
	return sql_run_query(&q);
}

/* Name, expiry, device and host from that column on. */
static bool take_invitation(const struct sql_query *q, int column,
			    struct registry_invitation *v)
{
	v->expires_s = sql_number(q, column + 1);
	v->device = sql_number(q, column + 2) != 0;
	v->spent = sql_take_bytes(q, column + 3, v->spent_by.bytes,
				  sizeof(v->spent_by.bytes));
	return sql_take_text(q, column, v->name, NAME_LEN_MAX);
}

int registry_find_invitation(struct registry *r,
			     const uint8_t id[REGISTRY_ID_LEN],
			     struct registry_invitation *out)
{
	struct sql_query q =
		sql_prepare(r->sql, "SELECT name, expires_s, device, spent_by"
				    " FROM invitations WHERE id = ?");
	struct registry_invitation v = { .spent = false };
	bool found;
	int err;

	sql_bind_blob(&q, id, REGISTRY_ID_LEN);
	found = sql_step(&q) && take_invitation(&q, 0, &v);
	err = sql_finish(&q);
	if (err || !found)
		return err ? err : -ENOENT;
	memcpy(v.id, id, sizeof(v.id));
	*out = v;
	return 0;
}

/* One that is there stays as it is: it may have been revoked since. */
int registry_put_grant(struct registry *r, const struct registry_grant *g)
{
	struct sql_query q =
		sql_prepare(r->sql, "INSERT OR IGNORE INTO grants VALUES"
				    " (?, ?, ?, ?, ?, ?)");

	sql_bind_blob(&q, g->serial, sizeof(g->serial));
	sql_bind_text(&q, g->name);
	sql_bind_blob(&q, g->hit.bytes, sizeof(g->hit.bytes));
	sql_bind_number(&q, g->not_after_s);
	sql_bind_number(&q, g->revoked_s);
	sql_bind_blob(&q, g->certificate.bytes, g->certificate.len);
	return sql_run_query(&q);
}

static int mark_spent(struct registry *r, const uint8_t id[REGISTRY_ID_LEN],
		      const struct hit *hit)
{
	struct sql_query q =
		sql_prepare(r->sql, "UPDATE invitations SET spent_by = ?"
				    " WHERE id = ?");

	sql_bind_blob(&q, hit->bytes, sizeof(hit->bytes));
	sql_bind_blob(&q, id, REGISTRY_ID_LEN);
	return sql_run_query(&q);
}

/* Was what it was spent for taken back? */
static int was_revoked(struct registry *r, const struct registry_grant *g,
		       bool *out)
{
	struct sql_query q =
		sql_prepare(r->sql, "SELECT 1 FROM grants WHERE name = ? AND"
				    " hit = ? AND revoked_s <> 0 LIMIT 1");
	int err;

	sql_bind_text(&q, g->name);
	sql_bind_blob(&q, g->hit.bytes, sizeof(g->hit.bytes));
	*out = sql_step(&q);
	err = sql_finish(&q);
	return err;
}

/* What has ended since then may be renewed. */
static uint64_t renewable_s(uint64_t now_s)
{
	return now_s > CERTIFICATE_GRACE_S ? now_s - CERTIFICATE_GRACE_S : 0;
}

int registry_name_in_use(struct registry *r, const char *name,
			 const struct hit *hit, uint64_t now_s, bool *in_use)
{
	struct sql_query q =
		sql_prepare(r->sql, "SELECT 1 FROM grants WHERE name = ? AND"
				    " hit <> ? AND not_after_s > ? AND"
				    " revoked_s = 0 LIMIT 1");
	bool found;
	int err;

	sql_bind_text(&q, name);
	sql_bind_blob(&q, hit->bytes, sizeof(hit->bytes));
	sql_bind_number(&q, renewable_s(now_s));
	found = sql_step(&q);
	err = sql_finish(&q);
	if (!err)
		*in_use = found;
	return err;
}

/* Inside a transaction. */
static int spend(struct registry *r, const uint8_t id[REGISTRY_ID_LEN],
		 const struct registry_grant *grant, uint64_t now_s)
{
	struct registry_invitation v;
	bool barred = false;
	int err = registry_find_invitation(r, id, &v);

	if (err)
		return err;
	if (v.spent && !hit_equal(&v.spent_by, &grant->hit))
		return -EACCES;
	if (!v.spent && now_s >= v.expires_s)
		return -ETIMEDOUT;
	if (v.spent)
		err = was_revoked(r, grant, &barred);
	if (err || barred)
		return err ? err : -EACCES;
	if (!v.device)
		err = registry_name_in_use(r, grant->name, &grant->hit, now_s,
					   &barred);
	if (err || barred)
		return err ? err : -EADDRINUSE;
	err = mark_spent(r, id, &grant->hit);
	return err ? err : registry_put_grant(r, grant);
}

int registry_put_part(struct registry *r, size_t of, uint16_t index,
		      struct span list)
{
	struct sql_query q = sql_prepare(
		r->sql, "INSERT OR REPLACE INTO parts VALUES (?, ?, ?)");

	sql_bind_number(&q, of);
	sql_bind_number(&q, index);
	sql_bind_blob(&q, list.bytes, list.len);
	return sql_run_query(&q);
}

int registry_keep_parts(struct registry *r, size_t of)
{
	struct sql_query q =
		sql_prepare(r->sql, "DELETE FROM parts WHERE of <> ?");

	sql_bind_number(&q, of);
	return sql_run_query(&q);
}

int registry_parts(struct registry *r, bool (*fn)(void *ctx, struct span list),
		   void *ctx)
{
	struct sql_query q = sql_prepare(r->sql, "SELECT list FROM parts");

	while (sql_step(&q) && fn(ctx, sql_blob(&q, 0)))
		continue;
	return sql_finish(&q);
}

int registry_begin(struct registry *r)
{
	return sql_run(r->sql, "BEGIN IMMEDIATE");
}

int registry_end(struct registry *r, int err)
{
	if (!err)
		err = sql_run(r->sql, "COMMIT");
	if (err)
		(void)sql_run(r->sql, "ROLLBACK"); /* the first error counts */
	return err;
}

int registry_spend(struct registry *r, const uint8_t id[REGISTRY_ID_LEN],
		   const struct registry_grant *grant, uint64_t now_s)
{
	int err = registry_begin(r);

	return err ? err : registry_end(r, spend(r, id, grant, now_s));
}

int registry_revoke(struct registry *r, const char *name, const struct hit *hit,
		    uint64_t now_s, size_t *n)
{
	struct sql_query q = sql_prepare(
		r->sql, name ? "UPDATE grants SET revoked_s = ? WHERE name = ?"
			       " AND revoked_s = 0 AND not_after_s > ?"
			     : "UPDATE grants SET revoked_s = ? WHERE hit = ?"
			       " AND revoked_s = 0 AND not_after_s > ?");
	int err;

	sql_bind_number(&q, now_s);
	if (name)
		sql_bind_text(&q, name);
	else
		sql_bind_blob(&q, hit->bytes, sizeof(hit->bytes));
	sql_bind_number(&q, renewable_s(now_s));
	err = sql_run_query(&q);
	if (!err)
		*n = sql_changes(r->sql);
	return err;
}

/* The columns that each query of grants begins with. */
#define GRANT_COLUMNS "serial, name, hit, not_after_s, revoked_s, certificate"

static bool take_grant(const struct sql_query *q, struct registry_grant *g)
{
	g->not_after_s = sql_number(q, 3);
	g->revoked_s = sql_number(q, 4);
	g->certificate = sql_blob(q, 5);
	return sql_take_bytes(q, 0, g->serial, sizeof(g->serial)) &&
	       sql_take_text(q, 1, g->name, NAME_LEN_MAX) &&
	       sql_take_bytes(q, 2, g->hit.bytes, sizeof(g->hit.bytes)) &&
	       g->certificate.len <= CERTIFICATE_MAX;
}

int registry_find_grant(struct registry *r, const char *name,
			const struct hit *hit, uint64_t now_s,
			struct registry_grant *grant,
			uint8_t out[CERTIFICATE_MAX])
{
	struct sql_query q = sql_prepare(
		r->sql, "SELECT " GRANT_COLUMNS " FROM grants WHERE name = ?"
			" AND hit = ? AND revoked_s = 0 AND not_after_s > ?"
			" ORDER BY not_after_s DESC LIMIT 1");
	struct registry_grant g = { .revoked_s = 0 };
	bool found;
	int err;

	sql_bind_text(&q, name);
	sql_bind_blob(&q, hit->bytes, sizeof(hit->bytes));
	sql_bind_number(&q, now_s);
	found = sql_step(&q) && take_grant(&q, &g);
	if (found && g.certificate.len > 0) {
		memcpy(out, g.certificate.bytes, g.certificate.len);
		g.certificate.bytes = out;
	}
	err = sql_finish(&q);
	if (err || !found)
		return err ? err : -ENOENT;
	*grant = g;
	return 0;
}

int registry_has_host(struct registry *r, const struct hit *hit, uint64_t now_s,
		      bool *has)
{
	struct sql_query q = sql_prepare(
		r->sql, "SELECT 1 FROM grants WHERE hit = ? AND revoked_s = 0"
			" AND not_after_s > ? LIMIT 1");
	bool found;
	int err;

	sql_bind_blob(&q, hit->bytes, sizeof(hit->bytes));
	sql_bind_number(&q, now_s);
	found = sql_step(&q);
	err = sql_finish(&q);
	if (!err)
		*has = found;
	return err;
}

int registry_grants(struct registry *r,
		    bool (*fn)(void *ctx, const struct registry_grant *g),
		    void *ctx)
{
	struct sql_query q =
		sql_prepare(r->sql, "SELECT " GRANT_COLUMNS " FROM grants");
	struct registry_grant g;

	while (sql_step(&q))
		if (take_grant(&q, &g) && !fn(ctx, &g))
			break;
	return sql_finish(&q);
}

static int run_before(struct registry *r, const char *text, uint64_t before_s)
{
	struct sql_query q = sql_prepare(r->sql, text);

	sql_bind_number(&q, before_s);
	return sql_run_query(&q);
}

int registry_purge(struct registry *r, uint64_t before_s)
{
	int err = registry_begin(r);

	if (err)
		return err;
	err = run_before(r,
			 "DELETE FROM grants WHERE not_after_s < ?"
			 " AND revoked_s = 0",
			 before_s);
	if (!err)
		err = run_before(r,
				 "DELETE FROM invitations WHERE expires_s < ?"
				 " AND NOT EXISTS (SELECT 1 FROM grants WHERE"
				 " grants.hit = invitations.spent_by AND"
				 " grants.name = invitations.name)",
				 before_s);
	return registry_end(r, err);
}

int registry_open_invitations(struct registry *r, uint64_t now_s, size_t *n)
{
	struct sql_query q =
		sql_prepare(r->sql, "SELECT count(*) FROM invitations WHERE"
				    " length(spent_by) = 0 AND expires_s > ?");
	size_t found = 0;
	int err;

	sql_bind_number(&q, now_s);
	if (sql_step(&q))
		found = (size_t)sql_number(&q, 0);
	err = sql_finish(&q);
	if (!err)
		*n = found;
	return err;
}

int registry_last_expiry(struct registry *r, uint64_t *expires_s)
{
	struct sql_query q =
		sql_prepare(r->sql, "SELECT max(expires_s) FROM invitations");
	uint64_t found = 0;
	int err;

	if (sql_step(&q))
		found = sql_number(&q, 0); /* 0 of NULL */
	err = sql_finish(&q);
	if (!err)
		*expires_s = found;
	return err;
}

int registry_open_until(struct registry *r, const char *name, uint64_t now_s,
			uint64_t *expires_s)
{
	struct sql_query q =
		sql_prepare(r->sql, "SELECT max(expires_s) FROM invitations"
				    " WHERE name = ? AND length(spent_by) = 0"
				    " AND expires_s > ?");
	uint64_t found = 0;
	int err;

	sql_bind_text(&q, name);
	sql_bind_number(&q, now_s);
	if (sql_step(&q))
		found = sql_number(&q, 0); /* 0 of NULL */
	err = sql_finish(&q);
	if (!err)
		*expires_s = found;
	return err;
}

int registry_invitations(struct registry *r,
			 bool (*fn)(void *ctx,
				    const struct registry_invitation *v),
			 void *ctx)
{
	struct sql_query q =
		sql_prepare(r->sql, "SELECT id, name, expires_s, device,"
				    " spent_by FROM invitations");

	while (sql_step(&q)) {
		struct registry_invitation v = { .spent = false };

		if (sql_take_bytes(&q, 0, v.id, sizeof(v.id)) &&
		    take_invitation(&q, 1, &v) && !fn(ctx, &v))
			break;
	}
	return sql_finish(&q);
}
