/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Another certificate for the one that we have: asked for from its 20th day
 * on, until it comes, also after it has ended. The pauses between are those
 * of the engine's clock; certificates end by the wall clock, and where that
 * has jumped, as on a host that slept, a pause of before does not count.
 */
#include "daemon/enrol_impl.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
	FIRST_PAUSE_MS = 10 * 1000, /* then doubled */
	LAST_PAUSE_MS = 3600 * 1000,
	LAST_PAUSE_S = LAST_PAUSE_MS / 1000,
};

static uint64_t now_s(void)
{
	return (uint64_t)time(NULL);
}

static void ask(struct enrol *en)
{
	const struct membership *m = &en->e->membership;
	const struct enrol_request q = {
		.kind = ENROL_RENEW,
		.proof = { m->certificate, m->certificate_len },
	};

	if (en->issuer)
		enrol_renew_own(en);
	else
		enrol_send_request(en, &m->authority_host, &q);
}

void enrol_attempt_renewal(struct enrol *en, uint64_t now_ms)
{
	uint64_t time_s = now_s();
	bool waits = now_ms < en->next_ms;
	uint64_t passed_s = (now_ms - en->asked_ms) / 1000;
	bool jumped = time_s >= en->asked_s + passed_s + LAST_PAUSE_S;

	if ((waits && !jumped) ||
	    !membership_is_due(&en->e->membership, time_s))
		return;
	if (waits)
		en->pause_ms = 0; /* that it failed before says nothing now */
	ask(en);
	en->asked_s = time_s;
	en->asked_ms = now_ms;
	en->pause_ms = en->pause_ms ? 2 * en->pause_ms : FIRST_PAUSE_MS;
	if (en->pause_ms > LAST_PAUSE_MS)
		en->pause_ms = LAST_PAUSE_MS;
	en->next_ms = now_ms + en->pause_ms;
}

/*
 * The next tick asks: from here the host takes no input. A request to join
 * that is out may have waited for a host that was down: when nothing comes of
 * it, the next one follows at once, too.
 */
void enrol_look_for_authority(struct enrol *en, const struct hip_output *o)
{
	const struct membership *m = &en->e->membership;

	if (o->state != ASSOC_ESTABLISHED)
		return;
	if (en->joining && hit_equal(&o->hit, &en->token.authority)) {
		en->next_ms = 0;
		en->pause_ms = 0;
	} else if (!en->joining && en->id == 0 && membership_is_set(m) &&
		   hit_equal(&o->hit, &m->authority_host)) {
		en->next_ms = 0;
	}
}

/* Instead of what was the matter before. */
static void complain(struct enrol *en, enum enrol_result result)
{
	struct warnings *w = &en->e->warnings;
	char text[256];

	(void)snprintf(text, sizeof(text), "our certificate is not renewed: %s",
		       enrol_result_text(result)); /* fits */
	warnings_remove_about(w, "not-renewed", "", text);
	warnings_add(w, "not-renewed",
		     enrol_is_passing(result)
			     ? "see that the authority's host is up and can be "
			       "reached; it is tried again, at least each hour"
			     : "ask for a new invitation, then hipline leave "
			       "and join",
		     "%s", text);
}

void enrol_on_renewed(struct enrol *en, const struct enrol_answer *a)
{
	struct engine *e = en->e;
	struct membership m = e->membership;

	if (a->result != ENROL_OK) {
		if (!enrol_is_passing(a->result))
			en->pause_ms = LAST_PAUSE_MS;
		complain(en, a->result);
		return;
	}
	/* It is not due by the authority's clock. */
	if (a->certificate.len == m.certificate_len &&
	    memcmp(a->certificate.bytes, m.certificate, m.certificate_len) == 0)
		return;
	if (membership_take_certificate(&m, identity_hit(e->id),
					a->certificate.bytes,
					a->certificate.len, now_s()) < 0 ||
	    enrol_take(en, &m) < 0) {
		complain(en, ENROL_BROKEN);
		return;
	}
	en->pause_ms = 0;
	en->next_ms = 0;
	warnings_remove(&e->warnings, "not-renewed");
	log_info("overlay", "the certificate of %s is renewed", m.name);
}
