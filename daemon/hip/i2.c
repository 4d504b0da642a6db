/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The Initiator's answer to an R1. Our HOST_ID goes inside ENCRYPTED, so
 * that nobody on the way learns who calls.
 */
#include "daemon/hip/i2.h"

#include "daemon/hip/echoes.h"
#include "daemon/hip/host_impl.h"
#include "daemon/hip/inside.h"
#include "daemon/hip/suite.h"

#include <errno.h>
#include <sodium.h>

enum { IV_LEN = 16 };

/*
 * RFC 7401 4.1.7: the group must be the first of the Responder's list that
 * is in ours. (6.8 step 7 reads "the first of the list", which fails
 * whenever its favourite is not shared.)
 */
static bool group_is_right(const struct host *h, const struct msg_r1 *r1,
			   bool *shared)
{
	uint16_t best = suite_choose(r1->groups.ids, r1->groups.n, h->conf.dh,
				     h->conf.n_dh);

	*shared = best != 0;
	return best != 0 && best == r1->dh.group;
}

enum drop i2_choose(const struct host *h, const struct msg_r1 *r1,
		    struct i2_choice *out, struct i2_refusal *refusal)
{
	static const struct i2_refusal changed_i1 = {
		"the DH group is not the best in common: the I1 was changed "
		"on its way",
		0
	};
	static const struct i2_refusal no_group = {
		"no DH group in common", NOTIFY_NO_DH_PROPOSAL_CHOSEN
	};
	struct i2_choice c;
	bool shared;

	if (!id_list_has(&r1->suites, h->suite)) {
		*refusal = (struct i2_refusal){
			"the peer cannot verify our kind of identity",
			NOTIFY_NO_HIP_PROPOSAL_CHOSEN
		};
		return DROP_HIT_SUITE;
	}
	if (!group_is_right(h, r1, &shared)) {
		*refusal = shared ? changed_i1 : no_group;
		return DROP_DH_GROUP;
	}
	c.hip_cipher = suite_choose(h->conf.cipher, h->conf.n_cipher,
				    r1->ciphers.ids, r1->ciphers.n);
	if (c.hip_cipher == 0) {
		*refusal = (struct i2_refusal){ "no HIP cipher in common",
						NOTIFY_NO_HIP_PROPOSAL_CHOSEN };
		return DROP_HIP_CIPHER;
	}
	if (!id_list_has(&r1->transports, PARAM_ESP_TRANSFORM)) {
		*refusal =
			(struct i2_refusal){ "the peer does not offer ESP", 0 };
		return DROP_TRANSPORT;
	}
	c.esp_suite = suite_choose(h->conf.esp, h->conf.n_esp, r1->esp.ids,
				   r1->esp.n);
	if (c.esp_suite == 0) {
		*refusal = (struct i2_refusal){ "no ESP suite in common",
						NOTIFY_NO_ESP_PROPOSAL_CHOSEN };
		return DROP_ESP_SUITE;
	}
	*out = c;
	return DROP_NONE;
}

/* RFC 7401 6.8, step 13; 6.5. */
static enum drop make_agreed(struct host *h, const struct packet *p,
			     const struct msg_r1 *r1, const uint8_t *j,
			     const struct dh *dh, struct agreed **out)
{
	struct agreed_from from = { .initiator = &h->hit,
				    .responder = &p->sender,
				    .i = r1->puzzle.i,
				    .j = j,
				    .dh = dh,
				    .peer_public = r1->dh.value };
	uint8_t kij[DH_SECRET_MAX];
	struct i2_choice choice;
	struct i2_refusal refusal;
	struct agreed *a = NULL;
	enum drop d = i2_choose(h, r1, &choice, &refusal);

	if (d != DROP_NONE)
		return d;
	h->counters.dh_agreements++;
	d = dh_agree(dh, r1->dh.value, r1->dh.len, kij, &from.kij_len);
	if (d != DROP_NONE)
		return d;
	from.kij = kij;
	from.hip_cipher = choice.hip_cipher;
	from.esp_suite = choice.esp_suite;
	a = agreed_new(h, &from);
	sodium_memzero(kij, sizeof(kij));
	if (!a)
		return DROP_INTERNAL;
	if (r1->has_mode) {
		struct transport_mode mode = inside_choose(h, &r1->mode);

		a->inside = inside_is_chosen(&mode);
	}
	if (agreed_set_host_id(a, &r1->host_id_param) ||
	    sa_pair_draw(h, a->sa, &p->sender)) {
		agreed_free(h, a);
		return DROP_INTERNAL;
	}
	*out = a;
	return DROP_NONE;
}

static int write_encrypted_host_id(struct host *h, struct packet_out *out,
				   const struct agreed *a)
{
	uint8_t iv[IV_LEN];

	env_random(&h->conf.env, iv, sizeof(iv));
	return protect_add_encrypted(out, a->hip_cipher, a->keys.enc_out, iv,
				     h->host_id.bytes, h->host_id.len);
}

/* What an I2 is made of. */
struct i2_parts {
	const struct agreed *agreed;
	const struct dh *dh;
	bool certified; /* with our certificate */
};

/* RFC 7401 5.3.3, RFC 7402 5.2.1.2, RFC 8002 2, in the order of types. */
static int write_i2(struct host *h, const struct packet *p,
		    const struct msg_r1 *r1, const struct i2_parts *parts,
		    struct packet_out *out)
{
	const struct agreed *a = parts->agreed;
	struct esp_info esp_info = { .keymat_index = a->keymat_index,
				     .new_spi = a->sa->spi_in };
	struct solution_param solution = { .k = r1->puzzle.k,
					   .opaque = r1->puzzle.opaque };
	size_t rhash_len = suite_rhash_len(a->keymat.hit_suite);
	struct dh_param value = { .group = a->dh_group };
	struct id_list cipher = host_id_list(&a->hip_cipher, 1);
	struct id_list esp = host_id_list(&a->esp_suite, 1);
	struct id_list format = { .ids = { PARAM_ESP_TRANSFORM }, .n = 1 };
	struct transport_mode mode = inside_choose(h, &r1->mode);
	int err;

	memcpy(solution.i, a->i, rhash_len);
	memcpy(solution.j, a->j, rhash_len);
	value.value = dh_public(parts->dh, &value.len);
	packet_begin(out, HIP_I2, 0, &h->hit, &p->sender);
	esp_info_write(out, &esp_info);
	if (r1->has_counter) /* whole, Reserved too (5.2.3) */
		r1_counter_write(out, &r1->counter);
	solution_param_write(out, rhash_len, &solution);
	dh_param_write(out, &value);
	hip_cipher_write(out, &cipher);
	err = write_encrypted_host_id(h, out, a);
	if (err)
		return err;
	if (parts->certified)
		admit_write(h, out);
	echoes_write_signed(out, p);
	transport_format_list_write(out, &format);
	esp_transform_write(out, &esp);
	if (r1->has_mode)
		transport_mode_write(out, &mode);
	err = protect_add_mac(out, a->keymat.hit_suite, a->keys.mac_out);
	if (err)
		return err;
	h->counters.signatures_made++;
	err = protect_add_signature(out, h->conf.id);
	echoes_write_unsigned(out, p);
	if (err)
		return err;
	return packet_fix_length(out) ? 0 : -ENOSPC;
}

/* A certificate that leaves no room for the rest stays out. */
static int write_any_i2(struct host *h, const struct packet *p,
			const struct msg_r1 *r1, const struct agreed *a,
			const struct dh *dh, struct packet_out *out)
{
	struct i2_parts parts = { .agreed = a, .dh = dh, .certified = true };
	int err = write_i2(h, p, r1, &parts, out);

	if (!err || h->certificate_len == 0)
		return err;
	parts.certified = false;
	return write_i2(h, p, r1, &parts, out);
}

enum drop i2_make(struct host *h, const struct packet *p,
		  const struct msg_r1 *r1, const uint8_t *j,
		  struct packet_out *out, struct agreed **agreed)
{
	struct agreed *a = NULL;
	struct dh *dh = NULL;
	enum drop d;

	if (dh_new(r1->dh.group, &dh))
		return DROP_INTERNAL;
	d = make_agreed(h, p, r1, j, dh, &a);
	if (d == DROP_NONE && write_any_i2(h, p, r1, a, dh, out)) {
		agreed_free(h, a);
		d = DROP_INTERNAL;
	}
	dh_free(dh);
	if (d == DROP_NONE)
		*agreed = a;
	return d;
}
