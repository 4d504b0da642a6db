/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Words are summed 32 bits at a time into 64 bits, and carries are folded in
 * at the end. The instruction set is asked for at run time.
 */
#include "tun/checksum.h"

#include <arpa/inet.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#define HAVE_AVX2_CODE 1
#else
#define HAVE_AVX2_CODE 0
#endif

enum { VECTOR_MIN = 64 }; /* below this the portable way is as fast */

static uint64_t load64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* Both halves, so that no carry is lost. */
static uint64_t halves(uint64_t v)
{
	return (v & UINT32_MAX) + (v >> 32);
}

uint64_t checksum_add_portable(uint64_t sum, const uint8_t *p, size_t len)
{
	uint64_t other = 0, rest = 0;

	for (; len >= 16; len -= 16, p += 16) {
		sum += halves(load64(p));
		other += halves(load64(p + 8));
	}
	if (len >= 8) {
		sum += halves(load64(p));
		len -= 8;
		p += 8;
	}
	memcpy(&rest, p, len); /* an odd byte stands before a zero */
	return sum + other + halves(rest);
}

#if HAVE_AVX2_CODE

__attribute__((target("avx2"))) static __m256i halves4(__m256i v)
{
	const __m256i low = _mm256_set1_epi64x(UINT32_MAX);

	return _mm256_add_epi64(_mm256_and_si256(v, low),
				_mm256_srli_epi64(v, 32));
}

__attribute__((target("avx2"))) static __m256i load256(const uint8_t *p)
{
	return _mm256_loadu_si256((const __m256i *)(const void *)p);
}

__attribute__((target("avx2"))) static uint64_t
add_avx2(uint64_t sum, const uint8_t *p, size_t len)
{
	__m256i a = _mm256_setzero_si256(), b = a;
	uint64_t lanes[4];

	for (; len >= 64; len -= 64, p += 64) {
		a = _mm256_add_epi64(a, halves4(load256(p)));
		b = _mm256_add_epi64(b, halves4(load256(p + 32)));
	}
	_mm256_storeu_si256((__m256i *)(void *)lanes, _mm256_add_epi64(a, b));
	sum += lanes[0] + lanes[1] + lanes[2] + lanes[3];
	return checksum_add_portable(sum, p, len);
}

static int has_avx2(void)
{
	return __builtin_cpu_supports("avx2");
}

#else

static uint64_t add_avx2(uint64_t sum, const uint8_t *p, size_t len)
{
	return checksum_add_portable(sum, p, len);
}

static int has_avx2(void)
{
	return 0;
}

#endif

uint64_t checksum_add(uint64_t sum, const uint8_t *bytes, size_t len)
{
	if (len >= VECTOR_MIN && has_avx2())
		return add_avx2(sum, bytes, len);
	return checksum_add_portable(sum, bytes, len);
}

uint64_t checksum_pseudo(const uint8_t source[16],
			 const uint8_t destination[16], uint8_t next_header,
			 uint32_t len)
{
	uint64_t sum = (uint64_t)htonl(len) + htons(next_header);

	sum = checksum_add_portable(sum, source, 16);
	return checksum_add_portable(sum, destination, 16);
}

uint16_t checksum_fold(uint64_t sum)
{
	sum = halves(sum);
	sum = halves(sum);
	sum = (sum & UINT16_MAX) + (sum >> 16);
	sum = (sum & UINT16_MAX) + (sum >> 16);
	return (uint16_t)((sum & UINT16_MAX) + (sum >> 16));
}

void checksum_store(uint8_t *to, uint16_t sum)
{
	memcpy(to, &sum, sizeof(sum));
}

const char *checksum_text(void)
{
	return has_avx2() ? "avx2" : "portable";
}
