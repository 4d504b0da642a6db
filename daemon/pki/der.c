/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * DER: X.690 8.1, 8.3, 10.1; dates: RFC 5280 4.1.2.5.
 */
#include "daemon/pki/der.h"

#include <assert.h>
#include <stdio.h>

enum {
	DAY_S = 86400,
	YEAR_UTC_END = 2050, /* RFC 5280 4.1.2.5: GeneralizedTime from here */
	YEAR_MAX = 9999,
	DATE_LEN = 15, /* YYYYMMDDHHMMSSZ */
};

/* UTCTime has no century: what is before 2000 is not written. */
static const uint64_t date_min_s = 946684800;
static const uint64_t date_max_s = 253402300799; /* 9999-12-31 23:59:59 */

static size_t length_len(size_t len)
{
	return len < 0x80 ? 1 : len < 0x100 ? 2 : 3;
}

static void write_length(struct wr *w, size_t len)
{
	if (len >= 0x100) {
		wr_u8(w, 0x82);
		wr_u16(w, (uint16_t)len);
		return;
	}
	if (len >= 0x80)
		wr_u8(w, 0x81);
	wr_u8(w, (uint8_t)len);
}

void der_end(struct wr *w, size_t begin, uint8_t tag)
{
	size_t len, head;
	struct wr front;

	if (wr_failed(w))
		return;
	assert(begin <= wr_len(w));
	len = wr_len(w) - begin;
	head = 1 + length_len(len);
	if (len > DER_LEN_MAX || !wr_room(w, head)) {
		w->failed = true;
		return;
	}
	memmove(w->start + begin + head, w->start + begin, len);
	front = wr_init(w->start + begin, head);
	wr_u8(&front, tag);
	write_length(&front, len);
	assert(!wr_failed(&front) && wr_left(&front) == 0);
}

void der_write(struct wr *w, uint8_t tag, const void *bytes, size_t len)
{
	size_t at = der_begin(w);

	wr_bytes(w, bytes, len);
	der_end(w, at, tag);
}

void der_integer_write(struct wr *w, const uint8_t *bytes, size_t len)
{
	size_t at = der_begin(w);

	while (len > 1 && bytes[0] == 0) {
		bytes++;
		len--;
	}
	if (len == 0 || bytes[0] >= 0x80)
		wr_u8(w, 0);
	wr_bytes(w, bytes, len);
	der_end(w, at, DER_INTEGER);
}

/* The shortest form only (X.690 10.1). */
static size_t read_length(struct rd *r)
{
	size_t len = rd_u8(r), least = 0;

	if (len == 0x81) {
		len = rd_u8(r);
		least = 0x80;
	} else if (len == 0x82) {
		len = rd_u16(r);
		least = 0x100;
	} else if (len >= 0x80) {
		r->failed = true;
	}
	if (len < least)
		r->failed = true;
	return len;
}

struct rd der_read(struct rd *r, uint8_t tag)
{
	uint8_t found = rd_u8(r);
	size_t len = read_length(r);

	if (found != tag)
		r->failed = true;
	return rd_sub(r, len);
}

uint8_t der_peek(const struct rd *r)
{
	struct rd ahead = *r;

	return rd_u8(&ahead);
}

void der_integer_read(struct rd *r, uint8_t *out, size_t width)
{
	struct rd v = der_read(r, DER_INTEGER);
	size_t len = rd_left(&v);
	const uint8_t *bytes = rd_bytes(&v, len);

	memset(out, 0, width);
	if (rd_failed(r))
		return;
	if (len == 0 || bytes[0] >= 0x80 ||
	    (len > 1 && bytes[0] == 0 && bytes[1] < 0x80)) {
		r->failed = true; /* empty, negative, or not the shortest */
		return;
	}
	if (bytes[0] == 0) {
		bytes++;
		len--;
	}
	if (len > width) {
		r->failed = true;
		return;
	}
	memcpy(out + width - len, bytes, len);
}

/* Days since 1970 of a date of the Gregorian calendar. */
static uint64_t days_of(unsigned int year, unsigned int month, unsigned int day)
{
	/* Years that begin in March, so that leap days end them. */
	uint64_t y = month > 2 ? year : year - 1;
	uint64_t m = month > 2 ? month - 3 : month + 9;

	return y * 365 + y / 4 - y / 100 + y / 400 + (m * 153 + 2) / 5 + day -
	       1 - 719468;
}

static bool is_leap(unsigned int year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static unsigned int month_days(unsigned int year, unsigned int month)
{
	static const uint8_t days[] = { 31, 28, 31, 30, 31, 30,
					31, 31, 30, 31, 30, 31 };

	return days[month - 1] + (month == 2 && is_leap(year));
}

void der_date_write(struct wr *w, uint64_t seconds)
{
	uint64_t days = seconds / DAY_S;
	unsigned int rest = (unsigned int)(seconds % DAY_S);
	unsigned int year, month = 1;
	char text[32];
	bool utc;

	if (seconds < date_min_s || seconds > date_max_s) {
		w->failed = true;
		return;
	}
	year = (unsigned int)(1970 + days / 366);
	while (days_of(year + 1, 1, 1) <= days)
		year++;
	days -= days_of(year, 1, 1);
	while (days >= month_days(year, month))
		days -= month_days(year, month++);
	utc = year < YEAR_UTC_END;
	(void)snprintf(text, sizeof(text), "%04u%02u%02u%02u%02u%02uZ",
		       year % 10000, month, (unsigned int)days + 1, rest / 3600,
		       rest / 60 % 60, rest % 60); /* fits */
	der_write(w, utc ? DER_UTC_TIME : DER_TIME, text + (utc ? 2 : 0),
		  DATE_LEN - (utc ? 2 : 0));
}

/* Two digits; anything else fails the reader. */
static unsigned int read_two(struct rd *r)
{
	unsigned int high = rd_u8(r) - (unsigned int)'0';
	unsigned int low = rd_u8(r) - (unsigned int)'0';

	if (high > 9 || low > 9) {
		r->failed = true;
		return 0;
	}
	return high * 10 + low;
}

uint64_t der_date_read(struct rd *r)
{
	bool utc = der_peek(r) == DER_UTC_TIME;
	struct rd v = der_read(r, utc ? DER_UTC_TIME : DER_TIME);
	unsigned int year, month, day, hour, minute, second;

	/* RFC 5280 4.1.2.5.1: 50 to 99 are the last century's. */
	year = utc ? 2000 : read_two(&v) * 100;
	year += read_two(&v);
	month = read_two(&v);
	day = read_two(&v);
	hour = read_two(&v);
	minute = read_two(&v);
	second = read_two(&v);
	if (rd_u8(&v) != 'Z' || !rd_done(&v) || month < 1 || month > 12 ||
	    day < 1 || day > month_days(year, month) || hour > 23 ||
	    minute > 59 || second > 59 ||
	    (utc ? year >= YEAR_UTC_END : year < YEAR_UTC_END)) {
		r->failed = true;
		return 0;
	}
	return days_of(year, month, day) * DAY_S + hour * 3600 + minute * 60 +
	       second;
}
