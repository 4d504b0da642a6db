/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The file is JSON, membership.json: {"overlay", "founder", "host", "name",
 * "algorithm", "authority", "certificate", "bootstraps": [{"hit",
 * "locator"}]}, which may be a host name with a port, keys and certificate in
 * base64. What is read is judged like what comes from elsewhere; only that a
 * certificate has expired meanwhile makes the file no worse.
 */
#include "daemon/membership.h"

#include "daemon/base/locator.h"
#include "daemon/config_check.h"
#include "daemon/hip/limits.h"
#include "daemon/statefile.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char file_name[] = "membership.json";

enum {
	VARIANT = sodium_base64_VARIANT_ORIGINAL,
	BASE64_MAX = (CERTIFICATE_MAX + 2) / 3 * 4 + 1,
};

static_assert((int)CERTIFICATE_MAX >= (int)HI_MAX, "the text of either fits");

/* CERTIFICATE_OK and the expired one both give *out. */
static enum certificate_result judge(const struct membership *m,
				     const struct hit *hit,
				     const uint8_t *bytes, size_t len,
				     uint64_t now_s, struct certificate *out)
{
	enum certificate_result r = CERTIFICATE_MALFORMED;
	struct authority a;

	if (authority_init(&a, m->overlay, m->authority_algorithm,
			   m->authority_hi, m->authority_hi_len) < 0)
		return r;
	r = certificate_verify(&a, bytes, len, now_s, out);
	if ((r == CERTIFICATE_OK || r == CERTIFICATE_EXPIRED) &&
	    !hit_equal(&out->hit, hit))
		r = CERTIFICATE_MALFORMED;
	authority_clear(&a);
	return r;
}

static void take(struct membership *m, const struct certificate *c,
		 const uint8_t *bytes, size_t len)
{
	memmove(m->certificate, bytes, len);
	m->certificate_len = len;
	m->not_before_s = c->not_before_s;
	m->not_after_s = c->not_after_s;
	memcpy(m->name, c->name, sizeof(m->name));
}

int membership_take_certificate(struct membership *m, const struct hit *hit,
				const uint8_t *bytes, size_t len,
				uint64_t now_s)
{
	struct certificate c;

	if (judge(m, hit, bytes, len, now_s, &c) != CERTIFICATE_OK)
		return -EINVAL;
	take(m, &c, bytes, len);
	return 0;
}

static const char *text_of(const json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

static bool take_bytes(const json_t *o, const char *key, uint8_t *out,
		       size_t cap, size_t *len)
{
	const char *text = text_of(o, key);

	return text && sodium_base642bin(out, cap, text, strlen(text), NULL,
					 len, NULL, VARIANT) == 0;
}

static bool take_bootstraps(const json_t *list, struct membership *m)
{
	const json_t *one;
	size_t i;

	if (!json_is_array(list) ||
	    json_array_size(list) > MEMBERSHIP_BOOTSTRAPS_MAX)
		return false;
	json_array_foreach(list, i, one)
	{
		struct token_bootstrap *b = &m->bootstraps[i];
		const char *hit = text_of(one, "hit");
		const char *locator = text_of(one, "locator");

		if (!hit || !locator || hit_from_text(hit, &b->hit) < 0)
			return false;
		if (locator_from_text(locator, 0, &b->locator) < 0 &&
		    !config_split_host(locator, HIP_UDP_PORT, b->host,
				       &b->locator.port))
			return false;
	}
	m->n_bootstraps = json_array_size(list);
	return true;
}

static bool take_root(const json_t *root, const struct hit *hit,
		      struct membership *m)
{
	const char *overlay = text_of(root, "overlay");
	const char *host = text_of(root, "host");
	const json_t *algorithm = json_object_get(root, "algorithm");
	uint8_t bytes[CERTIFICATE_MAX];
	struct certificate c;
	size_t len = 0;

	if (!overlay || strlen(overlay) > NAME_DOMAIN_MAX || !host ||
	    hit_from_text(host, &m->authority_host) < 0 ||
	    json_integer_value(algorithm) <= 0 ||
	    json_integer_value(algorithm) > UINT16_MAX ||
	    !take_bytes(root, "authority", m->authority_hi,
			sizeof(m->authority_hi), &m->authority_hi_len) ||
	    !take_bytes(root, "certificate", bytes, sizeof(bytes), &len) ||
	    !take_bootstraps(json_object_get(root, "bootstraps"), m))
		return false;
	memcpy(m->overlay, overlay, strlen(overlay) + 1);
	m->founder = json_is_true(json_object_get(root, "founder"));
	m->authority_algorithm = (uint16_t)json_integer_value(algorithm);
	/* As of a time when it did not lie in the future: it only ages. */
	switch (judge(m, hit, bytes, len, UINT64_MAX - CERTIFICATE_SKEW_S,
		      &c)) {
	case CERTIFICATE_OK:
	case CERTIFICATE_EXPIRED:
		take(m, &c, bytes, len);
		return true;
	default:
		return false;
	}
}

static bool take_text(const char *text, size_t len, const struct hit *hit,
		      struct membership *out)
{
	json_t *root = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
	struct membership m = { .founder = false };
	bool ok = take_root(root, hit, &m);

	json_decref(root);
	if (ok)
		*out = m;
	return ok;
}

int membership_load(struct membership *m, int dir, const struct hit *hit,
		    bool *broken)
{
	char *text = NULL;
	size_t len = 0;
	int err = statefile_read(dir, file_name, &text, &len);
	bool ok = err == 0 && take_text(text, len, hit, m);

	free(text);
	*broken = false;
	if (ok)
		return 0;
	*m = (struct membership){ .founder = false };
	if (err == -ENOENT)
		return 0;
	if (err < 0 && err != -EFBIG && err != -ENXIO && err != -ELOOP)
		return err;
	*broken = true;
	return statefile_set_aside(dir, file_name);
}

static json_t *base64_json(const uint8_t *bytes, size_t len)
{
	char text[BASE64_MAX];

	return json_string(
		sodium_bin2base64(text, sizeof(text), bytes, len, VARIANT));
}

static json_t *bootstraps_json(const struct membership *m)
{
	json_t *list = json_array();

	for (size_t i = 0; list && i < m->n_bootstraps; i++) {
		const struct token_bootstrap *b = &m->bootstraps[i];
		char hit[HIT_TEXT_MAX], locator[NAME_DOMAIN_MAX + 8];

		hit_text(&b->hit, hit);
		if (b->host[0] != '\0')
			(void)snprintf(locator, sizeof(locator), "%s:%u",
				       b->host, b->locator.port); /* fits */
		else
			locator_text(&b->locator, locator);
		if (json_array_append_new(list,
					  json_pack("{s:s, s:s}", "hit", hit,
						    "locator", locator)) != 0) {
			json_decref(list);
			list = NULL;
		}
	}
	return list;
}

int membership_save(const struct membership *m, int dir)
{
	char host[HIT_TEXT_MAX];
	char *text = NULL;
	int err = -ENOMEM;
	json_t *root;

	hit_text(&m->authority_host, host);
	root = json_pack(
		"{s:s, s:b, s:s, s:s, s:i, s:o, s:o, s:o}", "overlay",
		m->overlay, "founder", (int)m->founder, "host", host, "name",
		m->name, "algorithm", (int)m->authority_algorithm, "authority",
		base64_json(m->authority_hi, m->authority_hi_len),
		"certificate", base64_json(m->certificate, m->certificate_len),
		"bootstraps", bootstraps_json(m));
	if (root)
		text = json_dumps(root, JSON_INDENT(1));
	if (text)
		err = statefile_write(dir, file_name, text, strlen(text));
	free(text);
	json_decref(root);
	return err;
}

int membership_forget(struct membership *m, int dir)
{
	if (unlinkat(dir, file_name, 0) < 0 && errno != ENOENT)
		return -errno;
	if (fsync(dir) < 0)
		return -errno;
	*m = (struct membership){ .founder = false };
	return 0;
}

void membership_fingerprint(const struct membership *m,
			    char out[MEMBERSHIP_FINGERPRINT_MAX])
{
	uint8_t hash[KEY_HASH_LEN];

	/* Neither can fail. */
	(void)crypto_hash_sha256(hash, m->authority_hi, m->authority_hi_len);
	(void)sodium_bin2hex(out, MEMBERSHIP_FINGERPRINT_MAX, hash,
			     sizeof(hash));
}

bool membership_is_due(const struct membership *m, uint64_t now_s)
{
	return membership_is_set(m) &&
	       now_s >= m->not_before_s + CERTIFICATE_RENEW_S;
}
