/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * ANY gets AAAA alone (RFC 8482 4.1). A HIP record has a key (RFC 8005 5:
 * REQUIRED), hence there is none while the key is not known.
 */
#include "resolver/dnsrecord.h"

#include "daemon/pki/hiprr.h"

#include <stdio.h>
#include <string.h>

enum {
	SIP_PORT = 5060, /* RFC 3261 18.1.1 */
	TEXT_MAX = 255,	 /* RFC 1035 3.3: of one character-string */
};

static const struct service {
	const char *prefix, *protocol;
} services[] = { { "_sip._udp", "SIP+D2U" }, { "_sip._tcp", "SIP+D2T" } };

static void write_string(struct wr *w, const char *text)
{
	size_t len = strnlen(text, TEXT_MAX);

	wr_u8(w, (uint8_t)len);
	wr_bytes(w, text, len);
}

static void write_aaaa(struct dnsmsg_reply *r,
		       const struct dnsrecord_known *known, uint32_t ttl_s)
{
	for (size_t i = 0; i < known->n_hits; i++) {
		size_t at = dnsmsg_record_begin(r, DNSMSG_ANSWER, DNSMSG_AAAA,
						ttl_s);

		wr_bytes(&r->w, known->hits[i].hit.bytes, sizeof(struct hit));
		dnsmsg_record_end(r, at);
	}
}

static void write_txt(struct dnsmsg_reply *r,
		      const struct dnsrecord_known *known, uint32_t ttl_s)
{
	for (size_t i = 0; i < known->n_hits; i++) {
		size_t at = dnsmsg_record_begin(r, DNSMSG_ANSWER, DNSMSG_TXT,
						ttl_s);
		char hit[HIT_TEXT_MAX], text[TEXT_MAX + 1];

		hit_text(&known->hits[i].hit, hit);
		(void)snprintf(text, sizeof(text), "hit=%s", hit); /* fits */
		write_string(&r->w, text);
		(void)snprintf(text, sizeof(text), "proof=%s",
			       known->hits[i].proof);
		write_string(&r->w, text);
		dnsmsg_record_end(r, at);
	}
}

static void write_hip(struct dnsmsg_reply *r,
		      const struct dnsrecord_known *known, uint32_t ttl_s)
{
	for (size_t i = 0; i < known->n_hits; i++) {
		const struct dnsrecord_hit *h = &known->hits[i];
		struct hiprr rr;
		size_t at;

		if (!hiprr_of(&h->hit, h->hi, h->hi_len, &rr))
			continue;
		at = dnsmsg_record_begin(r, DNSMSG_ANSWER, DNSMSG_HIP, ttl_s);
		hiprr_write(&rr, &r->w);
		dnsmsg_record_end(r, at);
	}
}

/* The host that the service is on: the question without its two labels. */
static void service_host(const struct dnsmsg_reply *r, struct dnsname *out)
{
	const uint8_t *wire = r->query->name.wire;
	size_t skip = 1u + wire[0];

	skip += 1u + wire[skip];
	out->len = r->query->name.len - skip;
	memcpy(out->wire, wire + skip, out->len);
}

static void write_srv(struct dnsmsg_reply *r, uint32_t ttl_s)
{
	struct dnsname host;
	size_t at = dnsmsg_record_begin(r, DNSMSG_ANSWER, DNSMSG_SRV, ttl_s);

	service_host(r, &host);
	wr_u16(&r->w, 0); /* priority */
	wr_u16(&r->w, 0); /* weight */
	wr_u16(&r->w, SIP_PORT);
	dnsname_write(&r->w, &host);
	dnsmsg_record_end(r, at);
}

/* RFC 3263 4.1: UDP first, as the most phones have it. */
static void write_naptr(struct dnsmsg_reply *r, uint32_t ttl_s)
{
	for (size_t i = 0; i < 2; i++) {
		const struct dnsname *host = &r->query->name;
		struct dnsname prefix;
		size_t at;

		if (dnsname_from_text(services[i].prefix, &prefix) < 0 ||
		    prefix.len - 1 + host->len > DNSNAME_MAX)
			continue; /* such a name cannot be asked for */
		at = dnsmsg_record_begin(r, DNSMSG_ANSWER, DNSMSG_NAPTR, ttl_s);
		wr_u16(&r->w, (uint16_t)(10 * (i + 1))); /* order */
		wr_u16(&r->w, 10);			 /* preference */
		write_string(&r->w, "s");
		write_string(&r->w, services[i].protocol);
		write_string(&r->w, "");
		wr_bytes(&r->w, prefix.wire, prefix.len - 1);
		dnsname_write(&r->w, host);
		dnsmsg_record_end(r, at);
	}
}

static void write_ptr(struct dnsmsg_reply *r, const struct dnsform *f,
		      const struct dnsrecord_known *known, const char *suffix,
		      uint32_t ttl_s)
{
	struct dnsname host;
	size_t at;

	/* Exactly one, and a host name: others break the C library's. */
	if (!known->name || dnsform_host(known->name, suffix, &host) < 0)
		dnsform_host_of_hit(&f->hit, suffix, &host);
	if (host.len == 0)
		return;
	at = dnsmsg_record_begin(r, DNSMSG_ANSWER, DNSMSG_PTR, ttl_s);
	dnsname_write(&r->w, &host);
	dnsmsg_record_end(r, at);
}

void dnsrecord_write_soa(struct dnsmsg_reply *r, const struct dnsform *f,
			 uint32_t ttl_s)
{
	const struct dnsname *q = &r->query->name;
	struct dnsname zone = { .len = q->len - f->zone_at };
	static const uint8_t nobody[] = "\x06nobody\x07invalid";
	size_t at;

	memcpy(zone.wire, q->wire + f->zone_at, zone.len);
	at = dnsmsg_record_begin_at(r, DNSMSG_AUTHORITY, &zone, DNSMSG_SOA,
				    ttl_s);
	dnsname_write(&r->w, &zone);		 /* MNAME */
	wr_bytes(&r->w, nobody, sizeof(nobody)); /* with the root's octet */
	wr_u32(&r->w, 1);			 /* serial */
	wr_u32(&r->w, 3600); /* refresh, retry, expire: nobody copies it */
	wr_u32(&r->w, 600);
	wr_u32(&r->w, 86400);
	wr_u32(&r->w, ttl_s); /* RFC 2308 4: of negative answers */
	dnsmsg_record_end(r, at);
}

static void write_forward(struct dnsmsg_reply *r, const struct dnsform *f,
			  const struct dnsrecord_known *known, uint32_t ttl_s)
{
	switch (r->query->type) {
	case DNSMSG_AAAA:
	case DNSMSG_ANY:
		if (!f->is_service)
			write_aaaa(r, known, ttl_s);
		break;
	case DNSMSG_TXT:
		write_txt(r, known, ttl_s);
		break;
	case DNSMSG_HIP:
		if (!f->is_service)
			write_hip(r, known, ttl_s);
		break;
	case DNSMSG_SRV:
		if (f->is_service)
			write_srv(r, ttl_s);
		break;
	case DNSMSG_NAPTR:
		/* A label with @ is no host: SIP goes by the other form. */
		if (!f->is_service && !f->is_open)
			write_naptr(r, ttl_s);
		break;
	default:
		break;
	}
}

void dnsrecord_write(struct dnsmsg_reply *r, const struct dnsform *f,
		     const struct dnsrecord_known *known, const char *suffix,
		     uint32_t ttl_s)
{
	if (f->kind == DNSFORM_REVERSE) {
		if (r->query->type == DNSMSG_PTR ||
		    r->query->type == DNSMSG_ANY)
			write_ptr(r, f, known, suffix, ttl_s);
	} else if (f->kind != DNSFORM_PART) {
		write_forward(r, f, known, ttl_s);
	}
	if (r->counts[DNSMSG_ANSWER] == 0)
		dnsrecord_write_soa(r, f, ttl_s);
}
