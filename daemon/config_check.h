/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Is this text what a key of the configuration takes? Each function answers
 * for one kind of value and knows nothing of keys, files and lines.
 */
#ifndef HIPLINE_CONFIG_CHECK_H
#define HIPLINE_CONFIG_CHECK_H

#include <stdbool.h>
#include <stdint.h>

typedef bool config_check_fn(const char *value);

config_check_fn config_is_path;		/* absolute, no more than PATH_MAX */
config_check_fn config_is_socket_path;	/* the same, fit for sun_path */
config_check_fn config_is_interface;	/* a name that Linux and nft take */
config_check_fn config_is_pattern;	/* of interfaces, or an address */
config_check_fn config_is_bind;		/* an address or an interface */
config_check_fn config_is_user;		/* the name of a user */
config_check_fn config_is_locator;	/* address or host name, port or none */
config_check_fn config_is_hit_at;	/* HIT@locator, or a HIT alone */
config_check_fn config_is_bootstrap;	/* the same, or a host name */
config_check_fn config_is_name;		/* user@domain, or a domain */
config_check_fn config_is_user_name;	/* user@domain */
config_check_fn config_is_domain;	/* or empty */
config_check_fn config_is_suffix;	/* a domain */
config_check_fn config_is_address;	/* address, port or none */
config_check_fn config_is_sip_listen;	/* auto, off, or an address */
config_check_fn config_is_sip_upstream; /* empty, or host with port or none */

/* Numbers of which only some will do. */
typedef bool config_id_fn(uint64_t id);

config_id_fn config_is_dh_group;
config_id_fn config_is_hip_cipher;
config_id_fn config_is_esp_suite;
config_id_fn config_is_mtu; /* 0, or from IPv6's least on */

/*
 * Splits "host", "host:port", "[v6]:port" or "v6" that is no address into
 * a host name in canonical form and a port (`port` when none is given).
 * False when it is no host name.
 */
bool config_split_host(const char *text, uint16_t port, char *host,
		       uint16_t *out_port);

/* A decimal number without sign, spaces or leading zeros; false if none. */
bool config_number(const char *text, uint64_t *out);

#endif
