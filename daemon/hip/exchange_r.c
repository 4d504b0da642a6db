/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The Responder's side of a base exchange. The checks of an I2 come in order
 * of what they cost: form, HITs, generation, puzzle (each one hash at most),
 * Diffie-Hellman and MAC, the signature, and last the certificate of a sender
 * who is known by nothing else (admit.h). Until all holds nothing is kept,
 * except that the puzzle is used up.
 */
#include "daemon/hip/exchange_r.h"

#include "daemon/hip/echoes.h"
#include "daemon/hip/host_impl.h"
#include "daemon/hip/inside.h"
#include "daemon/hip/notify.h"
#include "daemon/hip/rendezvous.h"
#include "daemon/hip/suite.h"

#include <errno.h>
#include <sodium.h>

/* The part of SOLUTIONS_MAX after which R1s change, in percent. */
enum { SOLUTIONS_RENEW_PERCENT = 75 };

/* RFC 7401 6.5, 6.7 step 3, 6.9 step 5: who of two Initiators goes on? */
static bool we_stay_initiator(const struct host *h, const struct hit *peer)
{
	return hit_compare(&h->hit, peer) < 0;
}

static struct r1_for r1_for(const struct host *h, const struct arrival *m)
{
	return (struct r1_for){ .initiator = &m->packet.sender,
				.from = &m->in->remote,
				.to = &m->in->local,
				.now_ms = h->now_ms };
}

/* RFC 7401 4.1.1: puzzles are as hard as strangers keep us busy. */
static void judge_load(struct host *h, enum load_cost cost)
{
	uint8_t k;

	load_add(&h->load, cost, h->now_ms);
	k = load_k(&h->load, h->now_ms);
	if (k < h->conf.puzzle_k)
		k = h->conf.puzzle_k;
	if (k != h->r1.k)
		h->counters.signatures_made += r1_pool_set_k(&h->r1, k);
	h->counters.puzzle_k = h->r1.k;
}

enum drop exchange_r_on_i1(struct host *h, const struct arrival *m)
{
	const struct packet *p = &m->packet;
	struct assoc *a = assoc_find(h, &p->sender);
	const struct param *list = packet_find(p, PARAM_DH_GROUP_LIST);
	struct r1_for who = r1_for(h, m);
	uint8_t bytes[HIP_PACKET_MAX];
	const struct r1_packet *r1;
	struct id_list groups;
	enum drop d;

	if (!admit_is_possible(h, &p->sender))
		return DROP_NOT_KNOWN;
	if (!list)
		return DROP_PARAM_MISSING;
	if (rendezvous_is_relayed(p))
		return DROP_RELAYED;
	d = dh_group_list_parse(param_rd(list), &groups);
	if (d != DROP_NONE)
		return d;
	/* Table 3: in I1-SENT the smaller HIT drops I1. */
	if (a && a->exchange &&
	    (a->exchange->phase == EXCHANGE_I1 ||
	     a->exchange->phase == EXCHANGE_SOLVING) &&
	    we_stay_initiator(h, &p->sender)) {
		exchange_i_on_i1(h, a, m->in);
		return DROP_STATE;
	}
	judge_load(h, LOAD_I1);
	r1 = r1_choose(&h->r1, &groups);
	if (!quota_allow(&h->quota, &m->in->remote, p->len, r1->len, h->now_ms))
		return DROP_RATE;
	host_send(h, &p->sender, bytes, r1_write(&h->r1, r1, &who, bytes),
		  &m->in->local, &m->in->remote, m->in->raw);
	return DROP_NONE;
}

/* Step 4: the I2 that we answered, once more. */
static bool is_repeated(const struct assoc *a, const struct msg_i2 *i2)
{
	const struct agreed *g = a ? a->agreed : NULL;
	size_t len;

	if (!g || !a->reply ||
	    (a->state != ASSOC_R2_SENT && a->state != ASSOC_ESTABLISHED))
		return false;
	len = suite_rhash_len(g->keymat.hit_suite);
	return sodium_memcmp(g->i, i2->solution.i, len) == 0 &&
	       sodium_memcmp(g->j, i2->solution.j, len) == 0;
}

/*
 * The same R2 again, to where the I2 that verified came from, however often
 * that I2 is repeated and by whomever.
 */
static enum drop repeat_r2(struct host *h, struct assoc *a)
{
	if (h->now_ms - a->replied_ms < R2_REPEAT_MS)
		return DROP_RATE;
	h->counters.retransmitted++;
	assoc_send_reply(h, a);
	if (a->state == ASSOC_R2_SENT)
		timers_set(&h->timers, &a->timer, h->now_ms + R2_SENT_MS);
	return DROP_NONE;
}

/* Steps 9, 10 and 13 as far as they cost nothing; RFC 7402 6.5. */
static enum drop check_choice(const struct host *h, const struct msg_i2 *i2,
			      const struct r1_generation *g,
			      const struct dh **dh)
{
	struct id_list ciphers = host_id_list(h->conf.cipher, h->conf.n_cipher);
	struct id_list esp = host_id_list(h->conf.esp, h->conf.n_esp);

	if (i2->ciphers.n != 1 || !id_list_has(&ciphers, i2->ciphers.ids[0]))
		return DROP_HIP_CIPHER;
	if (i2->transports.n != 1 ||
	    i2->transports.ids[0] != PARAM_ESP_TRANSFORM)
		return DROP_TRANSPORT;
	if (i2->esp.n != 1 || !id_list_has(&esp, i2->esp.ids[0]))
		return DROP_ESP_SUITE;
	if (inside_check_choice(h, i2) != DROP_NONE)
		return DROP_TRANSPORT_MODE;
	*dh = r1_dh(g, i2->dh.group);
	return *dh ? DROP_NONE : DROP_DH_GROUP;
}

/* Step 10. */
static enum drop make_agreed(struct host *h, const struct packet *p,
			     const struct msg_i2 *i2, const struct dh *dh,
			     struct agreed **out)
{
	struct agreed_from from = { .initiator = &p->sender,
				    .responder = &h->hit,
				    .i = i2->solution.i,
				    .j = i2->solution.j,
				    .hip_cipher = i2->ciphers.ids[0],
				    .esp_suite = i2->esp.ids[0],
				    .dh = dh,
				    .peer_public = i2->dh.value };
	uint8_t kij[DH_SECRET_MAX];
	enum drop d;

	h->counters.dh_agreements++;
	d = dh_agree(dh, i2->dh.value, i2->dh.len, kij, &from.kij_len);
	if (d != DROP_NONE)
		return d;
	from.kij = kij;
	*out = agreed_new(h, &from);
	sodium_memzero(kij, sizeof(kij));
	if (*out)
		(*out)->inside = h->conf.inside && i2->has_mode &&
				 inside_is_chosen(&i2->mode);
	return *out ? DROP_NONE : DROP_INTERNAL;
}

/* Steps 11 and 12: the HOST_ID, decrypted where it was encrypted. */
static enum drop open_host_id(struct agreed *g, const struct msg_i2 *i2)
{
	struct whole_param whole = i2->host_id_param;
	uint8_t plain[HIP_PACKET_MAX];
	enum drop d = DROP_NONE;
	size_t len;

	if (i2->is_encrypted) {
		d = protect_open_encrypted(&i2->encrypted, g->hip_cipher,
					   g->keys.enc_in, plain, sizeof(plain),
					   &len);
		if (d == DROP_NONE)
			d = msg_find_host_id(plain, len, &whole);
	}
	if (d == DROP_NONE && agreed_set_host_id(g, &whole))
		d = DROP_INTERNAL;
	return d;
}

/* Steps 12 and 15. */
static enum drop check_signed(struct host *h, const struct packet *p,
			      const struct agreed *g)
{
	struct whole_param whole = { .bytes = g->host_id,
				     .len = g->host_id_len };
	struct hi_public *pub = NULL;
	struct host_id id;
	enum drop d = msg_host_id_parse(&whole, &id);

	if (d == DROP_NONE)
		d = host_check_hi(&p->sender, &id);
	if (d == DROP_NONE)
		d = hi_public_parse(id.algorithm, id.hi, id.hi_len, &pub);
	if (d != DROP_NONE)
		return d;
	h->counters.signatures_verified++;
	d = protect_check_signature(p, pub);
	hi_public_free(pub);
	return d;
}

/* RFC 7401 5.3.4, RFC 7402 5.2.1.3. */
static int make_r2(struct host *h, const struct agreed *g,
		   const struct packet *i2, struct packet_out *r2)
{
	struct esp_info info = { .keymat_index = g->keymat_index,
				 .new_spi = g->sa->spi_in };
	int err;

	packet_begin(r2, HIP_R2, 0, &h->hit, &i2->sender);
	esp_info_write(r2, &info);
	echoes_write_signed(r2, i2);
	err = protect_add_mac_2(r2, g->keymat.hit_suite, g->keys.mac_out,
				h->host_id.bytes, h->host_id.len);
	if (err)
		return err;
	h->counters.signatures_made++;
	err = protect_add_signature(r2, h->conf.id);
	if (err)
		return err;
	echoes_write_unsigned(r2, i2);
	return packet_fix_length(r2) ? 0 : -ENOSPC;
}

static bool send_r2(struct host *h, const struct arrival *m,
		    const struct packet_out *r2)
{
	const struct hip_input *in = m->in;

	return host_send(h, &m->packet.sender, r2->bytes, packet_len(r2),
			 &in->local, &in->remote, in->raw) != NULL;
}

/*
 * Steps 18 to 21: the I2 is good. The agreement is taken, or freed when
 * this fails. The R2 goes before the outbound SA is there, so that no ESP
 * overtakes it here; what waited follows that SA with nothing in between,
 * before the data plane seals anything newer. What may fail comes before all
 * that.
 */
static enum drop complete(struct host *h, const struct arrival *m,
			  struct agreed *g, uint64_t issued_ms)
{
	const struct hit *peer = &m->packet.sender;
	struct assoc *a = assoc_find(h, peer);
	struct packet_out r2;

	if (sa_pair_draw(h, g->sa, peer) || make_r2(h, g, &m->packet, &r2)) {
		agreed_free(h, g);
		return DROP_INTERNAL;
	}
	if (!a)
		a = assoc_new(h, peer,
			      peers_find(&h->peers, peer) ||
				      g->known_until_ms > 0);
	if (!a) {
		agreed_free(h, g);
		return DROP_LIMIT;
	}
	if (assoc_prepare(h, a, g, m->in) || agreed_open_in(h, g, peer) ||
	    !send_r2(h, m, &r2) || assoc_adopt(h, a, g, m->in)) {
		agreed_close(h, g, peer);
		agreed_free(h, g);
		if (a->state == ASSOC_UNASSOCIATED && !a->exchange)
			assoc_forget(h, a, NULL);
		return DROP_INTERNAL;
	}
	assoc_inject_pending(h, a);
	a->made_ms = issued_ms;
	assoc_measure_rtt(a, h->now_ms - issued_ms); /* and the solving */
	exchange_i_drop(h, a); /* ours is not needed any more */
	assoc_set_state(h, a, ASSOC_R2_SENT);
	timers_set(&h->timers, &a->timer, h->now_ms + R2_SENT_MS);
	a->replied_ms = h->now_ms;
	if (assoc_set_reply(a, &r2)) /* then it goes this once */
		assoc_clear_reply(a);
	return DROP_NONE;
}

/* Everything from Diffie-Hellman on; the puzzle was solved. */
static enum drop check_costly(struct host *h, const struct packet *p,
			      const struct msg_i2 *i2, const struct dh *dh,
			      struct agreed **out)
{
	struct cert_param cert;
	struct agreed *g = NULL;
	enum drop d = make_agreed(h, p, i2, dh, &g);

	if (d == DROP_NONE)
		d = protect_check_mac(p, h->suite, g->keys.mac_in);
	if (d == DROP_NONE) {
		g->sa->spi_out = i2->esp_info.new_spi;
		d = host_check_esp_info(&i2->esp_info, g);
	}
	if (d == DROP_NONE)
		d = open_host_id(g, i2);
	if (d == DROP_NONE)
		d = check_signed(h, p, g);
	if (d == DROP_NONE)
		d = admit_find(h, p, &cert);
	if (d == DROP_NONE)
		d = admit_judge(h, &p->sender, &cert, &g->known_until_ms);
	if (d != DROP_NONE) {
		agreed_free(h, g);
		return d;
	}
	*out = g;
	return DROP_NONE;
}

/*
 * Steps 7 and 8. An I2 that answers an R1 from before the association was
 * made is late: its sender has long agreed to what there is.
 */
static enum drop check_puzzle(struct host *h, const struct arrival *m,
			      const struct msg_i2 *i2,
			      struct r1_checked *checked)
{
	const struct assoc *a = assoc_find(h, &m->packet.sender);
	struct r1_for who = r1_for(h, m);
	enum drop d = r1_check(&h->r1, i2, &who, checked);

	if (checked->is_hashed)
		h->counters.puzzles_verified++;
	if (d == DROP_NONE && a && a->agreed && checked->issued_ms < a->made_ms)
		return DROP_PUZZLE_STALE;
	return d;
}

/* The puzzle is used up, whatever becomes of the I2. */
static enum drop use_puzzle(struct host *h, const struct msg_i2 *i2,
			    struct r1_generation *g)
{
	size_t limit = (size_t)SOLUTIONS_MAX * SOLUTIONS_RENEW_PERCENT / 100;

	if (!r1_use(g, h->suite, &i2->solution))
		return DROP_LIMIT;
	if (g == h->r1.current && g->used.n >= limit)
		host_renew_r1(h);
	return DROP_NONE;
}

/* Is there a place for the sender, even if it is a stranger? */
static bool has_room(const struct host *h, const struct arrival *m,
		     bool certified)
{
	const struct hit *peer = &m->packet.sender;

	return certified || host_is_known(h, peer) ||
	       strangers_have_room(h, assoc_find(h, peer), &m->in->remote);
}

/* RFC 7401 6.9, in the order of what it costs. */
enum drop exchange_r_on_i2(struct host *h, const struct arrival *m)
{
	const struct packet *p = &m->packet;
	struct assoc *a = assoc_find(h, &p->sender);
	struct r1_checked checked;
	struct agreed *agreed = NULL;
	const struct dh *dh = NULL;
	struct cert_param cert;
	struct msg_i2 i2;
	enum drop d = admit_find(h, p, &cert);

	if (d == DROP_NONE)
		d = msg_i2_parse(p, &i2);
	if (d == DROP_NONE)
		d = echoes_check(p);
	if (d != DROP_NONE)
		return d;
	if (is_repeated(a, &i2))
		return repeat_r2(h, a);
	if (a && a->exchange && a->exchange->phase == EXCHANGE_I2 &&
	    we_stay_initiator(h, &p->sender)) /* step 5 */
		return DROP_STATE;
	d = check_puzzle(h, m, &i2, &checked);
	if (d != DROP_NONE)
		return d;
	if (!has_room(h, m, cert.len > 0))
		return DROP_LIMIT;
	if (!suite_is_known(hit_suite(&p->sender))) /* step 3 */
		d = DROP_HIT_SUITE;
	else
		d = check_choice(h, &i2, checked.generation, &dh);
	if (d == DROP_NONE) {
		d = use_puzzle(h, &i2, checked.generation);
		if (d != DROP_NONE)
			return d;
		d = check_costly(h, p, &i2, dh, &agreed);
		judge_load(h, d == DROP_NONE ? LOAD_I2 : LOAD_BAD_I2);
	}
	if (d != DROP_NONE) {
		notify_on_i2(h, &p->sender, d, m->in); /* 6.9.1 */
		return d;
	}
	if (!has_room(h, m, agreed->known_until_ms > 0)) {
		agreed_free(h, agreed);
		return DROP_LIMIT;
	}
	return complete(h, m, agreed, checked.issued_ms);
}

void exchange_r_on_proof(struct host *h, struct assoc *a)
{
	assoc_hear(h, a);
	if (a->state == ASSOC_R2_SENT || a->state == ASSOC_ESTABLISHED)
		assoc_clear_reply(a); /* nobody repeats that I2 any more */
	if (a->state == ASSOC_R2_SENT)
		assoc_establish(h, a);
}
