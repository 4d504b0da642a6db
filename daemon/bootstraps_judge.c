/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/* What is to be said of bootstraps: warnings, and the report. */
#include "daemon/bootstraps_impl.h"

#include "daemon/hostnames.h"

#include <stdio.h>
#include <string.h>

/* What a warning of it begins with; a longer name is cut. */
static void write_about(const struct bootstrap *b, char out[WARNING_TEXT_MAX])
{
	(void)snprintf(out, WARNING_TEXT_MAX, "bootstrap %.280s: ", b->text);
}

void bootstrap_judge_trouble(struct bootstrap *b)
{
	struct warnings *w = &b->all->e->warnings;
	char about[WARNING_TEXT_MAX], text[WARNING_TEXT_MAX] = "";

	write_about(b, about);
	if (b->n_hits == 0 && b->no_records)
		(void)snprintf(text, sizeof(text),
			       "%.300sit is not known who it is, and DNS does "
			       "not answer: %s",
			       about, b->no_records);
	else if (b->n_hits == 0 && b->fault != HIPRR_SOUND)
		(void)snprintf(text, sizeof(text),
			       "%.300sits HIP record in DNS is refused: %s",
			       about, hiprr_fault_text(b->fault));
	else if (b->n_hits == 0)
		(void)snprintf(text, sizeof(text),
			       "%.300sit has no HIP record in DNS", about);
	else if (b->n_found == 0)
		(void)snprintf(text, sizeof(text),
			       "%.300sDNS tells no address: %s", about,
			       b->no_address ? b->no_address : "there is none");
	warnings_remove_about(w, "bootstrap-not-found", about,
			      text[0] ? text : NULL);
	memcpy(b->said, text, sizeof(b->said));
	if (text[0] != '\0')
		warnings_add(w, "bootstrap-not-found",
			     "see /etc/resolv.conf and what DNS says of it "
			     "(hipline id --rr there shows its record), or "
			     "write HIT@LOCATOR; it is asked for again within "
			     "a minute",
			     "%s", text);
}

void bootstrap_judge_first(struct bootstrap *b,
			   const struct hostrecords *records)
{
	struct warnings *w = &b->all->e->warnings;
	char about[WARNING_TEXT_MAX], text[WARNING_TEXT_MAX] = "";
	char was[HIT_TEXT_MAX], is[HIT_TEXT_MAX];

	write_about(b, about);
	if (b->n_hits > 0 && !hostrecords_has(records, &b->first)) {
		hit_text(&b->first, was);
		hit_text(&b->hits[0], is);
		(void)snprintf(text, sizeof(text),
			       "%.300sits HIP record in DNS is of %s now, and "
			       "was of %s before",
			       about, is, was);
		bootstrap_add_hit(b, &b->first);
	}
	warnings_remove_about(w, "hip-record-conflict", about,
			      text[0] ? text : NULL);
	if (text[0] != '\0')
		warnings_add(w, "hip-record-conflict",
			     "find out which is right; hipline unpin of that "
			     "host name forgets the one before. Until then "
			     "both are asked, and only members are believed",
			     "%s", text);
}

void bootstrap_forget(struct bootstrap *b)
{
	const struct hostrecords none = { .n = 0 };
	struct warnings *w = &b->all->e->warnings;
	char about[WARNING_TEXT_MAX];

	if (!b->host)
		return;
	write_about(b, about);
	warnings_remove_about(w, "bootstrap-not-found", about, NULL);
	warnings_remove_about(w, "hip-record-conflict", about, NULL);
	if (b->n_hits > 0)
		hostnames_judge(b->all->e, &b->hits[0], b->host, &none);
}

static json_t *one_json(const struct bootstrap *b)
{
	json_t *hits = json_array(), *locators = json_array();
	bool ok = hits && locators;

	for (size_t i = 0; ok && i < b->n_hits; i++) {
		char text[HIT_TEXT_MAX];

		hit_text(&b->hits[i], text);
		ok = json_array_append_new(hits, json_string(text)) == 0;
	}
	for (size_t i = 0; ok && i < b->n_found; i++) {
		char text[LOCATOR_TEXT_MAX];

		locator_text(&b->found[i], text);
		ok = json_array_append_new(locators, json_string(text)) == 0;
	}
	return json_pack("{s:s, s:o, s:o, s:s?}", "bootstrap", b->text, "hits",
			 hits, "locators", locators, "trouble",
			 b->said[0] ? b->said : NULL);
}

json_t *bootstraps_report(const struct bootstraps *b)
{
	json_t *array = json_array();

	for (size_t i = 0; b && array && i < b->n; i++)
		if (json_array_append_new(array, one_json(b->all[i])) != 0) {
			json_decref(array);
			array = NULL;
		}
	return array;
}
