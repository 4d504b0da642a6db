/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
#include "cli/show.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>

#define ASSOCIATION                                                            \
	"{\"hit\":\"2001:22::b0b\",\"names\":[\"bob\",\"bob@example.com\"],"   \
	"\"state\":\"established\",\"path\":{\"kind\":\"direct\","             \
	"\"local\":\"192.0.2.1:10500\",\"remote\":\"192.0.2.2:10500\","        \
	"\"relay\":null},\"esp_suite\":13,\"spi_in\":1,\"spi_out\":2,"         \
	"\"rekeys\":3,\"bytes_in\":1200000,\"bytes_out\":60,"                  \
	"\"packets_in\":5,\"packets_out\":6,\"age_s\":60,\"idle_s\":2}"

#define FAILED                                                                 \
	"{\"hit\":\"2001:22::bad\",\"names\":[],\"state\":\"failed\","         \
	"\"path\":null,\"esp_suite\":null,\"spi_in\":null,\"spi_out\":null,"   \
	"\"rekeys\":0,\"bytes_in\":0,\"bytes_out\":0,\"packets_in\":0,"        \
	"\"packets_out\":0,\"age_s\":null,\"idle_s\":null,"                    \
	"\"reason\":\"no answer\"}"

#define HOST                                                                   \
	"\"version\":\"0.1.0\",\"hit\":\"2001:22::a\",\"interface\":\"hip0\"," \
	"\"mtu\":1400,\"port\":10500,\"aead\":\"openssl\","                    \
	"\"offload\":\"vnet tso\","                                            \
	"\"locators\":[\"192.0.2.1:10500\"]"

#define HOST_SCREEN                                                            \
	"hipline     0.1.0\n"                                                  \
	"HIT         2001:22::a\n"                                             \
	"interface   hip0, MTU 1400\n"                                         \
	"underneath  port 10500; 192.0.2.1:10500\n"                            \
	"ESP         openssl; offload: vnet tso\n"                             \
	"DNS         -\n"

#define EMPTY_SCREEN                                                           \
	"hipline     -\n"                                                      \
	"HIT         -\n"                                                      \
	"interface   -, MTU 0\n"                                               \
	"underneath  port 0; -\n"                                              \
	"ESP         -; offload: -\n"                                          \
	"DNS         -\n"

/* Prints JSON text by one of the functions; the caller frees the
   result. */
static char *print_json(show_print *print, const char *json, bool colour)
{
	json_t *root = json_loads(json, 0, NULL);
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	cr_assert(root != NULL);
	cr_assert(print(root, colour, f));
	(void)fclose(f);
	json_decref(root);
	return text;
}

static void expect(show_print *print, const char *json, const char *want)
{
	char *text = print_json(print, json, false);

	cr_assert(strcmp(text, want) == 0, "got:\n%s", text);
	free(text);
}

Test(show, id)
{
	expect(show_print_id,
	       "{\"hit\":\"2001:22::a\",\"algorithm\":\"ecdsa-p256\","
	       "\"fingerprint\":\"ab\",\"self_name\":null}",
	       "HIT          2001:22::a\n"
	       "algorithm    ecdsa-p256\n"
	       "fingerprint  ab\n"
	       "own name     -\n");
}

Test(show, record)
{
	expect(show_print_record,
	       "{\"hit\":\"2001:22::a\",\"hip_record\":\"IN HIP ( 3 2 a )\"}",
	       "IN HIP ( 3 2 a )\n");
}

Test(show, peers)
{
	expect(show_print_peers,
	       "{\"associations\":[" ASSOCIATION "," FAILED "]}",
	       "HIT           NAMES                STATE        "
	       "PATH                        IN   OUT    AGE  IDLE  REKEYS\n"
	       "2001:22::b0b  bob,bob@example.com  established  "
	       "direct 192.0.2.2:10500  1.2 MB  60 B  1 min   2 s       3\n"
	       "2001:22::bad  -                    failed       "
	       "-                          0 B   0 B      -     -       0\n");
}

Test(show, the_host_of_the_authority_is_told_while_it_has_no_name)
{
	static const char unnamed[] =
		"{\"associations\":[{\"hit\":\"2001:22::a\",\"names\":[],"
		"\"authority\":true,\"state\":\"closed\"}]}";
	static const char named[] =
		"{\"associations\":[{\"hit\":\"2001:22::a\",\"names\":[\"x@y\"]"
		","
		"\"authority\":true,\"state\":\"closed\"}]}";

	expect(show_print_peers, unnamed,
	       "HIT         NAMES        STATE   PATH   IN  OUT  AGE  IDLE  "
	       "REKEYS\n"
	       "2001:22::a  (authority)  closed  -     0 B  0 B    -     -  "
	       "     0\n");
	expect(show_print_peers, named,
	       "HIT         NAMES  STATE   PATH   IN  OUT  AGE  IDLE  REKEYS\n"
	       "2001:22::a  x@y    closed  -     0 B  0 B    -     -       "
	       "0\n");
	expect(status_print, unnamed,
	       EMPTY_SCREEN
	       "\nassociations  0 of 1 established\n"
	       "  2001:22::a (authority)  closed  -\n\nwarnings  none\n");
}

Test(show, no_peers_are_no_lines)
{
	expect(show_print_peers, "{\"associations\":[]}", "");
}

Test(show, resolve_begins_each_line_with_the_hit)
{
	expect(show_print_resolve,
	       "{\"name\":\"bob\",\"hits\":[{\"hit\":\"2001:22::b0b\","
	       "\"proof\":\"pin\",\"lifetime_s\":null},{\"hit\":\"2001:22::1\","
	       "\"proof\":\"authority\",\"lifetime_s\":3600}]}",
	       "2001:22::b0b  pin\n"
	       "2001:22::1    authority  1 h 0 min\n");
}

Test(show, dns_and_that_no_upstream_answers)
{
#define DNS_SAYS(silent)                                                       \
	"{\"state\":\"answering\",\"listen\":[\"127.0.0.154:53\"],"            \
	"\"suffix\":\"hip.internal\",\"upstream\":[\"192.0.2.53\"],"           \
	"\"upstream_silent\":" silent ",\"integration\":\"none\","             \
	"\"system\":\"by hand\",\"next\":\"do it\"}"
#define DNS_SCREEN(silent)                                                     \
	"address        127.0.0.154:53\n"                                      \
	"upstream       192.0.2.53" silent "\n"                                \
	"state          answering\n"                                           \
	"suffix         hip.internal\n"                                        \
	"integration    none\n"                                                \
	"this system's  by hand\n"                                             \
	"next step      do it\n"
	expect(show_print_dns, DNS_SAYS("false"), DNS_SCREEN(""));
	expect(show_print_dns, DNS_SAYS("true"), DNS_SCREEN(" (no answer)"));
}

Test(show, names_with_what_became_of_them)
{
	expect(show_print_names,
	       "{\"names\":[{\"name\":\"bob@example.com\","
	       "\"state\":\"published\",\"proof\":\"authority\","
	       "\"reason\":null},{\"name\":\"b@example.com\","
	       "\"state\":\"refused\",\"proof\":null,"
	       "\"reason\":\"why\"}]}",
	       "bob@example.com  published  authority\n"
	       "b@example.com    refused               why\n");
	expect(show_print_names,
	       "{\"names\":[{\"name\":\"bob@example.com\","
	       "\"state\":\"published\",\"proof\":null,"
	       "\"revoked\":true,\"reason\":\"why\"}]}",
	       "bob@example.com  revoked    why\n");
}

Test(show, contacts_with_a_line_for_each_hit)
{
	expect(show_print_contacts,
	       "{\"contacts\":[{\"name\":\"bob@x\",\"state\":\"found\","
	       "\"keep\":true,\"reason\":null,\"hits\":["
	       "{\"hit\":\"2001:22::b\",\"proof\":\"pin\","
	       "\"association\":\"established\",\"reason\":null},"
	       "{\"hit\":\"2001:22::c\",\"proof\":\"authority\","
	       "\"association\":null,\"reason\":\"no locator\"}]},"
	       "{\"name\":\"carol@x\",\"state\":\"absent\","
	       "\"keep\":false,\"reason\":\"why\",\"hits\":[]}]}",
	       "bob@x    found   kept  2001:22::b  pin        established\n"
	       "bob@x    found   kept  2001:22::c  authority  none         "
	       "no locator\n"
	       "carol@x  absent        -                                   "
	       "why\n");
}

Test(show, the_overlay_as_far_as_it_is_known)
{
	expect(show_print_overlay,
	       "{\"name\":\"example.com\",\"joined\":true,"
	       "\"granted\":\"bob@example.com\","
	       "\"successors\":[\"2001:22::1\",\"2001:22::2\"],"
	       "\"predecessors\":null,\"fingers\":3,"
	       "\"size_estimate\":5.2,\"records\":null,\"links\":4,"
	       "\"forwarded\":0,\"answered\":7,\"refused\":12,"
	       "\"authority\":{\"hit\":\"2001:22::9\","
	       "\"fingerprint\":\"0a1b\"},"
	       "\"revocations\":{\"number\":7,\"entries\":2,\"told\":3,"
	       "\"confirmed\":1}}",
	       "overlay        example.com\n"
	       "granted name   bob@example.com\n"
	       "authority      2001:22::9\n"
	       "fingerprint    0a1b\n"
	       "joined         yes\n"
	       "successors     2001:22::1\n"
	       "               2001:22::2\n"
	       "fingers        3\n"
	       "size_estimate  5\n"
	       "links          4\n"
	       "forwarded      0\n"
	       "answered       7\n"
	       "refused        12\n"
	       "revoked        2; 1 of 3 neighbours have the list by us\n");
}

Test(show, who_is_revoked_is_in_no_ring)
{
	expect(show_print_overlay,
	       "{\"name\":\"example.com\",\"joined\":true,"
	       "\"revoked\":true,\"certificate\":{\"ends_s\":1}}",
	       "overlay      example.com\n"
	       "authority    -\n"
	       "fingerprint  -\n"
	       "certificate  revoked: ask for a new invitation, then hipline "
	       "leave and join\n"
	       "joined       no\n");
}

#define JOINING                                                                \
	"\"joining\":{\"overlay\":\"example.com\","                            \
	"\"name\":\"bob@example.com\",\"state\":\"joining\","

Test(show, who_is_joining_has_no_place_yet)
{
	expect(show_print_overlay,
	       "{\"name\":\"example.com\",\"joined\":false,"
	       "\"authority\":{\"hit\":\"2001:22::9\","
	       "\"fingerprint\":\"0a1b\"}," JOINING "\"trouble\":\"why\"}}",
	       "overlay      example.com: joining as bob@example.com; why\n"
	       "authority    2001:22::9\n"
	       "fingerprint  0a1b\n");
}

Test(show, parts_of_the_list_that_are_missing_are_told)
{
	expect(show_print_overlay,
	       "{\"name\":\"example.com\",\"joined\":true,"
	       "\"revocations\":{\"number\":7,\"entries\":2,"
	       "\"missing\":3}}",
	       "overlay      example.com\n"
	       "authority    -\n"
	       "fingerprint  -\n"
	       "joined       yes\n"
	       "list         3 parts of it are missing\n"
	       "revoked      2\n");
}

Test(show, counters_keep_their_order)
{
	expect(show_print_counters, "{\"z\":1,\"abc\":12345}",
	       "z        1\n"
	       "abc  12345\n");
}

Test(status, a_host_with_an_association_and_a_failure)
{
	expect(status_print,
	       "{" HOST ",\"associations\":[" ASSOCIATION "," FAILED "],"
	       "\"warnings\":[{\"code\":\"no-nftables\",\"text\":\"HITs are "
	       "not filtered\",\"remedy\":\"install nftables\"}]}",
	       HOST_SCREEN
	       "\nassociations  1 of 2 established\n"
	       "  bob           established  direct 192.0.2.2:10500  "
	       "in 1.2 MB, 20.0 kB/s  out 60 B, 1 B/s\n"
	       "  2001:22::bad  failed       -                       "
	       "                                       no answer\n"
	       "\nwarnings  1\n"
	       "  no-nftables: HITs are not filtered\n"
	       "    remedy: install nftables\n");
}

Test(status, a_host_alone)
{
	expect(status_print, "{" HOST ",\"associations\":[],\"warnings\":[]}",
	       HOST_SCREEN "\nassociations  none\n\nwarnings  none\n");
}

Test(status, a_member_of_an_overlay)
{
	expect(status_print,
	       "{" HOST ",\"associations\":[],\"warnings\":[],"
	       "\"overlay\":{\"name\":\"example.com\",\"joined\":true,"
	       "\"authority\":{\"fingerprint\":\"0a1b\"}},"
	       "\"names\":[{\"name\":\"bob@example.com\","
	       "\"state\":\"published\",\"reason\":null}],"
	       "\"contacts\":[{\"state\":\"found\",\"keep\":true},"
	       "{\"state\":\"looking\",\"keep\":false}]}",
	       HOST_SCREEN "overlay     example.com: in the ring\n"
			   "authority   0a1b\n"
			   "names       bob@example.com: published\n"
			   "contacts    2, found: 1, kept: 1\n"
			   "\nassociations  none\n\nwarnings  none\n");
}

Test(status, who_is_not_in_the_ring_is_on_the_way_there)
{
	expect(status_print,
	       "{" HOST ",\"associations\":[],\"warnings\":[],"
	       "\"overlay\":{\"name\":\"example.com\",\"joined\":false,"
	       "\"authority\":{\"fingerprint\":\"0a1b\"}}}",
	       HOST_SCREEN "overlay     example.com: not in the ring yet; "
			   "joining\n"
			   "authority   0a1b\n"
			   "\nassociations  none\n\nwarnings  none\n");
}

Test(status, who_is_revoked_is_no_healthy_member)
{
	expect(status_print,
	       "{" HOST ",\"associations\":[],\"warnings\":[],"
	       "\"overlay\":{\"name\":\"example.com\",\"joined\":true,"
	       "\"revoked\":true,\"authority\":{\"fingerprint\":\"0a1b\"}}}",
	       HOST_SCREEN "overlay     example.com: certificate revoked\n"
			   "authority   0a1b\n"
			   "\nassociations  none\n\nwarnings  none\n");
}

Test(status, a_join_that_has_not_ended_is_shown)
{
	expect(status_print,
	       "{" HOST ",\"associations\":[],\"warnings\":[],"
	       "\"overlay\":null," JOINING "\"trouble\":null}}",
	       HOST_SCREEN "overlay     example.com: joining as "
			   "bob@example.com; the authority was not reached "
			   "yet\n"
			   "\nassociations  none\n\nwarnings  none\n");
}

Test(status, an_answer_without_anything_is_still_a_screen)
{
	expect(status_print, "{}",
	       EMPTY_SCREEN "\nassociations  none\n\nwarnings  none\n");
}

Test(status, several_workers_have_a_line_each)
{
	char *text = print_json(
		status_print,
		"{" HOST ",\"warnings\":[],\"associations\":[],\"workers\":["
		"{\"offload\":\"vnet\",\"queue\":true,\"packets_in\":12,"
		"\"packets_out\":3,\"dropped\":1},"
		"{\"offload\":\"vnet\",\"queue\":false,\"packets_in\":4,"
		"\"packets_out\":0,\"dropped\":0}]}",
		false);

	cr_expect_not_null(strstr(
		text, "\nworkers     1: packets in 12, out 3, dropped 1\n"
		      "            2: packets in 4, out 0, dropped 0, no "
		      "queue\nDNS "));
	free(text);
}

Test(status, one_worker_is_not_worth_a_line)
{
	char *text = print_json(status_print,
				"{" HOST ",\"warnings\":[],\"associations\":[],"
				"\"workers\":[{\"queue\":true}]}",
				false);

	cr_expect_null(strstr(text, "workers"));
	free(text);
}

Test(status, many_associations_stay_on_one_screen)
{
	char *json = NULL, *text;
	size_t len, lines = 0;
	FILE *f = open_memstream(&json, &len);

	(void)fputs("{" HOST ",\"warnings\":[],\"associations\":[", f);
	for (int i = 0; i < 13; i++)
		(void)fputs(i ? "," ASSOCIATION : ASSOCIATION, f);
	(void)fputs("]}", f);
	(void)fclose(f);
	text = print_json(status_print, json, false);
	for (const char *p = text; *p != '\0'; p++)
		lines += *p == '\n';
	cr_assert(lines <= 24);
	cr_assert(strstr(text, "  1 more: hipline peers\n") != NULL);
	free(text);
	free(json);
}

Test(status, colour_comes_only_when_wanted)
{
	static const char json[] = "{\"warnings\":[{\"code\":\"c\","
				   "\"text\":\"t\",\"remedy\":\"r\"}]}";
	char *with = print_json(status_print, json, true);
	char *without = print_json(status_print, json, false);

	cr_assert(strstr(with, "\033[") != NULL);
	cr_assert(strstr(without, "\033[") == NULL);
	free(with);
	free(without);
}

Test(status, a_name_cannot_play_with_the_terminal)
{
	char *text = print_json(
		status_print,
		"{\"associations\":[{\"names\":[\"\\u001b[2J\"]}]}", false);

	cr_assert(strstr(text, "?[2J") != NULL);
	cr_assert(strchr(text, '\033') == NULL);
	free(text);
}
