/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * From the daemon's JSON to a screen. The print functions are pure: JSON in,
 * text out.
 */
#ifndef HIPLINE_SHOW_H
#define HIPLINE_SHOW_H

#include "cli/options.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/* Prints one kind of answer. False for want of memory. */
typedef bool show_print(json_t *root, bool colour, FILE *out);

show_print show_print_id;
show_print show_print_record;
show_print show_print_peers;
show_print show_print_resolve;
show_print show_print_counters;
show_print show_print_dns;
show_print show_print_names;
show_print show_print_contacts;
show_print show_print_overlay;
show_print status_print;

/*
 * Asks with the command line's words and prints the answer, as JSON or by
 * `print`. With root_out the caller gets the JSON and owns it.
 */
int show_run(const struct options *o, show_print *print, json_t **root_out);

/* Colour on stdout: a terminal, and the environment does not forbid it. */
bool show_wants_colour(void);

bool show_print_membership(json_t *root, bool colour, FILE *out);

#endif
