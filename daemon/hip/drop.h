/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Why a packet from the network was dropped. Every reason has a counter;
 * nothing else happens (RFC 7401 6: silence, except for rate-limited
 * NOTIFYs).
 */
#ifndef HIPLINE_DROP_H
#define HIPLINE_DROP_H

#define DROP_LIST(X)                                                           \
	X(NONE, "none")                                                        \
	X(MALFORMED, "malformed")                                              \
	X(VERSION, "version")                                                  \
	X(PACKET_TYPE, "packet-type")                                          \
	X(CHECKSUM, "checksum")                                                \
	X(PARAM_ORDER, "parameter-order")                                      \
	X(PARAM_CRITICAL, "unknown-critical-parameter")                        \
	X(PARAM_MISSING, "parameter-missing")                                  \
	X(SENDER_HIT, "sender-hit")                                            \
	X(RECEIVER_HIT, "receiver-hit")                                        \
	X(NOT_KNOWN, "peer-not-known")                                         \
	X(RATE, "rate-limit")                                                  \
	X(LIMIT, "limit")                                                      \
	X(STATE, "state")                                                      \
	X(PLACE, "place")                                                      \
	X(RELAYED, "relayed")                                                  \
	X(R1_COUNTER, "r1-counter")                                            \
	X(PUZZLE_HARD, "puzzle-too-hard")                                      \
	X(PUZZLE_STALE, "puzzle-stale")                                        \
	X(SOLUTION, "wrong-solution")                                          \
	X(SOLUTION_USED, "solution-used-before")                               \
	X(HOST_ID, "host-id-does-not-fit-hit")                                 \
	X(HI_ALGORITHM, "host-id-algorithm")                                   \
	X(DH_GROUP, "dh-group")                                                \
	X(DH_PUBLIC, "dh-public-value")                                        \
	X(HIP_CIPHER, "hip-cipher")                                            \
	X(HIT_SUITE, "hit-suite")                                              \
	X(ESP_SUITE, "esp-suite")                                              \
	X(TRANSPORT, "transport-format")                                       \
	X(TRANSPORT_MODE, "transport-mode")                                    \
	X(ESP_INFO, "esp-info")                                                \
	X(DECRYPT, "decryption")                                               \
	X(MAC, "mac")                                                          \
	X(SIGNATURE, "signature")                                              \
	X(CERTIFICATE, "certificate")                                          \
	X(ECHO, "echo")                                                        \
	X(UPDATE_ID, "update-id")                                              \
	X(INTERNAL, "internal")

enum drop {
#define DROP_ENUM(name, text) DROP_##name,
	DROP_LIST(DROP_ENUM)
#undef DROP_ENUM
		DROP_COUNT
};

/* The reason's name, as `hipline counters` prints it. */
const char *drop_name(enum drop reason);

#endif
