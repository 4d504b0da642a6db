/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The configuration of hiplined, read by libconfuse and checked whole:
 * unknown keys, values set twice, values out of range and duplicate titles
 * are errors with file and line. The monitor reads the file; the engine
 * parses the same text again. Keys whose feature this version does not have
 * are checked too, and listed when they are set otherwise than by default.
 */
#ifndef HIPLINE_CONFIG_H
#define HIPLINE_CONFIG_H

#include "daemon/base/log.h"
#include "daemon/hip/hit.h"
#include "daemon/hip/identity.h"
#include "daemon/hip/limits.h"
#include "tun/cipher.h"

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	CONFIG_ERROR_MAX = 1024, /* an error's text with its NUL */
	CONFIG_ITEMS_MAX = 1024, /* of one list */
	CONFIG_PEERS_MAX = 10000,
	CONFIG_USERS = 3,      /* of engine, resolver, SIP service */
	CONFIG_USERS_USED = 2, /* in this version; the others need not be */
	CONFIG_PUBLISH_MAX = 24,
};

/* In the order in which the configuration names the choices. */
enum config_accept { CONFIG_ACCEPT_KNOWN, CONFIG_ACCEPT_ANY };
enum config_unverified {
	CONFIG_UNVERIFIED_REFUSE,
	CONFIG_UNVERIFIED_FIRST_USE
};
enum config_transport { CONFIG_TRANSPORT_UDP, CONFIG_TRANSPORT_RAW };
enum config_esp_transport { CONFIG_ESP_TRANSPORT_ON, CONFIG_ESP_TRANSPORT_OFF };
enum config_offload { CONFIG_OFFLOAD_AUTO, CONFIG_OFFLOAD_OFF };
enum config_firewall { CONFIG_FIREWALL_AUTO, CONFIG_FIREWALL_OFF };

/* One item of a list of texts, and the line that it stands on. */
struct config_item {
	char *text;
	int line;
};

struct config_list {
	struct config_item *items;
	size_t n;
};

/* A list of algorithm ids, preferred first. */
struct config_ids {
	uint16_t ids[IDS_MAX];
	size_t n;
};

/* `peer TITLE { ... }`: a host known by hand. */
struct config_peer {
	char *title;
	int line;
	struct hit hit;
	struct config_list locators; /* address or host name, with a port or
					without */
	struct config_list names;    /* in canonical form */
};

struct config {
	char *identity; /* path */
	enum identity_kind algorithm;
	bool algorithm_set; /* written down, not by default */
	char *interface;
	uint32_t port;
	enum config_transport transport;
	enum config_esp_transport esp_transport;
	char *control; /* path */
	char *state;   /* path */
	struct config_list users;
	enum config_accept accept;
	struct config_list bind;    /* addresses, or one interface */
	struct config_list exclude; /* patterns of interfaces */
	uint32_t workers;	    /* 0: as the processors are */
	uint32_t mtu;		    /* 0: from the links underneath */
	enum cipher_backend aead;
	enum config_offload offload;
	enum config_firewall firewall;
	struct config_ids dh, cipher, esp;
	uint32_t rekey_s, rekey_packets, rekey_bytes; /* 0: no limit */
	uint32_t rekey_quiet_bytes;
	uint32_t idle_s; /* 0: never */
	uint32_t association_max;
	enum log_level log;
	char *overlay;		       /* its name; "" when there is none */
	struct config_list bootstrap;  /* HIT, HIT@LOCATOR or HOST[:PORT] */
	struct config_list dns_listen; /* addresses */
	struct config_list upstream;   /* of ordinary DNS */
	char *suffix;		       /* of our names in DNS */
	struct config_list publish;    /* names */
	enum config_unverified unverified;
	struct config_peer *peers; /* as they stand there */
	struct config_peer **by_hit;
	size_t n_peers;
	/* "SECTION KEY" of what this version does not act on. */
	struct config_list unsupported;
};

/*
 * Parses len bytes that were read from `file` (a name for messages, and
 * what errors begin with). Returns 0, -ENOMEM, or -EINVAL with "file:line:
 * what" in error. On success *out is filled and must be cleared.
 */
__attribute__((warn_unused_result)) int
config_parse(const char *file, const char *text, size_t len, struct config *out,
	     char error[CONFIG_ERROR_MAX]);

void config_clear(struct config *c);

/* The peer section with this HIT, or NULL. */
const struct config_peer *config_peer_find(const struct config *c,
					   const struct hit *hit);

#endif
