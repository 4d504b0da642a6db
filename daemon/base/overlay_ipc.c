/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * As in resolve.c: neither side trusts the other.
 */
#include "daemon/base/overlay_ipc.h"

#include "daemon/base/resolve_text.h"

const char *resolve_name_state_text(enum resolve_name_state state)
{
	static const char *const texts[RESOLVE_NAME_STATES] = {
		"publishing", "published", "conflict", "refused", "expired"
	};

	return texts[state];
}

/* Bytes after their length. */
static void write_bytes(struct wr *w, const uint8_t *bytes, size_t len,
			size_t max)
{
	if (len > max)
		w->failed = true;
	wr_u16(w, (uint16_t)len);
	if (len > 0)
		wr_bytes(w, bytes, len);
}

/* NULL when there are none. It fails r when there are too many. */
static const uint8_t *read_bytes(struct rd *r, size_t max, size_t *len)
{
	size_t n = rd_u16(r);
	const uint8_t *at = rd_bytes(r, n);

	if (n > max)
		r->failed = true;
	*len = at ? n : 0;
	return n > 0 ? at : NULL;
}

/* Anything but 0 and 1 fails r. */
static bool read_bool(struct rd *r)
{
	uint8_t value = rd_u8(r);

	if (value > 1)
		r->failed = true;
	return value == 1;
}

size_t resolve_overlay_write(const struct resolve_overlay *o, uint8_t *out,
			     size_t cap)
{
	struct wr w = wr_init(out, cap);

	if (o->n_bootstraps > RESOLVE_BOOTSTRAPS_MAX)
		return 0;
	resolve_text_write(&w, o->name);
	wr_u32(&w, o->configuration);
	wr_bytes(&w, o->hit, sizeof(o->hit));
	wr_u8(&w, o->is_founder ? 1 : 0);
	wr_u8(&w, o->first_use ? 1 : 0);
	wr_u16(&w, o->authority_algorithm);
	write_bytes(&w, o->authority, o->authority_len, RESOLVE_HI_MAX);
	write_bytes(&w, o->certificate, o->certificate_len,
		    RESOLVE_CERTIFICATE_MAX);
	wr_u8(&w, (uint8_t)o->n_bootstraps);
	for (size_t i = 0; i < o->n_bootstraps; i++)
		wr_bytes(&w, o->bootstraps[i], RESOLVE_HIT_LEN);
	return resolve_text_end(&w);
}

bool resolve_overlay_parse(const uint8_t *body, size_t len,
			   struct resolve_overlay *out)
{
	struct rd r = rd_init(body, len);
	struct resolve_overlay o = { .name = NULL };

	o.name = resolve_text_read(&r, RESOLVE_NAME_MAX);
	o.configuration = rd_u32(&r);
	rd_copy(&r, o.hit, sizeof(o.hit));
	o.is_founder = read_bool(&r);
	o.first_use = read_bool(&r);
	o.authority_algorithm = rd_u16(&r);
	o.authority = read_bytes(&r, RESOLVE_HI_MAX, &o.authority_len);
	o.certificate =
		read_bytes(&r, RESOLVE_CERTIFICATE_MAX, &o.certificate_len);
	o.n_bootstraps = rd_u8(&r);
	if (!o.name || o.n_bootstraps > RESOLVE_BOOTSTRAPS_MAX)
		return false;
	for (size_t i = 0; i < o.n_bootstraps; i++)
		rd_copy(&r, o.bootstraps[i], RESOLVE_HIT_LEN);
	if (!rd_done(&r))
		return false;
	*out = o;
	return true;
}

size_t resolve_places_write(const struct resolve_places *p, uint8_t *out,
			    size_t cap)
{
	struct wr w = wr_init(out, cap);

	if (p->n > RESOLVE_LOCATORS_MAX)
		return 0;
	wr_bytes(&w, p->hit, sizeof(p->hit));
	wr_u8(&w, (uint8_t)p->n);
	for (size_t i = 0; i < p->n; i++) {
		wr_bytes(&w, p->locators[i].addr, sizeof(p->locators[i].addr));
		wr_u16(&w, p->locators[i].port);
	}
	write_bytes(&w, p->certificate, p->certificate_len,
		    RESOLVE_CERTIFICATE_MAX);
	return resolve_text_end(&w);
}

bool resolve_places_parse(const uint8_t *body, size_t len, size_t max,
			  struct resolve_places *out)
{
	struct rd r = rd_init(body, len);
	struct resolve_places p = { .n = 0 };

	rd_copy(&r, p.hit, sizeof(p.hit));
	p.n = rd_u8(&r);
	if (p.n > max || p.n > RESOLVE_LOCATORS_MAX)
		return false;
	for (size_t i = 0; i < p.n; i++) {
		rd_copy(&r, p.locators[i].addr, sizeof(p.locators[i].addr));
		p.locators[i].port = rd_u16(&r);
	}
	p.certificate =
		read_bytes(&r, RESOLVE_CERTIFICATE_MAX, &p.certificate_len);
	if (!rd_done(&r))
		return false;
	*out = p;
	return true;
}

size_t resolve_sign_write(const struct resolve_sign *s, uint8_t *out,
			  size_t cap)
{
	struct wr w = wr_init(out, cap);

	wr_u64(&w, s->id);
	write_bytes(&w, s->preimage, s->len, RESOLVE_PREIMAGE_MAX);
	return resolve_text_end(&w);
}

bool resolve_sign_parse(const uint8_t *body, size_t len,
			struct resolve_sign *out)
{
	struct rd r = rd_init(body, len);
	struct resolve_sign s = { .id = 0 };

	s.id = rd_u64(&r);
	s.preimage = read_bytes(&r, RESOLVE_PREIMAGE_MAX, &s.len);
	if (!rd_done(&r) || s.len == 0)
		return false;
	*out = s;
	return true;
}

size_t resolve_signed_write(const struct resolve_signed *s, uint8_t *out,
			    size_t cap)
{
	struct wr w = wr_init(out, cap);

	wr_u64(&w, s->id);
	wr_u8(&w, s->hash_alg);
	wr_u8(&w, s->sig_alg);
	write_bytes(&w, s->signature, s->len, RESOLVE_SIGNATURE_MAX);
	return resolve_text_end(&w);
}

bool resolve_signed_parse(const uint8_t *body, size_t len,
			  struct resolve_signed *out)
{
	struct rd r = rd_init(body, len);
	struct resolve_signed s = { .id = 0 };

	s.id = rd_u64(&r);
	s.hash_alg = rd_u8(&r);
	s.sig_alg = rd_u8(&r);
	s.signature = read_bytes(&r, RESOLVE_SIGNATURE_MAX, &s.len);
	if (!rd_done(&r))
		return false;
	*out = s;
	return true;
}

size_t resolve_publish_write(const struct resolve_publish *p, uint8_t *out,
			     size_t cap)
{
	struct wr w = wr_init(out, cap);

	wr_u64(&w, p->id);
	resolve_text_write(&w, p->name);
	wr_u8(&w, p->exists ? 1 : 0);
	return resolve_text_end(&w);
}

bool resolve_publish_parse(const uint8_t *body, size_t len,
			   struct resolve_publish *out)
{
	struct rd r = rd_init(body, len);
	struct resolve_publish p = { .id = 0 };

	p.id = rd_u64(&r);
	p.name = resolve_text_read(&r, RESOLVE_NAME_MAX);
	p.exists = read_bool(&r);
	if (!rd_done(&r) || !p.name)
		return false;
	*out = p;
	return true;
}

size_t resolve_published_write(const struct resolve_published *p, uint8_t *out,
			       size_t cap)
{
	struct wr w = wr_init(out, cap);

	wr_u64(&w, p->id);
	resolve_text_write(&w, p->name);
	wr_u8(&w, (uint8_t)p->state);
	resolve_text_write(&w, p->reason);
	return resolve_text_end(&w);
}

bool resolve_published_parse(const uint8_t *body, size_t len,
			     struct resolve_published *out)
{
	struct rd r = rd_init(body, len);
	struct resolve_published p = { .id = 0 };
	uint8_t state;

	p.id = rd_u64(&r);
	p.name = resolve_text_read(&r, RESOLVE_NAME_MAX);
	state = rd_u8(&r);
	p.state = (enum resolve_name_state)state;
	p.reason = resolve_text_read(&r, RESOLVE_REASON_MAX);
	if (!rd_done(&r) || !p.name || !p.reason ||
	    state >= RESOLVE_NAME_STATES)
		return false;
	*out = p;
	return true;
}

size_t resolve_seen_write(const struct resolve_seen *s, uint8_t *out,
			  size_t cap)
{
	struct wr w = wr_init(out, cap);

	resolve_text_write(&w, s->name);
	wr_bytes(&w, s->hit, sizeof(s->hit));
	wr_bytes(&w, s->other, sizeof(s->other));
	return resolve_text_end(&w);
}

bool resolve_seen_parse(const uint8_t *body, size_t len,
			struct resolve_seen *out)
{
	struct rd r = rd_init(body, len);
	struct resolve_seen s = { .name = NULL };

	s.name = resolve_text_read(&r, RESOLVE_NAME_MAX);
	rd_copy(&r, s.hit, sizeof(s.hit));
	rd_copy(&r, s.other, sizeof(s.other));
	if (!rd_done(&r) || !s.name)
		return false;
	*out = s;
	return true;
}

size_t resolve_shown_write(const struct resolve_shown *s, uint8_t *out,
			   size_t cap)
{
	struct wr w = wr_init(out, cap);

	wr_u64(&w, s->id);
	resolve_text_write(&w, s->json);
	return resolve_text_end(&w);
}

bool resolve_shown_parse(const uint8_t *body, size_t len,
			 struct resolve_shown *out)
{
	struct rd r = rd_init(body, len);
	struct resolve_shown s = { .id = 0 };

	s.id = rd_u64(&r);
	s.json = resolve_text_read(&r, RESOLVE_SHOWN_MAX);
	if (!rd_done(&r) || !s.json)
		return false;
	*out = s;
	return true;
}

size_t resolve_hit_write(const uint8_t hit[RESOLVE_HIT_LEN], uint8_t *out,
			 size_t cap)
{
	struct wr w = wr_init(out, cap);

	wr_bytes(&w, hit, RESOLVE_HIT_LEN);
	return resolve_text_end(&w);
}

bool resolve_hit_parse(const uint8_t *body, size_t len,
		       uint8_t out[RESOLVE_HIT_LEN])
{
	if (len != RESOLVE_HIT_LEN)
		return false;
	memcpy(out, body, RESOLVE_HIT_LEN);
	return true;
}

size_t resolve_id_write(uint64_t id, uint8_t *out, size_t cap)
{
	struct wr w = wr_init(out, cap);

	wr_u64(&w, id);
	return resolve_text_end(&w);
}

bool resolve_id_parse(const uint8_t *body, size_t len, uint64_t *out)
{
	struct rd r = rd_init(body, len);
	uint64_t id = rd_u64(&r);

	if (!rd_done(&r))
		return false;
	*out = id;
	return true;
}
