/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Many HIP hosts in one process, each with an identity and an IPv4 address of
 * its own, behind one UDP socket: real ones, that run our library on the
 * real clock and all talk to one peer. For floods of honest and of other
 * hosts. Whoever makes a crowd sees each output first, and each packet that
 * comes for an address without a host.
 */
#ifndef HIPLINE_TEST_CROWD_H
#define HIPLINE_TEST_CROWD_H

#include "daemon/hip/host.h"

#include <netinet/in.h>

struct crowd_member {
	struct host *host; /* NULL: there is none now */
	struct identity *id;
	uint64_t begun_ms;
};

struct crowd {
	int fd;
	uint32_t first; /* the address of member 0, host order */
	struct locator to;
	struct hit peer;
	struct crowd_member *members;
	size_t n;
	size_t *alive; /* those with a host */
	size_t n_alive;

	void *mine; /* the caller's */
	/* Is an output of a member done with? SENDs that are not go out. */
	bool (*on_output)(struct crowd *c, size_t member, struct hip_output *o);
	/* What comes for an address without a host, from the SPI on. */
	void (*on_datagram)(struct crowd *c, size_t member, uint8_t *bytes,
			    size_t len);
};

/* From text; n addresses from `first` on. Says what is wrong and ends. */
void crowd_open(struct crowd *c, const char *first, const char *to,
		const char *hit, size_t n);
void crowd_close(struct crowd *c);

/* Member i gets an identity and a host, and begins an exchange. */
void crowd_begin(struct crowd *c, size_t i);

/* Its host is forgotten, without a word to the peer. */
void crowd_end(struct crowd *c, size_t i);

/* Waits at most so long, and does what is due. */
void crowd_turn(struct crowd *c, int timeout_ms);

/* A HIP packet, or with `spi` anything from the SPI on, from a member. */
void crowd_send_hip(struct crowd *c, size_t i, const uint8_t *bytes,
		    size_t len);
void crowd_send(struct crowd *c, size_t i, const uint8_t *bytes, size_t len);

uint64_t crowd_now_ms(void);

/* "NAME: median M ms, p95 P ms, worst W ms"; sorts the values. */
void crowd_print_times(const char *name, uint64_t *ms, size_t n);

#endif
