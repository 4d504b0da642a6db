/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Neither side trusts the other: every field is checked before it is used.
 */
#include "daemon/base/resolve.h"

#include "daemon/base/cursor.h"
#include "daemon/base/log.h"
#include "daemon/base/resolve_text.h"

#include <string.h>

const char *resolve_proof_text(enum resolve_proof proof)
{
	static const char *const texts[RESOLVE_PROOFS] = {
		"pin", "self", "authority", "domain", "first-use"
	};

	return texts[proof];
}

void resolve_text_write(struct wr *w, const char *text)
{
	size_t len = strlen(text) + 1;

	if (len > UINT16_MAX)
		w->failed = true;
	wr_u16(w, (uint16_t)len);
	wr_bytes(w, text, len);
}

const char *resolve_text_read(struct rd *r, size_t max)
{
	size_t len = rd_u16(r);
	const uint8_t *at = rd_bytes(r, len);

	if (!at || len == 0)
		return NULL;
	if (len > max + 1 || memchr(at, '\0', len) != at + len - 1)
		r->failed = true;
	return (const char *)at;
}

size_t resolve_text_end(const struct wr *w)
{
	return wr_failed(w) ? 0 : wr_len(w);
}

size_t resolve_start_write(const struct resolve_start *s, uint8_t *out,
			   size_t cap)
{
	struct wr w = wr_init(out, cap);

	wr_u32(&w, s->uid);
	wr_u32(&w, s->gid);
	wr_u8(&w, s->log);
	wr_u8(&w, (uint8_t)(s->has_overlay | s->has_names << 1));
	return resolve_text_end(&w);
}

bool resolve_start_parse(const uint8_t *body, size_t len,
			 struct resolve_start *out)
{
	struct rd r = rd_init(body, len);
	struct resolve_start s = { 0 };
	uint8_t has;

	s.uid = rd_u32(&r);
	s.gid = rd_u32(&r);
	s.log = rd_u8(&r);
	has = rd_u8(&r);
	s.has_overlay = (has & 1) != 0;
	s.has_names = (has & 2) != 0;
	if (!rd_done(&r) || has > 3 || s.log > LOG_LEVEL_DEBUG)
		return false;
	*out = s;
	return true;
}

size_t resolve_config_write(const struct resolve_config *c, uint8_t *out,
			    size_t cap)
{
	struct wr w = wr_init(out, cap);

	wr_u8(&w, c->log);
	wr_u8(&w, (uint8_t)c->n_upstreams);
	for (size_t i = 0; i < c->n_upstreams; i++) {
		wr_bytes(&w, c->upstreams[i].addr,
			 sizeof(c->upstreams[i].addr));
		wr_u16(&w, c->upstreams[i].port);
	}
	resolve_text_write(&w, c->suffix);
	return resolve_text_end(&w);
}

bool resolve_config_parse(const uint8_t *body, size_t len,
			  struct resolve_config *out)
{
	struct rd r = rd_init(body, len);
	struct resolve_config c = { .suffix = NULL };

	c.log = rd_u8(&r);
	c.n_upstreams = rd_u8(&r);
	if (c.log > LOG_LEVEL_DEBUG || c.n_upstreams > RESOLVE_UPSTREAMS_MAX)
		return false;
	for (size_t i = 0; i < c.n_upstreams; i++) {
		rd_copy(&r, c.upstreams[i].addr, sizeof(c.upstreams[i].addr));
		c.upstreams[i].port = rd_u16(&r);
	}
	c.suffix = resolve_text_read(&r, RESOLVE_NAME_MAX);
	if (!rd_done(&r) || !c.suffix)
		return false;
	*out = c;
	return true;
}

size_t resolve_ask_write(const struct resolve_ask *a, uint8_t *out, size_t cap)
{
	struct wr w = wr_init(out, cap);

	wr_u64(&w, a->id);
	wr_u8(&w, a->is_reverse ? 1 : 0);
	if (a->is_reverse)
		wr_bytes(&w, a->hit, sizeof(a->hit));
	else
		resolve_text_write(&w, a->name);
	return resolve_text_end(&w);
}

bool resolve_ask_parse(const uint8_t *body, size_t len, struct resolve_ask *out)
{
	struct rd r = rd_init(body, len);
	struct resolve_ask a = { .name = NULL };
	uint8_t is_reverse;

	a.id = rd_u64(&r);
	is_reverse = rd_u8(&r);
	a.is_reverse = is_reverse == 1;
	if (a.is_reverse)
		rd_copy(&r, a.hit, sizeof(a.hit));
	else
		a.name = resolve_text_read(&r, RESOLVE_NAME_MAX);
	if (!rd_done(&r) || is_reverse > 1 || (!a.is_reverse && !a.name))
		return false;
	*out = a;
	return true;
}

size_t resolve_answer_write(const struct resolve_answer *a, uint8_t *out,
			    size_t cap)
{
	struct wr w = wr_init(out, cap);

	wr_u64(&w, a->id);
	wr_u8(&w, (uint8_t)a->result);
	wr_u32(&w, a->lifetime_s);
	wr_u8(&w, (uint8_t)a->n_hits);
	for (size_t i = 0; i < a->n_hits; i++) {
		const struct resolve_hit *h = &a->hits[i];

		wr_bytes(&w, h->hit, sizeof(h->hit));
		wr_u8(&w, (uint8_t)h->proof);
		wr_u16(&w, (uint16_t)(h->hi ? h->hi_len : 0));
		if (h->hi)
			wr_bytes(&w, h->hi, h->hi_len);
	}
	wr_u8(&w, (uint8_t)a->n_against);
	wr_bytes(&w, a->against[0], a->n_against * RESOLVE_HIT_LEN);
	if (a->name)
		resolve_text_write(&w, a->name);
	else
		wr_u16(&w, 0);
	return resolve_text_end(&w);
}

static bool read_hit(struct rd *r, struct resolve_hit *h)
{
	uint8_t proof;

	rd_copy(r, h->hit, sizeof(h->hit));
	proof = rd_u8(r);
	h->proof = (enum resolve_proof)proof;
	h->hi_len = rd_u16(r);
	h->hi = h->hi_len > 0 ? rd_bytes(r, h->hi_len) : NULL;
	return !rd_failed(r) && proof < RESOLVE_PROOFS &&
	       h->hi_len <= RESOLVE_HI_MAX;
}

bool resolve_answer_parse(const uint8_t *body, size_t len,
			  struct resolve_answer *out)
{
	struct rd r = rd_init(body, len);
	struct resolve_answer a = { .name = NULL };
	uint8_t result;

	a.id = rd_u64(&r);
	result = rd_u8(&r);
	a.result = (enum resolve_result)result;
	a.lifetime_s = rd_u32(&r);
	a.n_hits = rd_u8(&r);
	if (result >= RESOLVE_RESULTS || a.n_hits > RESOLVE_HITS_MAX)
		return false;
	for (size_t i = 0; i < a.n_hits; i++)
		if (!read_hit(&r, &a.hits[i]))
			return false;
	a.n_against = rd_u8(&r);
	if (a.n_against > RESOLVE_HITS_MAX)
		return false;
	rd_copy(&r, a.against[0], a.n_against * RESOLVE_HIT_LEN);
	a.name = resolve_text_read(&r, RESOLVE_NAME_MAX);
	if (!rd_done(&r))
		return false;
	*out = a;
	return true;
}
