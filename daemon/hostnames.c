/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * HIP records against what the operator has written down (RFC 8005 8.1: who
 * forges them would be taken for the peer).
 */
#include "daemon/hostnames.h"

#include <stdio.h>

void hostnames_judge(struct engine *e, const struct hit *hit, const char *host,
		     const struct hostrecords *records)
{
	const struct hostrecord *sound = hostrecords_sound(records);
	const struct hostrecord *faulty = hostrecords_faulty(records);
	char about[WARNING_TEXT_MAX], ours[HIT_TEXT_MAX], theirs[HIT_TEXT_MAX];

	hit_text(hit, ours);
	(void)snprintf(about, sizeof(about), "%s, held for %s", host,
		       ours); /* a host name is shorter */
	warnings_remove_about(&e->warnings, "hip-record-conflict", about);
	warnings_remove_about(&e->warnings, "hip-record-refused", about);
	if (hostrecords_has(records, hit))
		return;
	if (sound) {
		hit_text(&sound->hit, theirs);
		warnings_add(&e->warnings, "hip-record-conflict",
			     "find out which is right, and correct the record "
			     "in DNS or what this host was told; until then "
			     "the latter holds",
			     "%s: its HIP record in DNS is of %s", about,
			     theirs);
	} else if (faulty) {
		warnings_add(&e->warnings, "hip-record-refused",
			     "have it corrected in DNS: hipline id --rr on "
			     "that host shows what belongs there",
			     "%s: its HIP record in DNS is refused: %s", about,
			     hiprr_fault_text(faulty->fault));
	}
}

void hostnames_on_records(void *ctx, const struct hit *hit, const char *host,
			  const struct hostrecords *records)
{
	hostnames_judge(ctx, hit, host, records);
}
