/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The authority: draws up, signs, writes down, and only then gives.
 */
#include "daemon/issuer_impl.h"

#include "daemon/base/keyfile.h"
#include "daemon/base/name.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* What is over is kept for so long: who comes with it hears why. */
enum { KEPT_S = 365 * 86400 };

/* Clocks differ: who comes with what has ended by ours hears that, too. */
enum { REFUSED_S = 3600 };

static int path_of(const char *state, const char *name,
		   char out[ISSUER_PATH_MAX])
{
	int n = snprintf(out, ISSUER_PATH_MAX, "%s/%s", state, name);

	return n < 0 || n >= ISSUER_PATH_MAX ? -ENAMETOOLONG : 0;
}

int issuer_read_key(const char *state, struct identity **out)
{
	char path[ISSUER_PATH_MAX], pem[KEYFILE_MAX];
	size_t len = 0;
	int err = path_of(state, "authority.pem", path);

	if (!err)
		err = keyfile_read(path, pem, sizeof(pem), &len);
	if (!err)
		err = identity_from_pem(pem, len, out);
	sodium_memzero(pem, sizeof(pem));
	return err;
}

int issuer_write_key(const char *state, const struct identity *key)
{
	char path[ISSUER_PATH_MAX], pem[KEYFILE_MAX];
	size_t len = 0;
	int err = path_of(state, "authority.pem", path);

	if (!err)
		err = identity_to_pem(key, pem, sizeof(pem), &len);
	if (!err)
		err = keyfile_write(path, pem, len);
	sodium_memzero(pem, sizeof(pem));
	return err;
}

/* A damaged file is no reason to begin anew: who holds what is lost then. */
int issuer_open_registry(const char *state, struct registry **out)
{
	char path[ISSUER_PATH_MAX];
	bool set_aside = false;
	int err = path_of(state, "authority.db", path);

	if (!err)
		err = registry_open(path, out, &set_aside);
	return err;
}

void issuer_close(struct issuer *is)
{
	if (!is)
		return;
	authority_clear(&is->public);
	registry_close(is->registry);
	identity_free(is->key);
	parts_free(is->parts);
	sodium_memzero(is, sizeof(*is));
	free(is);
}

/* Of a key and an open registry, both taken also when it fails. */
static int make(const char *overlay, struct identity *key,
		struct registry *registry, struct issuer **out)
{
	struct issuer *is = calloc(1, sizeof(*is));
	const uint8_t *hi;
	size_t len;
	int err;

	if (!is) {
		identity_free(key);
		registry_close(registry);
		return -ENOMEM;
	}
	is->key = key;
	is->registry = registry;
	hi = identity_hi(key, &len);
	err = registry_about(registry, &is->about);
	if (!err && strcmp(is->about.overlay, overlay) != 0)
		err = -EXDEV;
	if (!err)
		err = authority_init(&is->public, overlay,
				     identity_algorithm(key), hi, len);
	if (err)
		issuer_close(is);
	else
		*out = is;
	return err;
}

int issuer_open(const char *state, const char *overlay, struct issuer **out)
{
	struct registry *registry = NULL;
	struct identity *key = NULL;
	int err = issuer_read_key(state, &key);

	if (err)
		return err;
	err = issuer_open_registry(state, &registry);
	if (err) {
		identity_free(key);
		return err;
	}
	return make(overlay, key, registry, out);
}

bool issuer_overlay(const char *state, char out[NAME_DOMAIN_MAX + 1])
{
	struct registry_about about;
	struct registry *registry = NULL;
	struct identity *key = NULL;
	char path[ISSUER_PATH_MAX];
	bool ok = issuer_read_key(state, &key) == 0;

	identity_free(key);
	if (!ok || path_of(state, "authority.db", path) < 0 ||
	    access(path, F_OK) < 0 || /* opened, it would be made */
	    issuer_open_registry(state, &registry) < 0)
		return false;
	ok = registry_about(registry, &about) == 0;
	registry_close(registry);
	if (ok)
		memcpy(out, about.overlay, sizeof(about.overlay));
	sodium_memzero(&about, sizeof(about));
	return ok;
}

/* The memory first: a key without one would be of no use. */
static int begin(const char *state, const char *overlay)
{
	struct registry_about about = { .list_number = 0 };
	struct registry *registry = NULL;
	struct identity *key = NULL;
	int err = issuer_open_registry(state, &registry);

	if (err)
		return err;
	memcpy(about.overlay, overlay, strlen(overlay) + 1);
	randombytes_buf(about.mac_key, sizeof(about.mac_key));
	err = registry_set_about(registry, &about);
	registry_close(registry);
	sodium_memzero(&about, sizeof(about));
	if (!err)
		err = identity_generate(IDENTITY_ECDSA_P256, &key);
	if (!err)
		err = issuer_write_key(state, key);
	identity_free(key);
	return err;
}

int issuer_create(const char *state, const char *overlay, struct issuer **out)
{
	struct identity *key = NULL;
	int err = issuer_read_key(state, &key);

	identity_free(key);
	if (err == -ENOENT && !authority_overlay_is_fit(overlay))
		return -EINVAL;
	if (err == -ENOENT)
		err = begin(state, overlay);
	return err ? err : issuer_open(state, overlay, out);
}

const struct authority *issuer_authority(const struct issuer *is)
{
	return &is->public;
}

bool issuer_is_exported(const struct issuer *is)
{
	return is->about.is_exported;
}

int issuer_sign(const struct issuer *is, struct span tbs, uint8_t *out,
		size_t cap, size_t *len)
{
	struct wr w = wr_init(out, cap);
	uint8_t sig[SIGNATURE_MAX];
	size_t sig_len;
	int err = identity_sign(is->key, tbs.bytes, tbs.len, sig, &sig_len);

	if (err)
		return err;
	authority_signed_write(&w, &is->public, tbs, sig, sig_len);
	if (wr_failed(&w))
		return -ENOSPC;
	*len = wr_len(&w);
	return 0;
}

/* A signed certificate and its row; nothing is written down yet. */
static int draw_up(const struct issuer *is, const char *name,
		   const struct issuer_host *host, uint64_t now_s,
		   uint8_t out[CERTIFICATE_MAX], struct registry_grant *grant)
{
	uint8_t random[CERTIFICATE_SERIAL_LEN], tbs[CERTIFICATE_MAX];
	struct wr w = wr_init(tbs, sizeof(tbs));
	struct certificate c;
	size_t len = 0;
	int err;

	randombytes_buf(random, sizeof(random));
	err = certificate_init(&c, &is->public, name, now_s, random);
	if (!err)
		err = certificate_set_key(&c, host->algorithm, host->hi.bytes,
					  host->hi.len);
	if (!err && !hit_equal(&c.hit, &host->hit))
		err = -EINVAL;
	if (err)
		return err;
	certificate_tbs_write(&w, &is->public, &c);
	if (wr_failed(&w))
		return -ENOSPC;
	err = issuer_sign(is, (struct span){ tbs, wr_len(&w) }, out,
			  CERTIFICATE_MAX, &len);
	if (err)
		return err;
	*grant = (struct registry_grant){ .hit = c.hit,
					  .not_after_s = c.not_after_s,
					  .certificate = { out, len } };
	memcpy(grant->serial, c.serial, sizeof(grant->serial));
	memcpy(grant->name, c.name, sizeof(grant->name));
	return 0;
}

int issuer_issue(struct issuer *is, const char *name,
		 const struct issuer_host *host, uint64_t now_s,
		 uint8_t out[CERTIFICATE_MAX], size_t *len)
{
	struct registry_grant grant;
	int err = draw_up(is, name, host, now_s, out, &grant);

	if (!err)
		err = registry_put_grant(is->registry, &grant);
	if (!err)
		*len = grant.certificate.len;
	return err;
}

int issuer_invite(struct issuer *is, struct token *t, bool device,
		  uint64_t now_s)
{
	static const struct hit nobody;
	struct registry_invitation v = { .expires_s = t->expires_s,
					 .device = device };
	bool in_use = false;
	int err;

	if (!certificate_name_is_fit(&is->public, t->name))
		return -EINVAL;
	err = registry_name_in_use(is->registry, t->name, &nobody, now_s,
				   &in_use);
	if (err || (in_use && !device))
		return err ? err : -EADDRINUSE;
	memcpy(t->overlay, is->public.overlay, sizeof(t->overlay));
	memcpy(t->key_hash, is->public.key_hash, sizeof(t->key_hash));
	randombytes_buf(t->secret, sizeof(t->secret));
	token_seal(t, is->about.mac_key);
	token_id(t->secret, v.id);
	memcpy(v.name, t->name, sizeof(v.name));
	return registry_put_invitation(is->registry, &v);
}

uint64_t issuer_open_until(struct issuer *is, const char *name, uint64_t now_s)
{
	uint64_t until = 0;

	return registry_open_until(is->registry, name, now_s, &until) ? 0
								      : until;
}

size_t issuer_open_invitations(struct issuer *is, uint64_t now_s)
{
	size_t n = 0;

	/* Where that cannot be read nothing can be issued either. */
	return registry_open_invitations(is->registry, now_s, &n) ? 0 : n;
}

bool issuer_expects_to_refuse(struct issuer *is, uint64_t now_s)
{
	uint64_t last_s = 0;

	return registry_last_expiry(is->registry, &last_s) == 0 &&
	       now_s < last_s + REFUSED_S;
}

static enum enrol_result result_of(int err)
{
	switch (err) {
	case 0:
		return ENROL_OK;
	case -EINVAL:
		return ENROL_OTHER_HOST;
	case -ENOENT:
		return ENROL_UNKNOWN;
	case -EACCES:
		return ENROL_SPENT;
	case -ETIMEDOUT:
		return ENROL_EXPIRED;
	case -EADDRINUSE:
		return ENROL_NAME_IN_USE;
	default:
		return ENROL_LATER;
	}
}

/*
 * Whoever comes too late, after a journey or a long repair, may still renew
 * what has ended since then. That is no danger for others: until then nobody
 * takes it for a member; the host proves by its association that it has the
 * key; its name was given to nobody else meanwhile; and what was revoked is
 * remembered here for as long.
 */
static uint64_t renewable_s(uint64_t now_s)
{
	return now_s > CERTIFICATE_GRACE_S ? now_s - CERTIFICATE_GRACE_S : 0;
}

/* The certificate that a host has for a name, while it is not due. */
static bool find_held(struct issuer *is, const char *name,
		      const struct hit *hit, uint64_t now_s,
		      uint8_t bytes[CERTIFICATE_MAX], size_t *len)
{
	struct registry_grant g;

	if (registry_find_grant(is->registry, name, hit, now_s, &g, bytes) <
		    0 ||
	    g.certificate.len == 0 ||
	    now_s + CERTIFICATE_LIFETIME_S - CERTIFICATE_RENEW_S >=
		    g.not_after_s)
		return false;
	*len = g.certificate.len;
	return true;
}

/* Spent by this host: what it got for it; else by another, or revoked. */
static enum enrol_result answer_again(struct issuer *is, const char *name,
				      const struct registry_invitation *v,
				      const struct issuer_host *host,
				      uint64_t now_s,
				      uint8_t bytes[CERTIFICATE_MAX],
				      size_t *len)
{
	struct registry_grant g;
	int err;

	if (!hit_equal(&v->spent_by, &host->hit))
		return ENROL_SPENT;
	if (find_held(is, name, &host->hit, now_s, bytes, len))
		return ENROL_OK;
	err = registry_find_grant(is->registry, name, &host->hit,
				  renewable_s(now_s), &g, bytes);
	if (err)
		return err == -ENOENT ? ENROL_REVOKED : ENROL_LATER;
	return result_of(issuer_issue(is, name, host, now_s, bytes, len));
}

static enum enrol_result join(struct issuer *is, const struct hit *from,
			      const struct enrol_request *q, uint64_t now_s,
			      uint8_t bytes[CERTIFICATE_MAX], size_t *len)
{
	const struct issuer_host host = { *from, q->algorithm, q->hi };
	struct registry_invitation v;
	struct registry_grant grant;
	uint8_t id[REGISTRY_ID_LEN];
	enum enrol_result result = ENROL_UNKNOWN;
	struct token t;
	int err;

	if (!token_parse(rd_init(q->proof.bytes, q->proof.len), &t))
		return ENROL_MALFORMED;
	token_id(t.secret, id);
	if (token_is_sealed(&t, is->about.mac_key)) {
		err = registry_find_invitation(is->registry, id, &v);
		result = result_of(err);
		if (!err && v.spent)
			result = answer_again(is, v.name, &v, &host, now_s,
					      bytes, len);
	}
	if (result == ENROL_OK && !v.spent) {
		err = draw_up(is, v.name, &host, now_s, bytes, &grant);
		if (!err)
			err = registry_spend(is->registry, id, &grant, now_s);
		result = result_of(err);
		if (!err)
			*len = grant.certificate.len;
	}
	sodium_memzero(&t, sizeof(t));
	return result;
}

static enum enrol_result renew(struct issuer *is, const struct hit *from,
			       const struct enrol_request *q, uint64_t now_s,
			       uint8_t bytes[CERTIFICATE_MAX], size_t *len)
{
	struct issuer_host host = { .hit = *from };
	struct registry_grant held;
	struct certificate c;
	int err;

	switch (certificate_verify(&is->public, q->proof.bytes, q->proof.len,
				   now_s, &c)) {
	case CERTIFICATE_OK:
		break;
	case CERTIFICATE_EXPIRED:
		if (c.not_after_s <= renewable_s(now_s))
			return ENROL_EXPIRED;
		break;
	default:
		return ENROL_UNKNOWN;
	}
	if (!hit_equal(&c.hit, from))
		return ENROL_OTHER_HOST;
	err = registry_find_grant(is->registry, c.name, from,
				  renewable_s(now_s), &held, bytes);
	if (err)
		return err == -ENOENT ? ENROL_REVOKED : ENROL_LATER;
	if (find_held(is, c.name, from, now_s, bytes, len))
		return ENROL_OK;
	host.algorithm = c.algorithm;
	host.hi = (struct span){ c.hi, c.hi_len };
	return result_of(issuer_issue(is, c.name, &host, now_s, bytes, len));
}

void issuer_answer(struct issuer *is, const struct hit *from,
		   const struct enrol_request *request, uint64_t now_s,
		   uint8_t bytes[CERTIFICATE_MAX], struct enrol_answer *out)
{
	size_t len = 0;

	*out = (struct enrol_answer){ .algorithm = is->public.algorithm,
				      .hi = { is->public.hi,
					      is->public.hi_len } };
	out->result = request->kind == ENROL_JOIN
			      ? join(is, from, request, now_s, bytes, &len)
			      : renew(is, from, request, now_s, bytes, &len);
	out->certificate = (struct span){ bytes, len };
}

struct tell {
	uint64_t now_s;
	void (*fn)(void *ctx, const struct hit *hit);
	void *ctx;
};

static bool tell_holding(void *ctx, const struct registry_grant *g)
{
	const struct tell *t = ctx;

	if (g->revoked_s == 0 && g->not_after_s > renewable_s(t->now_s))
		t->fn(t->ctx, &g->hit);
	return true;
}

int issuer_hosts(struct issuer *is, uint64_t now_s,
		 void (*fn)(void *ctx, const struct hit *hit), void *ctx)
{
	struct tell t = { now_s, fn, ctx };

	return registry_grants(is->registry, tell_holding, &t);
}

struct naming {
	const struct hit *hit;
	uint64_t not_after_s;
	char name[NAME_LEN_MAX + 1];
};

static bool take_name(void *ctx, const struct registry_grant *g)
{
	struct naming *n = ctx;

	if (g->revoked_s == 0 && g->not_after_s > n->not_after_s &&
	    hit_equal(&g->hit, n->hit)) {
		n->not_after_s = g->not_after_s;
		memcpy(n->name, g->name, sizeof(n->name));
	}
	return true;
}

int issuer_name_of(struct issuer *is, const struct hit *hit, uint64_t now_s,
		   char out[NAME_LEN_MAX + 1])
{
	struct naming n = { .hit = hit };
	bool in_use = false;
	int err = registry_grants(is->registry, take_name, &n);

	if (!err && n.not_after_s == 0)
		err = -ENOENT;
	if (!err && n.not_after_s <= renewable_s(now_s)) /* it was free */
		err = registry_name_in_use(is->registry, n.name, hit, now_s,
					   &in_use);
	if (!err && in_use)
		err = -ENOENT;
	if (!err)
		memcpy(out, n.name, sizeof(n.name));
	return err;
}

struct ending {
	uint64_t from_s, now_s;
	void (*fn)(void *ctx, const struct hit *hit);
	void *ctx;
};

static bool tell_ended(void *ctx, const struct registry_grant *g)
{
	const struct ending *e = ctx;

	if ((g->not_after_s > e->from_s && g->not_after_s <= e->now_s) ||
	    (g->not_after_s > renewable_s(e->from_s) &&
	     g->not_after_s <= renewable_s(e->now_s)))
		e->fn(e->ctx, &g->hit);
	return true;
}

int issuer_ended_hosts(struct issuer *is, uint64_t from_s, uint64_t now_s,
		       void (*fn)(void *ctx, const struct hit *hit), void *ctx)
{
	struct ending e = { from_s, now_s, fn, ctx };

	return registry_grants(is->registry, tell_ended, &e);
}

int issuer_purge(struct issuer *is, uint64_t now_s)
{
	return now_s > KEPT_S ? registry_purge(is->registry, now_s - KEPT_S)
			      : 0;
}

bool issuer_has_host(struct issuer *is, const struct hit *hit, uint64_t now_s)
{
	bool has = false;

	/* Who cannot be looked up is not let in. */
	return registry_has_host(is->registry, hit, now_s, &has) == 0 && has;
}

bool issuer_may_renew(struct issuer *is, const struct hit *hit, uint64_t now_s)
{
	return !issuer_has_host(is, hit, now_s) &&
	       issuer_has_host(is, hit, renewable_s(now_s));
}

struct revoking {
	uint64_t now_s;
	void (*fn)(void *ctx, const struct hit *hit);
	void *ctx;
	const char *name;
	const struct hit *hit;
};

static bool tell_revoked(void *ctx, const struct registry_grant *g)
{
	const struct revoking *v = ctx;

	if (g->revoked_s == v->now_s && (v->name ? strcmp(g->name, v->name) == 0
						 : hit_equal(&g->hit, v->hit)))
		v->fn(v->ctx, &g->hit);
	return true;
}

int issuer_revoke(struct issuer *is, const char *name, const struct hit *hit,
		  uint64_t now_s, size_t *n,
		  void (*fn)(void *ctx, const struct hit *hit), void *ctx)
{
	struct revoking v = { now_s, fn, ctx, name, hit };
	int err = issuer_has_room(is, now_s);

	if (!err)
		err = registry_revoke(is->registry, name, hit, now_s, n);

	return err || *n == 0 ? err
			      : registry_grants(is->registry, tell_revoked, &v);
}
