/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * JSON by jansson. Where memory runs out half way, functions of jansson take
 * NULL and give an error, and the whole report is NULL.
 */
#include "daemon/report.h"

#include "daemon/addresses.h"
#include "daemon/contacting.h"
#include "daemon/enrol.h"
#include "daemon/integration.h"
#include "daemon/naming.h"
#include "daemon/pki/hiprr.h"
#include "daemon/underlay.h"

#include <config.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	LOCATORS_SHOWN_MAX = 64,
	SELF_NAME_MAX = 300,
	COUNTER_NAME_MAX = 64,
};

/* Puts a value into an object; true when all is well. */
static bool put(json_t *object, const char *key, json_t *value)
{
	return json_object_set_new(object, key, value) == 0;
}

static bool put_number(json_t *object, const char *key, uint64_t n)
{
	return put(object, key, json_integer((json_int_t)n));
}

static bool put_text(json_t *object, const char *key, const char *text)
{
	return put(object, key, text ? json_string(text) : json_null());
}

/* The object when it is whole, else NULL. */
static json_t *whole(json_t *object, bool ok)
{
	if (ok)
		return object;
	json_decref(object);
	return NULL;
}

static json_t *hit_json(const struct hit *hit)
{
	char text[HIT_TEXT_MAX];

	hit_text(hit, text);
	return json_string(text);
}

static json_t *locator_json(const struct locator *l)
{
	char text[LOCATOR_TEXT_MAX];

	if (locator_is_unspecified(l))
		return json_null();
	locator_text(l, text);
	return json_string(text);
}

/* The own HIP record (RFC 8005 6), or null. */
static json_t *record_json(const struct engine *e)
{
	char text[HIPRR_TEXT_MAX];
	struct hiprr rr;
	size_t len;
	const uint8_t *hi = identity_hi(e->id, &len);

	return hiprr_of(identity_hit(e->id), hi, len, &rr) &&
			       hiprr_text(&rr, text)
		       ? json_string(text)
		       : json_null();
}

json_t *report_id(const struct engine *e)
{
	const struct hit *hit = identity_hit(e->id);
	char label[HIT_SELF_LABEL_LEN + 1];
	char self_name[SELF_NAME_MAX];
	uint8_t fingerprint[32];
	char hex[2 * sizeof(fingerprint) + 1];
	json_t *o = json_object();
	bool ok;

	identity_fingerprint(e->id, fingerprint);
	(void)sodium_bin2hex(hex, sizeof(hex), fingerprint,
			     sizeof(fingerprint)); /* gives hex */
	hit_self_label(hit, label);
	(void)snprintf(self_name, sizeof(self_name), "%s.%s", label,
		       e->config.suffix);
	ok = put(o, "hit", hit_json(hit)) &&
	     put_text(o, "algorithm",
		      identity_kind_text(identity_kind(e->id))) &&
	     put_text(o, "fingerprint", hex) &&
	     put_text(o, "self_name", self_name) &&
	     put(o, "hip_record", record_json(e));
	return whole(o, ok);
}

/* Names that are bound to a HIT, by pins or by its certificate. */
static json_t *names_json(const struct engine *e, const struct hit *hit)
{
	const char *member = underlay_name(e->underlay, hit);
	const struct pin *same = member ? pins_find(e->pins, member) : NULL;
	json_t *names = json_array();
	bool ok = names != NULL;

	if (same && hit_equal(&same->hit, hit))
		member = NULL; /* it is among them */

	for (size_t i = 0; ok && i < pins_count(e->pins); i++) {
		const struct pin *pin = pins_at(e->pins, i);

		if (hit_equal(&pin->hit, hit))
			ok = json_array_append_new(names,
						   json_string(pin->name)) == 0;
	}
	if (ok && member)
		ok = json_array_append_new(names, json_string(member)) == 0;
	return whole(names, ok);
}

static json_t *path_json(const struct engine *e,
			 const struct host_assoc_info *a)
{
	struct locator local = a->local;
	json_t *o;

	if (locator_is_unspecified(&a->remote))
		return json_null();
	if (local.port == 0)
		local.port = (uint16_t)e->config.port;
	o = json_object();
	return whole(o, put_text(o, "kind", "direct") &&
				put(o, "local", locator_json(&local)) &&
				put(o, "remote", locator_json(&a->remote)) &&
				put(o, "relay", json_null()));
}

static json_t *number_or_null(uint64_t n)
{
	return n ? json_integer((json_int_t)n) : json_null();
}

/* Seconds since an instant; null when there was none. */
static json_t *seconds_since(uint64_t then_ms, uint64_t now_ms)
{
	if (then_ms == 0)
		return json_null();
	return json_integer(
		now_ms < then_ms ? 0 : (json_int_t)((now_ms - then_ms) / 1000));
}

static bool put_traffic(json_t *o, const struct flow *f, uint64_t now_ms)
{
	static const struct flow none;
	uint64_t last_ms = 0;

	if (f)
		last_ms = f->in.last_ms > f->out.last_ms ? f->in.last_ms
							 : f->out.last_ms;
	else
		f = &none;
	return put_number(o, "bytes_in", f->in.bytes) &&
	       put_number(o, "bytes_out", f->out.bytes) &&
	       put_number(o, "packets_in", f->in.packets) &&
	       put_number(o, "packets_out", f->out.packets) &&
	       put(o, "idle_s", seconds_since(last_ms, now_ms));
}

/* The largest inner packet to a peer; 0: none goes. */
static uint32_t mtu_of(const struct engine *e, const struct host_assoc_info *a)
{
	return e->dataplane ? dataplane_mtu(e->dataplane, &a->hit) : 0;
}

static json_t *association_json(const struct engine *e,
				const struct host_assoc_info *a,
				uint64_t now_ms)
{
	const struct flow *f =
		e->dataplane ? dataplane_flow(e->dataplane, &a->hit) : NULL;
	json_t *o = json_object();
	bool ok = put(o, "hit", hit_json(&a->hit)) &&
		  put(o, "names", names_json(e, &a->hit)) &&
		  put_text(o, "state", assoc_state_text(a->state)) &&
		  put(o, "path", path_json(e, a)) &&
		  put(o, "esp_suite", number_or_null(a->esp_suite)) &&
		  put(o, "spi_in", number_or_null(a->spi_in)) &&
		  put(o, "spi_out", number_or_null(a->spi_out)) &&
		  put(o, "mtu", number_or_null(mtu_of(e, a))) &&
		  put_number(o, "rekeys", a->rekeys) &&
		  put_traffic(o, f, now_ms) &&
		  put(o, "age_s", seconds_since(a->since_ms, now_ms)) &&
		  put(o, "authority",
		      json_boolean(enrol_is_authority(e->enrol, &a->hit))) &&
		  put(o, "guest",
		      json_boolean(enrol_is_guest(e->enrol, &a->hit))) &&
		  put_text(o, "reason", a->reason);

	return whole(o, ok);
}

static json_t *associations_json(const struct engine *e)
{
	size_t n = host_assoc_list(e->host, NULL, 0);
	struct host_assoc_info *all = calloc(n + 1, sizeof(*all));
	json_t *array = all ? json_array() : NULL;
	uint64_t now_ms = engine_now_ms();
	bool ok = array != NULL;

	if (ok)
		n = host_assoc_list(e->host, all, n);
	if (ok && e->dataplane)
		dataplane_count(e->dataplane, now_ms);
	for (size_t i = 0; ok && i < n; i++)
		ok = json_array_append_new(
			     array, association_json(e, &all[i], now_ms)) == 0;
	free(all);
	return whole(array, ok);
}

json_t *report_peers(const struct engine *e)
{
	json_t *o = json_object();

	return whole(o, put(o, "associations", associations_json(e)));
}

static bool append_warning(json_t *array, const char *code, const char *text,
			   const char *remedy)
{
	json_t *o = json_object();
	bool ok = put_text(o, "code", code) && put_text(o, "text", text) &&
		  put_text(o, "remedy", remedy);

	return json_array_append_new(array, o) == 0 && ok;
}

/* "HIT (name) cannot be reached: why" */
static void unreached_text(const struct engine *e,
			   const struct unreached_peer *p,
			   char out[WARNING_TEXT_MAX])
{
	json_t *names = names_json(e, &p->hit);
	const char *name = json_string_value(json_array_get(names, 0));
	char hit[HIT_TEXT_MAX];

	if (!name && enrol_is_authority(e->enrol, &p->hit))
		name = "the authority's host";
	hit_text(&p->hit, hit);
	(void)snprintf(out, WARNING_TEXT_MAX, "%s%s%s%s cannot be reached: %s",
		       hit, name ? " (" : "", name ? name : "", name ? ")" : "",
		       p->reason);
	json_decref(names);
}

/* Paths that carry less than IPv6 asks for: RFC 8200 5. */
static bool append_small_paths(const struct engine *e, json_t *array)
{
	size_t n = host_assoc_list(e->host, NULL, 0);
	struct host_assoc_info *all = calloc(n + 1, sizeof(*all));
	char text[WARNING_TEXT_MAX], hit[HIT_TEXT_MAX];
	bool ok = all != NULL;

	if (ok)
		n = host_assoc_list(e->host, all, n);
	for (size_t i = 0; ok && i < n; i++) {
		uint32_t mtu = mtu_of(e, &all[i]);

		if (mtu == 0 || mtu >= IPV6_MIN_MTU)
			continue;
		hit_text(&all[i].hit, hit);
		(void)snprintf(text, sizeof(text),
			       "the path to %s carries packets of %u bytes, "
			       "so larger ones are sent in fragments",
			       hit, (unsigned)mtu);
		ok = append_warning(array, "small-path", text,
				    "look for a link or tunnel on the way with "
				    "a small MTU, or packets that are lost "
				    "there");
	}
	free(all);
	return ok;
}

static json_t *warnings_json(const struct engine *e)
{
	const struct warnings *w = &e->warnings;
	const struct unreached *u = &e->unreached;
	json_t *array = json_array();
	char text[WARNING_TEXT_MAX];
	bool ok = array != NULL;

	for (size_t i = 0; ok && i < w->n; i++)
		ok = append_warning(array, w->all[i].code, w->all[i].text,
				    w->all[i].remedy);
	for (size_t i = 0; ok && i < u->n; i++) {
		unreached_text(e, &u->all[i], text);
		ok = append_warning(array, "peer-unreachable", text,
				    underlay_remedy(e->underlay, &u->all[i].hit,
						    u->all[i].reason));
	}
	return whole(array, ok && append_small_paths(e, array));
}

static json_t *locators_json(const struct config *c)
{
	struct locator all[LOCATORS_SHOWN_MAX];
	size_t n = addresses_list(c, all, LOCATORS_SHOWN_MAX);
	json_t *array = json_array();
	bool ok = array != NULL;

	for (size_t i = 0; ok && i < n; i++)
		ok = json_array_append_new(array, locator_json(&all[i])) == 0;
	return whole(array, ok);
}

/* What AES-GCM is done with. */
static const char *aead_text(const struct config *c)
{
	return c->aead != CIPHER_OPENSSL &&
			       cipher_backend_works(CIPHER_IPSEC_MB)
		       ? "ipsec-mb"
		       : "openssl";
}

/* Each with the way its packets go, and how many they are. */
static json_t *workers_json(const struct engine *e)
{
	const struct crew *crew = dataplane_crew(e->dataplane);
	json_t *array = json_array();
	bool ok = array != NULL;

	for (size_t i = 0; ok && i < crew_count(crew); i++) {
		const struct worker *w = crew_worker(crew, i);
		json_t *o = json_object();
		uint64_t dropped = 0;

		for (int r = 0; r < WORKER_DROP_COUNT; r++)
			dropped += worker_drops(w, (enum worker_drop)r);
		ok = put_text(o, "offload", worker_offload_text(w)) &&
		     put(o, "queue", json_boolean(crew_has_queue(crew, i))) &&
		     put_number(o, "packets_in", worker_packets_in(w)) &&
		     put_number(o, "packets_out", worker_packets_out(w)) &&
		     put_number(o, "dropped", dropped);
		ok = json_array_append_new(array, o) == 0 && ok;
	}
	return whole(array, ok);
}

json_t *report_status(const struct engine *e)
{
	const struct config *c = &e->config;
	json_t *o = json_object();
	bool ok =
		put_text(o, "version", PACKAGE_VERSION) &&
		put(o, "hit", hit_json(identity_hit(e->id))) &&
		put_text(o, "interface", c->interface) &&
		put_number(o, "mtu", e->mtu) &&
		put_number(o, "port", c->port) &&
		put_text(o, "aead", aead_text(c)) &&
		put_text(o, "offload", dataplane_offload_text(e->dataplane)) &&
		put(o, "workers", workers_json(e)) &&
		put(o, "locators", locators_json(c)) &&
		put(o, "nat", json_null()) &&
		put(o, "associations", associations_json(e)) &&
		put(o, "overlay",
		    e->underlay ? underlay_report(e->underlay) : json_null()) &&
		put(o, "joining",
		    enrol_joining(e->enrol) ? enrol_report(e->enrol)
					    : json_null()) &&
		put(o, "relays", json_array()) &&
		put(o, "names", underlay_names(e->underlay)) &&
		put(o, "contacts", contacting_report(e->contacting)) &&
		put(o, "dns",
		    e->naming ? naming_report(e->naming) : json_null()) &&
		put(o, "warnings", warnings_json(e));

	return whole(o, ok);
}

/* The address of the first listener, as resolv.conf has it; "" for none. */
static void listen_address(const struct config *c, char out[LOCATOR_TEXT_MAX])
{
	struct locator l;
	char *end;

	out[0] = '\0';
	if (c->dns_listen.n == 0 ||
	    locator_from_text(c->dns_listen.items[0].text, 53, &l) < 0 ||
	    l.port != 53)
		return;
	locator_text(&l, out);
	end = strrchr(out, ':');
	*end = '\0';
	if (out[0] == '[') {
		memmove(out, out + 1, strlen(out));
		out[strlen(out) - 1] = '\0';
	}
}

json_t *report_dns(const struct engine *e)
{
	json_t *o = e->naming ? naming_report(e->naming) : json_object();
	char address[LOCATOR_TEXT_MAX];
	struct integration_system s = { .listen = address,
					.has_upstream =
						e->config.upstream.n > 0,
					.interface = e->config.interface,
					.suffix = e->config.suffix };
	struct integration i;

	s.is_silent = json_is_true(json_object_get(o, "upstream_silent"));
	listen_address(&e->config, address);
	integration_look(&s, &i);
	return whole(o, put_text(o, "integration", i.active) &&
				put_text(o, "system", i.system) &&
				put(o, "nss", json_boolean(i.nss)) &&
				put_text(o, "next", i.next));
}

json_t *report_connection(const struct engine *e,
			  const struct host_assoc_info *a)
{
	json_t *o = json_object();

	return whole(o,
		     put(o, "hit", hit_json(&a->hit)) &&
			     put(o, "path", path_json(e, a)) &&
			     put_text(o, "state", assoc_state_text(a->state)));
}

json_t *report_resolution(const char *name, const struct hit *hit,
			  const char *proof, const struct hit *against,
			  size_t n)
{
	json_t *one = json_object();
	json_t *hits = json_array();
	json_t *others = json_array();
	json_t *o = json_object();
	bool ok = put(one, "hit", hit_json(hit)) &&
		  put_text(one, "proof", proof) &&
		  put(one, "lifetime_s", json_null());

	ok = json_array_append_new(hits, one) == 0 && ok;
	ok = put_text(o, "name", name) && ok;
	ok = put(o, "hits", hits) && ok;
	for (size_t i = 0; ok && i < n; i++)
		ok = json_array_append_new(others, hit_json(&against[i])) == 0;
	ok = put(o, "against", others) && ok;
	return whole(o, ok);
}

json_t *report_found(const char *name, const struct resolve_answer *a)
{
	json_t *hits = json_array();
	json_t *against = json_array();
	json_t *o = json_object();
	bool ok = true;

	for (size_t i = 0; ok && i < a->n_hits; i++) {
		const struct resolve_hit *h = &a->hits[i];
		json_t *one = json_object();
		struct hit hit;

		memcpy(hit.bytes, h->hit, sizeof(hit.bytes));
		ok = put(one, "hit", hit_json(&hit)) &&
		     put_text(one, "proof", resolve_proof_text(h->proof)) &&
		     put_number(one, "lifetime_s", a->lifetime_s);
		ok = json_array_append_new(hits, one) == 0 && ok;
	}
	for (size_t i = 0; ok && i < a->n_against; i++) {
		struct hit hit;

		memcpy(hit.bytes, a->against[i], sizeof(hit.bytes));
		ok = json_array_append_new(against, hit_json(&hit)) == 0;
	}
	ok = put_text(o, "name", name) && ok;
	ok = put(o, "hits", hits) && ok;
	ok = put(o, "against", against) && ok;
	return whole(o, ok);
}

static const char *packet_type_text(size_t type)
{
	switch (type) {
	case HIP_I1:
		return "i1";
	case HIP_R1:
		return "r1";
	case HIP_I2:
		return "i2";
	case HIP_R2:
		return "r2";
	case HIP_UPDATE:
		return "update";
	case HIP_NOTIFY:
		return "notify";
	case HIP_CLOSE:
		return "close";
	case HIP_CLOSE_ACK:
		return "close_ack";
	default:
		return NULL;
	}
}

/* "prefix" and "a-b" as prefix_a_b. */
static bool put_counter(json_t *o, const char *prefix, const char *name,
			uint64_t n)
{
	char key[COUNTER_NAME_MAX];

	(void)snprintf(key, sizeof(key), "%s%s", prefix, name);
	for (char *p = key; *p; p++)
		if (*p == '-')
			*p = '_';
	return put_number(o, key, n);
}

static bool put_packets(json_t *o, const struct host_counters *c)
{
	bool ok = true;

	for (size_t i = 0; ok && i < 32; i++) {
		const char *type = packet_type_text(i);

		if (type)
			ok = put_counter(o, "hip_received_", type,
					 c->received[i]) &&
			     put_counter(o, "hip_sent_", type, c->sent[i]);
	}
	return ok;
}

static bool put_drops(json_t *o, const struct engine *e,
		      const struct host_counters *c)
{
	bool ok = true;

	for (size_t i = DROP_NONE + 1; ok && i < DROP_COUNT; i++)
		ok = put_counter(o, "hip_drop_", drop_name((enum drop)i),
				 c->drops[i]);
	for (size_t i = 0; ok && i < WORKER_DROP_COUNT; i++)
		ok = put_counter(
			o, "data_drop_", worker_drop_name((enum worker_drop)i),
			e->dataplane ? dataplane_drops(e->dataplane,
						       (enum worker_drop)i)
				     : 0);
	return ok;
}

json_t *report_counters(const struct engine *e)
{
	const struct host_counters *c = host_counters(e->host);
	json_t *o = json_object();
	bool ok =
		put_number(o, "exchanges_completed", c->exchanges_completed) &&
		put_number(o, "exchanges_failed", c->exchanges_failed) &&
		put_number(o, "hip_retransmitted", c->retransmitted) &&
		put_number(o, "hip_send_failed",
			   e->dataplane ? dataplane_send_failures(e->dataplane)
					: 0) &&
		put_packets(o, c) && put_number(o, "puzzle_k", c->puzzle_k) &&
		put_number(o, "puzzles_verified", c->puzzles_verified) &&
		put_number(o, "dh_agreements", c->dh_agreements) &&
		put_number(o, "signatures_verified", c->signatures_verified) &&
		put_number(o, "signatures_made", c->signatures_made) &&
		put_number(o, "r1s_by_rendezvous", c->r1s_by_rendezvous) &&
		put_number(o, "staged_packets", c->staged_packets) &&
		put_number(o, "staged_dropped", c->staged_dropped) &&
		put_drops(o, e, c);

	return whole(o, ok);
}
