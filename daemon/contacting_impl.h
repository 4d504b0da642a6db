/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * What the two files of contacting share: contacting.c looks up,
 * contacting_report.c shows. Nobody else includes this.
 */
#ifndef HIPLINE_CONTACTING_IMPL_H
#define HIPLINE_CONTACTING_IMPL_H

#include "daemon/base/log.h"
#include "daemon/contacting.h"
#include "daemon/engine.h"

struct contacting {
	struct engine *e;
	struct contacts *contacts;
	bool writable;
	char overlay[NAME_DOMAIN_MAX + 1]; /* of what was found */
	size_t next; /* who has the first turn to be looked up */
	struct log_limit log;
};

#endif
