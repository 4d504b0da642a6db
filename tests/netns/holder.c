/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * holder FILE PEM STATE OTHER-PEM OTHER-STATE NAME - stands in the ring where
 * NAME belongs, as the host of PEM, a member by STATE. NAME is the other
 * member's. Who asks under the second key is answered as it should be; under
 * the first, by what FILE says then:
 *
 *	own	a record of this host, which its certificate is not for
 *	changed	the other's record, which leads to this host
 *	old	the other's record, of two days ago
 *	denied	there is none
 *	silent	nothing
 *	both	as `own`, under both keys
 *
 * Prints "ready", then "asked KEY WHAT" for each question. Nothing else is
 * answered.
 */
#include "tests/netns/speaker.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OLD_MS = 2 * 86400 * 1000, WAIT_MS = 1000, WHAT_MAX = 16 };

struct holder {
	struct speaker s;
	struct papers self, other;
	const char *file, *name;
	char what[WHAT_MAX];
	struct resource_id places[REGISTRATION_KEYS];
};

static void read_what(struct holder *h)
{
	FILE *f = fopen(h->file, "r");

	if (!f || !fgets(h->what, sizeof(h->what), f))
		speaker_give_up(h->file);
	h->what[strcspn(h->what, "\n")] = '\0';
	(void)fclose(f); /* it was read */
}

static bool is_what(const struct holder *h, const char *what)
{
	return strcmp(h->what, what) == 0;
}

/* Right for the second key. */
static struct claim make_claim(const struct holder *h, size_t key)
{
	bool own = is_what(h, "both") || (key == 0 && is_what(h, "own"));
	struct claim c = claim_name(own ? &h->self : &h->other, h->name);

	c.at = h->places[key];
	if (key == 0 && is_what(h, "changed")) {
		claim_route(&c, &h->self.hit, 0);
		c.spoiled = true; /* that was signed over something else */
	}
	if (key == 0 && is_what(h, "old"))
		c.storage_time_ms -= OLD_MS;
	return c;
}

static void give(struct holder *h, const struct message *m, size_t key)
{
	struct claim c = make_claim(h, key);
	uint8_t body[RELOAD_MESSAGE_MAX];
	struct wr b = wr_init(body, sizeof(body));
	struct store_writer at = fetch_ans_begin(&b, REGISTRATION_KIND, 1);
	struct letter l;

	claim_write(&b, &c);
	fetch_ans_end(&b, &at);
	l = speaker_letter(&h->s, RELOAD_FETCH_ANS,
			   (struct span){ body, wr_len(&b) });
	l.header.transaction_id = m->header.transaction_id;
	l.certificates[1] =
		(struct span){ h->other.certificate, h->other.certificate_len };
	l.n_certificates = 2;
	speaker_send(&h->s, &l);
}

static void deny(struct holder *h, const struct message *m)
{
	const struct error_body e = { .code = RELOAD_ERROR_NOT_FOUND };
	uint8_t body[8];
	struct wr b = wr_init(body, sizeof(body));
	struct letter l;

	error_write(&b, &e);
	l = speaker_letter(&h->s, RELOAD_ERROR,
			   (struct span){ body, wr_len(&b) });
	l.header.transaction_id = m->header.transaction_id;
	speaker_send(&h->s, &l);
}

static void hear(struct holder *h, const struct message *m)
{
	struct fetch_req req;
	size_t key = 0;

	if (m->code != RELOAD_FETCH_REQ ||
	    !fetch_req_parse(rd_init(m->body.bytes, m->body.len), &req))
		return;
	while (key < REGISTRATION_KEYS &&
	       memcmp(&h->places[key], &req.resource, ID_LEN) != 0)
		key++;
	if (key == REGISTRATION_KEYS)
		return;
	read_what(h);
	printf("asked %zu %s\n", key, h->what);
	if (key == 0 && is_what(h, "denied"))
		deny(h, m);
	else if (key != 0 || !is_what(h, "silent"))
		give(h, m, key);
}

int main(int argc, char *argv[])
{
	static const struct hit anybody;
	static struct holder h;
	struct authority read;
	struct message m;

	if (argc != 7 || sodium_init() < 0) {
		fprintf(stderr, "usage: holder FILE PEM STATE OTHER-PEM "
				"OTHER-STATE NAME\n");
		return 2;
	}
	h.file = argv[1];
	h.name = argv[6];
	h.self = papers_load(argv[2], argv[3], &read);
	authority_clear(&read);
	h.other = papers_load(argv[4], argv[5], &read);
	registration_resources(h.name, h.places);
	speaker_open(&h.s, &h.self, &anybody, read.overlay);
	setlinebuf(stdout);
	printf("ready\n");
	for (;;)
		if (speaker_receive(&h.s, &m, WAIT_MS))
			hear(&h, &m);
}
