/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * How much the fast lane reads at once. Pairs of local sockets are its TUN
 * device and its socket: what is written to one end is at the other at once.
 */
#include "tun/lane.h"

#include "tests/unit/inner.h"

#include <criterion/criterion.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MTU = 1400, TURNS = 8 };

static struct forward forward;
static struct lane *lane;
static int app;	 /* the kernel's side of the TUN device */
static int peer; /* of the lane's socket */

static void make_pair(int *ours, int *theirs)
{
	int pair[2];

	cr_assert_eq(
		socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, pair),
		0);
	*ours = pair[0];
	*theirs = pair[1];
}

static void setup(void)
{
	static const uint8_t seed[16] = { 1 };
	struct worker_conf *conf = &forward.conf;

	make_pair(&conf->tun_fd, &app);
	make_pair(&conf->udp4_fd, &peer);
	conf->tun_ifindex = 0xffff;
	conf->udp6_fd = -1;
	conf->mtu = MTU;
	conf->vnet = true;
	conf->sas = sa_table_new(seed);
	forward.control = ring_new(64, FORWARD_CONTROL_MAX);
	forward.data = ring_new(64, MTU);
	cr_assert(conf->sas && forward.control && forward.data);
	lane = lane_new(&forward);
	cr_assert_not_null(lane);
}

static void teardown(void)
{
	lane_free(lane);
	ring_free(forward.control);
	ring_free(forward.data);
	sa_table_free(forward.conf.sas);
	close(forward.conf.udp4_fd);
	close(forward.conf.tun_fd);
	close(app);
	close(peer);
}

TestSuite(lane, .init = setup, .fini = teardown);

/* What the kernel does when applications send n packets. */
static void give(int n)
{
	uint8_t bytes[VNET_LEN + 200] = { 0 };
	struct inner_conf c = { .protocol = INNER_UDP, .data_len = 100 };
	uint32_t len = inner_make(bytes + VNET_LEN, &c);

	for (int i = 0; i < n; i++)
		cr_assert_eq(write(app, bytes, VNET_LEN + len),
			     (ssize_t)(VNET_LEN + len));
}

/* Packets that come one by one, for long enough that this is known. */
static void give_one_by_one(void)
{
	for (int i = 0; i < TURNS; i++) {
		give(1);
		cr_assert_eq(lane_read(lane), 1);
		if (lane_has_read_first(lane))
			cr_assert_eq(lane_read(lane), 0);
	}
}

Test(lane, packets_that_come_together_are_read_together)
{
	for (int i = 0; i < TURNS; i++) {
		give(3);
		cr_assert_eq(lane_read(lane), 3);
		cr_assert_not(lane_has_read_first(lane));
	}
}

Test(lane, while_packets_come_one_by_one_the_first_goes_before_others_are_read)
{
	give_one_by_one();
	give(3);
	cr_assert_eq(lane_read(lane), 1);
	cr_assert(lane_has_read_first(lane));
	cr_assert_eq(lane_read(lane), 2);
	cr_assert_not(lane_has_read_first(lane), "the rest has been read");
}

Test(lane, a_single_packet_among_many_is_no_reason_to_send_the_first_alone)
{
	give_one_by_one();
	give(2);
	cr_assert_eq(lane_read(lane), 1);
	cr_assert_eq(lane_read(lane), 1);
	give(1);
	cr_assert_eq(lane_read(lane), 1);
	give(2);
	cr_assert_eq(lane_read(lane), 2);
}

Test(lane, a_turn_that_finds_nothing_has_no_rest)
{
	give_one_by_one();
	cr_assert_eq(lane_read(lane), 0);
	cr_assert_not(lane_has_read_first(lane));
}

/* Such datagrams have no port to answer to: how many have been read is how
 * many were dropped for that. */
static int receive(int n)
{
	uint64_t before = forward.drops[WORKER_DROP_OUTER_ADDRESS];
	int tun_error = 0;

	for (int i = 0; i < n; i++)
		cr_assert_eq(write(peer, "datagram", 8), 8);
	cr_assert_eq(lane_up(lane, forward.conf.udp4_fd, PKT_UDP, &tun_error),
		     0);
	cr_assert_eq(tun_error, 0);
	return (int)(forward.drops[WORKER_DROP_OUTER_ADDRESS] - before);
}

Test(lane, after_a_single_datagram_few_are_looked_for)
{
	cr_assert_eq(receive(1), 1);
	cr_assert_eq(receive(5), 2);
	cr_assert_eq(receive(0), 3, "where more came, all are");
	cr_assert_eq(receive(5), 5);
}
