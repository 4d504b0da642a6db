/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/* The outer form of RELOAD messages (message.c): RFC 6940 6.3.2 to 6.3.4. */
#include "tests/unit/reload_samples.h"

#include <criterion/criterion.h>
#include <string.h>

static uint8_t bytes[RELOAD_MESSAGE_MAX + 1], again[RELOAD_MESSAGE_MAX];
static struct message m;

/* Offsets inside the header of a sample. */
enum {
	AT_VERSION = 10,
	AT_FRAGMENT = 12,
	AT_LENGTH = 16,
	AT_VIA_LEN = 32,
	AT_DESTINATION_LEN = 34,
	AT_OPTIONS_LEN = 36,
	AT_VIA = 38,
	AT_DESTINATION = AT_VIA + 18,
	AT_CONTENTS = AT_DESTINATION + 19,
};

static size_t ping(void)
{
	for (size_t i = 0; i < reload_samples_count; i++) {
		if (reload_samples[i].code == RELOAD_PING_ANS)
			return reload_sample_make(&reload_samples[i], bytes,
						  sizeof(bytes));
	}
	return 0;
}

/* A header with those lists, and nothing behind it. */
static size_t header(const struct forwarding *f)
{
	struct wr w = wr_init(bytes, sizeof(bytes));

	forwarding_write(&w, f, 0);
	cr_assert(!wr_failed(&w));
	return wr_len(&w);
}

static struct forwarding to_node(void)
{
	struct hit node = sample_hit(3);

	return (struct forwarding){
		.overlay = 7,
		.ttl = 9,
		.last_fragment = true,
		.destination = { .at = { destination_node(&node) }, .n = 1 },
	};
}

static enum message_result parse_header(size_t len)
{
	struct forwarding f;
	struct span rest;

	return forwarding_parse(bytes, len, &f, &rest);
}

Test(reload, each_message_is_written_as_it_was_parsed)
{
	for (size_t i = 0; i < reload_samples_count; i++) {
		const struct reload_sample *s = &reload_samples[i];
		size_t len = reload_sample_make(s, bytes, sizeof(bytes));
		uint8_t rest[RELOAD_MESSAGE_MAX];
		struct wr r = wr_init(rest, sizeof(rest));
		struct wr w = wr_init(again, sizeof(again));

		cr_assert_eq(message_parse(bytes, len, &m), MESSAGE_OK, "%s",
			     s->name);
		cr_expect_eq(m.code, s->code);
		cr_expect_eq(m.header.ttl, 20);
		cr_expect_eq(m.header.via.n, 1);
		cr_expect_eq(m.n_certificates, 0);
		contents_write(&r, m.code, m.body.bytes, m.body.len);
		security_write(&r, m.certificates, m.n_certificates,
			       &m.signature);
		forwarding_write(&w, &m.header, wr_len(&r));
		wr_bytes(&w, rest, wr_len(&r));
		cr_assert_eq(wr_len(&w), len, "%s", s->name);
		cr_expect_arr_eq(again, bytes, len);
	}
}

Test(reload, each_truncation_is_refused)
{
	for (size_t i = 0; i < reload_samples_count; i++) {
		const struct reload_sample *s = &reload_samples[i];
		size_t len = reload_sample_make(s, bytes, sizeof(bytes));

		for (size_t n = 0; n < len; n++) {
			cr_expect_eq(message_parse(bytes, n, &m),
				     MESSAGE_MALFORMED, "%s at %zu", s->name,
				     n);
			/* Also when the header knows of the cut. */
			if (n < AT_CONTENTS)
				continue;
			bytes[AT_LENGTH + 2] = (uint8_t)(n >> 8);
			bytes[AT_LENGTH + 3] = (uint8_t)n;
			cr_expect_eq(message_parse(bytes, n, &m),
				     MESSAGE_MALFORMED, "%s cut to %zu",
				     s->name, n);
			bytes[AT_LENGTH + 2] = (uint8_t)(len >> 8);
			bytes[AT_LENGTH + 3] = (uint8_t)len;
		}
	}
}

Test(reload, a_byte_too_many_is_refused)
{
	size_t len = ping();

	cr_expect_eq(message_parse(bytes, len + 1, &m), MESSAGE_MALFORMED);
	bytes[AT_LENGTH + 3] = (uint8_t)(len + 1);
	cr_expect_eq(message_parse(bytes, len + 1, &m), MESSAGE_MALFORMED);
}

Test(reload, another_token_or_version_is_told_apart)
{
	size_t len = ping();

	bytes[0] ^= 0x80; /* "RELO" in ASCII is another protocol's */
	cr_expect_eq(message_parse(bytes, len, &m), MESSAGE_NOT_RELOAD);
	bytes[0] ^= 0x80;
	for (unsigned int v = 0; v < 256; v++) {
		bytes[AT_VERSION] = (uint8_t)v;
		cr_expect_eq(message_parse(bytes, len, &m),
			     v == RELOAD_VERSION ? MESSAGE_OK
						 : MESSAGE_VERSION);
	}
}

Test(reload, a_message_of_5000_bytes_passes_and_of_5001_does_not)
{
	for (size_t len = 5000; len <= 5001; len++) {
		struct forwarding f = to_node();
		size_t n = header(&f);
		struct wr w = wr_init(bytes, sizeof(bytes));

		forwarding_write(&w, &f, len - n);
		cr_expect_eq(parse_header(len),
			     len == 5000 ? MESSAGE_OK : MESSAGE_TOO_LARGE);
	}
}

Test(reload, the_historic_bit_must_be_set)
{
	size_t len = ping();

	bytes[AT_FRAGMENT] &= 0x7f;
	cr_expect_eq(message_parse(bytes, len, &m), MESSAGE_MALFORMED);
}

Test(reload, a_fragment_is_no_message)
{
	size_t len = ping();

	bytes[AT_FRAGMENT] = 0x80; /* not the last */
	cr_expect_eq(message_parse(bytes, len, &m), MESSAGE_MALFORMED);
	cr_expect_eq(parse_header(len), MESSAGE_OK);
	bytes[AT_FRAGMENT] = 0xc0;
	bytes[AT_FRAGMENT + 3] = 1; /* not the first */
	cr_expect_eq(message_parse(bytes, len, &m), MESSAGE_MALFORMED);
}

Test(reload, lists_of_32_pass_and_of_33_do_not)
{
	struct forwarding f = to_node();
	uint8_t one[18];
	struct wr w = wr_init(one, sizeof(one));
	size_t len;

	for (f.via.n = 0; f.via.n < DESTINATIONS_MAX; f.via.n++)
		f.via.at[f.via.n] = f.destination.at[0];
	len = header(&f);
	cr_expect_eq(parse_header(len), MESSAGE_OK);
	destination_write(&w, &f.via.at[0]);
	memmove(bytes + AT_VIA + 18, bytes + AT_VIA, len - AT_VIA);
	memcpy(bytes + AT_VIA, one, 18);
	len += 18;
	bytes[AT_VIA_LEN] = (uint8_t)((DESTINATIONS_MAX + 1) * 18 >> 8);
	bytes[AT_VIA_LEN + 1] = (uint8_t)((DESTINATIONS_MAX + 1) * 18);
	bytes[AT_LENGTH + 2] = (uint8_t)(len >> 8);
	bytes[AT_LENGTH + 3] = (uint8_t)len;
	cr_expect_eq(parse_header(len), MESSAGE_TOO_MANY);
}

Test(reload, a_message_without_destination_is_refused)
{
	struct forwarding f = to_node();

	f.destination.n = 0;
	cr_expect_eq(parse_header(header(&f)), MESSAGE_MALFORMED);
}

Test(reload, a_resource_id_stands_only_at_the_end_of_the_destination_list)
{
	struct forwarding f = to_node();
	struct resource_id id = { { 1 } };

	f.destination.at[1] = destination_resource(&id);
	f.destination.n = 2;
	cr_expect_eq(parse_header(header(&f)), MESSAGE_OK);
	f.destination.at[2] = f.destination.at[0];
	f.destination.n = 3;
	cr_expect_eq(parse_header(header(&f)), MESSAGE_MALFORMED);
	f = to_node();
	f.via.at[0] = destination_resource(&id);
	f.via.n = 1;
	cr_expect_eq(parse_header(header(&f)), MESSAGE_MALFORMED);
}

Test(reload, opaque_ids_round_trip_short_and_long)
{
	static const uint8_t compressed[] = { 0x81, 0x02 };
	static const uint8_t opaque[] = { 1, 2, 3, 4, 5 };
	struct forwarding f = to_node(), out;
	struct span rest;
	size_t len;

	f.via.at[0] = (struct destination){ .type = DESTINATION_OPAQUE,
					    .opaque = { compressed, 2 } };
	f.via.at[1] = (struct destination){ .type = DESTINATION_OPAQUE,
					    .opaque = { opaque, 5 } };
	f.via.n = 2;
	len = header(&f);
	cr_expect_eq(bytes[AT_VIA_LEN + 1], 2 + 8);
	cr_assert_eq(forwarding_parse(bytes, len, &out, &rest), MESSAGE_OK);
	cr_assert_eq(out.via.n, 2);
	cr_assert_eq(out.via.at[0].opaque.len, 2);
	cr_expect_arr_eq(out.via.at[0].opaque.bytes, compressed, 2);
	cr_assert_eq(out.via.at[1].opaque.len, 5);
	cr_expect_arr_eq(out.via.at[1].opaque.bytes, opaque, 5);
	cr_expect_eq(rest.len, 0);
}

Test(reload, destinations_of_wrong_length_or_type_are_refused)
{
	struct forwarding f = to_node();
	size_t len = header(&f);

	bytes[AT_VIA + 1] = 15; /* one byte of the Node-ID is left over */
	cr_expect_eq(parse_header(len), MESSAGE_MALFORMED);
	bytes[AT_VIA + 1] = 17;
	cr_expect_eq(parse_header(len), MESSAGE_MALFORMED);
	bytes[AT_VIA + 1] = 16;
	cr_expect_eq(parse_header(len), MESSAGE_OK);
	bytes[AT_VIA] = 0;
	cr_expect_eq(parse_header(len), MESSAGE_MALFORMED);
	bytes[AT_VIA] = 4;
	cr_expect_eq(parse_header(len), MESSAGE_MALFORMED);
}

Test(reload, flags_of_options_are_told)
{
	static const uint8_t options[] = { 9, 1, 0, 2, 0xaa, 0xbb, 8, 2, 0, 0 };
	struct forwarding f = to_node(), out;
	struct span rest;
	size_t len;

	f.options = options;
	f.options_len = 6;
	len = header(&f);
	cr_assert_eq(forwarding_parse(bytes, len, &out, &rest), MESSAGE_OK);
	cr_expect(out.forward_critical);
	cr_expect_not(out.destination_critical);
	f.options_len = sizeof(options);
	len = header(&f);
	cr_assert_eq(forwarding_parse(bytes, len, &out, &rest), MESSAGE_OK);
	cr_expect(out.destination_critical);
	cr_assert_eq(out.options_len, sizeof(options));
	cr_expect_arr_eq(out.options, options, sizeof(options));
	f.options_len = 5; /* cut */
	cr_expect_eq(parse_header(header(&f)), MESSAGE_MALFORMED);
}

Test(reload, certificates_round_trip_up_to_16)
{
	struct span certificates[CERTIFICATES_MAX + 1];
	struct reload_signature s = sample_signature();
	uint8_t rest[RELOAD_MESSAGE_MAX];

	for (size_t i = 0; i <= CERTIFICATES_MAX; i++)
		certificates[i] = (struct span){ (const uint8_t *)"DER", 3 };
	for (size_t n = CERTIFICATES_MAX; n <= CERTIFICATES_MAX + 1; n++) {
		struct forwarding f = to_node();
		struct wr r = wr_init(rest, sizeof(rest));
		struct wr w = wr_init(bytes, sizeof(bytes));

		contents_write(&r, RELOAD_PING_REQ, NULL, 0);
		security_write(&r, certificates, n, &s);
		forwarding_write(&w, &f, wr_len(&r));
		wr_bytes(&w, rest, wr_len(&r));
		cr_assert_eq(message_parse(bytes, wr_len(&w), &m),
			     n == CERTIFICATES_MAX ? MESSAGE_OK
						   : MESSAGE_TOO_MANY);
	}
	cr_expect_eq(m.n_certificates, CERTIFICATES_MAX);
	cr_expect_eq(m.certificates[15].len, 3);
}

Test(reload, an_unknown_extension_is_told_only_when_critical)
{
	for (uint8_t critical = 0; critical <= 2; critical++) {
		struct reload_signature s = sample_signature();
		struct forwarding f = to_node();
		uint8_t rest[256];
		struct wr r = wr_init(rest, sizeof(rest));
		struct wr w = wr_init(bytes, sizeof(bytes));

		wr_u16(&r, RELOAD_PING_REQ);
		wr_u32(&r, 0);
		wr_u32(&r, 9);
		wr_u16(&r, 77);
		wr_u8(&r, critical);
		wr_u32(&r, 2);
		wr_u16(&r, 0xabcd);
		security_write(&r, NULL, 0, &s);
		forwarding_write(&w, &f, wr_len(&r));
		wr_bytes(&w, rest, wr_len(&r));
		cr_assert_eq(message_parse(bytes, wr_len(&w), &m),
			     critical == 2 ? MESSAGE_MALFORMED : MESSAGE_OK);
		if (critical < 2)
			cr_expect_eq(m.unknown_critical_extension, critical);
	}
}

Test(reload, a_signature_covers_overlay_transaction_contents_and_signer)
{
	size_t len = ping();
	struct wr w = wr_init(again, sizeof(again));
	struct rd r;

	cr_assert_eq(message_parse(bytes, len, &m), MESSAGE_OK);
	message_signed_write(&w, &m.header, m.contents,
			     (struct span){ m.signature.identity,
					    m.signature.identity_len });
	r = rd_init(again, wr_len(&w));
	cr_expect_eq(rd_u32(&r), m.header.overlay);
	cr_expect_eq(rd_u64(&r), m.header.transaction_id);
	cr_expect_eq(m.contents.bytes, bytes + AT_CONTENTS);
	cr_expect_arr_eq(rd_bytes(&r, m.contents.len), m.contents.bytes,
			 m.contents.len);
	cr_expect_eq(rd_left(&r), 1 + 2 + 2 + 32);
}

Test(reload, a_signature_of_512_bytes_passes_and_of_513_does_not)
{
	uint8_t element[1024];
	struct reload_signature out;

	for (uint16_t n = 512; n <= 513; n++) {
		struct wr w = wr_init(element, sizeof(element));
		struct rd r;

		wr_u16(&w, 0x0403);
		wr_u8(&w, SIGNER_NONE);
		wr_u16(&w, 0);
		wr_u16(&w, n);
		wr_zero(&w, n);
		r = rd_init(element, wr_len(&w));
		cr_expect_eq(signature_element_parse(&r, &out),
			     n == 512 ? MESSAGE_OK : MESSAGE_MALFORMED);
	}
}

Test(reload, the_wildcard_is_all_ones)
{
	struct hit node;

	memset(&node, 0xff, sizeof(node));
	cr_expect(node_is_wildcard(&node));
	node.bytes[15] = 0xfe;
	cr_expect_not(node_is_wildcard(&node));
}

Test(reload, requests_are_odd_and_the_error_is_none)
{
	cr_expect(code_is_request(RELOAD_PING_REQ));
	cr_expect_not(code_is_request(RELOAD_PING_ANS));
	cr_expect_not(code_is_request(RELOAD_ERROR));
}
