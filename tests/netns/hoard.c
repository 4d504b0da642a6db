/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * hoard DATABASE OVERLAY AUTHORITY N - fills a resolver's database, that of
 * no running one, with the names of N hosts of an overlay: each a host of its
 * own with a certificate by the authority's key, as a ring would have brought
 * them.
 */
#include "resolver/database.h"
#include "tests/netns/speaker.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DAY_MS = 86400 * 1000 };

static void put(struct database *db, const struct issuing *by, unsigned int n)
{
	struct identity *id;
	uint8_t stored[RELOAD_MESSAGE_MAX];
	struct wr w = wr_init(stored, sizeof(stored));
	struct papers p;
	struct claim c;
	char name[64];

	(void)snprintf(name, sizeof(name), "hoard%u@example.com", n);
	if (identity_generate(IDENTITY_ECDSA_P256, &id) < 0)
		speaker_give_up("key");
	p = papers_new(id);
	papers_issue(&p, by, name, speaker_wall_ms() / 1000);
	c = claim_name(&p, name);
	c.lifetime_s = STORE_LIFETIME_MAX_S;
	claim_write(&w, &c);
	if (database_put_record(
		    db,
		    &(struct database_record){
			    .resource = c.at,
			    .kind = c.kind,
			    .slot = { p.hit.bytes, ID_LEN },
			    .generation = 1,
			    .expires_ms = c.storage_time_ms + DAY_MS,
			    .proven = true,
			    .stored = { stored, wr_len(&w) },
			    .certificate = { p.certificate, p.certificate_len },
		    }) < 0)
		speaker_give_up("record");
	identity_free(id);
}

int main(int argc, char *argv[])
{
	struct database *db;
	struct issuing by;
	bool set_aside;
	unsigned long n;

	if (argc != 5 || sodium_init() < 0) {
		fprintf(stderr, "usage: hoard DATABASE OVERLAY AUTHORITY N\n");
		return 2;
	}
	by = issuing_new(papers_key(argv[3]), argv[2]);
	n = strtoul(argv[4], NULL, 10);
	if (database_open(argv[1], &db, &set_aside) < 0 ||
	    database_begin(db) < 0)
		speaker_give_up(argv[1]);
	for (unsigned int i = 0; i < n; i++)
		put(db, &by, i);
	if (database_end(db, true) < 0)
		speaker_give_up(argv[1]);
	database_close(db);
	return EXIT_SUCCESS;
}
