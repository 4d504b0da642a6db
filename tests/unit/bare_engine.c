/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
#include "tests/unit/bare_engine.h"

#include "daemon/base/resolve.h"
#include "daemon/handover.h"
#include "daemon/naming.h"
#include "daemon/recovery.h"

#include <criterion/criterion.h>
#include <sodium.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

void bare_engine_make(struct engine *e, const char *text, int dir)
{
	char error[CONFIG_ERROR_MAX];

	cr_assert_geq(sodium_init(), 0);
	engine_init(e, ev_loop_new(EVFLAG_AUTO));
	e->file = "t.conf";
	cr_assert_eq(
		config_parse(e->file, text, strlen(text), &e->config, error), 0,
		"%s", error);
	e->mtu = BARE_MTU;
	e->state_dir = dir;
	e->added = added_new();
	e->pins = pins_new();
	cr_assert_eq(recovery_load(e), 0);
}

void bare_engine_free(struct engine *e)
{
	host_free(e->host);
	dataplane_free(e->dataplane);
	pins_free(e->pins);
	added_free(e->added);
	recovery_clear(e);
	lookup_free(e->lookup);
	ipc_in_clear(&e->from_monitor);
	warnings_clear(&e->warnings);
	config_clear(&e->config);
	identity_free(e->id);
	ev_loop_destroy(e->loop);
}

void bare_host(struct engine *e)
{
	struct host_conf conf;

	host_conf_defaults(&conf);
	conf.id = e->id;
	conf.env.random = bare_random;
	cr_assert_eq(host_new(&conf, engine_now_ms(), &e->host), 0);
}

void bare_random(void *ctx, void *buf, size_t len)
{
	(void)ctx;
	randombytes_buf(buf, len);
}

void bare_dataplane(struct engine *e, int tun[2])
{
	struct dataplane_conf conf = { .udp4_fd = -1,
				       .udp6_fd = -1,
				       .mtu = BARE_MTU,
				       .hit = *identity_hit(e->id),
				       .peers_max = BARE_PEERS_MAX };

	cr_assert_eq(
		socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, tun), 0);
	conf.tun_fd = tun[0];
	cr_assert_eq(dataplane_new(&conf, &e->dataplane), 0);
}

static bool is_never_wanted(void *ctx, const struct hit *hit)
{
	(void)ctx;
	(void)hit;
	return false;
}

void bare_lookup(struct engine *e, lookup_fn *found)
{
	const struct lookup_conf conf = { .loop = e->loop,
					  .peers_max = BARE_PEERS_MAX,
					  .port = HIP_UDP_PORT,
					  .found = found,
					  .wanted = is_never_wanted,
					  .ctx = e };

	cr_assert_eq(lookup_new(&conf, &e->lookup), 0);
}

void bare_on_locators(void *ctx, const struct hit *hit,
		      const struct locator *locators, size_t n)
{
	recovery_tell_peer(ctx, hit, locators, n);
}

void bare_resolver(struct engine *e, int *ours, struct ipc_in *in)
{
	static const uint8_t handover[] = { 1, 0 }; /* no trouble */
	struct ipc_message m = { .type = HANDOVER_RESOLVER,
				 .body = handover,
				 .len = sizeof(handover),
				 .n_fds = 1 };
	int fds[2];

	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds),
		     0);
	if (*ours >= 0)
		(void)close(*ours); /* the test's */
	ipc_in_clear(in);
	ipc_in_init(in, RESOLVE_BODY_MAX);
	*ours = fds[0];
	m.fds[0] = fds[1];
	cr_assert_eq(naming_on_message(e->naming, &m), 0);
}
