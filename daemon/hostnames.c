/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * HIP records against what the operator has written down (RFC 8005 8.1: who
 * forges them would be taken for the peer).
 */
#include "daemon/hostnames.h"

#include "daemon/base/log.h"
#include "daemon/rvs.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

void hostnames_judge(struct engine *e, const struct hit *hit, const char *host,
		     const struct hostrecords *records)
{
	const struct hostrecord *sound = hostrecords_sound(records);
	const struct hostrecord *faulty = hostrecords_faulty(records);
	bool has = hostrecords_has(records, hit);
	bool is_conflict = sound && !has, is_refused = faulty && !sound;
	char about[WARNING_TEXT_MAX], text[WARNING_TEXT_MAX];
	char ours[HIT_TEXT_MAX], theirs[HIT_TEXT_MAX];

	/* A host name is shorter. */
	hit_text(hit, ours);
	(void)snprintf(about, sizeof(about), "%s, held for %s", host, ours);
	if (is_conflict) {
		hit_text(&sound->hit, theirs);
		(void)snprintf(text, sizeof(text),
			       "%.400s: its HIP record in DNS is of %s", about,
			       theirs);
	} else if (is_refused) {
		(void)snprintf(text, sizeof(text),
			       "%.400s: its HIP record in DNS is refused: %s",
			       about, hiprr_fault_text(faulty->fault));
	}
	/* DNS is asked often: what stays is not said again. */
	warnings_remove_about(&e->warnings, "hip-record-conflict", about,
			      is_conflict ? text : NULL);
	warnings_remove_about(&e->warnings, "hip-record-refused", about,
			      is_refused ? text : NULL);
	if (is_conflict)
		warnings_add(&e->warnings, "hip-record-conflict",
			     "find out which is right, and correct the record "
			     "in DNS or what this host was told; until then "
			     "the latter holds",
			     "%s", text);
	else if (is_refused)
		warnings_add(&e->warnings, "hip-record-refused",
			     "have it corrected in DNS: hipline id --rr on "
			     "that host shows what belongs there",
			     "%s", text);
}

void hostnames_remember(struct engine *e, const char *name,
			const struct hit *hit)
{
	char text[HIT_TEXT_MAX];
	int err = -ENOMEM;

	hit_text(hit, text);
	log_info("host", "at first use name=%s hit=%s", name, text);
	if (e->seen)
		err = pins_add(e->seen, name, hit, 0);
	if (err == 0)
		err = e->seen_writable ? pins_save(e->seen, e->state_dir)
				       : -EROFS;
	if (err < 0)
		warnings_add(&e->warnings, "state-not-written",
			     "make room there, or look after its permissions, "
			     "and restart hiplined",
			     "hosts.json cannot be written to %s: %s",
			     e->config.state, strerror(-err));
}

void hostnames_on_records(void *ctx, const struct hit *hit, const char *host,
			  const struct hostrecords *records)
{
	hostnames_judge(ctx, hit, host, records);
	rvs_ask(ctx, hit, records, NULL, NULL);
}
