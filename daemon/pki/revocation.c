/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Revocation lists: RFC 5280 5.1, 5.2.1, 5.2.3. Entries stand in the order
 * of their serial numbers, so that none is there twice.
 */
#include "daemon/pki/revocation.h"

#include <errno.h>

static const uint8_t version_2[] = { DER_INTEGER, 1, 1 };
static const uint8_t oid_number[] = { 0x55, 0x1d, 0x14 };

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

static void read_number(struct rd *tbs, struct revocation *v)
{
	struct rd outer = der_read(tbs, DER_CONTEXT_BEGIN | 0);
	struct rd list = der_read(&outer, DER_SEQUENCE), one, octets, n;
	uint8_t bytes[8];

	(void)der_read(&list, DER_SEQUENCE); /* key id */
	one = der_read(&list, DER_SEQUENCE);
	(void)der_read(&one, DER_OID);
	octets = der_read(&one, DER_OCTETS);
	der_integer_read(&octets, bytes, sizeof(bytes));
	if (rd_failed(&octets))
		tbs->failed = true;
	n = rd_init(bytes, sizeof(bytes));
	v->number = rd_u64(&n);
}

static bool read_tbs(struct span bytes, struct revocation *v)
{
	struct rd r = rd_init(bytes.bytes, bytes.len);
	struct rd tbs = der_read(&r, DER_SEQUENCE);

	v->n = 0;
	(void)der_read(&tbs, DER_INTEGER);
	(void)der_read(&tbs, DER_SEQUENCE); /* algorithm */
	(void)der_read(&tbs, DER_SEQUENCE); /* issuer */
	v->this_update_s = der_date_read(&tbs);
	v->next_update_s = der_date_read(&tbs);
	if (der_peek(&tbs) == DER_SEQUENCE)
		read_entries(&tbs, v);
	read_number(&tbs, v);
	return rd_done(&tbs);
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

bool revocation_adds(const struct revocation *v,
		     const struct revocation *before)
{
	for (size_t i = 0; i < v->n; i++)
		if (!revocation_has(before, v->at[i].serial))
			return true;
	return false;
}
