/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * What a join waits for, in words, and how `join`, `joining` and `status`
 * show it.
 */
#include "daemon/enrol_impl.h"

#include "daemon/command.h"

#include <sodium.h>
#include <stdio.h>

const char *enrol_trouble(const struct enrol *en)
{
	return en->trouble;
}

const char *enrol_refusal(const struct enrol *en)
{
	return en->refusal[0] != '\0' ? en->refusal : NULL;
}

/* By where it was looked for. */
static const char *unreached_text(struct enrol *en)
{
	char at[TOKEN_PLACE_MAX];

	if (!token_authority_place(&en->token, at))
		return enrol_result_text(ENROL_UNREACHABLE);
	(void)snprintf(en->unreached, sizeof(en->unreached),
		       "the authority's host at %s does not answer",
		       at); /* fits */
	return en->unreached;
}

void enrol_note_trouble(struct enrol *en, enum enrol_result result)
{
	char text[sizeof(en->unreached) + NAME_DOMAIN_MAX + 64];

	en->trouble = result == ENROL_UNREACHABLE ? unreached_text(en)
						  : enrol_result_text(result);
	(void)snprintf(text, sizeof(text), "joining %s: %s; it is tried again",
		       en->token.overlay, en->trouble); /* fits */
	warnings_remove_about(&en->e->warnings, "joining", "", text);
	warnings_add(&en->e->warnings, "joining",
		     "see that hiplined runs on the authority's host, "
		     "and that its UDP port is reached from here; if "
		     "so, the invitation may be used or have expired: "
		     "hipline leave gives up",
		     "%s", text);
}

json_t *enrol_report(const struct enrol *en)
{
	const struct membership *m = &en->e->membership;
	const struct hit *host =
		en->joining ? &en->token.authority : &m->authority_host;
	char hit[HIT_TEXT_MAX], fingerprint[MEMBERSHIP_FINGERPRINT_MAX];
	char place[TOKEN_PLACE_MAX];
	const char *at = NULL;

	if (en->joining)
		sodium_bin2hex(fingerprint, sizeof(fingerprint),
			       en->token.key_hash, sizeof(en->token.key_hash));
	else
		membership_fingerprint(m, fingerprint);
	hit_text(host, hit);
	if (en->joining && token_authority_place(&en->token, place))
		at = place;
	if (!en->joining && !membership_is_set(m))
		return json_pack("{s:n, s:n, s:s, s:n, s:n}", "overlay", "name",
				 "state", "none", "authority", "trouble");
	return json_pack("{s:s, s:s, s:s, s:{s:s, s:s, s:s?}, s:s?}", "overlay",
			 en->joining ? en->token.overlay : m->overlay, "name",
			 en->joining ? en->token.name : m->name, "state",
			 en->joining ? "joining" : "joined", "authority", "hit",
			 hit, "fingerprint", fingerprint, "at", at, "trouble",
			 en->joining ? en->trouble : NULL);
}
