/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Two workers that have had their first packets carry many more, and neither
 * they nor libcrypto below them allocates or frees anything for that, nor do
 * they take a mutex. The table's read lock, which they take once a batch, is
 * none of those.
 */
#include "tun/socket.h"
#include "tun/vnet.h"
#include "tun/worker.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <openssl/crypto.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	WAIT_MS = 5000,
	MTU = 1400,
	SPI = 1000,
	LEN = 100,
	FIRST = 3200, /* until everything was used once */
	PACKETS = 100000,
	FEWER = 20000,
	AT_ONCE = 32, /* which any socket takes */
};

static atomic_ulong allocations, crypto_allocations, mutexes;

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void *__wrap_realloc(void *p, size_t size);
void *__real_aligned_alloc(size_t align, size_t size);
void *__wrap_aligned_alloc(size_t align, size_t size);
void __real_free(void *p);
void __wrap_free(void *p);
int __real_pthread_mutex_lock(pthread_mutex_t *m);
int __wrap_pthread_mutex_lock(pthread_mutex_t *m);

void *__wrap_malloc(size_t size)
{
	allocations++;
	return __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	allocations++;
	return __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t size)
{
	allocations++;
	return __real_realloc(p, size);
}

void *__wrap_aligned_alloc(size_t align, size_t size)
{
	allocations++;
	return __real_aligned_alloc(align, size);
}

void __wrap_free(void *p)
{
	allocations++;
	__real_free(p);
}

int __wrap_pthread_mutex_lock(pthread_mutex_t *m)
{
	mutexes++;
	return __real_pthread_mutex_lock(m);
}

static void *crypto_malloc(size_t len, const char *file, int line)
{
	(void)file;
	(void)line;
	crypto_allocations++;
	return __real_malloc(len);
}

static void *crypto_realloc(void *p, size_t len, const char *file, int line)
{
	(void)file;
	(void)line;
	crypto_allocations++;
	return __real_realloc(p, len);
}

static void crypto_free(void *p, const char *file, int line)
{
	(void)file;
	(void)line;
	crypto_allocations++;
	__real_free(p);
}

static bool allocator_is_set;

/* libcrypto takes no other allocator once it has allocated something. */
__attribute__((constructor)) static void set_allocator(void)
{
	allocator_is_set =
		CRYPTO_set_mem_functions(crypto_malloc, crypto_realloc,
					 crypto_free) == 1;
}

/* How they work. */
struct form {
	bool vnet;   /* with the lane */
	bool shared; /* as one of several workers */
	uint16_t suite;
	enum cipher_backend backend;
	bool mac_allocates; /* libcrypto, for each packet */
	uint32_t packets;
};

struct host {
	struct worker *worker;
	struct sa_table *sas;
	uint8_t hit[16];
	int app; /* the kernel's side of the TUN device */
	int tun_fd;
	int udp_fd;
	union tun_addr addr;
};

static void host_init(struct host *h, uint8_t number, const struct form *form)
{
	static const uint8_t seed[16] = { 1 };
	union tun_addr any = { .family = AF_UNSPEC };
	struct worker_conf conf = { .udp6_fd = -1,
				    .mtu = MTU,
				    .tun_ifindex = 0xffff,
				    .shared = form->shared,
				    .vnet = form->vnet };
	socklen_t len = sizeof(h->addr);
	int pair[2];

	memset(h, 0, sizeof(*h));
	cr_assert_eq(
		socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, pair),
		0);
	h->app = pair[0];
	h->tun_fd = pair[1];
	h->udp_fd = socket_open(AF_INET, &any, 0, false);
	cr_assert_geq(h->udp_fd, 0);
	cr_assert_eq(getsockname(h->udp_fd, &h->addr.sa, &len), 0);
	h->addr.in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	store_be32(h->hit, 0x20010022);
	h->hit[15] = number;
	h->sas = sa_table_new(seed);
	conf.tun_fd = h->tun_fd;
	conf.udp4_fd = h->udp_fd;
	conf.sas = h->sas;
	memcpy(conf.hit, h->hit, 16);
	h->worker = worker_new(&conf);
	cr_assert(h->sas && h->worker);
}

static void host_clear(struct host *h)
{
	worker_stop(h->worker);
	worker_free(h->worker);
	sa_table_free(h->sas);
	close(h->app);
	close(h->tun_fd);
	close(h->udp_fd);
}

static void add_sa(struct host *h, const struct host *peer,
		   const struct form *form, bool out)
{
	static const uint8_t key[CIPHER_KEY_MAX] = { 1, 2, 3 };
	struct sa_conf conf = {
		.spi = SPI,
		.suite = form->suite,
		.backend = form->backend,
		.key = key,
		.key_len = cipher_suite_find(form->suite)->key_len,
		.path.remote = peer->addr,
	};

	memcpy(conf.local, h->hit, 16);
	memcpy(conf.peer, peer->hit, 16);
	cr_assert_eq(out ? sa_out_add(h->sas, &conf) : sa_in_add(h->sas, &conf),
		     0);
}

static void receive(int fd, size_t len)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	uint8_t bytes[VNET_LEN + LEN];
	ssize_t n;

	while ((n = read(fd, bytes, sizeof(bytes))) < 0) {
		cr_assert_eq(errno, EAGAIN);
		cr_assert_eq(poll(&p, 1, WAIT_MS), 1, "nothing comes");
	}
	cr_assert_eq(n, (ssize_t)len);
}

/* n packets from a to b, some under way at a time. */
static void carry(struct host *a, struct host *b, bool vnet, uint32_t n)
{
	uint8_t bytes[VNET_LEN + LEN] = { 0 };
	const size_t head = vnet ? VNET_LEN : 0, len = head + LEN;
	uint8_t *p = bytes + head;

	p[0] = 0x60;
	store_be16(p + 4, LEN - IPV6_HEADER_LEN);
	p[6] = 253; /* RFC 3692: for experiments */
	p[7] = 64;
	memcpy(p + 8, a->hit, 16);
	memcpy(p + 24, b->hit, 16);
	for (uint32_t done = 0; done < n; done += AT_ONCE) {
		for (int i = 0; i < AT_ONCE; i++)
			cr_assert_eq(write(a->app, bytes, len), (ssize_t)len);
		for (int i = 0; i < AT_ONCE; i++)
			receive(b->app, len);
	}
}

/* What carrying takes, once it has begun. */
static void measure(const struct form *form)
{
	struct host a, b;

	cr_assert(allocator_is_set);
	host_init(&a, 1, form);
	host_init(&b, 2, form);
	add_sa(&a, &b, form, true);
	add_sa(&b, &a, form, false);
	cr_assert_eq(worker_start(a.worker), 0);
	cr_assert_eq(worker_start(b.worker), 0);
	carry(&a, &b, form->vnet, FIRST);
	allocations = crypto_allocations = mutexes = 0;
	carry(&a, &b, form->vnet, form->packets);
	cr_expect_eq(allocations, 0, "%lu allocations",
		     (unsigned long)allocations);
	cr_expect_eq(crypto_allocations > 0, form->mac_allocates,
		     "suite %u: %lu allocations of libcrypto", form->suite,
		     (unsigned long)crypto_allocations);
	cr_expect_eq(mutexes > 0, form->shared, "%lu mutexes",
		     (unsigned long)mutexes);
	host_clear(&a);
	host_clear(&b);
	cr_assert_gt(allocations, 0, "they are counted");
}

Test(tun_steady, the_lane_allocates_and_locks_nothing_for_a_packet)
{
	const struct form form = { .vnet = true,
				   .suite = 13,
				   .packets = PACKETS };

	measure(&form);
}

Test(tun_steady, nor_does_it_by_openssl)
{
	const struct form form = { .vnet = true,
				   .suite = 13,
				   .backend = CIPHER_OPENSSL,
				   .packets = FEWER };

	measure(&form);
}

Test(tun_steady, nor_packet_by_packet)
{
	const struct form form = { .suite = 13, .packets = FEWER };

	measure(&form);
}

/* HMAC is the exception, with OpenSSL before 3.2 (cipher_openssl.c). */
Test(tun_steady, nor_with_cbc)
{
	const struct form form = {
		.vnet = true,
		.suite = 8,
		.mac_allocates = OPENSSL_version_major() == 3 &&
				 OPENSSL_version_minor() < 2,
		.packets = FEWER,
	};

	measure(&form);
}

/* One that shares its SAs with others locks each that it uses: sa.h. */
Test(tun_steady, several_workers_lock_the_sa_but_allocate_nothing)
{
	const struct form form = {
		.vnet = true, .shared = true, .suite = 13, .packets = FEWER
	};

	measure(&form);
}
