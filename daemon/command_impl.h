/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * What the files with commands share. Nobody else includes this.
 */
#ifndef HIPLINE_COMMAND_IMPL_H
#define HIPLINE_COMMAND_IMPL_H

#include "daemon/command.h"

/* What a command is given. */
struct command_call {
	struct engine *e;
	struct control_client *client;
	const char *const *args;
	size_t n_args;
	struct command_answer *answer;
};

/* Answers with a text. */
__attribute__((format(printf, 3, 4))) void command_say(struct command_answer *a,
						       enum api_exit exit,
						       const char *format, ...);

/*
 * What the first argument, a name or a HIT, stands for, as command_resolve
 * has it. False when it stands for nothing, which is answered.
 */
bool command_resolve_first(const struct command_call *c, char canonical[],
			   struct hit *out, const char **proof);

/* command_known.c */
void command_pin(const struct command_call *c);
void command_unpin(const struct command_call *c);
void command_peer(const struct command_call *c);

#endif
