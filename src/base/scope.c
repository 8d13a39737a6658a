#include "base/scope.h"

#include <stdalign.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/clock.h"

/* Chunks form a list; the newest serves small requests, a request larger than
 * a quarter of a chunk gets one of its own behind the head. */
struct arena_chunk {
	struct arena_chunk *next;
	size_t size;
	size_t used;
	alignas(max_align_t) unsigned char bytes[];
};

struct scope_ending {
	struct scope_ending *older;
	void (*end)(void *arg);
	void *arg;
};

#define CHUNK_FIRST ((size_t)4096)
#define CHUNK_MAX ((size_t)256 << 10)
#define LARGE ((size_t)16 << 20)

const char *
code_name(enum code code)
{
	switch (code) {
	case OK: return "ok";
	case E_USAGE: return "usage";
	case E_INVALID: return "invalid";
	case E_LIMIT: return "limit";
	case E_NOT_FOUND: return "not-found";
	case E_CONFLICT: return "conflict";
	case E_DENIED: return "denied";
	case E_UNAUTHENTICATED: return "unauthenticated";
	case E_RETRY: return "retry";
	case E_DEADLINE: return "deadline";
	case E_CANCELLED: return "cancelled";
	case E_UNAVAILABLE: return "unavailable";
	case E_IO: return "io";
	case E_CORRUPT: return "corrupt";
	case E_MEMORY: return "memory";
	case E_INTERNAL: return "internal";
	}
	return "internal";
}

void
scope_init(struct scope *sc)
{
	memset(sc, 0, sizeof *sc);
	sc->cap = SCOPE_CAP_DEFAULT;
}

static void
chunks_free(struct scope *sc)
{
	while (sc->endings != NULL) {
		struct scope_ending *e = sc->endings;
		sc->endings = e->older;
		e->end(e->arg);
	}
	for (struct arena_chunk *c = sc->chunks; c != NULL;) {
		struct arena_chunk *next = c->next;
		free(c);
		c = next;
	}
	sc->chunks = NULL;
	sc->used = 0;
}

void
scope_release(struct scope *sc)
{
	chunks_free(sc);
	memset(sc, 0, sizeof *sc);
}

void
scope_clear(struct scope *sc)
{
	chunks_free(sc);
	error_clear(sc);
}

/* A matrix read across its rows misses the table of small pages at every step: a hint,
 * before the first touch, and no matter where it is not heard. */
static void
ask_large_pages(void *p, size_t size)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	uintptr_t from = ((uintptr_t)p + page - 1) / page * page;
	uintptr_t to = ((uintptr_t)p + size) / page * page;
	(void)madvise((void *)from, to - from, MADV_HUGEPAGE);
}

static struct arena_chunk *
chunk_new(size_t size)
{
	struct arena_chunk *c = calloc(1, sizeof *c + size);
	if (c == NULL)
		return NULL;
	if (size >= LARGE)
		ask_large_pages(c, sizeof *c + size);
	c->size = size;
	return c;
}

static void *
chunk_take(struct arena_chunk *c, size_t n)
{
	void *p = c->bytes + c->used;
	c->used += n;
	return p;
}

/* NULL when the machine has no memory. */
static void *
arena_take(struct scope *sc, size_t n)
{
	const size_t align = alignof(max_align_t);
	if (n > SIZE_MAX / 2)
		return NULL;
	n = (n + align - 1) / align * align;
	if (n == 0)
		n = align;
	struct arena_chunk *head = sc->chunks;
	if (head != NULL && head->size - head->used >= n) {
		sc->used += n;
		return chunk_take(head, n);
	}
	size_t grown = head == NULL ? CHUNK_FIRST : head->size * 2;
	if (grown > CHUNK_MAX)
		grown = CHUNK_MAX;
	if (grown < CHUNK_FIRST)
		grown = CHUNK_FIRST;
	bool own = n > grown / 4;
	struct arena_chunk *c = chunk_new(own ? n : grown);
	if (c == NULL)
		return NULL;
	if (own && head != NULL) {
		c->next = head->next;
		head->next = c;
	} else {
		c->next = head;
		sc->chunks = c;
	}
	sc->used += n;
	return chunk_take(c, n);
}

void *
scope_alloc(struct scope *sc, size_t n)
{
	void *p = arena_take(sc, n);
	if (p == NULL) {
		fprintf(stderr, "waybill: out of memory (%zu bytes wanted)\n", n);
		abort();
	}
	return p;
}

void *
scope_array(struct scope *sc, size_t n, size_t size)
{
	size_t bytes;
	if (__builtin_mul_overflow(n, size, &bytes)) {
		fprintf(stderr, "waybill: an array of %zu x %zu bytes does not exist\n", n, size);
		abort();
	}
	return scope_alloc(sc, bytes);
}

enum code
scope_try_array(struct scope *sc, size_t n, size_t size, void **out)
{
	size_t bytes;
	if (__builtin_mul_overflow(n, size, &bytes) || bytes > sc->cap || sc->used > sc->cap - bytes)
		return fail(sc, E_MEMORY, "%zu x %zu bytes are more than this may take", n, size);
	void *p = arena_take(sc, bytes);
	if (p == NULL)
		return fail(sc, E_MEMORY, "the machine has no %zu bytes to give", bytes);
	*out = p;
	return OK;
}

char *
scope_strndup(struct scope *sc, const char *s, size_t n)
{
	char *p = scope_alloc(sc, n + 1);
	memcpy(p, s, n);
	return p;
}

char *
scope_strdup(struct scope *sc, const char *s)
{
	return scope_strndup(sc, s, strlen(s));
}

void *
scope_memdup(struct scope *sc, const void *p, size_t n)
{
	void *copy = scope_alloc(sc, n);
	if (n > 0)
		memcpy(copy, p, n);
	return copy;
}

char *
scope_printf(struct scope *sc, const char *fmt, ...)
{
	va_list ap;
	va_list again;
	va_start(ap, fmt);
	va_copy(again, ap);
	int n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	char *p = scope_alloc(sc, n < 0 ? 1 : (size_t)n + 1);
	if (n > 0)
		vsnprintf(p, (size_t)n + 1, fmt, again);
	va_end(again);
	return p;
}

void
scope_on_release(struct scope *sc, void (*end)(void *arg), void *arg)
{
	struct scope_ending *e = NEW(sc, struct scope_ending);
	*e = (struct scope_ending){sc->endings, end, arg};
	sc->endings = e;
}

enum code
scope_check_deadline(struct scope *sc)
{
	if (sc->deadline_ms != 0 && clock_mono_ms() >= sc->deadline_ms)
		return fail(sc, E_DEADLINE, "time ran out");
	return OK;
}

enum code
error_set(struct scope *sc, enum code code, const char *reason, const char *file, int line, const char *fmt, ...)
{
	struct error *e = &sc->err;
	e->code = code;
	e->reason = reason;
	e->file = file;
	e->line = line;
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(e->message, sizeof e->message, fmt, ap);
	va_end(ap);
	return code;
}

enum code
error_put_before(struct scope *sc, const char *fmt, ...)
{
	struct error *e = &sc->err;
	char head[sizeof e->message];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(head, sizeof head, fmt, ap);
	va_end(ap);
	char tail[sizeof e->message];
	memcpy(tail, e->message, sizeof tail);
	int n = snprintf(e->message, sizeof e->message, "%s: ", head);
	size_t at = n < 0 ? 0 : (size_t)n < sizeof e->message ? (size_t)n : sizeof e->message - 1;
	snprintf(e->message + at, sizeof e->message - at, "%s", tail);
	return e->code;
}

void
error_clear(struct scope *sc)
{
	memset(&sc->err, 0, sizeof sc->err);
}
