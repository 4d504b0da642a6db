/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Traffic flow padding (RFC 4303 2.7) is neither sent nor taken off: in
 * BEET nothing tells where the payload would end.
 */
#include "tun/esp.h"
#include "tun/beet.h"
#include "tun/sa_state.h"

enum {
	HEADER_LEN = 8,	 /* SPI and sequence number */
	TRAILER_LEN = 2, /* pad length and next header */
	IV_MAX = 16,
	BLOCK_MAX = 16,
	ICV_MAX = 16,
	NEXT_HEADER_DUMMY = 59, /* RFC 4303 2.6 */
	NEXT_HEADER_AT = 6,	/* in an IPv6 header */
	NEXT_HEADER_HIP = 139,
	NEXT_HEADER_TCP = 6,
};

static_assert(IV_MAX + HEADER_LEN <= IPV6_HEADER_LEN,
	      "the ESP header fits where the IPv6 header was");
static_assert(BLOCK_MAX - 1 + TRAILER_LEN + ICV_MAX <= PKT_TAIL_ROOM,
	      "padding, trailer and ICV fit behind");

/* RFC 6261 4.1: what the daemons say to each other is no traffic, and must
 * not keep an association from being idle. */
static void count(struct sa *sa, uint8_t next_header, uint32_t inner_len)
{
	if (next_header != NEXT_HEADER_HIP)
		sa_count(&sa->counters, inner_len);
}

/* Writes padding and trailer: RFC 4303 2.4. */
static void write_trailer(uint8_t *p, uint32_t pad, uint8_t next_header)
{
	for (uint32_t i = 0; i < pad; i++)
		p[i] = (uint8_t)(i + 1);
	p[pad] = (uint8_t)pad;
	p[pad + 1] = next_header;
}

/* Padding so that body, trailer included, fills whole blocks. */
static uint32_t pad_of(const struct cipher_suite *s, uint32_t body)
{
	return (s->block - body % s->block) % s->block;
}

/* A fragment is neither, nor what has extension headers. */
static bool may_leave(const struct sa_out *out, const uint8_t *inner,
		      uint32_t len)
{
	uint8_t next_header = inner[NEXT_HEADER_AT];

	return out->only_port == 0 || next_header == NEXT_HEADER_HIP ||
	       (next_header == NEXT_HEADER_TCP && len >= IPV6_HEADER_LEN + 2 &&
		load_be16(inner + IPV6_HEADER_LEN) == out->only_port);
}

enum esp_result esp_seal(struct sa_out *out, struct pkt *pkt)
{
	const struct cipher_suite *s = cipher_suite(out->sa.cipher);
	const uint32_t inner_len = pkt->len;
	uint32_t pad, body;
	uint8_t next_header, *esp;
	uint64_t seq;

	if (!beet_check(pkt))
		return ESP_SHORT;
	if (!may_leave(out, pkt_data(pkt), pkt->len))
		return ESP_NARROW;
	body = inner_len - IPV6_HEADER_LEN + TRAILER_LEN;
	pad = pad_of(s, body);
	if (pkt_tail_room(pkt) < pad + TRAILER_LEN + s->icv_len)
		return ESP_SHORT;
	if (!sa_out_next_seq(out, &seq))
		return ESP_EXHAUSTED;

	next_header = beet_strip(pkt, &pkt->traffic_class);
	write_trailer(pkt_data(pkt) + pkt->len, pad, next_header);
	pkt->len += pad + TRAILER_LEN;
	esp = pkt_push(pkt, HEADER_LEN + s->iv_len);
	store_be32(esp, out->sa.spi);
	store_be32(esp + 4, (uint32_t)seq);
	if (!cipher_seal(out->sa.cipher, esp, body + pad, seq))
		return ESP_SHORT; /* longer than any datagram, or no memory */
	pkt->len += s->icv_len;
	pkt->path = out->path;
	count(&out->sa, next_header, inner_len);
	return ESP_OK;
}

enum esp_result esp_seal_to(struct sa_out *out, uint8_t *inner, uint32_t len,
			    struct pkt *to)
{
	const struct cipher_suite *s = cipher_suite(out->sa.cipher);
	const uint32_t before = HEADER_LEN + s->iv_len;
	struct pkt from = { .buf = inner, .cap = len, .len = len };
	uint8_t *esp = pkt_data(to), *behind = inner + len;
	uint8_t kept[BLOCK_MAX - 1 + TRAILER_LEN];
	uint8_t next_header;
	uint32_t pad, body;
	uint64_t seq;
	bool sealed;

	if (!beet_check(&from))
		return ESP_SHORT;
	if (!may_leave(out, inner, len))
		return ESP_NARROW;
	body = len - IPV6_HEADER_LEN + TRAILER_LEN;
	pad = pad_of(s, body);
	if (to->cap - to->off < before + body + pad + s->icv_len)
		return ESP_SHORT;
	if (!sa_out_next_seq(out, &seq))
		return ESP_EXHAUSTED;

	next_header = beet_strip(&from, &to->traffic_class);
	store_be32(esp, out->sa.spi);
	store_be32(esp + 4, (uint32_t)seq);
	memcpy(kept, behind, sizeof(kept));
	write_trailer(behind, pad, next_header);
	sealed = cipher_seal_from(out->sa.cipher, esp, pkt_data(&from),
				  body + pad, seq);
	memcpy(behind, kept, sizeof(kept));
	if (!sealed)
		return ESP_SHORT; /* longer than any datagram */
	to->len = before + body + pad + s->icv_len;
	sa_count(&out->sa.counters, len);
	return ESP_OK;
}

/* What stands in the trailer of a decrypted body, and whether it may. */
static enum esp_result read_trailer(const uint8_t *body, uint32_t len,
				    uint32_t *pad, uint8_t *next_header)
{
	const uint8_t *padding;

	*pad = body[len - 2];
	*next_header = body[len - 1];
	/* RFC 4303 2.6: a dummy's contents need not be well-formed. */
	if (*next_header == NEXT_HEADER_DUMMY)
		return ESP_DUMMY;
	if (*pad > len - TRAILER_LEN)
		return ESP_BAD_PADDING;
	padding = body + len - TRAILER_LEN - *pad;
	for (uint32_t i = 0; i < *pad; i++) {
		if (padding[i] != i + 1)
			return ESP_BAD_PADDING;
	}
	return ESP_OK;
}

/* A fragment is neither: who may send so little needs none. */
static bool is_fit(const struct sa_in *in, const uint8_t *inner, uint32_t len,
		   uint8_t next_header)
{
	return next_header == NEXT_HEADER_HIP ||
	       (next_header == NEXT_HEADER_TCP && len >= 4 &&
		load_be16(inner + 2) == in->only_port);
}

enum esp_result esp_open_payload(struct sa_in *in, struct pkt *pkt,
				 uint8_t *next_header)
{
	const struct cipher_suite *s = cipher_suite(in->sa.cipher);
	const uint32_t overhead = HEADER_LEN + s->iv_len + s->icv_len;
	uint8_t *esp = pkt_data(pkt);
	enum esp_result result;
	uint32_t body, pad;
	uint64_t seq;

	if (pkt->len < overhead + s->block)
		return ESP_SHORT;
	body = pkt->len - overhead;
	if (body % s->block != 0 || body > UINT16_MAX)
		return ESP_SHORT;
	if (load_be32(esp) != in->sa.spi)
		return ESP_NO_SA;
	if (!replay_guess(&in->replay, load_be32(esp + 4), &seq))
		return ESP_REPLAYED;
	if (!cipher_open(in->sa.cipher, esp, body, seq))
		return ESP_BAD_ICV;
	/* RFC 4303 3.4.3: the window is updated only now. */
	if (!replay_accept(&in->replay, seq))
		return ESP_REPLAYED;

	pkt_pull(pkt, HEADER_LEN + s->iv_len);
	result = read_trailer(pkt_data(pkt), body, &pad, next_header);
	if (result != ESP_OK)
		return result;
	pkt->len = body - TRAILER_LEN - pad;
	if (in->only_port != 0 &&
	    !is_fit(in, pkt_data(pkt), pkt->len, *next_header))
		return ESP_NARROW;
	count(&in->sa, *next_header, IPV6_HEADER_LEN + pkt->len);
	return ESP_OK;
}

enum esp_result esp_open(struct sa_in *in, struct pkt *pkt)
{
	uint8_t next_header;
	enum esp_result result = esp_open_payload(in, pkt, &next_header);

	if (result == ESP_OK)
		beet_rebuild(pkt, next_header, in->sa.peer, in->sa.local);
	return result;
}
