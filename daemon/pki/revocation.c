/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Revocation lists: RFC 5280 5.1, 5.2.1, 5.2.3, 5.2.5. Entries stand in the
 * order of their serial numbers, so that none is there twice.
 */
#include "daemon/pki/revocation.h"

#include <errno.h>
#include <stdio.h>

enum {
	NUMBERS_EACH = 4, /* bytes: how much lower than the head's own */
	URI_MAX = 48,
	NAME_URI = DER_CONTEXT | 6, /* RFC 5280 4.2.1.6 */
};

/* The same, and the name of the place where it is published. */
static const char uri_prefix[] = "reload:revocations/";

static const uint8_t version_2[] = { DER_INTEGER, 1, 1 };
static const uint8_t oid_number[] = { 0x55, 0x1d, 0x14 };
static const uint8_t oid_point[] = { 0x55, 0x1d, 0x1c };
/* 2.25.6d0f5c1e-8a3b-4c27-9f45-2be1d07a9c63, as X.667 has it; ours. */
static const uint8_t oid_numbers[] = { 0x69, 0x81, 0xda, 0x8f, 0xae, 0x87, 0xd1,
				       0xa3, 0xda, 0xb0, 0xcf, 0x9f, 0xa2, 0xca,
				       0xfc, 0x9d, 0x83, 0xea, 0xb8, 0x63 };
static const uint8_t critical[] = { DER_BOOLEAN, 1, 0xff };

/* The first entry that is not before `serial`. */
static size_t lower_bound(const struct revocation *v, const uint8_t serial[16])
{
	size_t low = 0, high = v->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (memcmp(v->at[mid].serial, serial, CERTIFICATE_SERIAL_LEN) <
		    0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

bool revocation_has(const struct revocation *v,
		    const uint8_t serial[CERTIFICATE_SERIAL_LEN])
{
	size_t i = lower_bound(v, serial);

	return i < v->n &&
	       memcmp(v->at[i].serial, serial, CERTIFICATE_SERIAL_LEN) == 0;
}

int revocation_add(struct revocation *v, const uint8_t serial[16],
		   uint64_t when_s)
{
	size_t i = lower_bound(v, serial);

	if (revocation_has(v, serial))
		return -EEXIST;
	if (v->n == REVOCATION_ENTRIES_MAX)
		return -ENOSPC;
	memmove(&v->at[i + 1], &v->at[i], (v->n - i) * sizeof(v->at[0]));
	memcpy(v->at[i].serial, serial, CERTIFICATE_SERIAL_LEN);
	v->at[i].when_s = when_s;
	v->n++;
	return 0;
}

static void write_entries(struct wr *w, const struct revocation *v)
{
	size_t at = der_begin(w);

	if (v->n == 0)
		return; /* RFC 5280 5.1.2.6: then it must be absent */
	for (size_t i = 0; i < v->n; i++) {
		size_t one = der_begin(w);

		der_integer_write(w, v->at[i].serial, CERTIFICATE_SERIAL_LEN);
		der_date_write(w, v->at[i].when_s);
		der_end(w, one, DER_SEQUENCE);
	}
	der_end(w, at, DER_SEQUENCE);
}

static void write_number(struct wr *w, uint64_t number)
{
	size_t at = der_begin(w), octets;
	uint8_t bytes[8];
	struct wr n = wr_init(bytes, sizeof(bytes));

	wr_u64(&n, number);
	der_write(w, DER_OID, oid_number, sizeof(oid_number));
	octets = der_begin(w);
	der_integer_write(w, bytes, sizeof(bytes));
	der_end(w, octets, DER_OCTETS);
	der_end(w, at, DER_SEQUENCE);
}

uint16_t revocation_part(const uint8_t serial[CERTIFICATE_SERIAL_LEN],
			 uint8_t depth)
{
	unsigned int low = serial[CERTIFICATE_SERIAL_LEN - 2] << 8 |
			   serial[CERTIFICATE_SERIAL_LEN - 1];

	return (uint16_t)(low & ((1u << depth) - 1));
}

void revocation_text(const struct revocation *v, char out[REVOCATION_TEXT_MAX])
{
	out[0] = '\0';
	if (v->depth > 0 && !v->is_head)
		(void)snprintf(out, REVOCATION_TEXT_MAX, "%u/%u", v->depth,
			       v->index); /* has room */
}

/* A head's has the depth only. */
static void write_uri(const struct revocation *v, char out[URI_MAX])
{
	if (v->is_head)
		(void)snprintf(out, URI_MAX, "%s%u", uri_prefix, v->depth);
	else
		(void)snprintf(out, URI_MAX, "%s%u/%u", uri_prefix, v->depth,
			       v->index);
}

static void write_point(struct wr *w, const struct revocation *v)
{
	size_t at = der_begin(w), octets, point, name, full;
	char uri[URI_MAX];

	write_uri(v, uri);
	der_write(w, DER_OID, oid_point, sizeof(oid_point));
	wr_bytes(w, critical, sizeof(critical));
	octets = der_begin(w);
	point = der_begin(w);
	name = der_begin(w);
	full = der_begin(w);
	der_write(w, NAME_URI, uri, strlen(uri));
	der_end(w, full, DER_CONTEXT_BEGIN | 0);
	der_end(w, name, DER_CONTEXT_BEGIN | 0);
	der_end(w, point, DER_SEQUENCE);
	der_end(w, octets, DER_OCTETS);
	der_end(w, at, DER_SEQUENCE);
}

/* Each part's number, as by how much it is lower than the head's. */
static void write_numbers(struct wr *w, const struct revocation *v)
{
	size_t at = der_begin(w), octets;

	der_write(w, DER_OID, oid_numbers, sizeof(oid_numbers));
	wr_bytes(w, critical, sizeof(critical));
	octets = der_begin(w);
	for (size_t i = 0; i < 1u << v->depth; i++) {
		uint64_t lower = v->number - v->numbers[i];

		if (v->numbers[i] > v->number || lower > UINT32_MAX)
			w->failed = true;
		wr_u32(w, (uint32_t)lower);
	}
	der_end(w, octets, DER_OCTETS);
	der_end(w, at, DER_SEQUENCE);
}

void revocation_tbs_write(struct wr *w, const struct authority *a,
			  const struct revocation *v)
{
	size_t at = der_begin(w), outer, list;

	wr_bytes(w, version_2, sizeof(version_2));
	spki_algorithm_write(w, a->algorithm);
	authority_name_write(w, a);
	der_date_write(w, v->this_update_s);
	der_date_write(w, v->next_update_s);
	write_entries(w, v);
	outer = der_begin(w);
	list = der_begin(w);
	authority_key_id_write(w, a);
	write_number(w, v->number);
	if (v->depth > 0)
		write_point(w, v);
	if (v->is_head)
		write_numbers(w, v);
	der_end(w, list, DER_SEQUENCE);
	der_end(w, outer, DER_CONTEXT_BEGIN | 0);
	der_end(w, at, DER_SEQUENCE);
}

void revocation_write(struct wr *w, const struct authority *a, struct span tbs,
		      const uint8_t *sig, size_t sig_len)
{
	size_t at = wr_len(w);

	authority_signed_write(w, a, tbs, sig, sig_len);
	if (wr_len(w) - at > REVOCATION_MAX)
		w->failed = true;
}

static void read_entries(struct rd *tbs, struct revocation *v)
{
	struct rd list = der_read(tbs, DER_SEQUENCE);

	while (rd_left(&list) > 0) {
		struct rd one = der_read(&list, DER_SEQUENCE);
		uint8_t serial[CERTIFICATE_SERIAL_LEN];
		uint64_t when;

		der_integer_read(&one, serial, sizeof(serial));
		when = der_date_read(&one);
		/* In order: so each goes to the end, at no cost. */
		if (!rd_done(&one) || lower_bound(v, serial) != v->n ||
		    revocation_add(v, serial, when) != 0) {
			tbs->failed = true;
			return;
		}
	}
	if (rd_failed(&list))
		tbs->failed = true;
}

/* Decimal digits, at least one, up to the end or what is no digit. */
static uint16_t read_digits(struct rd *r)
{
	unsigned int n = 0, digits = 0;

	for (; rd_left(r) > 0 && *r->p >= '0' && *r->p <= '9'; digits++)
		n = n * 10 + (rd_u8(r) - '0');
	if (digits == 0 || digits > 4)
		r->failed = true;
	return (uint16_t)n;
}

/* The whole is compared with what we would have written, later. */
static void read_point(struct rd *list, struct revocation *v)
{
	struct rd one = der_read(list, DER_SEQUENCE), octets, point, name, full;
	struct rd uri;
	uint16_t depth;

	(void)der_read(&one, DER_OID);
	(void)der_read(&one, DER_BOOLEAN);
	octets = der_read(&one, DER_OCTETS);
	point = der_read(&octets, DER_SEQUENCE);
	name = der_read(&point, DER_CONTEXT_BEGIN | 0);
	full = der_read(&name, DER_CONTEXT_BEGIN | 0);
	uri = der_read(&full, NAME_URI);
	(void)rd_bytes(&uri, sizeof(uri_prefix) - 1);
	depth = read_digits(&uri);
	v->is_head = rd_left(&uri) == 0;
	if (!v->is_head) {
		(void)rd_u8(&uri); /* the stroke */
		v->index = read_digits(&uri);
	}
	if (!rd_done(&uri) || depth == 0 || depth > REVOCATION_DEPTH_MAX ||
	    v->index >= 1u << depth) {
		list->failed = true;
		return;
	}
	v->depth = (uint8_t)depth;
}

static void read_numbers(struct rd *list, struct revocation *v)
{
	struct rd one = der_read(list, DER_SEQUENCE), octets;

	(void)der_read(&one, DER_OID);
	(void)der_read(&one, DER_BOOLEAN);
	octets = der_read(&one, DER_OCTETS);
	for (size_t i = 0; i < 1u << v->depth; i++) {
		uint64_t lower = rd_u32(&octets);

		if (lower > v->number)
			octets.failed = true;
		v->numbers[i] = v->number - lower;
	}
	if (!rd_done(&octets))
		list->failed = true;
}

static void read_extensions(struct rd *tbs, struct revocation *v)
{
	struct rd outer = der_read(tbs, DER_CONTEXT_BEGIN | 0);
	struct rd list = der_read(&outer, DER_SEQUENCE), one, octets, n;
	uint8_t bytes[8];

	(void)der_read(&list, DER_SEQUENCE); /* key id */
	one = der_read(&list, DER_SEQUENCE);
	(void)der_read(&one, DER_OID);
	octets = der_read(&one, DER_OCTETS);
	der_integer_read(&octets, bytes, sizeof(bytes));
	n = rd_init(bytes, sizeof(bytes));
	v->number = rd_u64(&n);
	if (rd_left(&list) > 0)
		read_point(&list, v);
	if (v->is_head)
		read_numbers(&list, v);
	if (rd_failed(&octets) || rd_failed(&list))
		tbs->failed = true;
}

/* None stands in the list of others. */
static bool is_in_place(const struct revocation *v)
{
	if (v->is_head)
		return v->n == 0;
	for (size_t i = 0; i < v->n; i++)
		if (revocation_part(v->at[i].serial, v->depth) != v->index)
			return false;
	return true;
}

static bool read_tbs(struct span bytes, struct revocation *v)
{
	struct rd r = rd_init(bytes.bytes, bytes.len);
	struct rd tbs = der_read(&r, DER_SEQUENCE);

	v->n = 0;
	v->is_head = false;
	v->depth = 0;
	v->index = 0;
	(void)der_read(&tbs, DER_INTEGER);
	(void)der_read(&tbs, DER_SEQUENCE); /* algorithm */
	(void)der_read(&tbs, DER_SEQUENCE); /* issuer */
	v->this_update_s = der_date_read(&tbs);
	v->next_update_s = der_date_read(&tbs);
	if (der_peek(&tbs) == DER_SEQUENCE)
		read_entries(&tbs, v);
	read_extensions(&tbs, v);
	return rd_done(&tbs) && is_in_place(v);
}

enum certificate_result revocation_verify(const struct authority *a,
					  const uint8_t *bytes, size_t len,
					  uint64_t now_s,
					  struct revocation *out)
{
	uint8_t again[REVOCATION_MAX];
	struct wr w = wr_init(again, sizeof(again));
	struct span tbs;

	if (len > REVOCATION_MAX)
		return CERTIFICATE_MALFORMED;
	if (!authority_signed_read(rd_init(bytes, len), a, &tbs))
		return CERTIFICATE_SIGNATURE;
	if (!read_tbs(tbs, out))
		return CERTIFICATE_MALFORMED;
	revocation_tbs_write(&w, a, out);
	if (wr_failed(&w) || wr_len(&w) != tbs.len ||
	    memcmp(again, tbs.bytes, tbs.len) != 0)
		return CERTIFICATE_MALFORMED;
	if (now_s + CERTIFICATE_SKEW_S < out->this_update_s)
		return CERTIFICATE_NOT_YET;
	return CERTIFICATE_OK;
}
