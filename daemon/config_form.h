/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * What is wrong with the form of the configuration's text, as libconfuse
 * finds it, for people: where, what, and how it is written.
 */
#ifndef HIPLINE_CONFIG_FORM_H
#define HIPLINE_CONFIG_FORM_H

#include "daemon/config_value.h"

#include <confuse.h>

/* Marks an option that has been given a value; above libconfuse's flags. */
#define CONFIG_FORM_SEEN (1 << 24)

/* `text` is libconfuse's error, in English, about a place in *cfg. */
void config_form_complain(struct config_report *r, cfg_t *cfg,
			  const char *text);

#endif
