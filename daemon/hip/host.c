/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The host: takes inputs and timers to those who handle them. A packet's
 * form and HITs are checked here, everything else there.
 */
#include "daemon/hip/host.h"

#include "daemon/hip/close.h"
#include "daemon/hip/demand.h"
#include "daemon/hip/exchange_r.h"
#include "daemon/hip/host_impl.h"
#include "daemon/hip/inside.h"
#include "daemon/hip/notify.h"
#include "daemon/hip/rendezvous.h"
#include "daemon/hip/seek.h"
#include "daemon/hip/suite.h"
#include "daemon/hip/update.h"

#include <assert.h>
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum { SUITE_IDS_MAX = 6 }; /* RFC 7401 5.2.8, RFC 7402 5.1.2 */

static_assert((int)OUTPUTS_PER_STEP < (int)OUTPUTS_MAX, "one step always fits");
static_assert(2 * (int)RTO_FIRST_MS <= (int)RTO_MAX_MS,
	      "RTO doubles at least once");

void host_conf_defaults(struct host_conf *conf)
{
	static const uint16_t dh[] = { DH_NIST_P256, DH_NIST_P384 };
	static const uint16_t cipher[] = { HIP_CIPHER_AES_256_CBC,
					   HIP_CIPHER_AES_128_CBC };
	static const uint16_t esp[] = { ESP_AES_GCM_16, ESP_AES_256_CBC_SHA256,
					ESP_AES_128_CBC_SHA256 };

	*conf = (struct host_conf){ .assoc_max = ASSOC_MAX_DEFAULT,
				    .inside = true,
				    .idle_ms = UAL_DEFAULT_MS,
				    .rekey_ms = REKEY_DEFAULT_MS,
				    .r1_generation = 1 };
	memcpy(conf->dh, dh, sizeof(dh));
	conf->n_dh = sizeof(dh) / sizeof(dh[0]);
	memcpy(conf->cipher, cipher, sizeof(cipher));
	conf->n_cipher = sizeof(cipher) / sizeof(cipher[0]);
	memcpy(conf->esp, esp, sizeof(esp));
	conf->n_esp = sizeof(esp) / sizeof(esp[0]);
}

static bool conf_is_valid(const struct host_conf *conf)
{
	size_t enc, auth;

	if (!conf->id || !conf->env.random || conf->assoc_max == 0 ||
	    conf->puzzle_k > PUZZLE_K_LOAD_MAX)
		return false;
	if (conf->n_dh == 0 || conf->n_dh > IDS_MAX || conf->n_cipher == 0 ||
	    conf->n_cipher > SUITE_IDS_MAX || conf->n_esp == 0 ||
	    conf->n_esp > SUITE_IDS_MAX)
		return false;
	for (size_t i = 0; i < conf->n_dh; i++) {
		if (conf->dh[i] > UINT8_MAX ||
		    !dh_group_is_known((uint8_t)conf->dh[i]))
			return false;
	}
	for (size_t i = 0; i < conf->n_cipher; i++) {
		if (suite_cipher_key_len(conf->cipher[i]) == 0)
			return false;
	}
	for (size_t i = 0; i < conf->n_esp; i++) {
		if (!suite_esp_key_len(conf->esp[i], &enc, &auth))
			return false;
	}
	return true;
}

/* Our own HOST_ID, written once into a packet that is never sent. */
static void write_host_id(struct host *h)
{
	struct host_id id = { .algorithm = identity_algorithm(h->conf.id) };

	id.hi = identity_hi(h->conf.id, &id.hi_len);
	packet_begin(&h->host_id_packet, HIP_NOTIFY, 0, &h->hit, &h->hit);
	host_id_write(&h->host_id_packet, &id);
	h->host_id.bytes = h->host_id_packet.bytes + HIP_HEADER_LEN;
	h->host_id.len = packet_len(&h->host_id_packet) - HIP_HEADER_LEN;
}

/* Everything that allocates nothing, so that host_free can follow. */
static void init_tables(struct host *h)
{
	uint8_t seed[TABLE_SEED_LEN];

	TAILQ_INIT(&h->dead);
	TAILQ_INIT(&h->waiting);
	timers_init(&h->timers);
	env_random(&h->conf.env, seed, sizeof(seed));
	table_init(&h->assocs, sizeof(struct hit), h->conf.assoc_max, seed);
	table_init(&h->spis, sizeof(uint32_t),
		   (size_t)h->conf.assoc_max * (SAS_OLD_MAX + 2) +
			   HALF_OPEN_MAX + 1,
		   seed);
	peers_init(&h->peers, seed);
	strangers_init(&h->strangers, h->conf.assoc_max, seed);
}

int host_new(const struct host_conf *conf, uint64_t now_ms, struct host **out)
{
	uint8_t seed[QUOTA_SEED_LEN];
	struct host *h;
	int err;

	if (!conf_is_valid(conf))
		return -EINVAL;
	h = calloc(1, sizeof(*h));
	if (!h)
		return -ENOMEM;
	h->conf = *conf;
	h->now_ms = now_ms;
	h->hit = *identity_hit(conf->id);
	h->suite = hit_suite(&h->hit);
	write_host_id(h);
	init_tables(h);
	env_random(&h->conf.env, seed, sizeof(seed));
	err = quota_init(&h->quota, seed);
	if (!err)
		err = outputs_init(&h->out);
	if (!err)
		err = timers_add(&h->timers, &h->r1_timer, h, TIMER_R1);
	if (!err)
		err = r1_pool_init(&h->r1, &h->conf, &h->host_id);
	if (err) {
		host_free(h);
		return err;
	}
	h->counters.signatures_made = r1_pool_size(&h->r1);
	timers_set(&h->timers, &h->r1_timer, now_ms + R1_LIFETIME_MS);
	*out = h;
	return 0;
}

void host_free(struct host *h)
{
	struct table_iter it;
	struct assoc *a;

	if (!h)
		return;
	it = table_iterate(&h->assocs);
	while ((a = table_next(&it)))
		assoc_free(h, a);
	table_clear(&h->assocs);
	table_clear(&h->spis);
	strangers_clear(&h->strangers);
	peers_clear(&h->peers);
	r1_pool_clear(&h->r1);
	free(h->certificate);
	quota_clear(&h->quota);
	outputs_clear(&h->out);
	timers_clear(&h->timers);
	free(h);
}

/* RFC 7401 5.1.1; RFC 9028 5.1: zero inside UDP. */
static bool checksum_is_right(const struct packet *p,
			      const struct hip_input *in)
{
	if (in->inside)
		return p->checksum == inside_checksum(p->bytes, p->len,
						      &p->sender, &p->receiver);
	if (!in->raw)
		return p->checksum == 0;
	return p->checksum ==
	       packet_checksum(p->bytes, p->len, &in->remote, &in->local);
}

/* An I1 may leave the Responder's HIT open (RFC 7401 4.1.8). */
static bool is_for_us(const struct host *h, const struct packet *p)
{
	static const struct hit any;

	return hit_equal(&p->receiver, &h->hit) ||
	       (p->type == HIP_I1 && hit_equal(&p->receiver, &any));
}

static enum drop dispatch(struct host *h, const struct arrival *m)
{
	switch (m->packet.type) {
	case HIP_I1:
		return exchange_r_on_i1(h, m);
	case HIP_R1:
		return exchange_i_on_r1(h, m);
	case HIP_I2:
		return exchange_r_on_i2(h, m);
	case HIP_R2:
		return exchange_i_on_r2(h, m);
	case HIP_UPDATE:
		return update_on_packet(h, m);
	case HIP_NOTIFY:
		return notify_on_packet(h, m);
	case HIP_CLOSE:
		return close_on_close(h, m);
	case HIP_CLOSE_ACK:
		return close_on_ack(h, m);
	default:
		return DROP_PACKET_TYPE;
	}
}

static enum drop on_packet(struct host *h, const struct hip_input *in)
{
	struct arrival m = { .in = in };
	enum drop d = packet_parse(in->bytes, in->len, &m.packet, NULL);

	if (d != DROP_NONE)
		return d;
	if (!checksum_is_right(&m.packet, in))
		return DROP_CHECKSUM;
	/* RFC 6261 4: what makes keys MUST NOT come inside. */
	if (in->inside && m.packet.type <= HIP_R2)
		return DROP_PACKET_TYPE;
	if (!is_for_us(h, &m.packet))
		return DROP_RECEIVER_HIT;
	if (!hit_is_hit(&m.packet.sender) ||
	    hit_equal(&m.packet.sender, &h->hit))
		return DROP_SENDER_HIT;
	if (m.packet.type < 32)
		h->counters.received[m.packet.type]++;
	/* Who got an answer would believe that we are there. */
	if (h->is_ending &&
	    (m.packet.type == HIP_I1 || m.packet.type == HIP_I2))
		return DROP_STATE;
	return dispatch(h, &m);
}

static void on_peer(struct host *h, const struct hip_input *in)
{
	struct assoc *a = assoc_find(h, &in->hit);

	if (!hit_is_hit(&in->hit) || hit_equal(&in->hit, &h->hit))
		return;
	if (peers_set(&h->peers, &in->hit, in->locators, in->n_locators,
		      in->n_unproven)) {
		h->counters.drops[DROP_LIMIT]++;
		return;
	}
	if (a)
		strangers_remove(h, a);
	if (a && a->state == ASSOC_FAILED)
		assoc_forget(h, a, NULL); /* it may be found now */
	else if (a)
		seek_on_peer(h, a);
}

static void on_peer_remove(struct host *h, const struct hip_input *in)
{
	struct assoc *a = assoc_find(h, &in->hit);

	(void)peers_remove(&h->peers, &in->hit); /* unknown: as wanted */
	if (!a)
		return;
	a->known_until_ms = 0; /* whatever it was let in by */
	if (in->known_ms > 0)
		admit_know(h, a, in->known_ms);
	else
		close_start(h, a);
}

static void on_traffic(struct host *h, const struct hip_input *in)
{
	struct assoc *a = assoc_find(h, &in->hit);

	if (!a)
		return;
	a->used_ms = h->now_ms;
	if (in->in)
		assoc_hear(h, a);
	/* ESP on a replaced SA does not say that the peer has R2. */
	if (in->in &&
	    (in->spi == 0 || !a->agreed || in->spi == a->agreed->sa->spi_in))
		exchange_r_on_proof(h, a);
	rekey_on_traffic(h, a, in);
}

/*
 * Many that were used at once are idle at once, and a CLOSE costs a signature:
 * each has its turn, and other timers are served in between.
 */
static uint64_t next_turn_ms(struct host *h)
{
	if (h->idle_close_ms < h->now_ms) {
		h->idle_close_ms = h->now_ms;
		h->idle_closes = 0;
	}
	if (h->idle_closes == IDLE_CLOSES_PER_MS) {
		h->idle_close_ms++;
		h->idle_closes = 0;
	}
	h->idle_closes++;
	return h->idle_close_ms;
}

/* Table 6: UAL. */
static void on_idle(struct host *h, struct assoc *a)
{
	uint64_t due_ms = admit_end_ms(h, a);
	bool has_turn = a->has_turn;

	a->has_turn = false;
	if (h->now_ms >= due_ms && !has_turn) {
		due_ms = next_turn_ms(h);
		a->has_turn = true;
	}
	if (h->now_ms >= due_ms)
		close_start(h, a);
	else
		timers_set(&h->timers, &a->timer, due_ms);
}

static void on_assoc_timer(struct host *h, struct assoc *a)
{
	if (a->wants_close) {
		close_start(h, a);
		return;
	}
	switch (a->state) {
	case ASSOC_R2_SENT: /* table 5: Exchange Complete */
		assoc_establish(h, a);
		return;
	case ASSOC_ESTABLISHED:
		on_idle(h, a);
		return;
	case ASSOC_CLOSING:
	case ASSOC_CLOSED:
		close_on_timer(h, a);
		return;
	case ASSOC_FAILED: /* table 9 */
		assoc_forget(h, a, NULL);
		return;
	case ASSOC_UNASSOCIATED:
	case ASSOC_I1_SENT:
	case ASSOC_I2_SENT:
		return; /* the exchange has its own timer */
	}
}

/* Timers as far as outputs have room, and no more than a turn's work. */
static void run_timers(struct host *h)
{
	struct timer *t;
	int n = 0;

	while (n++ < TICK_TIMERS_MAX &&
	       outputs_room(&h->out) >= OUTPUTS_PER_STEP &&
	       (t = timers_pop(&h->timers, h->now_ms))) {
		switch ((enum host_timer)t->kind) {
		case TIMER_ASSOC:
			on_assoc_timer(h, t->owner);
			break;
		case TIMER_EXCHANGE:
			exchange_i_on_timer(h, t->owner);
			break;
		case TIMER_UPDATE:
			updates_on_timer(h, t->owner);
			break;
		case TIMER_REKEY:
			rekey_on_timer(h, t->owner);
			break;
		case TIMER_PATH:
			pathmtu_on_timer(h, t->owner);
			n += PATH_TIMER_COST - 1;
			break;
		case TIMER_R1:
			host_renew_r1(h);
			break;
		}
	}
	exchange_i_start_waiting(h);
}

/* All at once may be more than outputs hold: timers bring them in turn. */
static void close_all(struct host *h)
{
	struct table_iter it = table_iterate(&h->assocs);
	struct assoc *a;

	while ((a = table_next(&it))) {
		if (a->state == ASSOC_CLOSING || a->state == ASSOC_CLOSED)
			continue; /* its timer is for the end of that */
		a->wants_close = true;
		timers_set(&h->timers, &a->timer, h->now_ms);
	}
	run_timers(h);
}

static void on_close(struct host *h, const struct hip_input *in)
{
	struct assoc *a = assoc_find(h, &in->hit);

	h->is_ending |= in->all && in->last;
	if (in->all)
		close_all(h);
	else if (a)
		close_start(h, a);
}

static void on_probe(struct host *h, const struct hip_input *in)
{
	struct assoc *a = assoc_find(h, &in->hit);

	if (a && a->state == ASSOC_ESTABLISHED && !a->exchange)
		update_probe(h, a);
}

static void on_large(struct host *h, const struct hip_input *in)
{
	struct assoc *a = assoc_find(h, &in->hit);

	if (a)
		pathmtu_on_large(h, a);
}

static void on_rekey(struct host *h, const struct hip_input *in)
{
	struct assoc *a = assoc_find(h, &in->hit);

	if (a)
		rekey_begin(h, a, in->new_dh);
}

static void on_keep(struct host *h, const struct hip_input *in)
{
	struct assoc *a = assoc_find(h, &in->hit);

	if (!a)
		return;
	a->is_kept = in->keep;
	if (a->state == ASSOC_ESTABLISHED)
		timers_set(&h->timers, &a->timer, admit_end_ms(h, a));
}

void host_input(struct host *h, const struct hip_input *in, uint64_t now_ms)
{
	enum drop d;

	outputs_begin(&h->out);
	h->now_ms = now_ms;
	switch (in->kind) {
	case HIP_IN_PACKET:
		d = on_packet(h, in);
		if (d != DROP_NONE)
			h->counters.drops[d]++;
		break;
	case HIP_IN_ACQUIRE:
		if (!h->is_ending)
			demand_on_acquire(h, in);
		break;
	case HIP_IN_PEER:
		on_peer(h, in);
		break;
	case HIP_IN_PEER_REMOVE:
		on_peer_remove(h, in);
		break;
	case HIP_IN_TRAFFIC:
		on_traffic(h, in);
		break;
	case HIP_IN_UNKNOWN_SPI: /* what was on its way when we closed */
		if (!h->is_ending)
			demand_on_unknown_spi(h, in);
		break;
	case HIP_IN_SOLVED:
		exchange_i_on_solved(h, in);
		break;
	case HIP_IN_CLOSE:
		on_close(h, in);
		break;
	case HIP_IN_PROBE:
		on_probe(h, in);
		break;
	case HIP_IN_REKEY:
		on_rekey(h, in);
		break;
	case HIP_IN_FOUND:
		seek_on_found(h, in);
		break;
	case HIP_IN_KEEP:
		on_keep(h, in);
		break;
	case HIP_IN_LARGE:
		on_large(h, in);
		break;
	case HIP_IN_RENDEZVOUS:
		rendezvous_on_servers(h, in);
		break;
	}
	exchange_i_start_waiting(h);
}

uint64_t host_deadline(const struct host *h)
{
	if (!TAILQ_EMPTY(&h->waiting) && h->half_open < HALF_OPEN_MAX)
		return h->now_ms;
	return timers_deadline(&h->timers);
}

void host_tick(struct host *h, uint64_t now_ms)
{
	outputs_begin(&h->out);
	h->now_ms = now_ms;
	run_timers(h);
}

bool host_output(struct host *h, struct hip_output *out)
{
	return outputs_take(&h->out, out);
}

static void describe(const struct assoc *a, struct host_assoc_info *out)
{
	const struct agreed *g = a->agreed;

	*out = (struct host_assoc_info){ .hit = a->hit,
					 .state = a->state,
					 .local = a->local,
					 .remote = a->remote,
					 .since_ms = a->since_ms,
					 .heard_ms = a->heard_ms,
					 .rtt_ms = a->rtt_ms,
					 .rekeys = a->rekeys.done,
					 .is_rekeying = a->rekeys.running,
					 .is_kept = a->is_kept,
					 .reason = a->reason };
	if (!g)
		return;
	out->esp_suite = g->esp_suite;
	out->hip_cipher = g->hip_cipher;
	out->dh_group = g->dh_group;
	out->spi_in = g->sa->has_in ? g->sa->spi_in : 0;
	out->spi_out = g->sa->has_out ? g->sa->spi_out : 0;
}

bool host_knows_peer(const struct host *h, const struct hit *peer)
{
	return peers_find(&h->peers, peer) != NULL;
}

bool host_assoc_find(const struct host *h, const struct hit *peer,
		     struct host_assoc_info *out)
{
	const struct assoc *a = assoc_find(h, peer);

	if (!a)
		return false;
	describe(a, out);
	return true;
}

const uint8_t *host_peer_hi(const struct host *h, const struct hit *peer,
			    size_t *len)
{
	const struct assoc *a = assoc_find(h, peer);
	struct host_id id;

	if (!a || !a->agreed || agreed_host_id(a->agreed, &id) != DROP_NONE)
		return NULL;
	*len = id.hi_len;
	return id.hi;
}

size_t host_assoc_list(const struct host *h, struct host_assoc_info *out,
		       size_t cap)
{
	struct table_iter it = table_iterate(&h->assocs);
	const struct assoc *a;
	size_t n = 0;

	while ((a = table_next(&it))) {
		if (n < cap)
			describe(a, &out[n]);
		n++;
	}
	return n;
}

const struct host_counters *host_counters(const struct host *h)
{
	return &h->counters;
}

uint64_t host_r1_generation(const struct host *h)
{
	return h->r1.current->counter + 1;
}
