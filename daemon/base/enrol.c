/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Reading and writing of enrolment: frames and messages.
 */
#include "daemon/base/enrol.h"

enum { VERSION = 1, MAGIC_LEN = 4 };

static const char magic[] = "HIPE";

const char *enrol_result_text(enum enrol_result result)
{
	static const char *const texts[ENROL_RESULTS] = {
		[ENROL_OK] = "done",
		[ENROL_LATER] = "the authority cannot answer now",
		[ENROL_UNKNOWN] =
			"it was damaged on the way, or is of another authority",
		[ENROL_EXPIRED] = "it has expired",
		[ENROL_SPENT] = "another host has used it",
		[ENROL_REVOKED] = "it does not hold any more",
		[ENROL_NAME_IN_USE] = "another host has the name",
		[ENROL_OTHER_HOST] = "it is for another host",
		[ENROL_MALFORMED] = "the authority does not understand it",
		[ENROL_UNREACHABLE] = "the authority's host does not answer",
		[ENROL_BROKEN] = "the authority's answer is not understood",
	};

	return texts[result];
}

static void write_span(struct wr *w, struct span v)
{
	wr_u16(w, (uint16_t)v.len);
	wr_bytes(w, v.bytes, v.len);
}

static struct span read_span(struct rd *r, size_t max)
{
	struct span v = { .len = rd_u16(r) };

	v.bytes = rd_bytes(r, v.len);
	if (v.len == 0 || v.len > max)
		r->failed = true;
	return v;
}

/* Header, then room for the body; finish sets its length. */
static size_t begin(struct wr *w, uint8_t what)
{
	wr_bytes(w, magic, MAGIC_LEN);
	wr_u8(w, VERSION);
	wr_u8(w, what);
	wr_u16(w, 0);
	return wr_len(w);
}

static size_t finish(struct wr *w, size_t at)
{
	size_t len = wr_len(w) - at;

	if (wr_failed(w) || len > ENROL_BODY_MAX)
		return 0;
	w->start[at - 2] = (uint8_t)(len >> 8);
	w->start[at - 1] = (uint8_t)len;
	return wr_len(w);
}

size_t enrol_request_write(const struct enrol_request *r, uint8_t *out,
			   size_t cap)
{
	struct wr w = wr_init(out, cap);
	size_t at = begin(&w, (uint8_t)r->kind);

	if (r->kind == ENROL_JOIN) {
		wr_u16(&w, r->algorithm);
		write_span(&w, r->hi);
	}
	write_span(&w, r->proof);
	return finish(&w, at);
}

size_t enrol_answer_write(const struct enrol_answer *a, uint8_t *out,
			  size_t cap)
{
	struct wr w = wr_init(out, cap);
	size_t at = begin(&w, (uint8_t)a->result);

	if (a->result == ENROL_OK) {
		wr_u16(&w, a->algorithm);
		write_span(&w, a->hi);
		write_span(&w, a->certificate);
	}
	return finish(&w, at);
}

bool enrol_frame_len(const uint8_t *bytes, size_t len, size_t *frame)
{
	struct rd r = rd_init(bytes, len);
	size_t known = len < MAGIC_LEN ? len : MAGIC_LEN, body;

	if (memcmp(bytes, magic, known) != 0 ||
	    (len > MAGIC_LEN && bytes[MAGIC_LEN] != VERSION))
		return false;
	*frame = 0;
	if (len < ENROL_HEADER_LEN)
		return true;
	(void)rd_bytes(&r, ENROL_HEADER_LEN - 2); /* it is that long */
	body = rd_u16(&r);
	if (body > ENROL_BODY_MAX)
		return false;
	*frame = ENROL_HEADER_LEN + body;
	return true;
}

/* The body of a frame; fails when it is not this one and no more. */
static struct rd body_of(const uint8_t *bytes, size_t len, uint8_t *what)
{
	struct rd r = rd_init(bytes, len);
	size_t frame;

	if (len < ENROL_HEADER_LEN || !enrol_frame_len(bytes, len, &frame) ||
	    frame != len) {
		r.failed = true;
		return r;
	}
	*what = bytes[MAGIC_LEN + 1];
	return rd_init(bytes + ENROL_HEADER_LEN, len - ENROL_HEADER_LEN);
}

bool enrol_request_parse(const uint8_t *bytes, size_t len,
			 struct enrol_request *out)
{
	struct enrol_request v = { .algorithm = 0 };
	uint8_t kind = 0;
	struct rd r = body_of(bytes, len, &kind);

	if (rd_failed(&r) || (kind != ENROL_JOIN && kind != ENROL_RENEW))
		return false;
	v.kind = (enum enrol_kind)kind;
	if (kind == ENROL_JOIN) {
		v.algorithm = rd_u16(&r);
		v.hi = read_span(&r, ENROL_HI_MAX);
	}
	v.proof = read_span(&r, ENROL_PROOF_MAX);
	if (!rd_done(&r))
		return false;
	*out = v;
	return true;
}

bool enrol_answer_parse(const uint8_t *bytes, size_t len,
			struct enrol_answer *out)
{
	struct enrol_answer v = { .algorithm = 0 };
	uint8_t result = 0;
	struct rd r = body_of(bytes, len, &result);

	if (rd_failed(&r) || result >= ENROL_RESULTS)
		return false;
	v.result = (enum enrol_result)result;
	if (result == ENROL_OK) {
		v.algorithm = rd_u16(&r);
		v.hi = read_span(&r, ENROL_HI_MAX);
		v.certificate = read_span(&r, ENROL_PROOF_MAX);
	}
	if (!rd_done(&r))
		return false;
	*out = v;
	return true;
}

size_t enrol_serve_write(const struct enrol_serve *s, uint8_t *out, size_t cap)
{
	struct wr w = wr_init(out, cap);

	wr_bytes(&w, s->hit, sizeof(s->hit));
	wr_u8(&w, s->listen);
	wr_bytes(&w, s->interface, strlen(s->interface) + 1);
	return wr_failed(&w) ? 0 : wr_len(&w);
}

bool enrol_serve_parse(const uint8_t *body, size_t len, struct enrol_serve *out)
{
	struct enrol_serve v = { .listen = false };
	struct rd r = rd_init(body, len);
	uint8_t listens;
	size_t n;

	rd_copy(&r, v.hit, sizeof(v.hit));
	listens = rd_u8(&r);
	n = rd_left(&r);
	v.interface = (const char *)rd_bytes(&r, n);
	if (!rd_done(&r) || listens > 1 || n < 2 ||
	    n > ENROL_INTERFACE_MAX + 1 ||
	    memchr(v.interface, '\0', n) != v.interface + n - 1)
		return false;
	v.listen = listens == 1;
	*out = v;
	return true;
}

size_t enrol_ask_write(const struct enrol_ask *a, uint8_t *out, size_t cap)
{
	struct wr w = wr_init(out, cap);
	size_t frame;

	wr_u64(&w, a->id);
	wr_bytes(&w, a->hit, sizeof(a->hit));
	if (wr_failed(&w))
		return 0;
	frame = enrol_request_write(&a->request, out + wr_len(&w),
				    cap - wr_len(&w));
	return frame ? wr_len(&w) + frame : 0;
}

bool enrol_ask_parse(const uint8_t *body, size_t len, struct enrol_ask *out)
{
	struct enrol_ask v = { .id = 0 };
	struct rd r = rd_init(body, len);
	size_t n;

	v.id = rd_u64(&r);
	rd_copy(&r, v.hit, sizeof(v.hit));
	n = rd_left(&r);
	if (rd_failed(&r) ||
	    !enrol_request_parse(rd_bytes(&r, n), n, &v.request))
		return false;
	*out = v;
	return true;
}

size_t enrol_reply_write(const struct enrol_reply *v, uint8_t *out, size_t cap)
{
	struct wr w = wr_init(out, cap);
	size_t frame;

	wr_u64(&w, v->id);
	if (wr_failed(&w))
		return 0;
	frame = enrol_answer_write(&v->answer, out + wr_len(&w),
				   cap - wr_len(&w));
	return frame ? wr_len(&w) + frame : 0;
}

bool enrol_reply_parse(const uint8_t *body, size_t len, struct enrol_reply *out)
{
	struct enrol_reply v = { .id = 0 };
	struct rd r = rd_init(body, len);
	size_t n;

	v.id = rd_u64(&r);
	n = rd_left(&r);
	if (rd_failed(&r) || !enrol_answer_parse(rd_bytes(&r, n), n, &v.answer))
		return false;
	*out = v;
	return true;
}
