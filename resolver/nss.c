/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * libnss_hipline.so.2: names that the C library's own `dns` refuses, by
 * glibc's Name Service Switch. With `hipline` behind `files` on the `hosts`
 * line of nsswitch.conf, getaddrinfo of bob@example.com gives Bob's HIT: `dns`
 * never sends a name with an @. Only such names, and those below hip.internal,
 * are asked of the stub, at its address on the loopback interface; every
 * other name is left to the next service.
 *
 * This is loaded into programs of others: it links nothing but the C library,
 * allocates nothing, keeps nothing between calls, and waits 3 s at most. When
 * no stub listens it says so at once.
 */
#include "resolver/nss.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <nss.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	STUB_PORT = 53,
	STUB_ADDRESS = 0x7f00009a, /* 127.0.0.154 */
	TRIES = 3,
	TRY_MS = 1000,
	HEADER_LEN = 12,
	LABEL_MAX = 63,
	NAME_MAX_LEN = 255, /* RFC 1035 3.1 */
	NAME_TEXT_MAX = 1025,
	QUERY_MAX = HEADER_LEN + NAME_MAX_LEN + 4 + 11,
	REPLY_MAX = 1232,
	HIT_LEN = 16,
	TYPE_AAAA = 28,
	CLASS_IN = 1,
	FLAG_RESPONSE = 0x80,  /* in the third byte, RFC 1035 4.1.1 */
	FLAG_TRUNCATED = 0x02, /* in the third */
	FLAG_RECURSE = 0x01,
	RCODE = 0x0f, /* in the fourth */
	RCODE_NAME_ERROR = 3,
};

struct query {
	size_t len;
	size_t question_end; /* behind the question's class */
	uint8_t bytes[QUERY_MAX];
};

static void put16(uint8_t *at, unsigned int v)
{
	at[0] = (uint8_t)(v >> 8);
	at[1] = (uint8_t)v;
}

static unsigned int get16(const uint8_t *at)
{
	return (unsigned int)at[0] << 8 | at[1];
}

static uint32_t get32(const uint8_t *at)
{
	return (uint32_t)get16(at) << 16 | get16(at + 2);
}

bool nss_hipline_is_ours(const char *name)
{
	static const char suffix[] = "hip.internal";
	const size_t n = sizeof(suffix) - 1;
	size_t len = strnlen(name, NAME_TEXT_MAX);

	if (len == NAME_TEXT_MAX)
		return false;
	if (memchr(name, '@', len))
		return true;
	if (len > 0 && name[len - 1] == '.')
		len--;
	return len > n && name[len - n - 1] == '.' &&
	       !strncasecmp(name + len - n, suffix, n);
}

/* A name in its form on the wire: dots part labels, all else is taken as it
 * is. Its length, or 0. */
static size_t write_name(const char *name, uint8_t *out)
{
	size_t at = 0;

	while (*name) {
		size_t n = strcspn(name, ".");

		if (n == 0 || n > LABEL_MAX || at + 1 + n + 1 > NAME_MAX_LEN)
			return 0;
		out[at] = (uint8_t)n;
		memcpy(out + at + 1, name, n);
		at += 1 + n;
		name += n;
		name += *name == '.';
	}
	out[at] = 0;
	return at == 0 ? 0 : at + 1;
}

/* A question for AAAA with room for a large reply (RFC 6891 6.1.2). */
static bool write_query(const char *name, struct query *q)
{
	static const uint8_t opt[11] = { 0, 0, 41, REPLY_MAX >> 8,
					 REPLY_MAX & 255 };
	uint8_t *b = q->bytes;
	size_t n;

	memset(b, 0, HEADER_LEN);
	n = write_name(name, b + HEADER_LEN);
	if (n == 0 || getrandom(b, 2, 0) != 2)
		return false;
	b[2] = FLAG_RECURSE;
	b[5] = 1;  /* question */
	b[11] = 1; /* additional record */
	put16(b + HEADER_LEN + n, TYPE_AAAA);
	put16(b + HEADER_LEN + n + 2, CLASS_IN);
	q->question_end = HEADER_LEN + n + 4;
	memcpy(b + q->question_end, opt, sizeof(opt));
	q->len = q->question_end + sizeof(opt);
	return true;
}

/* Behind the name at `at`, or 0. */
static size_t skip_name(const uint8_t *b, size_t len, size_t at)
{
	while (at < len) {
		if (b[at] == 0)
			return at + 1;
		if (b[at] >= 0xc0) /* the rest is elsewhere */
			return at + 2 <= len ? at + 2 : 0;
		if (b[at] > LABEL_MAX)
			return 0;
		at += 1 + (size_t)b[at];
	}
	return 0;
}

static bool is_hit(const uint8_t *a)
{
	return a[0] == 0x20 && a[1] == 0x01 && a[2] == 0 &&
	       (a[3] & 0xf0) == 0x20; /* RFC 7343 2: 2001:20::/28 */
}

void nss_hipline_read(const uint8_t *b, size_t len, size_t question_end,
		      struct nss_hipline_answer *out)
{
	unsigned int answers;
	size_t at = question_end;

	out->n = 0;
	out->ttl = 0;
	out->result = NSS_HIPLINE_AGAIN;
	if (len < question_end || b[2] & FLAG_TRUNCATED)
		return;
	if ((b[3] & RCODE) == RCODE_NAME_ERROR)
		out->result = NSS_HIPLINE_ABSENT;
	if ((b[3] & RCODE) != 0)
		return;
	out->result = NSS_HIPLINE_EMPTY;
	answers = get16(b + 6);
	for (unsigned int i = 0; i < answers; i++) {
		size_t data;

		at = skip_name(b, len, at);
		if (at == 0 || len - at < 10)
			break;
		data = get16(b + at + 8);
		if (len - at - 10 < data)
			break;
		if (get16(b + at) == TYPE_AAAA &&
		    get16(b + at + 2) == CLASS_IN && data == HIT_LEN &&
		    is_hit(b + at + 10) && out->n < NSS_HIPLINE_HITS_MAX) {
			uint32_t ttl = get32(b + at + 4);

			memcpy(out->hits[out->n++], b + at + 10, HIT_LEN);
			if (out->n == 1 || ttl < out->ttl)
				out->ttl = ttl;
		}
		at += 10 + data;
	}
	if (out->n > 0)
		out->result = NSS_HIPLINE_FOUND;
}

static bool is_reply(const struct query *q, const uint8_t *b, size_t len)
{
	return len >= q->question_end && (b[2] & FLAG_RESPONSE) &&
	       b[0] == q->bytes[0] && b[1] == q->bytes[1] &&
	       get16(b + 4) == 1 &&
	       !memcmp(b + HEADER_LEN, q->bytes + HEADER_LEN,
		       q->question_end - HEADER_LEN);
}

static int64_t now_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts); /* cannot fail on Linux */
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* One try; what is no reply to it is passed over. True when answered, or
 * when there is nobody to wait for. */
static bool try_once(int fd, const struct query *q,
		     struct nss_hipline_answer *out)
{
	const int64_t end = now_ms() + TRY_MS;
	struct pollfd p = { .fd = fd, .events = POLLIN };
	uint8_t reply[REPLY_MAX];

	if (send(fd, q->bytes, q->len, MSG_NOSIGNAL) < 0)
		return true;
	for (int64_t left = TRY_MS; left > 0; left = end - now_ms()) {
		ssize_t n;

		if (poll(&p, 1, (int)left) <= 0)
			continue; /* the time is over, or a signal came */
		n = recv(fd, reply, sizeof(reply), MSG_DONTWAIT);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return true; /* ECONNREFUSED: no stub */
		if (n > 0 && is_reply(q, reply, (size_t)n)) {
			nss_hipline_read(reply, (size_t)n, q->question_end,
					 out);
			return true;
		}
	}
	return false;
}

static void ask(const char *name, struct nss_hipline_answer *out)
{
	const struct sockaddr_in stub = {
		.sin_family = AF_INET,
		.sin_port = htons(STUB_PORT),
		.sin_addr.s_addr = htonl(STUB_ADDRESS),
	};
	struct query q;
	int fd;

	memset(out, 0, sizeof(*out));
	out->result = NSS_HIPLINE_DOWN;
	if (!write_query(name, &q)) {
		out->result = NSS_HIPLINE_ABSENT; /* DNS has no such name */
		return;
	}
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	/* Only who was asked can reply to a connected socket. */
	if (connect(fd, (const struct sockaddr *)&stub, sizeof(stub)) == 0)
		for (int i = 0; i < TRIES; i++)
			if (try_once(fd, &q, out))
				break;
	(void)close(fd); /* only asked */
}

/* What glibc is told when there is nothing to give; RFC 3493's errors. */
static enum nss_status nothing(enum nss_hipline_result r, int *errnop,
			       int *h_errnop)
{
	switch (r) {
	case NSS_HIPLINE_ABSENT:
		*h_errnop = HOST_NOT_FOUND;
		*errnop = ENOENT;
		return NSS_STATUS_NOTFOUND;
	case NSS_HIPLINE_EMPTY:
		*h_errnop = NO_DATA;
		*errnop = ENOENT;
		return NSS_STATUS_NOTFOUND;
	case NSS_HIPLINE_AGAIN:
		*h_errnop = TRY_AGAIN;
		*errnop = EAGAIN;
		return NSS_STATUS_TRYAGAIN;
	default: /* not ours, or no stub: others may know */
		*h_errnop = NO_RECOVERY;
		*errnop = ECONNREFUSED;
		return NSS_STATUS_UNAVAIL;
	}
}

static enum nss_status too_small(int *errnop, int *h_errnop)
{
	*errnop = ERANGE; /* glibc comes again with more */
	*h_errnop = NETDB_INTERNAL;
	return NSS_STATUS_TRYAGAIN;
}

/* The room for results, of which parts are taken, aligned for pointers. */
struct room {
	char *at;
	size_t left;
};

static void *take(struct room *r, size_t len)
{
	const size_t align = sizeof(void *);
	size_t skip = (align - (uintptr_t)r->at % align) % align;
	char *p = r->at + skip;

	if (r->left < skip || r->left - skip < len)
		return NULL;
	r->at = p + len;
	r->left -= skip + len;
	return p;
}

static char *take_name(struct room *r, const char *name)
{
	size_t len = strlen(name) + 1;
	char *p = take(r, len);

	return p ? memcpy(p, name, len) : NULL;
}

enum nss_status _nss_hipline_gethostbyname4_r(const char *name,
					      struct gaih_addrtuple **pat,
					      char *buffer, size_t buflen,
					      int *errnop, int *h_errnop,
					      int32_t *ttlp)
{
	struct room room = { .at = buffer, .left = buflen };
	struct nss_hipline_answer a = { .result = NSS_HIPLINE_DOWN };
	struct gaih_addrtuple *tuples;
	char *copy;

	if (nss_hipline_is_ours(name))
		ask(name, &a);
	if (a.result != NSS_HIPLINE_FOUND)
		return nothing(a.result, errnop, h_errnop);
	copy = take_name(&room, name);
	tuples = take(&room, a.n * sizeof(*tuples));
	if (!copy || !tuples)
		return too_small(errnop, h_errnop);
	for (size_t i = 0; i < a.n; i++) {
		tuples[i] = (struct gaih_addrtuple){
			.next = i + 1 < a.n ? &tuples[i + 1] : NULL,
			.name = copy,
			.family = AF_INET6,
		};
		memcpy(tuples[i].addr, a.hits[i], HIT_LEN);
	}
	/* The caller may have a first one of its own (glibc's nscd). */
	if (*pat)
		**pat = tuples[0];
	else
		*pat = tuples;
	if (ttlp)
		*ttlp = (int32_t)(a.ttl > INT32_MAX ? INT32_MAX : a.ttl);
	return NSS_STATUS_SUCCESS;
}

enum nss_status _nss_hipline_gethostbyname3_r(const char *name, int family,
					      struct hostent *result,
					      char *buffer, size_t buflen,
					      int *errnop, int *h_errnop,
					      int32_t *ttlp, char **canonp)
{
	struct room room = { .at = buffer, .left = buflen };
	struct nss_hipline_answer a = { .result = NSS_HIPLINE_DOWN };
	char **list, **aliases, *hits, *copy;

	if (nss_hipline_is_ours(name))
		ask(name, &a);
	if (a.result == NSS_HIPLINE_FOUND && family != AF_INET6)
		a.result = NSS_HIPLINE_EMPTY; /* it has no IPv4 address */
	if (a.result != NSS_HIPLINE_FOUND)
		return nothing(a.result, errnop, h_errnop);
	copy = take_name(&room, name);
	aliases = take(&room, sizeof(*aliases));
	list = take(&room, (a.n + 1) * sizeof(*list));
	hits = take(&room, a.n * HIT_LEN);
	if (!copy || !aliases || !list || !hits)
		return too_small(errnop, h_errnop);
	*aliases = NULL;
	for (size_t i = 0; i < a.n; i++)
		list[i] = memcpy(hits + i * HIT_LEN, a.hits[i], HIT_LEN);
	list[a.n] = NULL;
	*result = (struct hostent){
		.h_name = copy,
		.h_aliases = aliases,
		.h_addrtype = AF_INET6,
		.h_length = HIT_LEN,
		.h_addr_list = list,
	};
	if (ttlp)
		*ttlp = (int32_t)(a.ttl > INT32_MAX ? INT32_MAX : a.ttl);
	if (canonp)
		*canonp = copy;
	return NSS_STATUS_SUCCESS;
}

enum nss_status _nss_hipline_gethostbyname2_r(const char *name, int family,
					      struct hostent *result,
					      char *buffer, size_t buflen,
					      int *errnop, int *h_errnop)
{
	return _nss_hipline_gethostbyname3_r(name, family, result, buffer,
					     buflen, errnop, h_errnop, NULL,
					     NULL);
}
