/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * `hipline`, the operator's program: a table of commands. What a command
 * does stands in the file of its group (command.h).
 */
#include "cli/command.h"
#include "cli/text.h"
#include "config.h"

#include <errno.h>
#include <string.h>

struct command {
	const char *name;
	int (*run)(const struct options *o);
	const char *arguments;
	const char *help; /* one line */
	const char *more; /* for `help COMMAND` */
	size_t args_min, args_max;
	unsigned options; /* option_bit that it takes */
};

static const struct command commands[] = {
	{ "id", show_id, "[--rr]", "show this host's identity",
	  "Shows the HIT, the algorithm of the key, its fingerprint and the\n"
	  "name that proves itself.\n"
	  "\n"
	  "--rr  show the HIP record instead, as a zone file of DNS has it\n"
	  "      behind this host's name\n",
	  0, 0, OPTION_RR },
	{ "status", status_show, "[--check]",
	  "show what is up, what is not, and what to do",
	  "--check  exit with 1 when there is a warning\n", 0, 0,
	  OPTION_CHECK },
	{ "peers", show_peers, "", "list the associations",
	  "One line for each peer: who, state, path, traffic, ages.\n", 0, 0,
	  0 },
	{ "ping", ping_run, "NAME|HIT [-c N] [-i S] [--timeout S]",
	  "associate with a peer and measure round trips",
	  "-c N         requests to send (4)\n"
	  "-i S         seconds from one to the next (1)\n"
	  "--timeout S  seconds to wait for the association (20)\n",
	  1, 1, OPTION_COUNT | OPTION_INTERVAL | OPTION_TIMEOUT },
	{ "resolve", show_resolve, "NAME", "show the HITs behind a name",
	  "One line for each HIT: HIT, proof, how long it is valid.\n", 1, 1,
	  0 },
	{ "dns", show_dns, "", "show how DNS is answered, and the next step",
	  "Whether our DNS answers, where, and whether this host's programs\n"
	  "ask it by themselves.\n",
	  0, 0, 0 },
	{ "pin", change_run, "NAME HIT", "bind a name to a HIT",
	  "Holds over restarts, until unpin.\n", 2, 2, 0 },
	{ "unpin", change_run, "NAME", "forget what pin bound", "", 1, 1, 0 },
	{ "peer", change_peer, "add NAME|HIT LOCATOR... | remove NAME|HIT",
	  "add a peer with its locators, or remove it",
	  "Holds over restarts. A peer of the configuration is changed there.\n"
	  "A LOCATOR is an address or a host name, with :PORT or without, or\n"
	  "[v6]:PORT.\n",
	  2, 18, 0 },
	{ "publish", change_run, "NAME", "publish a name of this host",
	  "Holds over restarts, until unpublish.\n", 1, 1, 0 },
	{ "unpublish", change_run, "NAME", "publish it no more", "", 1, 1, 0 },
	{ "names", show_names, "", "show the names that this host publishes",
	  "One line for each: name, state, proof, and why it is not "
	  "published.\n",
	  0, 0, 0 },
	{ "contact", contact_run,
	  "[list] | add NAME|HIT [--keep] | remove NAME|HIT",
	  "list contacts, add one, or remove it",
	  "The HITs of contacts are looked up before they are asked for. "
	  "Holds\n"
	  "over restarts.\n"
	  "\n"
	  "--keep  have an association with it all the time; add without it "
	  "has\n"
	  "        none kept any more\n",
	  0, 2, OPTION_KEEP },
	{ "overlay", show_overlay, "", "show this host's place in its overlay",
	  "The authority, the certificate, the neighbours in the ring, and\n"
	  "how much this host keeps and forwards for others.\n",
	  0, 0, 0 },
	{ "create", join_create, "OVERLAY [--name NAME]",
	  "begin an overlay, with its authority on this host",
	  "OVERLAY is a domain; names of it are all that it can certify.\n"
	  "\n"
	  "--name NAME  this host's own, USER@OVERLAY (the one that an "
	  "authority\n"
	  "             which is here already gave it, else admin@OVERLAY)\n",
	  1, 1, OPTION_NAME },
	{ "invite", join_invite,
	  "NAME [--device] [--expires TIME] [--locator LOCATOR]",
	  "print an invitation to the overlay, good once",
	  "--device           beside other devices of the same name\n"
	  "--expires TIME     90s, 30m, 24h, 7d (24h)\n"
	  "--locator LOCATOR  where this host is reached: an address or a\n"
	  "                   host name, with :PORT or without, or\n"
	  "                   [v6]:PORT; up to 8 of them, in place of its own\n"
	  "                   addresses\n",
	  1, 1, OPTION_DEVICE | OPTION_EXPIRES | OPTION_LOCATOR },
	{ "join", join_run, "TOKEN|- [--timeout S]",
	  "join the overlay of an invitation",
	  "Shows the overlay and its authority's fingerprint, to be compared\n"
	  "with what the inviter says, and waits until the authority has\n"
	  "answered. With - the invitation is read from stdin.\n"
	  "\n"
	  "--timeout S  wait no longer than that; hiplined goes on with it\n",
	  1, 1, OPTION_TIMEOUT },
	{ "authority", authority_run, "export FILE | import FILE",
	  "write a backup of the overlay's authority, or restore it",
	  "FILE has the private key of the authority; export does not write\n"
	  "over a file. After import, create with the same OVERLAY goes on.\n",
	  2, 2, 0 },
	{ "leave", change_run, "", "leave the overlay, or give up joining",
	  "Forgets overlay and certificate, never the identity.\n", 0, 0, 0 },
	{ "revoke", revoke_run, "NAME|HIT", "revoke certificates of a member",
	  "To be run on the authority's host. The certificates are not "
	  "renewed,\n"
	  "and the name is free. Who has the new revocation list closes\n"
	  "associations with that host, and does not find its names.\n",
	  1, 1, 0 },
	{ "reload", change_run, "", "read the configuration again",
	  "What takes effect after a restart only is named. When something is\n"
	  "wrong with the file, the old configuration stays.\n",
	  0, 0, 0 },
	{ "close", change_association, "NAME|HIT|all", "close associations",
	  "The peer is told. New traffic makes a new association.\n", 1, 1, 0 },
	{ "rekey", change_association, "NAME|HIT",
	  "take new keys for an association",
	  "With a new Diffie-Hellman exchange; no packet is lost by it.\n", 1,
	  1, 0 },
	{ "counters", show_counters, "", "show packet and drop counters", "", 0,
	  0, 0 },
	{ "keygen", key_generate, "FILE [-a ALGORITHM]",
	  "write a new identity and show its HIT",
	  "-a ALGORITHM  ecdsa-p256 (default), ecdsa-p384, rsa-2048, "
	  "rsa-3072,\n"
	  "              rsa-4096, ed25519\n"
	  "\n"
	  "Needs no hiplined. FILE must not exist; it is for its owner "
	  "alone.\n",
	  1, 1, OPTION_ALGORITHM },
};

enum { COMMANDS = sizeof(commands) / sizeof(commands[0]) };

static const struct command *find(const char *name)
{
	for (size_t i = 0; i < COMMANDS; i++) {
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	}
	return NULL;
}

static int complain_unknown(const char *name)
{
	text_complain(stderr, "%s: unknown command. Run hipline --help.", name);
	return API_USAGE;
}

static int show_usage(void)
{
	(void)puts("hipline [-s SOCKET] [-j] COMMAND [ARGUMENT...]\n");
	for (size_t i = 0; i < COMMANDS; i++)
		(void)printf("  %-10s %s\n", commands[i].name,
			     commands[i].help);
	(void)puts("\n"
		   "  -s, --socket SOCKET  the daemon's control socket\n"
		   "                       (" RUNSTATEDIR
		   "/hipline/control.sock)\n"
		   "  -j, --json           answer in JSON, on one line\n"
		   "  -h, --help           show this; behind a command, its "
		   "own\n"
		   "  -V, --version        show the version\n"
		   "\n"
		   "hipline help COMMAND tells more; all of it is in "
		   "hipline(1).");
	return API_DONE;
}

static int show_help(const char *name)
{
	const struct command *c = find(name);

	if (!c)
		return complain_unknown(name);
	(void)printf("hipline %s%s%s: %s\n", c->name,
		     c->arguments[0] ? " " : "", c->arguments, c->help);
	if (c->more[0])
		(void)printf("\n%s", c->more);
	return API_DONE;
}

/* The command line against the command's row of the table. */
static bool check(const struct command *c, const struct options *o)
{
	const size_t n = o->n_words - 1;

	for (unsigned bit = 1; bit <= o->given; bit <<= 1) {
		if ((o->given & bit & ~c->options) != 0) {
			text_complain(stderr,
				      "%s: %s does not take that option. Run "
				      "hipline help %s.",
				      option_text(bit), c->name, c->name);
			return false;
		}
	}
	if (n >= c->args_min && n <= c->args_max)
		return true;
	text_complain(stderr, "%s: %s. Usage: hipline %s%s%s", c->name,
		      n < c->args_min ? "an argument is missing"
				      : "too many arguments",
		      c->name, c->arguments[0] ? " " : "", c->arguments);
	return false;
}

static int run(const struct options *o)
{
	const struct command *c;

	if (o->version) {
		(void)puts("hipline " PACKAGE_VERSION);
		return API_DONE;
	}
	if (o->n_words == 0 && !o->help) {
		text_complain(stderr, "a command is missing. Run hipline "
				      "--help.");
		return API_USAGE;
	}
	if (o->n_words == 0)
		return show_usage();
	if (strcmp(o->words[0], "help") == 0 && o->n_words > 2) {
		text_complain(stderr, "help: too many arguments. Usage: "
				      "hipline help [COMMAND].");
		return API_USAGE;
	}
	if (strcmp(o->words[0], "help") == 0)
		return o->n_words > 1 ? show_help(o->words[1]) : show_usage();
	if (o->help)
		return show_help(o->words[0]);
	c = find(o->words[0]);
	if (!c)
		return complain_unknown(o->words[0]);
	return check(c, o) ? c->run(o) : API_USAGE;
}

int main(int argc, char **argv)
{
	struct options o;
	int code;

	if (!options_parse(argc, argv, &o, stderr))
		return API_USAGE;
	code = run(&o);
	/* Data that did not arrive is not done. */
	if (fflush(stdout) != 0 || ferror(stdout)) {
		text_complain(stderr, "stdout: %s.", strerror(errno));
		code = API_FAILED;
	}
	return code;
}
