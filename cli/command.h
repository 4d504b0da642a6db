/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The commands of `hipline`, by file. Each takes the whole command line, has
 * written its messages, and returns the exit code (enum api_exit).
 */
#ifndef HIPLINE_CLI_COMMAND_H
#define HIPLINE_CLI_COMMAND_H

#include "cli/options.h"

/* show.c */
int show_id(const struct options *o);
int show_peers(const struct options *o);
int show_resolve(const struct options *o);
int show_counters(const struct options *o);
int show_dns(const struct options *o);
int show_names(const struct options *o);
int show_overlay(const struct options *o);
int show_contacts(const struct options *o);

/* status.c */
int status_show(const struct options *o);

/* join.c */
int join_create(const struct options *o);
int join_invite(const struct options *o);
int join_run(const struct options *o);

/* authority.c */
int authority_run(const struct options *o);

/* change.c: pin, unpin, leave, reload; close, rekey; peer */
int change_run(const struct options *o);
int change_association(const struct options *o);
int change_peer(const struct options *o);

/* contact.c */
int contact_run(const struct options *o);

/* revoke.c */
int revoke_run(const struct options *o);

/* ping.c */
int ping_run(const struct options *o);

/* key.c */
int key_generate(const struct options *o);

#endif
