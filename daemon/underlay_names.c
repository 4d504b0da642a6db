/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The names that we publish, what the resolver shows of the overlay, and
 * what the operator should know of both.
 */
#include "daemon/underlay_impl.h"

#include "daemon/aside.h"
#include "daemon/base/log.h"
#include "daemon/base/name.h"
#include "daemon/bootstraps.h"
#include "daemon/naming.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	ALONE_MS = 60 * 1000,  /* without the ring, then there is a warning */
	YOUNG_MS = 120 * 1000, /* in the ring: it may still grow around us */
	AGAIN_MS = 30 * 1000,  /* between sayings to who is in no overlay */
	ENDING_S = 7 * 86400,  /* it should have been renewed three days ago */
};

static void say(struct underlay *u, const char *name, bool exists)
{
	const struct resolve_publish p = { .id = ++u->last_id,
					   .name = name,
					   .exists = exists };

	if (underlay_can_ask(u) && !(exists && underlay_is_leaving(u)))
		underlay_send(
			u, RESOLVE_PUBLISH,
			resolve_publish_write(&p, u->body, sizeof(u->body)));
}

void underlay_publish_all(struct underlay *u)
{
	published_again(&u->published);
	for (size_t i = 0; i < u->published.n; i++)
		say(u, u->published.all[i].name, true);
}

static void warn_state(struct underlay *u, const char *what, int err)
{
	warnings_add(&u->e->warnings, "state-not-written",
		     "make room there, or look after its permissions, and "
		     "restart hiplined",
		     "%s in %s: %s", what, u->e->config.state, strerror(-err));
}

static void configure(struct underlay *u)
{
	char *gone[PUBLISHED_MAX];
	size_t n;
	int err = published_configure(&u->published, &u->e->config.publish,
				      gone, &n);

	for (size_t i = 0; i < n; i++) {
		say(u, gone[i], false);
		free(gone[i]);
	}
	warnings_remove(&u->e->warnings, "names-too-many");
	if (err < 0)
		warnings_add(&u->e->warnings, "names-too-many",
			     "take some out of names { publish = { ... } }, or "
			     "use hipline unpublish",
			     "not all names are published: there may be %d",
			     PUBLISHED_MAX);
}

void underlay_load_names(struct underlay *u)
{
	bool broken = false;
	int err = -EROFS;

	if (u->e->state_dir >= 0) {
		err = published_load(&u->published, u->e->state_dir, &broken);
		if (err < 0)
			warn_state(u, "names.json cannot be read", err);
	}
	u->names_writable = err == 0;
	if (broken)
		aside_warn(u->e, "names-broken");
	configure(u);
}

void underlay_configure(struct underlay *u)
{
	configure(u);
	if (underlay_can_ask(u))
		underlay_on_membership(u->e);
}

static int save(struct underlay *u)
{
	int err = u->names_writable
			  ? published_save(&u->published, u->e->state_dir)
			  : -EROFS;

	if (err < 0)
		warn_state(u, "names.json cannot be written", err);
	return err;
}

int underlay_publish(struct underlay *u, const char *name)
{
	int err = published_add(&u->published, name);

	if (err < 0)
		return err;
	say(u, name, true);
	return save(u);
}

struct published *underlay_published(struct underlay *u)
{
	return &u->published;
}

/* Those of an overlay that we are not in any more. */
static void forget_names(struct underlay *u)
{
	bool changed = false;

	for (size_t i = u->published.n; i-- > 0;) {
		const struct published_name *n = &u->published.all[i];

		if (n->added && strcmp(name_domain(n->name), u->overlay) == 0)
			changed |=
				published_remove(&u->published, n->name) == 0;
	}
	if (changed)
		(void)save(u); /* which warns */
}

static void warn_conflict(struct underlay *u)
{
	warnings_remove(&u->e->warnings, "name-conflict");
	for (size_t i = 0; i < u->published.n; i++) {
		const struct published_name *n = &u->published.all[i];

		if (n->state == RESOLVE_NAME_CONFLICT)
			warnings_add(&u->e->warnings, "name-conflict",
				     "find out who else publishes it; then "
				     "hipline unpublish at one of you",
				     "%s is published by another host, too%s%s",
				     n->name, n->reason[0] ? ": " : "",
				     n->reason);
	}
}

/* Whether the certificate of this host binds that name. */
static bool is_proven(const struct underlay *u, const struct published_name *n)
{
	return underlay_is_member(u) &&
	       strcmp(n->name, u->e->membership.name) == 0;
}

/* A host has one certificate for each overlay, for one name. */
static const char *refused_remedy(const struct published_name *n,
				  const struct membership *m)
{
	bool is_founder = m->founder;

	/* Of another domain, or granted: it was full where it is kept, say. */
	if (strcmp(name_domain(n->name), m->overlay) != 0 ||
	    strcmp(n->name, m->name) == 0)
		return "it is tried again; if nobody is to find this host by "
		       "it, hipline unpublish, or take it out of names { "
		       "publish = { ... } }";
	if (n->line > 0)
		return is_founder ? "take it out of names { publish = { ... } "
				    "}: this host has another name there "
				    "(hipline overlay); to have this one in "
				    "place of that, hipline leave, then "
				    "hipline create with --name"
				  : "take it out of names { publish = { ... } "
				    "}: this host has another name there "
				    "(hipline overlay); to have this one in "
				    "place of that, have the authority invite "
				    "it, then hipline leave and hipline join";
	return is_founder ? "hipline unpublish it: this host has another name "
			    "there (hipline overlay); to have this one in "
			    "place of that, hipline leave, then hipline "
			    "create with --name"
			  : "hipline unpublish it: this host has another name "
			    "there (hipline overlay); to have this one in "
			    "place of that, have the authority invite it, "
			    "then hipline leave and hipline join";
}

/* That a certificate has ended or is revoked is another warning, which says
 * what to do. */
static void warn_refused(struct underlay *u)
{
	const struct membership *m = &u->e->membership;

	warnings_remove(&u->e->warnings, "name-refused");
	if (underlay_is_revoked(u) ||
	    (m->certificate_len > 0 && m->not_after_s <= (uint64_t)time(NULL)))
		return;
	for (size_t i = 0; i < u->published.n; i++) {
		const struct published_name *n = &u->published.all[i];

		if (n->state == RESOLVE_NAME_REFUSED)
			warnings_add(&u->e->warnings, "name-refused",
				     refused_remedy(n, m),
				     "%s is not published: %s", n->name,
				     n->reason[0] ? n->reason
						  : "it is refused");
	}
}

/* Nobody takes it, or who has taken it does not give it to who asks. */
static void warn_unfound(struct underlay *u)
{
	warnings_remove(&u->e->warnings, "name-unfound");
	for (size_t i = 0; underlay_is_joined(u) && i < u->published.n; i++) {
		const struct published_name *n = &u->published.all[i];

		if ((n->state == RESOLVE_NAME_PUBLISHING ||
		     n->state == RESOLVE_NAME_EXPIRED) &&
		    n->reason[0] != '\0')
			warnings_add(&u->e->warnings, "name-unfound",
				     "it is tried again by itself; until then "
				     "have who calls you use your HIT, or bind "
				     "the name to it with hipline pin",
				     "others do not find %s: %s", n->name,
				     n->reason);
	}
}

/* It is there, but a certificate is what others go by. */
static void warn_unproven(struct underlay *u)
{
	warnings_remove(&u->e->warnings, "name-unproven");
	for (size_t i = 0; i < u->published.n; i++) {
		const struct published_name *n = &u->published.all[i];

		if (n->state == RESOLVE_NAME_PUBLISHED && !is_proven(u, n))
			warnings_add(&u->e->warnings, "name-unproven",
				     "publish the name that was granted "
				     "(hipline overlay shows it), or have "
				     "others bind this one with hipline pin",
				     "no certificate proves %s: hosts with "
				     "unverified = refuse do not believe it",
				     n->name);
	}
}

static void warn_of_names(struct underlay *u)
{
	warn_conflict(u);
	warn_refused(u);
	warn_unfound(u);
	warn_unproven(u);
}

int underlay_unpublish(struct underlay *u, const char *name)
{
	int err = published_remove(&u->published, name);

	if (err < 0)
		return err;
	say(u, name, false);
	warn_of_names(u);
	return save(u);
}

/* Who joins publishes the name that was granted; who leaves, none of it. */
void underlay_judge_join(struct underlay *u, bool was_in)
{
	const struct membership *m = &u->e->membership;

	if (was_in && strcmp(u->overlay, m->overlay) != 0) {
		underlay_clear_seen(u);
		forget_names(u);
		published_again(&u->published); /* in none it is nothing */
		warn_of_names(u);
	}
	memcpy(u->overlay, m->overlay, sizeof(u->overlay));
	if (!u->is_in || was_in || !u->is_started)
		return;
	u->since_ms = engine_now_ms();
	if (m->name[0] != '\0' && published_add(&u->published, m->name) == 0)
		(void)save(u); /* which warns */
}

int underlay_on_published(struct underlay *u, const struct ipc_message *m)
{
	struct published_name *n;
	struct resolve_published p;

	if (!resolve_published_parse(m->body, m->len, &p) ||
	    !name_is_utf8(p.reason, strlen(p.reason)))
		return -EPROTO;
	n = published_find(&u->published, p.name);
	if (!n)
		return 0; /* it was taken away meanwhile */
	if (p.state == RESOLVE_NAME_EXPIRED && p.reason[0] == '\0' &&
	    underlay_on_taken_away(u))
		return 0;
	/* As often as the resolver likes. */
	if (n->state != p.state || strcmp(n->reason, p.reason) != 0)
		log_limited(&u->names_log, engine_now_ms(), LOG_LEVEL_INFO,
			    "name", "%s: %s%s%s", n->name,
			    resolve_name_state_text(p.state),
			    p.reason[0] ? ": " : "", p.reason);
	n->state = p.state;
	strncpy(n->reason, p.reason, sizeof(n->reason) - 1);
	n->reason[sizeof(n->reason) - 1] = '\0';
	warn_of_names(u);
	return 0;
}

static bool is_joined(const struct underlay *u)
{
	return json_is_true(json_object_get(u->shown, "joined"));
}

bool underlay_is_joined(const struct underlay *u)
{
	return underlay_can_ask(u) && is_joined(u);
}

/*
 * Whoever has just joined has stored what it says of itself while the ring
 * was another: it says it again when its neighbours have changed.
 */
static void repeat_while_young(struct underlay *u, const json_t *before)
{
	const json_t *now = json_object_get(u->shown, "successors");
	uint64_t now_ms = engine_now_ms();

	if (!is_joined(u))
		u->joined_ms = 0;
	else if (u->joined_ms == 0)
		u->joined_ms = now_ms;
	if (u->joined_ms == 0 || now_ms - u->joined_ms > YOUNG_MS ||
	    json_equal(now, before))
		return;
	underlay_repeat_locators(u);
	for (size_t i = 0; i < u->published.n; i++)
		say(u, u->published.all[i].name, true);
}

/* The resolver has refused what we are, maybe because of its clock at that
 * time: it is told again. */
static void repeat_without_node(struct underlay *u)
{
	const struct membership *m = &u->e->membership;
	uint64_t now_ms = engine_now_ms();

	if (!json_is_null(json_object_get(u->shown, "node_id")) ||
	    !underlay_can_ask(u) || underlay_is_leaving(u) ||
	    m->certificate_len == 0 || m->not_after_s <= (uint64_t)time(NULL) ||
	    now_ms < u->again_ms)
		return;
	u->again_ms = now_ms + AGAIN_MS;
	underlay_on_resolver(u);
}

int underlay_on_shown(struct underlay *u, const struct ipc_message *m)
{
	struct resolve_shown s;
	json_t *shown, *before;

	if (!resolve_shown_parse(m->body, m->len, &s))
		return -EPROTO;
	shown = json_loads(s.json, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(shown)) {
		json_decref(shown);
		return -EPROTO;
	}
	before = u->shown;
	u->shown = shown;
	repeat_while_young(u, json_object_get(before, "successors"));
	json_decref(before);
	repeat_without_node(u);
	return 0;
}

/* A founder may be the only member there is; others have met one. */
static bool is_alone(const struct underlay *u)
{
	return !is_joined(u) ||
	       (!u->e->membership.founder &&
		json_array_size(json_object_get(u->shown, "successors")) == 0);
}

static void warn_alone(struct underlay *u, uint64_t now_ms)
{
	if (!underlay_is_member(u) || !is_alone(u)) {
		warnings_remove(&u->e->warnings, "overlay-unreachable");
		u->since_ms = 0;
		return;
	}
	if (u->since_ms == 0)
		u->since_ms = now_ms;
	if (now_ms - u->since_ms >= ALONE_MS)
		warnings_add(&u->e->warnings, "overlay-unreachable",
			     "see that the hosts it began with run and can be "
			     "reached (hipline peers), or get an invitation "
			     "with other ones",
			     "no host of %s answers: its names are not found, "
			     "and ours are not published",
			     u->e->membership.overlay);
}

/* For a while after its end it is renewed all the same. */
static void warn_ended(struct underlay *u, uint64_t now_s)
{
	const struct membership *m = &u->e->membership;

	if (m->not_after_s + CERTIFICATE_GRACE_S > now_s) {
		warnings_add(&u->e->warnings, "certificate-ended",
			     "have the host of the authority run and reach it: "
			     "up to 30 days after the end it is renewed",
			     "our certificate has ended: %s does not let us in",
			     m->overlay);
		return;
	}
	warnings_remove_about(&u->e->warnings, "certificate-ended",
			      "our certificate has ended:", NULL);
	warnings_add(&u->e->warnings, "certificate-ended",
		     "ask for a new invitation, then hipline leave and join",
		     "our certificate has ended too long ago to be renewed: "
		     "%s does not let us in",
		     m->overlay);
}

static void warn_ending(struct underlay *u, uint64_t now_s)
{
	const struct membership *m = &u->e->membership;
	bool has_one = underlay_is_member(u) && m->certificate_len > 0;
	bool ends = has_one && m->not_after_s < now_s + ENDING_S;
	bool ended = has_one && m->not_after_s <= now_s;

	if (!ends || ended)
		warnings_remove(&u->e->warnings, "certificate-ends");
	else
		warnings_add(&u->e->warnings, "certificate-ends",
			     "have the host of the authority run and reach it; "
			     "it is renewed by itself then",
			     "our certificate ends within a week, and the "
			     "authority of %s has not renewed it",
			     m->overlay);
	if (ended)
		warn_ended(u, now_s);
	else
		warnings_remove(&u->e->warnings, "certificate-ended");
}

static void warn_revoked(struct underlay *u)
{
	if (underlay_is_revoked(u))
		warnings_add(&u->e->warnings, "certificate-revoked",
			     "ask for a new invitation, then hipline leave and "
			     "join",
			     "the authority of %s has revoked our certificate: "
			     "no member lets us in",
			     u->e->membership.overlay);
	else
		warnings_remove(&u->e->warnings, "certificate-revoked");
}

void underlay_warn(struct underlay *u, uint64_t now_ms, uint64_t now_s)
{
	warn_revoked(u);
	warn_alone(u, now_ms);
	warn_ending(u, now_s);
}

/* What the contract promises, whatever the resolver shows, also of before. */
static json_t *shown_or_null(const struct underlay *u, const char *key)
{
	json_t *value =
		underlay_is_member(u) ? json_object_get(u->shown, key) : NULL;

	return value ? json_incref(value) : json_null();
}

/* Whose certificates count: to be compared on all hosts. */
static json_t *authority_json(const struct membership *m)
{
	char hit[HIT_TEXT_MAX], fingerprint[MEMBERSHIP_FINGERPRINT_MAX];

	hit_text(&m->authority_host, hit);
	membership_fingerprint(m, fingerprint);
	return json_pack("{s:s, s:s}", "hit", hit, "fingerprint", fingerprint);
}

/* When it ends, and from when on it is renewed. */
static json_t *certificate_json(const struct membership *m)
{
	if (m->certificate_len == 0)
		return json_null();
	return json_pack("{s:I, s:I}", "renewed_from_s",
			 (json_int_t)(m->not_before_s + CERTIFICATE_RENEW_S),
			 "ends_s", (json_int_t)m->not_after_s);
}

/* What the resolver has told of our place; null what it has not. */
static bool put_shown(const struct underlay *u, json_t *o)
{
	static const char *const keys[] = {
		"node_id",	 "successors", "predecessors", "fingers",
		"size_estimate", "records",    "links",	       "forwarded",
		"answered",	 "refused",    "disbelieved",  "lookups",
		"revocations"
	};
	bool ok = json_object_set_new(o, "bootstraps",
				      bootstraps_report(u->e->bootstraps)) == 0;

	for (size_t i = 0; ok && i < sizeof(keys) / sizeof(keys[0]); i++)
		ok = json_object_set_new(o, keys[i],
					 shown_or_null(u, keys[i])) == 0;
	return ok;
}

json_t *underlay_report(const struct underlay *u)
{
	const struct membership *m;
	json_t *o;

	if (!underlay_is_member(u))
		return json_null();
	m = &u->e->membership;
	o = json_pack("{s:s, s:b, s:o, s:o, s:s, s:b, s:n}", "name", m->overlay,
		      "joined", (int)is_joined(u), "authority",
		      authority_json(m), "certificate", certificate_json(m),
		      "granted", m->name, "revoked",
		      (int)underlay_is_revoked(u), "joining");
	if (o && put_shown(u, o))
		return o;
	json_decref(o);
	return NULL;
}

json_t *underlay_report_joining(const struct underlay *u, json_t *joining)
{
	json_t *o = json_pack(
		"{s:O?, s:b, s:O?, s:n, s:n, s:b, s:o}", "name",
		json_object_get(joining, "overlay"), "joined", 0, "authority",
		json_object_get(joining, "authority"), "certificate", "granted",
		"revoked", 0, "joining", joining);

	if (o && put_shown(u, o))
		return o;
	json_decref(o);
	return NULL;
}

/* What the resolver says of a name, unless it cannot hold at all. */
static const char *name_reason(const struct underlay *u,
			       const struct published_name *n, bool revoked)
{
	if (!underlay_is_member(u))
		return "this host is in no overlay";
	return revoked ? "this host's certificate is revoked" : n->reason;
}

static json_t *name_json(const struct underlay *u,
			 const struct published_name *n)
{
	bool revoked = underlay_is_revoked(u);
	bool proven = is_proven(u, n) && !revoked;
	json_t *o = json_object();
	const char *state = resolve_name_state_text(n->state);
	const char *reason = name_reason(u, n, revoked);

	if (json_object_set_new(o, "name", json_string(n->name)) == 0 &&
	    json_object_set_new(o, "state", json_string(state)) == 0 &&
	    json_object_set_new(o, "proof",
				proven ? json_string("authority")
				       : json_null()) == 0 &&
	    json_object_set_new(o, "revoked", json_boolean(revoked)) == 0 &&
	    json_object_set_new(o, "reason",
				reason[0] ? json_string(reason)
					  : json_null()) == 0)
		return o;
	json_decref(o);
	return NULL;
}

json_t *underlay_names(const struct underlay *u)
{
	json_t *array = json_array();

	for (size_t i = 0; u && i < u->published.n; i++)
		if (json_array_append_new(
			    array, name_json(u, &u->published.all[i])) != 0) {
			json_decref(array);
			return NULL;
		}
	return array;
}
