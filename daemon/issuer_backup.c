/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * An authority as text, to be kept elsewhere: JSON, {"hipline": "authority",
 * "version": 1, "overlay", "key" (PKCS#8 PEM), "mac_key", "list_number",
 * "invitations": [...], "grants": [...]}; bytes in base64.
 */
#include "daemon/base/keyfile.h"
#include "daemon/base/name.h"
#include "daemon/issuer_impl.h"

#include <errno.h>
#include <jansson.h>
#include <sodium.h>
#include <stdlib.h>

enum {
	VERSION = 1,
	VARIANT = sodium_base64_VARIANT_ORIGINAL,
	BASE64_MAX = (CERTIFICATE_MAX + 2) / 3 * 4 + 1,
};

static json_t *bytes_json(const void *bytes, size_t len)
{
	char text[BASE64_MAX];

	return json_string(
		sodium_bin2base64(text, sizeof(text), bytes, len, VARIANT));
}

static bool put_invitation(void *ctx, const struct registry_invitation *v)
{
	return json_array_append_new(
		       ctx,
		       json_pack("{s:o, s:s, s:I, s:b, s:o}", "id",
				 bytes_json(v->id, sizeof(v->id)), "name",
				 v->name, "expires_s", (json_int_t)v->expires_s,
				 "device", (int)v->device, "spent_by",
				 bytes_json(v->spent_by.bytes,
					    v->spent ? sizeof(v->spent_by.bytes)
						     : 0))) == 0;
}

static bool put_grant(void *ctx, const struct registry_grant *g)
{
	return json_array_append_new(
		       ctx,
		       json_pack("{s:o, s:s, s:o, s:I, s:I, s:o}", "serial",
				 bytes_json(g->serial, sizeof(g->serial)),
				 "name", g->name, "hit",
				 bytes_json(g->hit.bytes, sizeof(g->hit.bytes)),
				 "not_after_s", (json_int_t)g->not_after_s,
				 "revoked_s", (json_int_t)g->revoked_s,
				 "certificate",
				 bytes_json(g->certificate.bytes,
					    g->certificate.len))) == 0;
}

static json_t *whole(struct issuer *is, const char *pem)
{
	json_t *invitations = json_array(), *grants = json_array(), *root;

	if (registry_invitations(is->registry, put_invitation, invitations) <
		    0 ||
	    registry_grants(is->registry, put_grant, grants) < 0) {
		json_decref(invitations);
		json_decref(grants);
		return NULL;
	}
	root = json_pack(
		"{s:s, s:i, s:s, s:s, s:o, s:I, s:o, s:o}", "hipline",
		"authority", "version", VERSION, "overlay", is->about.overlay,
		"key", pem, "mac_key",
		bytes_json(is->about.mac_key, sizeof(is->about.mac_key)),
		"list_number", (json_int_t)is->about.list_number, "invitations",
		invitations, "grants", grants);
	return root;
}

char *issuer_export(struct issuer *is)
{
	struct registry_about about = is->about;
	char pem[KEYFILE_MAX], *text = NULL;
	json_t *root = NULL;
	size_t len = 0;

	if (identity_to_pem(is->key, pem, sizeof(pem) - 1, &len) == 0) {
		pem[len] = '\0';
		root = whole(is, pem);
	}
	if (root)
		text = json_dumps(root, JSON_INDENT(1) | JSON_ENSURE_ASCII);
	json_decref(root);
	sodium_memzero(pem, sizeof(pem));
	about.is_exported = true;
	if (text && registry_set_about(is->registry, &about) == 0)
		is->about.is_exported = true;
	sodium_memzero(&about, sizeof(about));
	return text;
}

static bool take_bytes(const json_t *o, const char *key, void *out, size_t cap,
		       size_t *len)
{
	const char *text = json_string_value(json_object_get(o, key));

	return text && sodium_base642bin(out, cap, text, strlen(text), NULL,
					 len, NULL, VARIANT) == 0;
}

static bool take_exactly(const json_t *o, const char *key, void *out,
			 size_t want)
{
	size_t len = 0;

	return take_bytes(o, key, out, want, &len) && len == want;
}

static bool take_number(const json_t *o, const char *key, uint64_t *out)
{
	const json_t *v = json_object_get(o, key);

	if (!json_is_integer(v) || json_integer_value(v) < 0)
		return false;
	*out = (uint64_t)json_integer_value(v);
	return true;
}

static bool take_name(const json_t *o, char out[NAME_LEN_MAX + 1])
{
	const char *text = json_string_value(json_object_get(o, "name"));

	return text && name_canonical(text, out) == 0 && strcmp(text, out) == 0;
}

static int take_invitation(struct registry *r, const json_t *o)
{
	struct registry_invitation v = { .spent = false };
	size_t len = 0;

	if (!take_exactly(o, "id", v.id, sizeof(v.id)) ||
	    !take_name(o, v.name) ||
	    !take_number(o, "expires_s", &v.expires_s) ||
	    !take_bytes(o, "spent_by", v.spent_by.bytes,
			sizeof(v.spent_by.bytes), &len) ||
	    (len != 0 && len != sizeof(v.spent_by.bytes)))
		return -EINVAL;
	v.spent = len > 0;
	v.device = json_is_true(json_object_get(o, "device"));
	return registry_put_invitation(r, &v);
}

static int take_grant(struct registry *r, const json_t *o)
{
	struct registry_grant g = { .revoked_s = 0 };
	uint8_t bytes[CERTIFICATE_MAX];
	size_t len = 0;

	if (!take_exactly(o, "serial", g.serial, sizeof(g.serial)) ||
	    !take_name(o, g.name) ||
	    !take_exactly(o, "hit", g.hit.bytes, sizeof(g.hit.bytes)) ||
	    !take_number(o, "not_after_s", &g.not_after_s) ||
	    !take_number(o, "revoked_s", &g.revoked_s) ||
	    !take_bytes(o, "certificate", bytes, sizeof(bytes), &len))
		return -EINVAL;
	g.certificate = (struct span){ bytes, len };
	return registry_put_grant(r, &g);
}

static int take_each(struct registry *r, const json_t *list,
		     int (*take)(struct registry *r, const json_t *o))
{
	const json_t *one;
	size_t i;
	int err = json_is_array(list) ? 0 : -EINVAL;

	json_array_foreach(list, i, one)
	{
		if (!err)
			err = take(r, one);
	}
	return err;
}

static int fill(struct registry *r, const json_t *root)
{
	struct registry_about about = { .is_exported = true };
	const char *overlay =
		json_string_value(json_object_get(root, "overlay"));
	int err;

	if (!overlay || !authority_overlay_is_fit(overlay) ||
	    !take_exactly(root, "mac_key", about.mac_key,
			  sizeof(about.mac_key)) ||
	    !take_number(root, "list_number", &about.list_number))
		return -EINVAL;
	memcpy(about.overlay, overlay, strlen(overlay) + 1);
	err = registry_begin(r);
	if (err)
		return err;
	err = registry_set_about(r, &about);
	if (!err)
		err = take_each(r, json_object_get(root, "invitations"),
				take_invitation);
	if (!err)
		err = take_each(r, json_object_get(root, "grants"), take_grant);
	sodium_memzero(&about, sizeof(about));
	return registry_end(r, err);
}

/* The key last: with it there is an authority. */
static int import_root(const char *state, const json_t *root)
{
	const char *kind = json_string_value(json_object_get(root, "hipline"));
	const char *pem = json_string_value(json_object_get(root, "key"));
	struct registry_about about;
	struct registry *r = NULL;
	struct identity *key = NULL;
	int err;

	if (!kind || strcmp(kind, "authority") != 0 ||
	    json_integer_value(json_object_get(root, "version")) != VERSION ||
	    !pem)
		return -EINVAL;
	err = issuer_read_key(state, &key);
	if (err != -ENOENT) {
		identity_free(key);
		return err ? err : -EEXIST;
	}
	if (identity_from_pem(pem, strlen(pem), &key) < 0)
		return -EINVAL;
	err = issuer_open_registry(state, &r);
	if (!err && registry_about(r, &about) == 0) {
		sodium_memzero(&about, sizeof(about));
		err = -EEXIST;
	}
	if (!err)
		err = fill(r, root);
	registry_close(r);
	if (!err)
		err = issuer_write_key(state, key);
	identity_free(key);
	return err;
}

int issuer_import(const char *state, const char *text, size_t len)
{
	json_t *root = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
	int err = root ? import_root(state, root) : -EINVAL;

	json_decref(root);
	return err;
}
