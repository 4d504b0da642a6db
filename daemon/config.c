/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Reading the configuration: libconfuse makes sections and words of the
 * text, config_keys.h says what each word may be, config_value.h puts it
 * where it belongs. What concerns several keys at once is checked here.
 */
#include "daemon/config.h"

#include "daemon/base/locator.h"
#include "daemon/base/name.h"
#include "daemon/config_form.h"
#include "daemon/config_text.h"
#include "daemon/config_value.h"

#include <confuse.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DNS_PORT = 53 };

/*
 * libconfuse hands its error function no context. Parsing is done by one
 * thread, one text at a time, and this is NULL otherwise.
 */
static struct config_report *reporting;

__attribute__((format(printf, 2, 0))) static void
on_error(cfg_t *cfg, const char *format, va_list args)
{
	char text[CONFIG_ERROR_MAX];
	int n = vsnprintf(text, sizeof(text), format, args);

	if (n >= 0 && reporting)
		config_form_complain(reporting, cfg, text);
}

/* Keeps a value as libconfuse meets it, with its line. */
static int on_value(cfg_t *cfg, cfg_opt_t *opt, const char *value, void *result)
{
	bool first = !(opt->flags & CFGF_LIST) || opt->nvalues <= 1;
	size_t len = strlen(value);
	struct config_token *t;
	char *text;

	if (first && (opt->flags & CONFIG_FORM_SEEN)) {
		cfg_error(cfg, "%s is set twice", opt->name);
		return -1;
	}
	opt->flags |= CONFIG_FORM_SEEN;
	if (opt->nvalues > CONFIG_ITEMS_MAX) {
		cfg_error(cfg, "%s has more than %d items", opt->name,
			  CONFIG_ITEMS_MAX);
		return -1;
	}
	t = malloc(sizeof(*t) + len + 1); /* one piece, for one free */
	if (!t) {
		reporting->err = -ENOMEM;
		return -1;
	}
	text = (char *)(t + 1);
	memcpy(text, value, len + 1);
	*t = (struct config_token){ cfg->line, text };
	*(void **)result = t;
	return 0;
}

static cfg_opt_t key_option(const struct config_key *key)
{
	const cfg_opt_t one =
		CFG_PTR_CB(key->name, NULL, CFGF_NODEFAULT, on_value, free);
	const cfg_opt_t list = CFG_PTR_LIST_CB(key->name, NULL, CFGF_NODEFAULT,
					       on_value, free);

	return key->kind == CONFIG_LIST || key->kind == CONFIG_IDS ? list : one;
}

/* The options of one section, ended as libconfuse wants it; NULL for want of
 * memory. */
static cfg_opt_t *section_options(const struct config_section *s)
{
	cfg_opt_t *opts = calloc(s->n_keys + 1, sizeof(*opts));

	for (size_t i = 0; opts && i < s->n_keys; i++)
		opts[i] = key_option(&s->keys[i]);
	return opts;
}

static void free_options(cfg_opt_t *opts)
{
	for (size_t i = 0; opts && opts[i].name; i++)
		free(opts[i].subopts);
	free(opts);
}

static cfg_t *make_parser(void)
{
	cfg_opt_t *opts = calloc(config_n_sections + 1, sizeof(*opts));
	cfg_t *cfg = NULL;
	bool ok = opts != NULL;

	for (size_t i = 0; ok && i < config_n_sections; i++) {
		const struct config_section *s = &config_sections[i];
		cfg_flag_t flags = CFGF_MULTI;
		cfg_opt_t *keys = section_options(s);
		const cfg_opt_t section = CFG_SEC(s->name, keys, flags);

		opts[i] = section;
		if (s->titled)
			opts[i].flags |= CFGF_TITLE | CFGF_NO_TITLE_DUPES;
		ok = keys != NULL;
	}
	if (ok)
		cfg = cfg_init(opts, CFGF_NONE); /* keeps a copy of opts */
	free_options(opts);
	if (cfg)
		(void)cfg_set_error_function(cfg, on_error); /* the old one */
	return cfg;
}

/* The tokens of one option, in order, borrowed from it. */
static struct config_tokens option_tokens(cfg_opt_t *opt)
{
	struct config_tokens t = { .n = 0 };
	unsigned n = cfg_opt_size(opt);

	/* An empty list stands there as one empty string. */
	for (unsigned i = 0; i < n && i < CONFIG_ITEMS_MAX; i++)
		t.items[t.n++] = cfg_opt_getnptr(opt, i);
	return t;
}

/* One section as it stands there, into c or, for `peer`, into *peer. */
static bool take_section(const struct config_section *s, cfg_t *section,
			 struct config *c, void *into, struct config_report *r)
{
	r->section = s->name;
	r->title = s->titled ? cfg_title(section) : NULL;
	for (size_t i = 0; i < s->n_keys; i++) {
		const struct config_key *key = &s->keys[i];
		struct config_tokens t =
			option_tokens(cfg_getopt(section, key->name));
		char pair[64];

		if (t.n == 0)
			continue;
		if (!config_value_set(key, &t, into, r))
			return false;
		if (!s->titled && !strcmp(key->name, "algorithm"))
			c->algorithm_set = true;
		if (config_value_is_acted_on(key, &t))
			continue;
		(void)snprintf(pair, sizeof(pair), "%s %s", s->name, key->name);
		if (!config_list_add(&c->unsupported, pair, t.items[0]->line,
				     r))
			return false;
	}
	return true;
}

/* Names in canonical form; two spellings of one name are one. */
static bool peer_names(struct config_peer *peer, struct config_report *r)
{
	char name[NAME_LEN_MAX + 1];

	for (size_t i = 0; i < peer->names.n; i++) {
		struct config_item *item = &peer->names.items[i];
		char *copy;

		if (name_canonical(item->text, name) < 0)
			return false; /* the key's check has let it pass */
		copy = strdup(name);
		if (!copy) {
			r->err = -ENOMEM;
			return false;
		}
		free(item->text);
		item->text = copy;
	}
	return true;
}

static bool take_peer(const struct config_section *s, cfg_t *section,
		      struct config *c, struct config_report *r)
{
	struct config_peer *peer = &c->peers[c->n_peers];
	const char *title = cfg_title(section);

	*peer = (struct config_peer){ .line = section->line };
	c->n_peers++; /* config_clear frees it from here on */
	peer->title = strdup(title ? title : "");
	if (!peer->title) {
		r->err = -ENOMEM;
		return false;
	}
	if (!take_section(s, section, c, peer, r))
		return false;
	if (!hit_is_hit(&peer->hit)) {
		config_report(r, peer->line,
			      "peer %.100s has no hit; write hit = 2001:2...",
			      peer->title);
		return false;
	}
	return peer_names(peer, r);
}

static bool take_sections(const struct config_section *s, cfg_t *cfg,
			  struct config *c, struct config_report *r)
{
	unsigned n = cfg_size(cfg, s->name);

	if (!s->titled && n > 1) {
		config_report(r, cfg_getnsec(cfg, s->name, 1)->line,
			      "a second %s section ends here; there may be "
			      "one",
			      s->name);
		return false;
	}
	if (s->titled && n > CONFIG_PEERS_MAX) {
		config_report(r, 1, "more than %d sections of %s",
			      CONFIG_PEERS_MAX, s->name);
		return false;
	}
	if (s->titled && n > 0) {
		c->peers = calloc(n, sizeof(*c->peers));
		if (!c->peers) {
			r->err = -ENOMEM;
			return false;
		}
	}
	for (unsigned i = 0; i < n; i++) {
		cfg_t *section = cfg_getnsec(cfg, s->name, i);

		if (s->titled ? !take_peer(s, section, c, r)
			      : !take_section(s, section, c, c, r))
			return false;
	}
	return true;
}

static int compare_hits(const void *a, const void *b)
{
	const struct config_peer *const *x = a;
	const struct config_peer *const *y = b;

	return hit_compare(&(*x)->hit, &(*y)->hit);
}

/* No HIT stands in two peer sections; each can be found from now on. */
static bool check_hits(struct config *c, struct config_report *r)
{
	struct config_peer **sorted =
		calloc(c->n_peers + 1, sizeof(struct config_peer *));

	if (!sorted) {
		r->err = -ENOMEM;
		return false;
	}
	c->by_hit = sorted;
	for (size_t i = 0; i < c->n_peers; i++)
		sorted[i] = &c->peers[i];
	qsort(sorted, c->n_peers, sizeof(sorted[0]), compare_hits);
	for (size_t i = 1; i < c->n_peers && !r->err; i++)
		if (hit_equal(&sorted[i - 1]->hit, &sorted[i]->hit))
			config_report(r,
				      sorted[i - 1]->line > sorted[i]->line
					      ? sorted[i - 1]->line
					      : sorted[i]->line,
				      "peer %.100s and peer %.100s have the "
				      "same hit",
				      sorted[i - 1]->title, sorted[i]->title);
	return r->err == 0;
}

static int by_name(const void *a, const void *b)
{
	const struct config_item *const *x = a;
	const struct config_item *const *y = b;
	int order = strcmp((*x)->text, (*y)->text);

	return order ? order
		     : ((*x)->line > (*y)->line) - ((*x)->line < (*y)->line);
}

/* A question to ourselves would come back for ever. */
static bool check_upstream(const struct config *c, struct config_report *r)
{
	for (size_t i = 0; i < c->upstream.n; i++) {
		const struct config_item *up = &c->upstream.items[i];
		struct locator to, own;

		if (locator_from_text(up->text, DNS_PORT, &to) < 0)
			continue; /* was checked */
		for (size_t k = 0; k < c->dns_listen.n; k++) {
			const char *text = c->dns_listen.items[k].text;

			if (locator_from_text(text, DNS_PORT, &own) < 0 ||
			    !locator_equal(&to, &own))
				continue;
			config_report(r, up->line,
				      "upstream %s is an address that we "
				      "listen on ourselves; name the resolver "
				      "that knows ordinary names",
				      up->text);
			return false;
		}
	}
	return true;
}

/* No name stands twice: it could only be for two hosts, or for nothing. */
static bool check_names(const struct config *c, struct config_report *r)
{
	const struct config_item **sorted;
	size_t n = 0, k = 0;

	for (size_t i = 0; i < c->n_peers; i++)
		n += c->peers[i].names.n;
	sorted = calloc(n + 1, sizeof(struct config_item *));
	if (!sorted) {
		r->err = -ENOMEM;
		return false;
	}
	for (size_t i = 0; i < c->n_peers; i++)
		for (size_t j = 0; j < c->peers[i].names.n; j++)
			sorted[k++] = &c->peers[i].names.items[j];
	qsort(sorted, n, sizeof(sorted[0]), by_name);
	for (size_t i = 1; i < n && !r->err; i++)
		if (!strcmp(sorted[i - 1]->text, sorted[i]->text))
			config_report(r, sorted[i]->line,
				      "name %.200s is also on line %d",
				      sorted[i]->text, sorted[i - 1]->line);
	free(sorted);
	return r->err == 0;
}

/* In whatever spelling, a name is published once. */
static bool check_publish(const struct config *c, struct config_report *r)
{
	const struct config_list *all = &c->publish;
	char one[NAME_LEN_MAX + 1], other[NAME_LEN_MAX + 1];

	for (size_t i = 1; i < all->n; i++) {
		if (name_canonical(all->items[i].text, one) < 0)
			continue; /* was checked */
		for (size_t k = 0; k < i; k++) {
			if (name_canonical(all->items[k].text, other) < 0 ||
			    strcmp(one, other) != 0)
				continue;
			config_report(r, all->items[i].line,
				      "name %.200s is published twice, on line "
				      "%d, too",
				      all->items[i].text, all->items[k].line);
			return false;
		}
	}
	return true;
}

/* One address of a family, or one interface. */
static bool check_bind(const struct config *c, struct config_report *r)
{
	const struct config_list *bind = &c->bind;
	size_t v4 = 0, v6 = 0, interfaces = 0;

	for (size_t i = 0; i < bind->n; i++) {
		struct locator l;

		if (locator_from_text(bind->items[i].text, 1, &l) < 0)
			interfaces++;
		else if (locator_is_v4(&l))
			v4++;
		else
			v6++;
	}
	if (v4 <= 1 && v6 <= 1 && (interfaces == 0 || bind->n == 1))
		return true;
	config_report(r, bind->items[bind->n - 1].line,
		      "bind takes one IPv4 and one IPv6 address, or one "
		      "interface");
	return false;
}

static bool take_defaults(struct config *c, struct config_report *r)
{
	for (size_t i = 0; i < config_n_sections; i++) {
		const struct config_section *s = &config_sections[i];

		for (size_t j = 0; !s->titled && j < s->n_keys; j++)
			if (!config_value_initial(&s->keys[j], c, r))
				return false;
	}
	return true;
}

static bool parse_prepared(const char *text, struct config *c,
			   struct config_report *r)
{
	cfg_t *cfg = make_parser();
	bool ok = cfg != NULL;

	if (!cfg)
		r->err = -ENOMEM;
	if (ok && cfg_parse_buf(cfg, text) != CFG_SUCCESS) {
		config_report(r, cfg->line, "this cannot be read");
		ok = false;
	}
	for (size_t i = 0; ok && i < config_n_sections; i++)
		ok = take_sections(&config_sections[i], cfg, c, r);
	if (cfg)
		(void)cfg_free(cfg); /* fails for NULL only */
	return ok && check_bind(c, r) && check_hits(c, r) &&
	       check_names(c, r) && check_publish(c, r) && check_upstream(c, r);
}

int config_parse(const char *file, const char *text, size_t len,
		 struct config *out, char error[CONFIG_ERROR_MAX])
{
	struct config_report r = { .file = file, .text = error };
	struct config_fault fault;
	struct config c = { 0 };
	char *prepared = NULL;
	int err;

	error[0] = '\0';
	err = config_text_prepare(text, len, &prepared, &fault);
	if (err == -EINVAL)
		config_report(&r, fault.line, "%s", fault.what);
	r.err = err;
	reporting = &r;
	if (err == 0 && take_defaults(&c, &r) &&
	    parse_prepared(prepared, &c, &r))
		*out = c;
	else
		config_clear(&c);
	reporting = NULL;
	free(prepared);
	return r.err;
}

void config_clear(struct config *c)
{
	for (size_t i = 0; i < config_n_sections; i++) {
		const struct config_section *s = &config_sections[i];

		for (size_t j = 0; j < s->n_keys; j++) {
			for (size_t k = 0; s->titled && k < c->n_peers; k++)
				config_value_clear(&s->keys[j], &c->peers[k]);
			if (!s->titled)
				config_value_clear(&s->keys[j], c);
		}
	}
	for (size_t i = 0; i < c->n_peers; i++)
		free(c->peers[i].title);
	free(c->peers);
	free(c->by_hit);
	config_list_clear(&c->unsupported);
	*c = (struct config){ 0 };
}

const struct config_peer *config_peer_find(const struct config *c,
					   const struct hit *hit)
{
	size_t low = 0, high = c->n_peers;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = hit_compare(&c->by_hit[middle]->hit, hit);

		if (order == 0)
			return c->by_hit[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}
