/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The table of keys. A key that is here and acts on its initial value only
 * belongs to a feature that this version does not have.
 */
#include "daemon/config_keys.h"

#include "daemon/bootstraps.h"
#include "tun/crew.h"

#include <assert.h>
#include <string.h>

/* Where a value goes; what is left out is CONFIG_NOWHERE. */
#define HOST_FIELD(member) .offset = offsetof(struct config, member)
#define PEER_FIELD(member) .offset = offsetof(struct config_peer, member)
#define NOWHERE .offset = CONFIG_NOWHERE

static_assert(CONFIG_ACCEPT_KNOWN == 0 && CONFIG_ACCEPT_ANY == 1,
	      "accept = known any");
static_assert(CONFIG_TRANSPORT_UDP == 0 && CONFIG_TRANSPORT_RAW == 1,
	      "transport = udp raw");
static_assert(CONFIG_ESP_TRANSPORT_ON == 0 && CONFIG_ESP_TRANSPORT_OFF == 1,
	      "esp_transport = on off");
static_assert(CONFIG_OFFLOAD_AUTO == 0 && CONFIG_OFFLOAD_OFF == 1,
	      "offload = auto off");
static_assert(CONFIG_FIREWALL_AUTO == 0 && CONFIG_FIREWALL_OFF == 1,
	      "firewall = auto off");
static_assert(CIPHER_AUTO == 0 && CIPHER_OPENSSL == 1 && CIPHER_IPSEC_MB == 2,
	      "aead = auto openssl ipsec-mb");
static_assert(LOG_LEVEL_ERROR == 0 && LOG_LEVEL_WARNING == 1 &&
		      LOG_LEVEL_INFO == 2 && LOG_LEVEL_DEBUG == 3,
	      "log = error warning info debug");
static_assert(IDENTITY_ECDSA_P256 == 0 && IDENTITY_ECDSA_P384 == 1 &&
		      IDENTITY_RSA_2048 == 2 && IDENTITY_RSA_3072 == 3 &&
		      IDENTITY_RSA_4096 == 4 && IDENTITY_ED25519 == 5,
	      "algorithm = ecdsa-p256 ecdsa-p384 rsa-2048 ...");

static const struct config_key host_keys[] = {
	{ "identity", CONFIG_TEXT, "an absolute path", .check = config_is_path,
	  .initial = LOCALSTATEDIR "/lib/hipline/identity.pem",
	  HOST_FIELD(identity) },
	{ "algorithm", CONFIG_CHOICE,
	  "ecdsa-p256 ecdsa-p384 rsa-2048 rsa-3072 rsa-4096 ed25519",
	  .initial = "ecdsa-p256", HOST_FIELD(algorithm) },
	{ "interface", CONFIG_TEXT, "1 to 15 letters, digits, or any of _ . -",
	  .check = config_is_interface, .initial = "hip0",
	  HOST_FIELD(interface) },
	{ "port", CONFIG_NUMBER, .min = 1, .max = UINT16_MAX,
	  .initial = "10500", HOST_FIELD(port) },
	{ "transport", CONFIG_CHOICE, "udp raw", .initial = "udp",
	  HOST_FIELD(transport) },
	{ "esp_transport", CONFIG_CHOICE, "on off", .initial = "on",
	  HOST_FIELD(esp_transport) },
	{ "control", CONFIG_TEXT, "an absolute path of at most 107 characters",
	  .check = config_is_socket_path,
	  .initial = RUNSTATEDIR "/hipline/control.sock", HOST_FIELD(control) },
	{ "state", CONFIG_TEXT, "an absolute path", .check = config_is_path,
	  .initial = LOCALSTATEDIR "/lib/hipline", HOST_FIELD(state) },
	{ "users", CONFIG_LIST,
	  "three users: of engine, resolver and SIP service",
	  .min = CONFIG_USERS, .max = CONFIG_USERS, .check = config_is_user,
	  .initial = USERS ", " USERS "-names, " USERS "-sip",
	  HOST_FIELD(users) },
	{ "accept", CONFIG_CHOICE, "known any", .initial = "known",
	  HOST_FIELD(accept) },
	{ "bind", CONFIG_LIST,
	  "one IPv4 and one IPv6 address without port, or one interface",
	  .max = 2, .check = config_is_bind, .initial = "", HOST_FIELD(bind) },
	{ "prefer", CONFIG_LIST, "interfaces, patterns of them, addresses",
	  .max = CONFIG_ITEMS_MAX, .check = config_is_pattern, .initial = "",
	  .acts_on = "", NOWHERE },
	{ "exclude", CONFIG_LIST, "interfaces, patterns of them, addresses",
	  .max = CONFIG_ITEMS_MAX, .check = config_is_pattern,
	  .initial = "docker*, virbr*", .acts_on = "docker*, virbr*",
	  HOST_FIELD(exclude) },
	{ "workers", CONFIG_NUMBER, .max = WORKERS_MAX, .initial = "0",
	  HOST_FIELD(workers) },
	{ "mtu", CONFIG_NUMBER, "0 (from the links) or 1280 to 9000",
	  .max = 9000, .is_id = config_is_mtu, .initial = "0",
	  HOST_FIELD(mtu) },
	{ "aead", CONFIG_CHOICE, "auto openssl ipsec-mb", .initial = "auto",
	  HOST_FIELD(aead) },
	{ "offload", CONFIG_CHOICE, "auto off", .initial = "auto",
	  HOST_FIELD(offload) },
	{ "firewall", CONFIG_CHOICE, "auto off", .initial = "auto",
	  HOST_FIELD(firewall) },
	{ "dh", CONFIG_IDS,
	  "Diffie-Hellman groups of RFC 7401 5.2.7: "
	  "3, 4, 7, 8, 9, 11, each once",
	  .is_id = config_is_dh_group, .initial = "7, 8", HOST_FIELD(dh) },
	{ "cipher", CONFIG_IDS,
	  "HIP ciphers of RFC 7401 5.2.8: 2, 4, each once",
	  .is_id = config_is_hip_cipher, .initial = "4, 2",
	  HOST_FIELD(cipher) },
	{ "esp", CONFIG_IDS,
	  "ESP suites of RFC 7402 5.1.2: 8, 9, 13, each once",
	  .is_id = config_is_esp_suite, .initial = "13, 9, 8",
	  HOST_FIELD(esp) },
	{ "rekey_s", CONFIG_NUMBER, .max = 604800, .initial = "120",
	  HOST_FIELD(rekey_s) },
	{ "rekey_packets", CONFIG_NUMBER, .max = UINT32_MAX, .initial = "0",
	  HOST_FIELD(rekey_packets) },
	{ "rekey_bytes", CONFIG_NUMBER, .max = UINT32_MAX, .initial = "0",
	  HOST_FIELD(rekey_bytes) },
	{ "rekey_quiet_bytes", CONFIG_NUMBER, .max = UINT32_MAX,
	  .initial = "65536", HOST_FIELD(rekey_quiet_bytes) },
	{ "idle_s", CONFIG_NUMBER, .max = 31536000, .initial = "900",
	  HOST_FIELD(idle_s) },
	{ "keepalive", CONFIG_CHOICE, "fixed adaptive", .initial = "fixed",
	  .acts_on = "fixed", NOWHERE },
	{ "association_max", CONFIG_NUMBER, .min = 1, .max = 65536,
	  .initial = "4096", HOST_FIELD(association_max) },
	{ "log", CONFIG_CHOICE, "error warning info debug", .initial = "info",
	  HOST_FIELD(log), .reloads = true },
};

static const struct config_key peer_keys[] = {
	{ "hit", CONFIG_HIT, "a HIT, inside 2001:20::/28", PEER_FIELD(hit) },
	{ "locator", CONFIG_LIST,
	  "addresses or host names, each with :PORT or without, [v6]:PORT",
	  .max = LOCATORS_MAX, .check = config_is_locator, .initial = "",
	  PEER_FIELD(locators) },
	{ "name", CONFIG_LIST, "names, USER@DOMAIN or DOMAIN",
	  .max = CONFIG_ITEMS_MAX, .check = config_is_name, .initial = "",
	  PEER_FIELD(names) },
};

static const struct config_key overlay_keys[] = {
	{ "name", CONFIG_TEXT, "a domain", .check = config_is_domain,
	  .initial = "", HOST_FIELD(overlay) },
	{ "bootstrap", CONFIG_LIST,
	  "up to 16 of HIT, HIT@LOCATOR, and host names with :PORT or without",
	  .max = BOOTSTRAPS_MAX, .check = config_is_bootstrap, .initial = "",
	  HOST_FIELD(bootstrap), .reloads = true },
	{ "admission", CONFIG_CHOICE, "enrolled", .initial = "enrolled",
	  NOWHERE },
	{ "exchange", CONFIG_CHOICE, "race overlay", .initial = "race",
	  .acts_on = "race", NOWHERE },
};

static const struct config_key names_keys[] = {
	{ "publish", CONFIG_LIST, "names, USER@DOMAIN",
	  .max = CONFIG_PUBLISH_MAX, .check = config_is_user_name,
	  .initial = "", HOST_FIELD(publish), .reloads = true },
	{ "unverified", CONFIG_CHOICE, "refuse first-use", .initial = "refuse",
	  HOST_FIELD(unverified), .reloads = true },
};

static const struct config_key dns_keys[] = {
	{ "listen", CONFIG_LIST, "up to 16 addresses with or without port",
	  .max = 16, .check = config_is_address, .initial = "127.0.0.154:53",
	  HOST_FIELD(dns_listen) },
	{ "suffix", CONFIG_TEXT, "a domain", .check = config_is_suffix,
	  .initial = "hip.internal", HOST_FIELD(suffix), .reloads = true },
	{ "upstream", CONFIG_LIST, "up to 16 addresses with or without port",
	  .max = 16, .check = config_is_address, .initial = "",
	  HOST_FIELD(upstream), .reloads = true },
	{ "resolved", CONFIG_CHOICE, "auto off", .initial = "auto", NOWHERE },
	{ "route", CONFIG_CHOICE, "contacts all", .initial = "contacts",
	  .acts_on = "contacts", NOWHERE },
};

static const struct config_key sip_keys[] = {
	{ "listen", CONFIG_TEXT, "auto, off, or an address",
	  .check = config_is_sip_listen, .initial = "auto",
	  .acts_on = "auto off", NOWHERE },
	{ "claim_5060", CONFIG_CHOICE, "auto never", .initial = "auto",
	  NOWHERE },
	{ "rescue", CONFIG_CHOICE, "off on", .initial = "off", .acts_on = "off",
	  NOWHERE },
	{ "upstream", CONFIG_TEXT, "a host or address, with :PORT or without",
	  .check = config_is_sip_upstream, .initial = "", .acts_on = "",
	  NOWHERE },
	{ "unknown_caller", CONFIG_CHOICE, "mark", .initial = "mark", NOWHERE },
};

static const struct config_key relay_keys[] = {
	{ "serve", CONFIG_CHOICE, "auto never", .initial = "auto", NOWHERE },
	{ "use", CONFIG_LIST, "HIT or HIT@LOCATOR", .max = CONFIG_ITEMS_MAX,
	  .check = config_is_hit_at, .initial = "", .acts_on = "", NOWHERE },
	{ "uptime_percent", CONFIG_NUMBER, .max = 100, .initial = "75",
	  .acts_on = "75", NOWHERE },
	{ "uptime_window_s", CONFIG_NUMBER, .min = 1, .max = 31536000,
	  .initial = "604800", .acts_on = "604800", NOWHERE },
	{ "max_clients", CONFIG_NUMBER, .max = 65536, .initial = "1000",
	  .acts_on = "1000", NOWHERE },
	{ "bandwidth_kbit", CONFIG_NUMBER, .max = UINT32_MAX, .initial = "0",
	  .acts_on = "0", NOWHERE },
};

#define KEYS(array) (array), sizeof(array) / sizeof((array)[0])

const struct config_section config_sections[] = {
	{ "host", false, KEYS(host_keys) },
	{ "peer", true, KEYS(peer_keys) },
	{ "overlay", false, KEYS(overlay_keys) },
	{ "names", false, KEYS(names_keys) },
	{ "dns", false, KEYS(dns_keys) },
	{ "sip", false, KEYS(sip_keys) },
	{ "relay", false, KEYS(relay_keys) },
};

const size_t config_n_sections =
	sizeof(config_sections) / sizeof(config_sections[0]);

int config_word_place(const char *words, const char *word)
{
	size_t len = strlen(word);
	int place = 0;

	if (len == 0 || strchr(word, ' '))
		return -1;
	while (*words) {
		size_t n = strcspn(words, " ");

		if (n == len && !memcmp(words, word, len))
			return place;
		words += n;
		words += *words == ' ';
		place++;
	}
	return -1;
}
