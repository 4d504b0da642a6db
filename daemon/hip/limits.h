/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Every number of the protocol and every limit of this implementation.
 * Protocol numbers carry their section; limits are ours.
 */
#ifndef HIPLINE_LIMITS_H
#define HIPLINE_LIMITS_H

/* RFC 7401 5.1. */
enum {
	HIP_VERSION = 2,
	HIP_HEADER_LEN = 40,
	HIP_PACKET_MAX = 2048, /* RFC 7401 5.1: Header Length is 8 bits */
	HIP_NEXT_HEADER_NONE = 59,
	HIP_CONTROL_ANONYMOUS = 0x0001, /* RFC 7401 5.1.2 */
	HIP_UDP_PORT = 10500,		/* RFC 9028 5.1 */
	HIP_PROTOCOL = 139,		/* RFC 7401 9 */
	OVERLAY_PORT = 6084,		/* RFC 6940 14.2 */
};

/* RFC 7401 5.3. */
enum hip_packet_type {
	HIP_I1 = 1,
	HIP_R1 = 2,
	HIP_I2 = 3,
	HIP_R2 = 4,
	HIP_UPDATE = 16,
	HIP_NOTIFY = 17,
	HIP_CLOSE = 18,
	HIP_CLOSE_ACK = 19,
};

/* RFC 7401 5.2.1, 7402 5.1. The lowest bit marks a critical parameter. */
enum hip_param_type {
	PARAM_ESP_INFO = 65,
	PARAM_R1_COUNTER = 129,
	PARAM_LOCATOR_SET = 193, /* RFC 8046 4 */
	PARAM_PUZZLE = 257,
	PARAM_SOLUTION = 321,
	PARAM_SEQ = 385,
	PARAM_ACK = 449,
	PARAM_DH_GROUP_LIST = 511,
	PARAM_DIFFIE_HELLMAN = 513,
	PARAM_HIP_CIPHER = 579,
	PARAM_ENCRYPTED = 641,
	PARAM_HOST_ID = 705,
	PARAM_HIT_SUITE_LIST = 715,
	PARAM_CERT = 768, /* RFC 8002 2 */
	PARAM_NOTIFICATION = 832,
	PARAM_ECHO_REQUEST_SIGNED = 897,
	PARAM_ECHO_RESPONSE_SIGNED = 961,
	PARAM_TRANSPORT_FORMAT_LIST = 2049,
	PARAM_ESP_TRANSFORM = 4095,
	PARAM_HIP_TRANSPORT_MODE = 7680, /* RFC 6261 3.1 */
	PARAM_PADDING = 45468, /* ours: 5.2, Private Use; docs/protocol.md */
	PARAM_HIP_MAC = 61505,
	PARAM_HIP_MAC_2 = 61569,
	PARAM_HIP_SIGNATURE_2 = 61633,
	PARAM_HIP_SIGNATURE = 61697,
	PARAM_ECHO_RESPONSE_UNSIGNED = 63425,
	PARAM_ECHO_REQUEST_UNSIGNED = 63661,
	PARAM_FROM = 65498,	/* RFC 8004 4.2 */
	PARAM_RVS_HMAC = 65500, /* RFC 8004 4.2 */
	PARAM_VIA_RVS = 65502,	/* RFC 8004 4.2 */
};

/* RFC 7401 5.2.7. */
enum dh_group_id {
	DH_MODP_1536 = 3,
	DH_MODP_3072 = 4,
	DH_NIST_P256 = 7,
	DH_NIST_P384 = 8,
	DH_NIST_P521 = 9,
	DH_MODP_2048 = 11,
};

/* RFC 7401 5.2.8. */
enum hip_cipher_id {
	HIP_CIPHER_AES_128_CBC = 2,
	HIP_CIPHER_AES_256_CBC = 4,
};

/* RFC 7401 5.2.9, RFC 9374 3.4.1: HOST_ID's Algorithm, SIG alg. */
enum hi_algorithm {
	HI_RSA = 5,
	HI_ECDSA = 7,
	HI_EDDSA = 13,
};

/* RFC 7401 5.2.10, RFC 9374 3.4.2: the OGA id. */
enum hit_suite_id {
	HIT_SUITE_RSA = 1,   /* SHA-256 */
	HIT_SUITE_ECDSA = 2, /* SHA-384 */
	HIT_SUITE_EDDSA = 5, /* cSHAKE128, KMAC128 */
};

/* RFC 7402 5.1.2. */
enum esp_suite_id {
	ESP_AES_128_CBC_SHA256 = 8,
	ESP_AES_256_CBC_SHA256 = 9,
	ESP_AES_GCM_16 = 13,
};

/* RFC 6261 3.1. */
enum transport_mode_id {
	TRANSPORT_MODE_DEFAULT = 1,
	TRANSPORT_MODE_ESP = 2,
	TRANSPORT_MODE_ESP_TCP = 3,
};

/* RFC 7401 5.2.19, RFC 7402 5.1.3. */
enum notify_type {
	NOTIFY_UNSUPPORTED_CRITICAL_PARAMETER_TYPE = 1,
	NOTIFY_INVALID_SYNTAX = 7,
	NOTIFY_NO_DH_PROPOSAL_CHOSEN = 14,
	NOTIFY_INVALID_DH_CHOSEN = 15,
	NOTIFY_NO_HIP_PROPOSAL_CHOSEN = 16,
	NOTIFY_INVALID_HIP_CIPHER_CHOSEN = 17,
	NOTIFY_NO_ESP_PROPOSAL_CHOSEN = 18,
	NOTIFY_INVALID_ESP_TRANSFORM_CHOSEN = 19,
	NOTIFY_UNSUPPORTED_HIT_SUITE = 20,
	NOTIFY_AUTHENTICATION_FAILED = 24,
	NOTIFY_CHECKSUM_FAILED = 26,
	NOTIFY_HIP_MAC_FAILED = 28,
	NOTIFY_ENCRYPTION_FAILED = 32,
	NOTIFY_INVALID_HIT = 40,
	NOTIFY_BLOCKED_BY_POLICY = 42,
	NOTIFY_CREDENTIALS_REQUIRED = 48, /* RFC 8002 5 */
	NOTIFY_INVALID_CERTIFICATE = 50,
	NOTIFY_RESPONDER_BUSY_PLEASE_RETRY = 44,
	NOTIFY_NO_VALID_HIP_TRANSPORT_MODE = 100, /* RFC 6261 3.3 */
	NOTIFY_I2_ACKNOWLEDGEMENT = 16384,
};

/* Sizes. */
enum {
	RHASH_MAX = 48,	     /* SHA-384 */
	HI_MAX = 1032,	     /* an RSA-8192 key would not fit a packet */
	DI_MAX = 255,	     /* a name in wire form */
	DH_PUBLIC_MAX = 384, /* group 4 */
	DH_SECRET_MAX = 384,
	SIGNATURE_MAX = 512, /* RSA-4096 */
	HIP_CIPHER_KEY_MAX = 32,
	ESP_KEY_MAX = 64, /* both keys of a direction, suite 9 */
	PARAMS_MAX = 64,  /* parameters in one packet */
	IDS_MAX = 16,	  /* ids of one list parameter that we look at */
	CERT_MAX = 1900,  /* bytes of a certificate that we would send */
	ECHO_MAX = 256,	  /* opaque data that we echo, */
	ECHOES_MAX = 320, /* and in one packet: an I2 must hold them */
};

/* Limits of one host. */
enum {
	ASSOC_MAX_DEFAULT = 4096,
	STRANGER_SOURCES_MIN = 16,     /* share all associations */
	HALF_OPEN_MAX = 64,	       /* as initiator */
	SOUGHT_MAX = 64,	       /* hosts without a locator, at once */
	HINTS_MAX = 8,		       /* locators that one is found at */
	STAGED_PACKETS_PER_PEER = 128, /* packets that wait */
	STAGED_PACKETS_MAX = 4096,
	STAGED_PACKET_LEN_MAX = 2048,
	UNPROVEN_AGAIN_MS = 600000,   /* and then not again for so long */
	UNPROVEN_SENDS_MAX = 4,	      /* I1s to one that was never heard */
	LOCATORS_MAX = 16,	      /* in one set */
	RENDEZVOUS_MAX = 8,	      /* locators of a peer's servers */
	VIA_RVS_MAX = 8,	      /* that we look at */
	ASKED_MAX = LOCATORS_MAX + 4, /* places where an R1 may come from */
	PUZZLE_K_MAX = 20,	      /* harder ones are refused */
	PUZZLE_K_LOAD_MAX = 16,	      /* the hardest that we ask for */
	RETRANSMISSIONS_MAX = 8,
	OUTPUTS_MAX = 4096,
	TICK_TIMERS_MAX = 64,	   /* a signature each; then others' turn */
	IDLE_CLOSES_PER_MS = 4,	   /* of many that are idle at once */
	R1_PER_SOURCE_MAX = 8,	   /* in R1_PER_SOURCE_MS per /32 or /64 */
	R1_SOURCES_MAX = 16384,	   /* sources that are watched at once */
	R1_BYTES_PER_BYTE = 3,	   /* out per byte in, beyond that */
	SOLUTIONS_MAX = 8192,	   /* solved puzzles of one R1 generation */
	PEERS_MAX = 65536,	   /* known peers */
	EXCHANGE_RESTARTS_MAX = 4, /* newer R1s taken in one exchange */
	I2_PROBE_AFTER = 4,	   /* unanswered I2s, then I1s go besides */
	PUZZLE_LIFETIME = 38,	   /* RFC 7401 5.2.4: 2^(38-32) s */
	SPI_MIN = 256,		   /* RFC 4303 2.1: below are reserved */
	SAS_OLD_MAX = 4,	   /* replaced ones that still receive */
	UPDATE_RETRY_MAX = 8,	   /* RFC 7401 6.11 */
	UPDATES_OUT_MAX = 2,	   /* of ours, not acknowledged yet */
	UPDATE_WINDOW = 32,	   /* RFC 7401 6.12: ids that are remembered */
	UPDATE_AHEAD_MAX = 8,	   /* ids that may be skipped */
	PROBE_SENDS_MAX = 2,	   /* then the peer is believed gone */
	R1S_AT_ONCE = 64,	   /* per I1 are verified, then each R1_MS */
	CHECKS_AT_ONCE = 16,	   /* signatures, then one each CHECKS_MS */
	CHECKS_AGAIN_AT_ONCE = 4,  /* of one packet; then CHECKS_AGAIN_MS */
	CHECKS_MAX = 10,	   /* packets that are told apart so */
	UPDATES_REFUSED_MAX = 4,   /* genuine ones, of no use, remembered */
	PATH_TIMER_COST = 8,	   /* signatures of a round, at most */
	PATHS_AT_ONCE = 32,	   /* are probed, then each PATH_EACH_MS */
	REKEYS_DH_AT_ONCE = 8, /* by the peer, then one each REKEY_DH_EACH_MS */
};

/* Times in milliseconds. */
enum {
	RTO_FIRST_MS = 500,
	RTO_MAX_MS = 2000,
	UAL_DEFAULT_MS = 900 * 1000,
	MSL_MS = 120 * 1000,	     /* RFC 7401 4.4.1 */
	R1_LIFETIME_MS = 900 * 1000, /* RFC 7401 5.3.2: DH value reuse */
	R1_PER_SOURCE_MS = 10 * 1000,
	R2_SENT_MS = 10 * 1000, /* R2-SENT to ESTABLISHED without traffic */
	FAILED_MS = 10 * 1000,	/* E-FAILED to UNASSOCIATED */
	STRANGER_IDLE_MS = 60 * 1000, /* then another one may replace it */
	WAITING_MS = 20 * 1000,	      /* for a place among HALF_OPEN_MAX */
	SOLVE_MAX_MS = 20 * 1000,
	SEEK_MS = 10 * 1000,	       /* to be told where a host is */
	SEEK_AGAIN_MS = 1000,	       /* not sooner, when nobody knows it */
	FOUND_UNPROVEN_MS = 60 * 1000, /* without a certificate */
	R2_REPEAT_MS = 100,    /* at most one repeated R2 or CLOSE_ACK */
	NOTIFY_MS = 200,       /* at most one NOTIFY sent or verified */
	UNKNOWN_SPI_MS = 1000, /* at most one exchange for strange ESP */
	SETTLE_MS = 5 * 1000,  /* strange ESP is stale before that */
	UPDATE_RTO_MIN_MS = 200,
	R1_MS = 10,
	CHECKS_MS = 50,
	CHECKS_AGAIN_MS = 50,
	UPDATE_REFUSED_MS = 1000, /* then it is looked at once more */
	REKEY_DEFAULT_MS = 120 * 1000,
	REKEY_DH_MS = 900 * 1000, /* then a rekey has a new DH value */
	REKEY_DH_EACH_MS = 5 * 1000,
	REKEY_STALL_MS = 30 * 1000, /* for the peer's half of a rekey */
	SA_OLD_MS = 60 * 1000,	/* a replaced SA receives so long at most, */
	SA_GRACE_MS = 3 * 1000, /* and so long after the new one was used */
	PATH_CONFIRM_MS = 500,	/* path MTUs are confirmed no more often */
	PATH_EACH_MS = 31,
	PATH_ASK_MAX_MS = 300,		 /* a round of probes, at first, */
	PATH_ROUND_MAX_MS = 2000,	 /* and when others were answered */
	PATH_RAISE_FIRST_MS = 60 * 1000, /* then twice that, and so on */
	PATH_RAISE_MAX_MS = 600 * 1000,	 /* RFC 8899 5.1.1 */
};

/*
 * ESP packets, both ways together, after which new keys are taken whatever
 * is configured: long before sequence numbers of 64 bits end, and while a
 * block cipher of 128 bits is far from repeating itself.
 */
#define ESP_PACKETS_MAX (UINT64_C(1) << 40)

#endif
