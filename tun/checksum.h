/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The Internet checksum: RFC 1071. Sums are of 16-bit words as they lie in
 * memory, which gives the same checksum on machines of either byte order
 * (RFC 1071 2 B). AVX2 is used where the CPU has it.
 */
#ifndef HIPLINE_CHECKSUM_H
#define HIPLINE_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

/*
 * Adds bytes to a sum. Of several pieces only the last may have an odd
 * length. At most 2^31 bytes go into one sum.
 */
uint64_t checksum_add(uint64_t sum, const uint8_t *bytes, size_t len);

/* The same without AVX2, for comparison. */
uint64_t checksum_add_portable(uint64_t sum, const uint8_t *bytes, size_t len);

/* The sum of a pseudo header: RFC 8200 8.1. */
uint64_t checksum_pseudo(const uint8_t source[16],
			 const uint8_t destination[16], uint8_t next_header,
			 uint32_t len);

/* The sum in 16 bits, as they are to lie in memory; 0xffff when what was
 * summed holds its right checksum. */
uint16_t checksum_fold(uint64_t sum);

/* Writes a folded sum or a checksum to its place. */
void checksum_store(uint8_t *to, uint16_t sum);

/* "avx2" or "portable": what runs here. */
const char *checksum_text(void);

#endif
