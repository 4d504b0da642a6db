/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Commands of an overlay's life: create, invite, join. What the configuration
 * says of the overlay is changed there only.
 */
#include "daemon/command_impl.h"

#include "daemon/addresses.h"
#include "daemon/base/name.h"
#include "daemon/config_check.h"
#include "daemon/config_value.h"
#include "daemon/enrol.h"
#include "daemon/underlay.h"

#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
	EXPIRES_S = 24 * 3600,
	EXPIRES_MAX_S = 30 * 24 * 3600,
	EXPIRES_BARE_MIN_S = 60,
	WAIT_MS = 8000, /* `hipline` waits 18 s for an answer */
};

static uint64_t now_s(void)
{
	return (uint64_t)time(NULL);
}

static void answer_report(const struct command_call *c)
{
	c->answer->json = enrol_report(c->e->enrol);
	if (!c->answer->json)
		command_say(c->answer, API_FAILED, "out of memory");
}

/* One overlay for each daemon, and the one that the configuration names. */
static bool may_begin(const struct command_call *c, const char *overlay)
{
	const struct engine *e = c->e;
	const struct token *t = enrol_joining(e->enrol);

	if (membership_is_set(&e->membership))
		command_say(c->answer, API_FAILED,
			    "this host is a member of %s already, as %s; "
			    "hipline leave ends that",
			    e->membership.overlay, e->membership.name);
	else if (t)
		command_say(c->answer, API_FAILED,
			    "this host is joining %s; hipline leave gives "
			    "that up",
			    t->overlay);
	else if (!enrol_is_configured(e, overlay))
		command_say(c->answer, API_FAILED,
			    "%s says overlay { name = %s }; change it there, "
			    "or take that overlay",
			    e->file, e->config.overlay);
	else if (e->state_dir < 0 || !e->membership_writable)
		command_say(c->answer, API_FAILED,
			    "nothing can be written to %s; see hipline status",
			    e->config.state);
	else
		return true;
	return false;
}

static bool take_overlay(const struct command_call *c,
			 char out[NAME_DOMAIN_MAX + 1])
{
	if (name_domain_canonical(c->args[0], out) < 0) {
		command_say(c->answer, API_USAGE,
			    "'%s' is no name for an overlay; it takes a "
			    "domain, like example.com",
			    c->args[0]);
		return false;
	}
	if (!authority_overlay_is_fit(out)) {
		command_say(c->answer, API_FAILED,
			    "%s cannot be an overlay's name: it is not in "
			    "ASCII, or its messages would look like HIP's; "
			    "take another",
			    out);
		return false;
	}
	return true;
}

/* A user of the overlay's domain: the second argument. */
static bool take_own_name(const struct command_call *c, const char *overlay,
			  char out[NAME_LEN_MAX + 1])
{
	if (name_canonical(c->args[1], out) < 0 || !strchr(out, '@')) {
		command_say(c->answer, API_USAGE,
			    "'%s' is no name; write USER@%s", c->args[1],
			    overlay);
		return false;
	}
	if (strcmp(name_domain(out), overlay) != 0) {
		command_say(c->answer, API_FAILED,
			    "%s is not of the domain %s; write USER@%s", out,
			    overlay, overlay);
		return false;
	}
	return true;
}

/* There is an authority here, of an overlay that this host has left. */
static void complain_other(const struct command_call *c, const char *overlay)
{
	char other[NAME_DOMAIN_MAX + 1] = "another overlay";

	(void)issuer_overlay(c->e->config.state, other); /* it was just read */
	command_say(c->answer, API_FAILED,
		    "%s is not created: the authority of %s is in %s already, "
		    "and there can be one. hipline create %s takes that up "
		    "again; if it is not needed any more, move authority.pem "
		    "and authority.db away from there",
		    overlay, other, c->e->config.state, other);
}

static const char *create_error(int err)
{
	switch (err) {
	case -ENOENT:
		return "authority.pem is there without its authority.db; "
		       "restore or move both";
	case -EINVAL:
		return "a certificate cannot carry the name";
	default:
		return strerror(-err);
	}
}

/* The owner of the domain has had no say, and this is where people may think
 * that he had. */
static void note_domain(const struct command_call *c, const char *overlay,
			const char *remedy)
{
	if (c->answer->exit == API_DONE && name_domain_may_be_public(overlay))
		command_say(c->answer, API_DONE,
			    "this overlay's authority says who USER@%s is; if "
			    "%s is a domain of the public DNS, its owner has "
			    "not confirmed that. %s",
			    overlay, overlay, remedy);
}

void command_create(const struct command_call *c)
{
	char overlay[NAME_DOMAIN_MAX + 1], name[NAME_LEN_MAX + 1];
	bool is_named = c->n_args > 1;
	int err;

	if (!take_overlay(c, overlay) ||
	    (is_named && !take_own_name(c, overlay, name)) ||
	    !may_begin(c, overlay))
		return;
	err = enrol_create(c->e->enrol, overlay, is_named ? name : NULL);
	if (err == -EXDEV) {
		complain_other(c, overlay);
	} else if (err < 0) {
		command_say(c->answer, API_FAILED,
			    "%s is not created in %s: %s", overlay,
			    c->e->config.state, create_error(err));
	} else {
		answer_report(c);
		note_domain(c, overlay,
			    "Where it is not yours, take another: nobody has "
			    "one under .internal");
	}
}

/*
 * "90s", "30m", "24h", "7d": seconds. A number alone is seconds, too, but not
 * below EXPIRES_BARE_MIN_S: who writes 5 has minutes or hours in mind.
 */
static bool take_expiry(const char *text, uint64_t *seconds)
{
	static const struct {
		char unit;
		uint64_t s;
	} units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 } };
	size_t len = strlen(text);
	char digits[16];
	uint64_t n, each = 1;
	bool is_bare = true;

	if (len == 0 || len >= sizeof(digits))
		return false;
	memcpy(digits, text, len + 1);
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (digits[len - 1] != units[i].unit)
			continue;
		each = units[i].s;
		is_bare = false;
		digits[len - 1] = '\0';
		break;
	}
	if (!config_number(digits, &n) || n == 0 || n > EXPIRES_MAX_S / each ||
	    (is_bare && n < EXPIRES_BARE_MIN_S))
		return false;
	*seconds = n * each;
	return true;
}

static bool add_locator(struct token *t, const struct hit *hit,
			const struct locator *l)
{
	if (t->n_bootstraps == TOKEN_BOOTSTRAPS_MAX || l->port == 0 ||
	    locator_scope(l) == LOCATOR_SCOPE_NONE)
		return false;
	t->bootstraps[t->n_bootstraps++] = (struct token_bootstrap){ *hit, *l };
	return true;
}

/* A host name in an invitation, which DNS tells the address of. */
static bool add_host(struct token *t, const struct hit *hit, const char *text)
{
	struct token_bootstrap *b = &t->bootstraps[t->n_bootstraps];

	if (t->n_bootstraps == TOKEN_BOOTSTRAPS_MAX)
		return false;
	*b = (struct token_bootstrap){ .hit = *hit };
	if (!config_split_host(text, HIP_UDP_PORT, b->host, &b->locator.port))
		return false;
	t->n_bootstraps++;
	return true;
}

static bool add_place(struct token *t, const struct hit *hit, const char *text)
{
	struct locator l;

	if (locator_from_text(text, HIP_UDP_PORT, &l) == 0)
		return add_locator(t, hit, &l);
	return add_host(t, hit, text);
}

struct wish {
	bool device;
	uint64_t expires_s;
	uint64_t open_until_s; /* one for the name from before; 0: none */
};

/* The words behind the name. */
static bool take_wishes(const struct command_call *c, struct token *t,
			struct wish *w)
{
	const struct hit *own = identity_hit(c->e->id);

	for (size_t i = 1; i < c->n_args; i++) {
		const char *word = c->args[i];

		if (strcmp(word, "device") == 0) {
			w->device = true;
		} else if (strncmp(word, "expires=", 8) == 0) {
			if (!take_expiry(word + 8, &w->expires_s)) {
				command_say(c->answer, API_USAGE,
					    "'%s' is no time for an "
					    "invitation; write it with its "
					    "unit: 90s, 30m, 24h or 7d, at "
					    "most 30d",
					    word + 8);
				return false;
			}
		} else if (strncmp(word, "locator=", 8) != 0 ||
			   !add_place(t, own, word + 8)) {
			command_say(c->answer, API_USAGE,
				    "'%s' is no locator; write an address or "
				    "a host name, with :PORT or without, or "
				    "[v6]:PORT",
				    strchr(word, '=') ? strchr(word, '=') + 1
						      : word);
			return false;
		}
	}
	return true;
}

/* Where the invited can find us: as they were told, else our addresses. */
static bool find_locators(const struct command_call *c, struct token *t)
{
	struct locator own[TOKEN_BOOTSTRAPS_MAX];
	size_t n;

	if (t->n_bootstraps > 0)
		return true;
	n = addresses_list(&c->e->config, own, TOKEN_BOOTSTRAPS_MAX);
	for (size_t i = 0; i < n && i < TOKEN_BOOTSTRAPS_MAX; i++)
		(void)add_locator(t, identity_hit(c->e->id), &own[i]);
	if (t->n_bootstraps > 0)
		return true;
	command_say(c->answer, API_FAILED,
		    "no address is known at which this host can be reached; "
		    "say one with --locator ADDRESS[:PORT]");
	return false;
}

/* Others can reach such a one only from near by. */
static bool is_private(const struct token *t)
{
	for (size_t i = 0; i < t->n_bootstraps; i++)
		if (t->bootstraps[i].host[0] != '\0' ||
		    locator_scope(&t->bootstraps[i].locator) ==
			    LOCATOR_SCOPE_GLOBAL)
			return false;
	return true;
}

/* Whole units, the last one begun: what is open is never "0 min". */
static void duration_text(uint64_t s, char *out, size_t cap)
{
	uint64_t min = (s + 59) / 60;

	if (min < 60)
		(void)snprintf(out, cap, "%" PRIu64 " min", min); /* fits */
	else
		(void)snprintf(out, cap, "%" PRIu64 " h %" PRIu64 " min",
			       min / 60, min % 60); /* fits */
}

/* What the inviter should know, beside the token. */
static void note(const struct command_call *c, const struct token *t,
		 const struct wish *w)
{
	static const char elsewhere[] =
		"only addresses of private networks are in it; if the invited "
		"host is elsewhere, invite again with --locator";
	uint64_t now = now_s();
	char before[NAME_LEN_MAX + 160] = "", open[32];

	if (w->open_until_s > now) {
		duration_text(w->open_until_s - now, open, sizeof(open));
		(void)snprintf(before, sizeof(before),
			       "another invitation for %s is open, for %s "
			       "more: of the two, the one that is used first "
			       "counts",
			       t->name, open); /* fits */
	}
	if (before[0] != '\0' || is_private(t))
		command_say(c->answer, API_DONE, "%s%s%s", before,
			    before[0] != '\0' && is_private(t) ? "; and " : "",
			    is_private(t) ? elsewhere : "");
}

static void answer_token(const struct command_call *c, const struct token *t,
			 const struct wish *w)
{
	char text[TOKEN_TEXT_MAX], hit[HIT_TEXT_MAX];
	char fingerprint[MEMBERSHIP_FINGERPRINT_MAX];

	token_text(t, text);
	hit_text(&t->authority, hit);
	membership_fingerprint(&c->e->membership, fingerprint);
	note(c, t, w);
	c->answer->json = json_pack(
		"{s:s, s:s, s:s, s:b, s:I, s:{s:s, s:s}}", "token", text,
		"overlay", t->overlay, "name", t->name, "device",
		(int)w->device, "expires_s", (json_int_t)w->expires_s,
		"authority", "hit", hit, "fingerprint", fingerprint);
	sodium_memzero(text, sizeof(text));
	if (!c->answer->json)
		command_say(c->answer, API_FAILED, "out of memory");
}

static void complain_invite(const struct command_call *c, int err,
			    const char *name)
{
	const char *overlay = c->e->membership.overlay;

	if (err == -EADDRINUSE)
		command_say(c->answer, API_FAILED,
			    "%s is in use; invite another device of the same "
			    "person with --device, or hipline revoke it",
			    name);
	else if (err == -EINVAL)
		command_say(c->answer, API_FAILED,
			    "a certificate of %s cannot carry the name %s; "
			    "write USER@%s in plain letters",
			    overlay, name, overlay);
	else
		command_say(c->answer, API_FAILED,
			    "the invitation is not written down: %s",
			    strerror(-err));
}

void command_invite(const struct command_call *c)
{
	struct issuer *is = command_issuer(c);
	struct token t = { .authority = *identity_hit(c->e->id) };
	struct wish w = { .expires_s = EXPIRES_S };
	int err;

	if (!is)
		return;
	if (name_canonical(c->args[0], t.name) < 0 || !strchr(t.name, '@')) {
		command_say(c->answer, API_USAGE,
			    "'%s' is no name; write USER@%s", c->args[0],
			    c->e->membership.overlay);
		return;
	}
	if (strcmp(name_domain(t.name), c->e->membership.overlay) != 0) {
		command_say(c->answer, API_FAILED,
			    "%s is not of the domain %s; write USER@%s", t.name,
			    c->e->membership.overlay, c->e->membership.overlay);
		return;
	}
	if (!take_wishes(c, &t, &w) || !find_locators(c, &t))
		return;
	if (!token_fits(&t)) {
		command_say(c->answer, API_FAILED,
			    "these names are too long for one invitation; "
			    "give fewer host names, or addresses");
		return;
	}
	t.expires_s = now_s() + w.expires_s;
	if (!w.device) /* several devices are several invitations */
		w.open_until_s = issuer_open_until(is, t.name, now_s());
	err = issuer_invite(is, &t, w.device, now_s());
	if (err < 0)
		complain_invite(c, err, t.name);
	else
		answer_token(c, &t, &w);
	sodium_memzero(&t, sizeof(t));
}

/* The same invitation again goes on where it was left. */
static bool is_going_on(const struct command_call *c, const struct token *t)
{
	const struct token *now = enrol_joining(c->e->enrol);

	return now &&
	       sodium_memcmp(now->secret, t->secret, sizeof(t->secret)) == 0;
}

/* Seen here already, by this host's clock; nobody has to be asked. */
static bool has_expired(const struct command_call *c, const struct token *t)
{
	time_t end_s = (time_t)t->expires_s;
	char end[40] = "long ago";
	struct tm tm;

	if (now_s() < t->expires_s)
		return false;
	if (gmtime_r(&end_s, &tm))
		(void)strftime(end, sizeof(end), "%Y-%m-%d %H:%M:%S UTC", &tm);
	command_say(c->answer, API_FAILED,
		    "the invitation is refused: it has expired; ask for "
		    "another one. It ended %s; if that is still to come, set "
		    "this host's clock",
		    end);
	return true;
}

static void begin_join(const struct command_call *c, const struct token *t)
{
	int err;

	if (is_going_on(c, t)) {
		answer_report(c);
		return;
	}
	if (!may_begin(c, t->overlay))
		return;
	if (has_expired(c, t))
		return;
	if (hit_equal(&t->authority, identity_hit(c->e->id))) {
		command_say(c->answer, API_FAILED,
			    "this host is the authority of %s itself",
			    t->overlay);
		return;
	}
	err = enrol_join(c->e->enrol, t);
	if (err < 0) {
		command_say(c->answer, API_FAILED,
			    "the invitation is not written to %s: %s",
			    c->e->config.state, strerror(-err));
	} else {
		answer_report(c);
		note_domain(c, t->overlay,
			    "Compare the fingerprint with the one that the "
			    "inviter sees");
	}
}

void command_join(const struct command_call *c)
{
	struct token t;

	if (!token_from_text(c->args[0], &t)) {
		command_say(c->answer, API_FAILED,
			    "this is no invitation, or it was damaged or cut "
			    "short on the way; copy all of it once more: it "
			    "begins with hipline1: and is one line");
		return;
	}
	begin_join(c, &t);
	sodium_memzero(&t, sizeof(t));
}

/* Who is told of trouble says so the next time and waits longer. */
static bool take_patience(const struct command_call *c, bool *knows,
			  uint64_t *wait_ms)
{
	*knows = false;
	*wait_ms = WAIT_MS;
	for (size_t i = 0; i < c->n_args; i++) {
		if (strcmp(c->args[i], "told") == 0) {
			*knows = true;
		} else if (!config_number(c->args[i], wait_ms) ||
			   *wait_ms > WAIT_MS) {
			command_say(c->answer, API_USAGE,
				    "'%s' is neither told nor milliseconds "
				    "up to %d",
				    c->args[i], WAIT_MS);
			return false;
		}
	}
	return true;
}

void command_joining(const struct command_call *c)
{
	struct enrol *en = c->e->enrol;
	uint64_t wait_ms;
	bool knows;

	if (!take_patience(c, &knows, &wait_ms))
		return;

	/* It has ended before this was asked. */
	if (!enrol_joining(en) && !membership_is_set(&c->e->membership) &&
	    enrol_refusal(en)) {
		command_say(c->answer, API_FAILED, "%s", enrol_refusal(en));
		return;
	}
	if (!enrol_joining(en) || (enrol_trouble(en) && !knows)) {
		answer_report(c);
		return;
	}
	c->answer->later =
		enrol_wait(en, c->client, engine_now_ms() + wait_ms, knows);
	if (!c->answer->later)
		command_say(c->answer, API_FAILED, "too many wait");
}
