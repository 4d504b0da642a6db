/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * NOTIFY. Signing and verifying one costs a signature, so that both are
 * limited in time, whoever asks.
 */
#include "daemon/hip/notify.h"

#include "daemon/hip/host_impl.h"

static const struct {
	enum drop drop;
	enum notify_type type;
} answers[] = {
	/* DROP_DH_PUBLIC is missing: 5.3.2 wants silence. */
	{ DROP_DH_GROUP, NOTIFY_INVALID_DH_CHOSEN },
	{ DROP_HIT_SUITE, NOTIFY_UNSUPPORTED_HIT_SUITE },
	{ DROP_HIP_CIPHER, NOTIFY_INVALID_HIP_CIPHER_CHOSEN },
	{ DROP_ESP_SUITE, NOTIFY_INVALID_ESP_TRANSFORM_CHOSEN },
	{ DROP_TRANSPORT_MODE, NOTIFY_NO_VALID_HIP_TRANSPORT_MODE },
	{ DROP_MAC, NOTIFY_HIP_MAC_FAILED },
	{ DROP_DECRYPT, NOTIFY_ENCRYPTION_FAILED },
	{ DROP_HOST_ID, NOTIFY_INVALID_HIT },
	{ DROP_SIGNATURE, NOTIFY_AUTHENTICATION_FAILED },
	{ DROP_CERTIFICATE, NOTIFY_INVALID_CERTIFICATE },
};

static const struct {
	enum notify_type type;
	const char *text;
} texts[] = {
	{ NOTIFY_UNSUPPORTED_CRITICAL_PARAMETER_TYPE,
	  "the peer does not know a parameter of ours" },
	{ NOTIFY_INVALID_SYNTAX, "the peer finds our packet malformed" },
	{ NOTIFY_NO_DH_PROPOSAL_CHOSEN,
	  "the peer accepts none of our DH groups" },
	{ NOTIFY_INVALID_DH_CHOSEN, "the peer did not offer our DH group" },
	{ NOTIFY_NO_HIP_PROPOSAL_CHOSEN,
	  "the peer accepts none of our HIP ciphers" },
	{ NOTIFY_INVALID_HIP_CIPHER_CHOSEN,
	  "the peer did not offer our HIP cipher" },
	{ NOTIFY_NO_ESP_PROPOSAL_CHOSEN,
	  "the peer accepts none of our ESP suites" },
	{ NOTIFY_INVALID_ESP_TRANSFORM_CHOSEN,
	  "the peer did not offer our ESP suite" },
	{ NOTIFY_UNSUPPORTED_HIT_SUITE,
	  "the peer cannot verify our kind of identity" },
	{ NOTIFY_AUTHENTICATION_FAILED, "the peer finds our signature wrong" },
	{ NOTIFY_CHECKSUM_FAILED, "the peer finds our checksum wrong" },
	{ NOTIFY_HIP_MAC_FAILED, "the peer finds our HIP_MAC wrong" },
	{ NOTIFY_ENCRYPTION_FAILED, "the peer cannot decrypt our identity" },
	{ NOTIFY_INVALID_HIT, "the peer finds that our HIT is not ours" },
	{ NOTIFY_BLOCKED_BY_POLICY, "the peer does not let us in" },
	{ NOTIFY_CREDENTIALS_REQUIRED,
	  "the peer lets members of its overlay in only" },
	{ NOTIFY_INVALID_CERTIFICATE,
	  "the peer finds our certificate not valid" },
	{ NOTIFY_RESPONDER_BUSY_PLEASE_RETRY, "the peer is busy" },
	{ NOTIFY_NO_VALID_HIP_TRANSPORT_MODE,
	  "the peer did not offer our HIP transport mode" },
};

void notify_send(struct host *h, const struct hit *peer, enum notify_type type,
		 const struct hip_input *in)
{
	struct notification n = { .type = (uint16_t)type };
	struct packet_out p;

	if (h->now_ms < h->notify_ms)
		return;
	h->notify_ms = h->now_ms + NOTIFY_MS;
	packet_begin(&p, HIP_NOTIFY, 0, &h->hit, peer);
	notification_write(&p, &n);
	h->counters.signatures_made++;
	if (protect_add_signature(&p, h->conf.id) || !packet_fix_length(&p))
		return; /* nobody waits for it */
	host_send(h, peer, p.bytes, packet_len(&p), &in->local, &in->remote,
		  in->raw);
}

void notify_on_i2(struct host *h, const struct hit *peer, enum drop reason,
		  const struct hip_input *in)
{
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		if (answers[i].drop == reason)
			notify_send(h, peer, answers[i].type, in);
	}
}

/* The peer's key: what the exchange brought, or the packet's own HOST_ID. */
static enum drop find_key(const struct assoc *a, const struct packet *p,
			  struct hi_public **out)
{
	const struct param *param = packet_find(p, PARAM_HOST_ID);
	struct host_id id;
	enum drop d;

	if (a->exchange && a->exchange->agreed)
		return agreed_public(a->exchange->agreed, out);
	if (a->agreed)
		return agreed_public(a->agreed, out);
	if (!param)
		return DROP_STATE;
	d = host_id_parse(param_rd(param), &id);
	if (d == DROP_NONE)
		d = host_check_hi(&p->sender, &id);
	if (d == DROP_NONE)
		d = hi_public_parse(id.algorithm, id.hi, id.hi_len, out);
	return d;
}

/* The first error that we have words for, or NULL. */
static enum drop find_text(const struct packet *p, const char **text)
{
	const struct param *param = packet_find(p, PARAM_NOTIFICATION);
	const char *found = NULL;

	if (!param)
		return DROP_PARAM_MISSING;
	for (; param; param = packet_next(p, param)) {
		struct notification n;
		enum drop d = notification_parse(param_rd(param), &n);

		if (d != DROP_NONE)
			return d;
		for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
			if (!found && n.type == texts[i].type)
				found = texts[i].text;
		}
	}
	*text = found;
	return DROP_NONE;
}

enum drop notify_on_packet(struct host *h, const struct arrival *m)
{
	const struct packet *p = &m->packet;
	struct assoc *a = assoc_find(h, &p->sender);
	struct hi_public *pub = NULL;
	const char *text = NULL;
	enum drop d;

	if (!a)
		return DROP_STATE;
	d = find_text(p, &text);
	if (d != DROP_NONE)
		return d;
	if (!text) /* a status, or nothing that we know: ignored (5.2.19) */
		return DROP_NONE;
	if (h->now_ms < h->notified_ms)
		return DROP_RATE;
	d = find_key(a, p, &pub);
	if (d != DROP_NONE)
		return d;
	h->notified_ms = h->now_ms + NOTIFY_MS;
	h->counters.signatures_verified++;
	d = protect_check_signature(p, pub);
	hi_public_free(pub);
	if (d != DROP_NONE)
		return d;
	if (a->exchange)
		a->exchange->notified = text;
	else
		a->reason = text;
	return DROP_NONE;
}
