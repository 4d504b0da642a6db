/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * A target is a file fuzz_NAME.c that defines this function; module.am makes
 * two programs of it: fuzz_NAME looks for inputs (libFuzzer), replay_NAME
 * runs over those in corpus/NAME. What must hold is asserted.
 */
#ifndef HIPLINE_FUZZ_H
#define HIPLINE_FUZZ_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
