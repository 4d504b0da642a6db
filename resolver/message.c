/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The outer form of RELOAD messages: RFC 6940 6.3.2 to 6.3.4. Node-IDs and
 * Resource-IDs of this overlay have 16 bytes; others are malformed here.
 * Forwarding options are carried, none is known.
 */
#include "resolver/message.h"

#include <assert.h>

enum {
	TOKEN_HIGH_BIT = 0x80000000u,
	FRAGMENT_HISTORIC = 0x80000000u, /* MUST be set, 6.3.2 */
	FRAGMENT_LAST = 0x40000000u,
	FRAGMENT_OFFSET = 0x00ffffffu,
	OPTION_FORWARD_CRITICAL = 0x01,
	OPTION_DESTINATION_CRITICAL = 0x02,
	COMPRESSED_ID_LEN = 2,
	CERTIFICATE_X509 = 0, /* RFC 6091 */
};

/* The data of a TLV destination. */
static enum message_result parse_data(struct rd d, struct destination *out)
{
	size_t len;

	switch (out->type) {
	case DESTINATION_NODE:
		rd_copy(&d, out->node.bytes, sizeof(out->node.bytes));
		break;
	case DESTINATION_RESOURCE:
		if (rd_u8(&d) != ID_LEN)
			return MESSAGE_MALFORMED;
		rd_copy(&d, out->resource.bytes, ID_LEN);
		break;
	case DESTINATION_OPAQUE:
		len = rd_u8(&d);
		out->opaque.len = len;
		out->opaque.bytes = rd_bytes(&d, len);
		break;
	default:
		return MESSAGE_MALFORMED;
	}
	return rd_done(&d) ? MESSAGE_OK : MESSAGE_MALFORMED;
}

enum message_result destination_parse(struct rd *r, struct destination *out)
{
	struct destination d = { 0 };
	uint8_t first;
	size_t len;

	if (rd_left(r) == 0)
		return MESSAGE_MALFORMED;
	first = *r->p;

	if (first & 0x80) {
		/* 6.3.2.2: 16 bits that stand for an opaque id. */
		d.type = DESTINATION_OPAQUE;
		d.opaque.len = COMPRESSED_ID_LEN;
		d.opaque.bytes = rd_bytes(r, COMPRESSED_ID_LEN);
		if (rd_failed(r))
			return MESSAGE_MALFORMED;
	} else {
		d.type = (enum destination_type)rd_u8(r);
		len = rd_u8(r);
		if (parse_data(rd_sub(r, len), &d) != MESSAGE_OK)
			return MESSAGE_MALFORMED;
	}
	*out = d;
	return MESSAGE_OK;
}

enum message_result destination_list_parse(struct rd r,
					   struct destination_list *out)
{
	size_t n = 0;

	if (rd_failed(&r))
		return MESSAGE_MALFORMED;
	while (rd_left(&r) > 0) {
		if (n == DESTINATIONS_MAX)
			return MESSAGE_TOO_MANY;
		if (destination_parse(&r, &out->at[n]) != MESSAGE_OK)
			return MESSAGE_MALFORMED;
		n++;
	}
	out->n = n;
	return MESSAGE_OK;
}

void destination_write(struct wr *w, const struct destination *d)
{
	switch (d->type) {
	case DESTINATION_NODE:
		wr_u8(w, DESTINATION_NODE);
		wr_u8(w, sizeof(d->node.bytes));
		wr_bytes(w, d->node.bytes, sizeof(d->node.bytes));
		break;
	case DESTINATION_RESOURCE:
		wr_u8(w, DESTINATION_RESOURCE);
		wr_u8(w, 1 + ID_LEN);
		wr_u8(w, ID_LEN);
		wr_bytes(w, d->resource.bytes, ID_LEN);
		break;
	case DESTINATION_OPAQUE:
		if (d->opaque.len == COMPRESSED_ID_LEN &&
		    (d->opaque.bytes[0] & 0x80)) {
			wr_bytes(w, d->opaque.bytes, COMPRESSED_ID_LEN);
			break;
		}
		assert(d->opaque.len < UINT8_MAX);
		wr_u8(w, DESTINATION_OPAQUE);
		wr_u8(w, (uint8_t)(1 + d->opaque.len));
		wr_u8(w, (uint8_t)d->opaque.len);
		wr_bytes(w, d->opaque.bytes, d->opaque.len);
		break;
	}
}

size_t destination_len(const struct destination *d)
{
	switch (d->type) {
	case DESTINATION_NODE:
		return 2 + sizeof(d->node.bytes);
	case DESTINATION_RESOURCE:
		return 3 + ID_LEN;
	case DESTINATION_OPAQUE:
		return 3 + d->opaque.len; /* at most */
	}
	return 0;
}

void destination_list_write(struct wr *w, const struct destination_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		destination_write(w, &l->at[i]);
}

static size_t list_len(const struct destination_list *l)
{
	size_t len = 0;

	for (size_t i = 0; i < l->n; i++)
		len += destination_len(&l->at[i]);
	return len;
}

size_t forwarding_len(const struct forwarding *f)
{
	return RELOAD_HEADER_LEN + list_len(&f->via) +
	       list_len(&f->destination) + f->options_len;
}

struct options {
	const uint8_t *bytes;
	size_t len;
	bool forward_critical, destination_critical;
};

static enum message_result parse_options(struct rd r, struct options *out)
{
	out->bytes = r.p;
	out->len = rd_left(&r);
	while (rd_left(&r) > 0) {
		uint8_t type = rd_u8(&r);
		uint8_t flags = rd_u8(&r);
		size_t len = rd_u16(&r);

		rd_skip(&r, len);
		if (rd_failed(&r) || type == 0)
			return MESSAGE_MALFORMED;
		if (flags & OPTION_FORWARD_CRITICAL)
			out->forward_critical = true;
		if (flags & OPTION_DESTINATION_CRITICAL)
			out->destination_critical = true;
	}
	return rd_failed(&r) ? MESSAGE_MALFORMED : MESSAGE_OK;
}

/* Whether destination_list_parse will take a list. 6.3.2.2: a Resource-ID
 * only ends a Destination List, and never stands in a Via List. */
static enum message_result check_list(struct rd r, bool is_via)
{
	struct destination d = { .type = DESTINATION_NODE };
	size_t n = 0;

	if (rd_failed(&r))
		return MESSAGE_MALFORMED;
	while (rd_left(&r) > 0) {
		if (n++ == DESTINATIONS_MAX)
			return MESSAGE_TOO_MANY;
		if (d.type == DESTINATION_RESOURCE ||
		    destination_parse(&r, &d) != MESSAGE_OK)
			return MESSAGE_MALFORMED;
		if (is_via && d.type == DESTINATION_RESOURCE)
			return MESSAGE_MALFORMED;
	}
	return is_via || n > 0 ? MESSAGE_OK : MESSAGE_MALFORMED;
}

/* The fixed part, into what has no lists yet. */
struct fixed {
	uint32_t token, overlay, fragment, length, max_response_length;
	uint64_t transaction_id;
	uint16_t configuration_sequence, lens[3];
	uint8_t version, ttl;
};

static enum message_result parse_fixed(struct rd *r, size_t len,
				       struct fixed *out)
{
	struct fixed f = { 0 };

	f.token = rd_u32(r);
	f.overlay = rd_u32(r);
	f.configuration_sequence = rd_u16(r);
	f.version = rd_u8(r);
	f.ttl = rd_u8(r);
	f.fragment = rd_u32(r);
	f.length = rd_u32(r);
	f.transaction_id = rd_u64(r);
	f.max_response_length = rd_u32(r);
	for (size_t i = 0; i < 3; i++)
		f.lens[i] = rd_u16(r);
	if (rd_failed(r))
		return MESSAGE_MALFORMED;
	if (f.token != (RELOAD_TOKEN | TOKEN_HIGH_BIT))
		return MESSAGE_NOT_RELOAD;
	if (f.version != RELOAD_VERSION)
		return MESSAGE_VERSION;
	if (f.length > RELOAD_MESSAGE_MAX)
		return MESSAGE_TOO_LARGE;
	if (f.length != len || !(f.fragment & FRAGMENT_HISTORIC))
		return MESSAGE_MALFORMED;
	*out = f;
	return MESSAGE_OK;
}

/*
 * The lists are gone through twice, so that nothing has to be cleared,
 * copied or undone: a header has room for many more than it mostly has.
 */
enum message_result forwarding_parse(const uint8_t *bytes, size_t len,
				     struct forwarding *out, struct span *rest)
{
	struct rd r = rd_init(bytes, len), via, destination;
	struct options options = { .len = 0 };
	struct fixed f;
	enum message_result res = parse_fixed(&r, len, &f);

	if (res != MESSAGE_OK)
		return res;
	via = rd_sub(&r, f.lens[0]);
	res = check_list(via, true);
	if (res != MESSAGE_OK)
		return res;
	destination = rd_sub(&r, f.lens[1]);
	res = check_list(destination, false);
	if (res != MESSAGE_OK)
		return res;
	res = parse_options(rd_sub(&r, f.lens[2]), &options);
	if (res != MESSAGE_OK)
		return res;
	out->overlay = f.overlay;
	out->configuration_sequence = f.configuration_sequence;
	out->ttl = f.ttl;
	out->last_fragment = (f.fragment & FRAGMENT_LAST) != 0;
	out->fragment_offset = f.fragment & FRAGMENT_OFFSET;
	out->transaction_id = f.transaction_id;
	out->max_response_length = f.max_response_length;
	(void)destination_list_parse(via, &out->via); /* checked */
	(void)destination_list_parse(destination, &out->destination);
	out->forward_critical = options.forward_critical;
	out->destination_critical = options.destination_critical;
	out->options = options.bytes;
	out->options_len = options.len;
	rest->bytes = r.p;
	rest->len = rd_left(&r);
	return MESSAGE_OK;
}

void forwarding_write(struct wr *w, const struct forwarding *f, size_t rest_len)
{
	size_t start = wr_len(w);
	size_t lens_at, list_at, length;
	uint32_t fragment = FRAGMENT_HISTORIC | f->fragment_offset;

	assert(f->fragment_offset <= FRAGMENT_OFFSET);
	wr_u32(w, RELOAD_TOKEN | TOKEN_HIGH_BIT);
	wr_u32(w, f->overlay);
	wr_u16(w, f->configuration_sequence);
	wr_u8(w, RELOAD_VERSION);
	wr_u8(w, f->ttl);
	wr_u32(w, f->last_fragment ? fragment | FRAGMENT_LAST : fragment);
	wr_u32(w, 0); /* length, set below */
	wr_u64(w, f->transaction_id);
	wr_u32(w, f->max_response_length);
	lens_at = wr_len(w);
	wr_zero(w, 6);
	list_at = wr_len(w);
	destination_list_write(w, &f->via);
	wr_u16_at(w, lens_at, (uint16_t)(wr_len(w) - list_at));
	list_at = wr_len(w);
	destination_list_write(w, &f->destination);
	wr_u16_at(w, lens_at + 2, (uint16_t)(wr_len(w) - list_at));
	wr_bytes(w, f->options, f->options_len);
	wr_u16_at(w, lens_at + 4, (uint16_t)f->options_len);
	length = wr_len(w) - start + rest_len;
	assert(w->failed || length <= UINT16_MAX);
	wr_u16_at(w, start + 18, (uint16_t)length); /* low half of length */
}

/* RFC 6940 6.3.3. All extensions are unknown to us. */
static bool parse_extensions(struct rd r, bool *critical)
{
	size_t n = 0;

	while (rd_left(&r) > 0) {
		uint8_t flag;
		uint32_t len;

		rd_skip(&r, 2);
		flag = rd_u8(&r);
		len = rd_u32(&r);
		rd_skip(&r, len);
		if (++n > EXTENSIONS_MAX || flag > 1)
			return false;
		if (flag)
			*critical = true;
	}
	return !rd_failed(&r);
}

static bool parse_contents(struct rd *r, struct message *m)
{
	const uint8_t *start = r->p;
	struct rd extensions;
	uint32_t len;

	m->code = rd_u16(r);
	len = rd_u32(r);
	m->body.bytes = rd_bytes(r, len);
	m->body.len = len;
	len = rd_u32(r);
	extensions = rd_sub(r, len);
	if (rd_failed(r))
		return false;
	m->contents.bytes = start;
	m->contents.len = (size_t)(r->p - start);
	return parse_extensions(extensions, &m->unknown_critical_extension);
}

void contents_write(struct wr *w, uint16_t code, const uint8_t *body,
		    size_t len)
{
	wr_u16(w, code);
	wr_u32(w, (uint32_t)len);
	wr_bytes(w, body, len);
	wr_u32(w, 0); /* no extensions */
}

/* The SignerIdentity's value (6.3.4). */
static bool parse_identity(struct rd r, struct reload_signature *s)
{
	switch (s->identity_type) {
	case SIGNER_CERT_HASH:
	case SIGNER_CERT_HASH_NODE_ID:
		s->identity_hash_alg = rd_u8(&r);
		s->identity_hash_len = rd_u8(&r);
		s->identity_hash = rd_bytes(&r, s->identity_hash_len);
		break;
	case SIGNER_NONE:
		break;
	default:
		return false;
	}
	return rd_done(&r);
}

enum message_result signature_element_parse(struct rd *r,
					    struct reload_signature *out)
{
	struct reload_signature s = { 0 };
	struct rd identity;
	uint16_t len;

	s.hash_alg = rd_u8(r);
	s.sig_alg = rd_u8(r);
	s.identity = r->p;
	s.identity_type = (enum signer_identity_type)rd_u8(r);
	len = rd_u16(r);
	identity = rd_sub(r, len);
	if (rd_failed(r))
		return MESSAGE_MALFORMED;
	s.identity_len = (size_t)(r->p - s.identity);
	if (!parse_identity(identity, &s))
		return MESSAGE_MALFORMED;
	s.value_len = rd_u16(r);
	s.value = rd_bytes(r, s.value_len);
	if (rd_failed(r) || s.value_len > RELOAD_SIGNATURE_MAX)
		return MESSAGE_MALFORMED;
	*out = s;
	return MESSAGE_OK;
}

void signature_element_write(struct wr *w, const struct reload_signature *s)
{
	assert(s->value_len <= RELOAD_SIGNATURE_MAX);
	wr_u8(w, s->hash_alg);
	wr_u8(w, s->sig_alg);
	wr_bytes(w, s->identity, s->identity_len);
	wr_u16(w, (uint16_t)s->value_len);
	wr_bytes(w, s->value, s->value_len);
}

void signer_identity_write(struct wr *w, const uint8_t sha256[32])
{
	enum { HASH_SHA256 = 4 }; /* RFC 5246 7.4.1.4.1 */

	wr_u8(w, SIGNER_CERT_HASH);
	wr_u16(w, 2 + 32);
	wr_u8(w, HASH_SHA256);
	wr_u8(w, 32);
	wr_bytes(w, sha256, 32);
}

static enum message_result parse_security(struct rd *r, struct message *m)
{
	uint16_t len = rd_u16(r);
	struct rd bucket = rd_sub(r, len);

	while (rd_left(&bucket) > 0) {
		uint8_t type = rd_u8(&bucket);
		uint16_t n = rd_u16(&bucket);
		const uint8_t *bytes = rd_bytes(&bucket, n);

		if (rd_failed(&bucket) || type != CERTIFICATE_X509)
			return MESSAGE_MALFORMED;
		if (m->n_certificates == CERTIFICATES_MAX)
			return MESSAGE_TOO_MANY;
		m->certificates[m->n_certificates++] =
			(struct span){ .bytes = bytes, .len = n };
	}
	if (rd_failed(&bucket))
		return MESSAGE_MALFORMED;
	return signature_element_parse(r, &m->signature);
}

void security_write(struct wr *w, const struct span *certificates, size_t n,
		    const struct reload_signature *signature)
{
	size_t at = wr_len(w), start;

	wr_u16(w, 0);
	start = wr_len(w);
	for (size_t i = 0; i < n; i++) {
		assert(certificates[i].len <= UINT16_MAX);
		wr_u8(w, CERTIFICATE_X509);
		wr_u16(w, (uint16_t)certificates[i].len);
		wr_bytes(w, certificates[i].bytes, certificates[i].len);
	}
	if (wr_len(w) - start > UINT16_MAX)
		w->failed = true;
	wr_u16_at(w, at, (uint16_t)(wr_len(w) - start));
	signature_element_write(w, signature);
}

size_t security_len(const struct span *certificates, size_t n,
		    const struct reload_signature *signature)
{
	size_t len = 2;

	for (size_t i = 0; i < n; i++)
		len += 3 + certificates[i].len;
	return len + 2 + signature->identity_len + 2 + signature->value_len;
}

enum message_result message_rest_parse(struct span rest, struct message *m)
{
	struct rd r = rd_init(rest.bytes, rest.len);
	enum message_result res;

	/* A fragment has no form of its own: reassemble first (6.7). */
	if (!m->header.last_fragment || m->header.fragment_offset != 0)
		return MESSAGE_MALFORMED;
	m->unknown_critical_extension = false;
	m->n_certificates = 0;
	if (!parse_contents(&r, m))
		return MESSAGE_MALFORMED;
	res = parse_security(&r, m);
	if (res != MESSAGE_OK)
		return res;
	return rd_done(&r) ? MESSAGE_OK : MESSAGE_MALFORMED;
}

enum message_result message_parse(const uint8_t *bytes, size_t len,
				  struct message *out)
{
	struct message m = { 0 };
	struct span rest = { 0 };
	enum message_result res;

	res = forwarding_parse(bytes, len, &m.header, &rest);
	if (res == MESSAGE_OK)
		res = message_rest_parse(rest, &m);
	if (res == MESSAGE_OK)
		*out = m;
	return res;
}

void message_signed_write(struct wr *w, const struct forwarding *f,
			  struct span contents, struct span identity)
{
	wr_u32(w, f->overlay);
	wr_u64(w, f->transaction_id);
	wr_bytes(w, contents.bytes, contents.len);
	wr_bytes(w, identity.bytes, identity.len);
}

bool node_is_wildcard(const struct hit *node)
{
	for (size_t i = 0; i < sizeof(node->bytes); i++) {
		if (node->bytes[i] != 0xff)
			return false;
	}
	return true;
}

enum reload_error configuration_check(const struct message *m, uint16_t ours)
{
	enum { MODULUS = 65535 };
	uint32_t theirs = m->header.configuration_sequence;
	uint32_t ahead = (theirs + MODULUS - ours % MODULUS) % MODULUS;

	/* The highest number is ConfigUpdate's, which is for any other. */
	if (theirs == ours ||
	    (theirs == MODULUS && m->code == RELOAD_CONFIG_UPDATE_REQ))
		return 0;
	return ahead > 0 && ahead <= MODULUS / 2 ? RELOAD_ERROR_CONFIG_TOO_NEW
						 : RELOAD_ERROR_CONFIG_TOO_OLD;
}
