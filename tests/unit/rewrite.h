/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Parses parameters with the parser that each has and writes them again, for
 * tests of round trips (T4) and for fuzzing.
 */
#ifndef HIPLINE_TEST_REWRITE_H
#define HIPLINE_TEST_REWRITE_H

#include "daemon/hip/param.h"

/*
 * Appends p to out as its own writer writes what its parser read; parameters
 * without one of the two are copied when they parse. PUZZLE and SOLUTION are
 * read as those of SHA-384 when their length says so, else of SHA-256.
 */
enum drop rewrite_param(const struct param *p, struct packet_out *out);

/*
 * The whole packet, with the checksum of p; the first parameter that does
 * not parse gives its reason.
 */
enum drop rewrite_packet(const struct packet *p, struct packet_out *out);

#endif
