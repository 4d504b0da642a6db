/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * ICMPv6 echo, RFC 4443 4: a socket that sends requests from one address to
 * another, as an ordinary user where the system lets us.
 */
#ifndef HIPLINE_ECHO_H
#define HIPLINE_ECHO_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	ECHO_TOKEN_LEN = 8,
	ECHO_LEN = 64, /* header and data, as ping has it */
};

/* Embedded; close it in the end. */
struct echo {
	int fd;
	uint16_t id;
	uint8_t token[ECHO_TOKEN_LEN]; /* tells our replies from others */
};

struct echo_reply {
	uint16_t seq;
	size_t len;
	int hop_limit; /* -1 when the system did not tell */
};

/* Writes a request, without its checksum, which is the kernel's matter. The
 * length, or 0 when cap is under ECHO_LEN. */
size_t echo_write(const struct echo *e, uint16_t seq, void *out, size_t cap);

/* True for a reply that echoes a request of e; its number goes to *seq. */
bool echo_parse(const struct echo *e, const uint8_t *bytes, size_t len,
		uint16_t *seq);

/*
 * Opens the socket. 0, -EACCES when the system refuses both kinds of socket,
 * -EADDRNOTAVAIL when `local` is not an address of this machine, or another
 * negative errno.
 */
__attribute__((warn_unused_result)) int echo_open(const struct in6_addr *local,
						  const struct in6_addr *peer,
						  struct echo *out);
void echo_close(struct echo *e);

/* Sends request number seq. 0 or a negative errno. */
__attribute__((warn_unused_result)) int echo_send(const struct echo *e,
						  uint16_t seq);

/* Takes one packet: 1 for a reply, 0 for something else, -EAGAIN for
 * nothing, or the negative errno of an ICMPv6 error that came. */
__attribute__((warn_unused_result)) int echo_receive(const struct echo *e,
						     struct echo_reply *out);

#endif
