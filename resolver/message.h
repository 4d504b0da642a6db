/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * RELOAD messages: RFC 6940 6.3. Forwarding header with its lists, message
 * contents with extensions, security block; the errors of 14.9. What a body
 * means is body.h's and stored.h's matter. Parsing gives views that borrow
 * the message's bytes.
 */
#ifndef HIPLINE_RESOLVER_MESSAGE_H
#define HIPLINE_RESOLVER_MESSAGE_H

#include "daemon/base/cursor.h"
#include "daemon/hip/hit.h"
#include "resolver/id.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	RELOAD_TOKEN = 0x52454c4f, /* "RELO"; its high bit is set on the wire */
	RELOAD_VERSION = 0x0a,
	RELOAD_PORT = 6084,
	RELOAD_HEADER_LEN = 38,
	RELOAD_MESSAGE_MAX = 5000, /* RFC 6940 11.1, max-message-size */
	RELOAD_TTL_MAX = 100,
	DESTINATIONS_MAX = 32, /* in one list */
	CERTIFICATES_MAX = 16,
	EXTENSIONS_MAX = 8,
	RELOAD_SIGNATURE_MAX = 512,
};

/* RFC 6940 14.8. */
enum reload_code {
	RELOAD_PROBE_REQ = 0x1,
	RELOAD_PROBE_ANS = 0x2,
	RELOAD_STORE_REQ = 0x7,
	RELOAD_STORE_ANS = 0x8,
	RELOAD_FETCH_REQ = 0x9,
	RELOAD_FETCH_ANS = 0xa,
	RELOAD_FIND_REQ = 0xd,
	RELOAD_FIND_ANS = 0xe,
	RELOAD_JOIN_REQ = 0xf,
	RELOAD_JOIN_ANS = 0x10,
	RELOAD_LEAVE_REQ = 0x11,
	RELOAD_LEAVE_ANS = 0x12,
	RELOAD_UPDATE_REQ = 0x13,
	RELOAD_UPDATE_ANS = 0x14,
	RELOAD_ROUTE_QUERY_REQ = 0x15,
	RELOAD_ROUTE_QUERY_ANS = 0x16,
	RELOAD_PING_REQ = 0x17,
	RELOAD_PING_ANS = 0x18,
	RELOAD_STAT_REQ = 0x19,
	RELOAD_STAT_ANS = 0x1a,
	RELOAD_CONFIG_UPDATE_REQ = 0x21,
	RELOAD_ERROR = 0xffff,
};

/* RFC 6940 14.9. */
enum reload_error {
	RELOAD_ERROR_FORBIDDEN = 2,
	RELOAD_ERROR_NOT_FOUND = 3,
	RELOAD_ERROR_REQUEST_TIMEOUT = 4,
	RELOAD_ERROR_GENERATION_COUNTER_TOO_LOW = 5,
	RELOAD_ERROR_INCOMPATIBLE_WITH_OVERLAY = 6,
	RELOAD_ERROR_UNSUPPORTED_FORWARDING_OPTION = 7,
	RELOAD_ERROR_DATA_TOO_LARGE = 8,
	RELOAD_ERROR_DATA_TOO_OLD = 9,
	RELOAD_ERROR_TTL_EXCEEDED = 10,
	RELOAD_ERROR_MESSAGE_TOO_LARGE = 11,
	RELOAD_ERROR_UNKNOWN_KIND = 12,
	RELOAD_ERROR_UNKNOWN_EXTENSION = 13,
	RELOAD_ERROR_RESPONSE_TOO_LARGE = 14,
	RELOAD_ERROR_CONFIG_TOO_OLD = 15,
	RELOAD_ERROR_CONFIG_TOO_NEW = 16,
	RELOAD_ERROR_IN_PROGRESS = 17,
	RELOAD_ERROR_INVALID_MESSAGE = 20,
};

/* RFC 6940 6.3.2.2. */
enum destination_type {
	DESTINATION_NODE = 1,
	DESTINATION_RESOURCE = 2,
	DESTINATION_OPAQUE = 3,
};

struct destination {
	enum destination_type type;
	union {
		struct hit node;
		struct resource_id resource;
		struct {
			const uint8_t *bytes; /* borrowed */
			size_t len;
		} opaque;
	};
};

struct destination_list {
	struct destination at[DESTINATIONS_MAX];
	size_t n;
};

/* RFC 6940 6.3.2. */
struct forwarding {
	uint32_t overlay;
	uint16_t configuration_sequence;
	uint8_t ttl;
	bool last_fragment;
	uint32_t fragment_offset;
	uint64_t transaction_id;
	uint32_t max_response_length;
	struct destination_list via;
	struct destination_list destination;
	/* Of the options, all of which are unknown to us (6.3.2.3). */
	bool forward_critical;
	bool destination_critical;
	const uint8_t *options; /* as they stand; borrowed */
	size_t options_len;
};

/* RFC 6940 6.3.4. Only cert_hash is spoken; `none` marks synthetic values. */
enum signer_identity_type {
	SIGNER_CERT_HASH = 1,
	SIGNER_CERT_HASH_NODE_ID = 2,
	SIGNER_NONE = 3,
};

/* A Signature element; borrowed. */
struct reload_signature {
	uint8_t hash_alg, sig_alg; /* TLS registries (RFC 5246 7.4.1.4.1) */
	enum signer_identity_type identity_type;
	uint8_t identity_hash_alg;
	const uint8_t *identity_hash;
	size_t identity_hash_len;
	const uint8_t *identity; /* the SignerIdentity as it stands: it is
				    part of what is signed */
	size_t identity_len;
	const uint8_t *value;
	size_t value_len;
};

/* A whole message, after reassembly. */
struct message {
	struct forwarding header;
	uint16_t code;
	struct span body;
	struct span contents; /* MessageContents, as signed */
	bool unknown_critical_extension;
	struct span certificates[CERTIFICATES_MAX]; /* X.509 DER */
	size_t n_certificates;
	struct reload_signature signature;
};

/* How parsing ended. Nothing is answered to what is malformed. */
enum message_result {
	MESSAGE_OK,
	MESSAGE_MALFORMED,
	MESSAGE_NOT_RELOAD, /* wrong token */
	MESSAGE_VERSION,    /* another version */
	MESSAGE_TOO_LARGE,
	MESSAGE_TOO_MANY, /* a list is longer than we take */
};

/*
 * The forwarding header alone, for those who only forward. `rest` gets what
 * follows it, up to the length that the header gives. Bytes behind that
 * length are malformed. `out` is untouched on anything but MESSAGE_OK.
 */
enum message_result forwarding_parse(const uint8_t *bytes, size_t len,
				     struct forwarding *out, struct span *rest);

/* Header, contents and security block. */
enum message_result message_parse(const uint8_t *bytes, size_t len,
				  struct message *out);

/*
 * What follows a header that was parsed to m->header: all other fields of
 * *m, which may be partly filled on anything but MESSAGE_OK.
 */
enum message_result message_rest_parse(struct span rest, struct message *m);

/*
 * Writes a header whose message will have rest_len bytes behind it; a
 * failed writer or a list over 2^16-1 bytes leaves w failed.
 */
void forwarding_write(struct wr *w, const struct forwarding *f,
		      size_t rest_len);

/* How long a header will be; at most, where ids are opaque. */
size_t forwarding_len(const struct forwarding *f);

/* MessageContents without extensions. */
void contents_write(struct wr *w, uint16_t code, const uint8_t *body,
		    size_t len);

/* Certificates and signature (6.3.4). */
void security_write(struct wr *w, const struct span *certificates, size_t n,
		    const struct reload_signature *signature);
size_t security_len(const struct span *certificates, size_t n,
		    const struct reload_signature *signature);

void signature_element_write(struct wr *w, const struct reload_signature *s);
enum message_result signature_element_parse(struct rd *r,
					    struct reload_signature *out);

/* SignerIdentity of type cert_hash with SHA-256 of a certificate. */
void signer_identity_write(struct wr *w, const uint8_t sha256[32]);

/*
 * What a message's signature covers (6.3.4): overlay | transaction_id |
 * MessageContents | SignerIdentity.
 */
void message_signed_write(struct wr *w, const struct forwarding *f,
			  struct span contents, struct span identity);

/* A single Destination; lists are those back to back. */
size_t destination_len(const struct destination *d); /* opaque: at most */
void destination_write(struct wr *w, const struct destination *d);
enum message_result destination_parse(struct rd *r, struct destination *out);
enum message_result destination_list_parse(struct rd r,
					   struct destination_list *out);
void destination_list_write(struct wr *w, const struct destination_list *l);

/* "Destination of a node", "of a resource". */
static inline struct destination destination_node(const struct hit *node)
{
	return (struct destination){ .type = DESTINATION_NODE, .node = *node };
}

static inline struct destination
destination_resource(const struct resource_id *resource)
{
	return (struct destination){ .type = DESTINATION_RESOURCE,
				     .resource = *resource };
}

/* 6.3.2.1: what a request of another configuration is answered, 0 when it is
 * of ours; which one is older counts modulo 65535. */
enum reload_error configuration_check(const struct message *m, uint16_t ours);

/* RFC 6940 3: all ones, meaning whichever node is next. */
bool node_is_wildcard(const struct hit *node);

/* Codes come in pairs (6.3.3): an odd request, its answer one above. */
static inline bool code_is_request(uint16_t code)
{
	return code < 0x8000 && (code & 1) != 0;
}

#endif
