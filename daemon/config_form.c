/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * libconfuse tells what is wrong with a form, not how it is written.
 */
#include "daemon/config_form.h"

#include "daemon/config_keys.h"

#include <stdio.h>
#include <string.h>

/* What follows this beginning of a text; NULL when it begins otherwise. */
static const char *behind(const char *text, const char *beginning)
{
	size_t len = strlen(beginning);

	return strncmp(text, beginning, len) == 0 ? text + len : NULL;
}

/* NULL for what is around all sections. */
static const struct config_section *section_of(cfg_t *cfg)
{
	for (size_t i = 0; i < config_n_sections; i++)
		if (strcmp(config_sections[i].name, cfg_name(cfg)) == 0)
			return &config_sections[i];
	return NULL;
}

/* Of an unknown key, say which there are. */
static void complain_unknown(struct config_report *r, const cfg_t *cfg,
			     const char *name)
{
	char known[CONFIG_ERROR_MAX] = "";
	size_t len = 0;

	for (size_t i = 0; cfg->opts && cfg->opts[i].name; i++) {
		int n = snprintf(known + len, sizeof(known) - len, " %s",
				 cfg->opts[i].name);

		if (n < 0 || (size_t)n >= sizeof(known) - len)
			break;
		len += (size_t)n;
	}
	config_report(r, cfg->line, "there is no %.100s here; it takes:%s",
		      name, known);
}

/* The key whose value did not come; NULL: it went wrong elsewhere. */
static const struct config_key *key_without_value(cfg_t *cfg)
{
	const struct config_section *s = section_of(cfg);

	for (size_t i = 0; s && i < s->n_keys; i++) {
		cfg_flag_t flags = cfg->opts[i].flags;

		if ((flags & CFGF_MODIFIED) && !(flags & CONFIG_FORM_SEEN))
			return &s->keys[i];
	}
	return NULL;
}

static void complain_token(struct config_report *r, cfg_t *cfg,
			   const char *token)
{
	const struct config_key *key = key_without_value(cfg);
	char takes[CONFIG_TAKES_MAX];

	if (!key) {
		config_report(r, cfg->line,
			      "%.100s cannot stand here; write KEY = VALUE, "
			      "and a list as KEY = { VALUE, VALUE }",
			      token);
		return;
	}
	config_value_takes(key, takes);
	if (strcmp(token, "'{'") == 0 && key->kind != CONFIG_LIST &&
	    key->kind != CONFIG_IDS)
		config_report(r, cfg->line,
			      "%s %s takes one value, without { }: %s",
			      cfg_name(cfg), key->name, takes);
	else
		config_report(r, cfg->line,
			      "%s %s has %.100s where its value belongs; it "
			      "takes %s",
			      cfg_name(cfg), key->name, token, takes);
}

/* `name` has a quote at its end. */
static void complain_section(struct config_report *r, cfg_t *cfg,
			     const char *name, const char *what)
{
	int len = (int)strcspn(name, "'");

	config_report(
		r, cfg->line, "section %.*s has no %s; write %.*s %s ... }",
		len, name, what, len, name,
		strcmp(name, "peer'") == 0 ? "NAME { hit =" : "{ KEY = VALUE");
}

void config_form_complain(struct config_report *r, cfg_t *cfg, const char *text)
{
	const char *about;

	if ((about = behind(text, "no such option ")))
		complain_unknown(r, cfg, about);
	else if ((about = behind(text, "found duplicate title ")))
		config_report(r, cfg->line,
			      "there is a section %s already; choose another "
			      "title",
			      about);
	else if ((about = behind(text, "unexpected token ")))
		complain_token(r, cfg, about);
	else if ((about = behind(text, "missing title for section '")))
		complain_section(r, cfg, about, "title");
	else if ((about = behind(text, "missing opening brace for section '")))
		complain_section(r, cfg, about, "opening brace");
	else if ((about = behind(text, "missing equal sign after option ")))
		config_report(r, cfg->line,
			      "there is no equal sign behind %.100s; write KEY "
			      "= VALUE",
			      about);
	else
		config_report(r, cfg->line, "%s", text);
}
