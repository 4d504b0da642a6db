/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Rights go before the configuration is parsed and long before the first
 * byte of the network is read.
 */
#include "daemon/engine_start.h"

#include "daemon/aside.h"
#include "daemon/base/footprint.h"
#include "daemon/base/log.h"
#include "daemon/base/sandbox.h"
#include "daemon/bootstraps.h"
#include "daemon/command.h"
#include "daemon/contacting.h"
#include "daemon/disputes.h"
#include "daemon/engine.h"
#include "daemon/enrol.h"
#include "daemon/generation.h"
#include "daemon/handover.h"
#include "daemon/hip/rehearse.h"
#include "daemon/hostnames.h"
#include "daemon/jobs.h"
#include "daemon/lookup.h"
#include "daemon/naming.h"
#include "daemon/reconfigure.h"
#include "daemon/recovery.h"
#include "daemon/underlay.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

static const char state_remedy[] =
	"make room there, or look after its permissions, and restart hiplined";

static int failed(const char *what, int err)
{
	log_error(what, "%s", strerror(-err));
	return err;
}

/* Takes the key out of its message and wipes that. */
static int take_key(struct engine *e, struct ipc_in *in, int channel)
{
	struct ipc_message m;
	int err = handover_receive(in, channel, HANDOVER_KEY, &m);

	if (err == 0)
		err = identity_from_pem((const char *)m.body, m.len, &e->id);
	if (in->buf)
		sodium_memzero(in->buf, in->cap);
	return err;
}

/* The rest of the handover; then we are nobody. */
static int take_all(struct engine *e, struct ipc_in *in, int channel,
		    struct handover *h)
{
	struct ipc_message m;
	int err = handover_receive(in, channel, HANDOVER_ALL, &m);

	if (err == 0 && !handover_parse(&m, h))
		err = -EPROTO;
	if (err < 0)
		return failed("handover", err);
	err = sandbox_become(h->uid, h->gid);
	if (err < 0)
		return failed("rights", err);
	e->mtu = h->mtu;
	return 0;
}

static int parse_configuration(struct engine *e, const struct handover *h)
{
	char error[CONFIG_ERROR_MAX];
	int err =
		config_parse(h->file, h->text, h->text_len, &e->config, error);

	if (err == -EINVAL)
		log_error("configuration", "%s", error);
	else if (err < 0)
		return failed("configuration", err);
	if (err < 0)
		return err;
	e->file = strdup(h->file);
	if (!e->file)
		return failed("configuration", -ENOMEM);
	e->verbose = h->verbose;
	log_set_level(h->verbose ? LOG_LEVEL_DEBUG : e->config.log);
	return 0;
}

static void warn(struct engine *e, const struct handover *h)
{
	if (h->firewall == GUARD_FIREWALL_NO_NFT)
		warnings_add(&e->warnings, "firewall-missing",
			     "install nftables and restart hiplined, or block "
			     "2001:20::/28 on other interfaces yourself and "
			     "set firewall = off",
			     "there is no nft: packets with HITs are not kept "
			     "off other interfaces than %s",
			     e->config.interface);
	else if (h->firewall == GUARD_FIREWALL_REFUSED)
		warnings_add(&e->warnings, "firewall-missing",
			     "load the kernel's nf_tables and restart "
			     "hiplined, or block 2001:20::/28 on other "
			     "interfaces yourself and set firewall = off",
			     "nft failed: packets with HITs are not kept off "
			     "other interfaces than %s",
			     e->config.interface);
}

static void warn_state(struct engine *e, const char *what, int err)
{
	warnings_add(&e->warnings, "state-not-written", state_remedy,
		     "%s in %s: %s", what, e->config.state, strerror(-err));
}

/* The generation for this run, on the disk before the first R1 is made. */
static void load_generation(struct engine *e)
{
	uint64_t last = 0;
	int err = generation_load(e->state_dir, (uint64_t)time(NULL), &last);

	if (err < 0) {
		/* Better too high than lower than the last time. */
		last = (uint64_t)time(NULL);
		warn_state(e, "r1-generation cannot be read", err);
	}
	e->generation = last + 1;
	err = generation_save(e->state_dir, e->generation);
	if (err < 0)
		warn_state(e, "r1-generation cannot be written", err);
}

static void load_pins(struct engine *e)
{
	bool broken = false;
	int err = pins_load(e->pins, e->state_dir, &broken);

	e->pins_writable = err == 0;
	if (err < 0)
		warn_state(e, "pins.json cannot be read", err);
	if (err == 0 && broken) {
		aside_warn(e, "pins-broken");
		err = pins_save(e->pins, e->state_dir);
		if (err < 0)
			warn_state(e, "pins.json cannot be written", err);
	}
}

static void load_seen(struct engine *e)
{
	bool broken = false;
	int err = pins_load(e->seen, e->state_dir, &broken);

	e->seen_writable = err == 0;
	if (err < 0)
		warn_state(e, "hosts.json cannot be read", err);
	if (err == 0 && broken)
		aside_warn(e, "hosts-broken");
}

static void load_added(struct engine *e)
{
	bool broken = false;
	int err = added_load(e->added, e->state_dir, &broken);

	e->added_writable = err == 0;
	if (err < 0)
		warn_state(e, "peers.json cannot be read", err);
	if (err < 0 || !broken)
		return;
	aside_warn(e, "peers-broken");
	err = added_save(e->added, e->state_dir);
	if (err < 0)
		warn_state(e, "peers.json cannot be written", err);
}

static void load_membership(struct engine *e)
{
	bool broken = false;
	int err = membership_load(&e->membership, e->state_dir,
				  identity_hit(e->id), &broken);

	e->membership_writable = err == 0;
	if (err < 0)
		warn_state(e, "membership.json cannot be read", err);
	if (err == 0 && broken)
		aside_warn(e, "membership-broken");
}

/* Where the state cannot be read, we go on without it, and say so. */
static void load_state(struct engine *e)
{
	e->state_dir =
		open(e->config.state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (e->state_dir < 0) {
		e->generation = (uint64_t)time(NULL);
		warn_state(e, "the directory cannot be opened", -errno);
		return;
	}
	load_generation(e);
	load_pins(e);
	load_seen(e);
	load_added(e);
	load_membership(e);
}

static int make_pins(struct engine *e)
{
	int err;

	e->pins = pins_new();
	e->seen = pins_new_in("hosts.json");
	e->added = added_new();
	err = e->pins && e->seen && e->added ? reconfigure_names(e, e->pins)
					     : -ENOMEM;
	return err < 0 ? failed("pins", err) : 0;
}

static void env_randombytes(void *ctx, void *buf, size_t len)
{
	(void)ctx;
	randombytes_buf(buf, len);
}

static void take_ids(const struct config_ids *ids, uint16_t out[IDS_MAX],
		     size_t *n)
{
	memcpy(out, ids->ids, sizeof(ids->ids));
	*n = ids->n;
}

static struct host_conf host_conf_of(struct engine *e, const struct handover *h)
{
	const struct config *c = &e->config;
	struct host_conf conf;

	host_conf_defaults(&conf);
	conf.id = e->id;
	conf.env.random = env_randombytes;
	conf.accept_any = c->accept == CONFIG_ACCEPT_ANY;
	take_ids(&c->dh, conf.dh, &conf.n_dh);
	take_ids(&c->cipher, conf.cipher, &conf.n_cipher);
	take_ids(&c->esp, conf.esp, &conf.n_esp);
	conf.inside = c->esp_transport == CONFIG_ESP_TRANSPORT_ON;
	conf.assoc_max = c->association_max;
	conf.idle_ms = (uint64_t)c->idle_s * 1000;
	conf.rekey_ms = (uint64_t)c->rekey_s * 1000;
	conf.inner_mtu = e->mtu;
	conf.spi_modulus = (uint32_t)h->more.n + 1;
	conf.rekey_packets = c->rekey_packets;
	conf.rekey_bytes = c->rekey_bytes;
	conf.rekey_quiet_bytes = c->rekey_quiet_bytes;
	conf.r1_generation = e->generation;
	conf.admit = underlay_admit;
	conf.admit_ctx = e;
	return conf;
}

static int make_host(struct engine *e, const struct handover *h)
{
	const struct host_conf conf = host_conf_of(e, h);
	int err = host_new(&conf, engine_now_ms(), &e->host);

	return err < 0 ? failed("host", err) : 0;
}

static int make_dataplane(struct engine *e, const struct handover *h)
{
	const struct dataplane_conf conf = {
		.tun_fd = h->tun_fd,
		.udp4_fd = h->udp4_fd,
		.udp6_fd = h->udp6_fd,
		.raw = h->raw,
		.more = h->more,
		.tun_ifindex = h->tun_ifindex,
		.mtu = h->mtu,
		.hit = *identity_hit(e->id),
		.aead = e->config.aead,
		.no_offload = e->config.offload == CONFIG_OFFLOAD_OFF,
		.peers_max = e->config.association_max,
	};
	int err = dataplane_new(&conf, &e->dataplane);

	return err < 0 ? failed("data plane", err) : 0;
}

static void on_locators(void *ctx, const struct hit *hit,
			const struct locator *locators, size_t n)
{
	recovery_tell_peer(ctx, hit, locators, n);
}

/* While there is no association its address is of interest. */
static bool is_lookup_wanted(void *ctx, const struct hit *hit)
{
	const struct engine *e = ctx;
	struct host_assoc_info a;

	return !host_assoc_find(e->host, hit, &a) ||
	       a.state == ASSOC_UNASSOCIATED || a.state == ASSOC_FAILED ||
	       a.state == ASSOC_I1_SENT;
}

/* Tells the host whom we know. */
static int make_peers(struct engine *e)
{
	struct lookup_conf conf = {
		.loop = e->loop,
		.peers_max = CONFIG_PEERS_MAX + ADDED_MAX,
		.port = engine_locator_port(e),
		.found = on_locators,
		.records = hostnames_on_records,
		.wanted = is_lookup_wanted,
		.ctx = e,
	};
	int err = asker_new(e->loop, &e->asker);

	conf.asker = e->asker;
	if (err == 0)
		err = lookup_new(&conf, &e->lookup);
	if (err < 0)
		return failed("resolver", err);
	reconfigure_peers(e);
	return 0;
}

/* The host is told what we are of an overlay. */
static int make_underlay(struct engine *e)
{
	e->underlay = underlay_new(e);
	e->contacting = contacting_new(e);
	e->disputes = disputes_new(e);
	if (!e->underlay || !e->contacting || !e->disputes)
		return failed("overlay", -ENOMEM);
	aside_begin(e);
	e->on_membership = underlay_on_membership;
	engine_membership_changed(e);
	return 0;
}

static int make_enrol(struct engine *e)
{
	e->enrol = enrol_new(e);
	e->bootstraps = bootstraps_new(e);
	if (!e->enrol || !e->bootstraps)
		return failed("enrolment", -ENOMEM);
	enrol_tell_peers(e->enrol);
	return 0;
}

static int make_control(struct engine *e, const struct handover *h)
{
	const struct control_conf conf = {
		.loop = e->loop,
		.listen_fd = h->listen_fd,
		.rights = { .owner = h->owner,
			    .gid_read = h->gid_read,
			    .gid_change = h->gid_change },
		.request = command_on_request,
		.gone = command_on_gone,
		.ctx = e,
	};

	e->control = control_new(&conf);
	return e->control ? 0 : failed("control", -ENOMEM);
}

static int make_all(struct engine *e, const struct handover *h)
{
	int err = parse_configuration(e, h);

	if (err == 0)
		err = make_pins(e);
	if (err < 0)
		return err;
	warn(e, h);
	load_state(e);
	reconfigure_warnings(e);
	err = recovery_load(e);
	if (err < 0)
		return failed("recovery", err);
	err = make_host(e, h);
	if (err == 0)
		err = make_dataplane(e, h);
	if (err == 0) {
		err = jobs_new(&e->jobs);
		if (err < 0)
			(void)failed("jobs", err); /* gives err */
	}
	if (err == 0)
		err = make_peers(e);
	if (err == 0)
		err = make_underlay(e);
	if (err == 0)
		err = make_enrol(e);
	if (err == 0) {
		e->naming = naming_new(e);
		err = e->naming ? make_control(e, h)
				: failed("resolver", -ENOMEM);
	}
	if (err == 0) {
		err = dataplane_start(e->dataplane);
		if (err < 0)
			(void)failed("data plane", err); /* gives err */
	}
	return err;
}

static void clear(struct engine *e)
{
	control_free(e->control);
	naming_free(e->naming);
	underlay_free(e->underlay);
	contacting_free(e->contacting);
	disputes_free(e->disputes);
	enrol_free(e->enrol);
	asker_free(e->asker);
	bootstraps_free(e->bootstraps);
	lookup_free(e->lookup);
	jobs_free(e->jobs);
	dataplane_free(e->dataplane);
	host_free(e->host);
	pins_free(e->pins);
	pins_free(e->seen);
	added_free(e->added);
	recovery_clear(e);
	ipc_in_clear(&e->from_monitor);
	identity_free(e->id);
	warnings_clear(&e->warnings);
	config_clear(&e->config);
	free((void *)(uintptr_t)e->file);
	if (e->state_dir >= 0)
		(void)close(e->state_dir); /* only read and synced through it */
}

static void log_ready(const struct engine *e)
{
	char hit[HIT_TEXT_MAX];

	hit_text(identity_hit(e->id), hit);
	log_info("ready", "hit=%s interface=%s mtu=%u port=%u peers=%zu", hit,
		 e->config.interface, (unsigned)e->mtu,
		 (unsigned)e->config.port, e->config.n_peers);
}

/* What an exchange touches stays in memory until the first one is over. */
static void prepare(struct engine *e, const struct handover *h)
{
	const struct host_conf conf = host_conf_of(e, h);

	if (!rehearse(&conf, engine_now_ms()))
		log_debug("host", "the rehearsal of an exchange failed");
}

int engine_run(int channel)
{
	struct handover h = {
		.tun_fd = -1, .udp4_fd = -1, .udp6_fd = -1, .listen_fd = -1
	};
	struct engine *e = calloc(1, sizeof(*e));
	struct ev_loop *loop = ev_default_loop(EVFLAG_NOENV);
	int status = EXIT_FAILURE;
	struct ipc_in in;
	int err;

	(void)prctl(PR_SET_NAME, "hiplined"); /* as all of it is called */
	(void)signal(SIGINT, SIG_IGN); /* the terminal's; the monitor acts */
	(void)signal(SIGHUP, SIG_IGN);
	(void)signal(SIGPIPE, SIG_IGN);
	if (!e || !loop)
		return status;
	engine_init(e, loop);
	ipc_in_init(&in, IPC_BODY_MAX);
	err = sandbox_begin();
	if (err == 0)
		err = take_key(e, &in, channel);
	if (err < 0)
		(void)failed("handover", err); /* gives err */
	else
		err = take_all(e, &in, channel, &h);
	footprint_shrink(); /* what the key's check has touched */
	if (err == 0)
		err = make_all(e, &h);
	ipc_in_clear(&in);
	if (err == 0) {
		/* The library tests itself when it is asked first, and needs
		 * none of what has been. */
		footprint_shrink();
		(void)cipher_backend_works(e->config.aead == CIPHER_OPENSSL
						   ? CIPHER_OPENSSL
						   : CIPHER_IPSEC_MB);
		footprint_shrink();
		prepare(e, &h);
		log_ready(e);
		recovery_start(e);
		status = engine_loop(e, channel);
	}
	clear(e);
	free(e);
	ev_loop_destroy(loop);
	return status;
}
