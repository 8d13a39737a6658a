/* base/scope: the one argument every fallible function takes first.
 *
 * A scope is an arena, an error and a deadline. One scope lives as long as one
 * request, job or command; whatever a function returns through it lives until
 * the scope is released. Heap memory is only for what outlives a request.
 *
 *	struct scope sc;
 *	scope_init(&sc);
 *	enum code rc = journal_append(&sc, …);
 *	if (rc != OK)
 *		log_error(&sc, "append");
 *	scope_release(&sc);
 *
 * Errors: a function that fails returns fail(sc, E_X, "…"), which records the
 * message and the file:line once, at the origin; callers pass it on with TRY().
 * Out-parameters are untouched on failure. Programmer errors are asserted.
 *
 * Memory: scope_alloc() never returns NULL. Small allocations that the machine
 * cannot serve end the process (its state is durable, it restarts); sizes that
 * come from outside go through scope_try_alloc(), which fails with E_MEMORY
 * beyond the scope's cap.
 *
 * A scope belongs to one thread at a time; it may be handed over.
 */
#ifndef BASE_SCOPE_H
#define BASE_SCOPE_H

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MUST_USE __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))
#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))

/* Every way a call can end. Closed: a new one needs a row in code_name(),
 * an HTTP status in api and an exit status in cli. */
enum code {
	OK = 0,
	E_USAGE,	   /* a command's words are off                       */
	E_INVALID,	   /* input that can never be right as it stands      */
	E_LIMIT,	   /* well formed, but larger than is allowed         */
	E_NOT_FOUND,	   /* no such thing (or not yours to know of)         */
	E_CONFLICT,	   /* it contradicts what is already so               */
	E_DENIED,	   /* known caller, not allowed                       */
	E_UNAUTHENTICATED, /* unknown caller                                  */
	E_RETRY,	   /* a serialisation failure: run the same again     */
	E_DEADLINE,	   /* time ran out                                    */
	E_CANCELLED,	   /* the caller no longer wants it                   */
	E_UNAVAILABLE,	   /* a helper, file or peer is not there right now   */
	E_IO,		   /* the operating system said no                    */
	E_CORRUPT,	   /* stored bytes are not what was written           */
	E_MEMORY,	   /* more memory than the scope may take             */
	E_INTERNAL,	   /* a promise of our own was broken                 */
};

/* "invalid", "not-found", … : stable words, used in logs and problem types. */
const char *code_name(enum code code);

struct error {
	enum code code;
	const char *reason; /* static slug, e.g. "block-closed"; NULL: none */
	const char *file;   /* where it began */
	int line;
	char message[400]; /* a sentence for a person; no personal data */
};

struct arena_chunk;
struct scope_ending;

struct scope {
	struct arena_chunk *chunks;
	struct scope_ending *endings; /* newest first */
	size_t used;		      /* bytes handed out so far */
	size_t cap;		      /* scope_try_alloc's bound, bytes */
	int64_t deadline_ms;	      /* on clock_mono_ms(); 0: none */
	struct error err;
};

#define SCOPE_CAP_DEFAULT ((size_t)256 << 20)

void scope_init(struct scope *sc);
void scope_release(struct scope *sc);
/* Frees the memory and forgets the error; keeps cap and deadline. */
void scope_clear(struct scope *sc);

/* Zeroed, aligned for any type, never NULL. */
void *scope_alloc(struct scope *sc, size_t n) __attribute__((malloc, alloc_size(2), returns_nonnull));
/* n elements of `size` bytes; the product is checked. */
void *scope_array(struct scope *sc, size_t n, size_t size) __attribute__((malloc, alloc_size(2, 3), returns_nonnull));
/* E_MEMORY  the scope would pass its cap, or n * size overflows. */
MUST_USE enum code scope_try_array(struct scope *sc, size_t n, size_t size, void **out);

#define NEW(sc, type) ((type *)scope_alloc((sc), sizeof(type)))
#define NEW_ARRAY(sc, n, type) ((type *)scope_array((sc), (n), sizeof(type)))

char *scope_strdup(struct scope *sc, const char *s);
char *scope_strndup(struct scope *sc, const char *s, size_t n);
void *scope_memdup(struct scope *sc, const void *p, size_t n);
char *scope_printf(struct scope *sc, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Call end(arg) when the scope is released or cleared; the newest first. For
 * things of other libraries that a scope's memory refers to. */
void scope_on_release(struct scope *sc, void (*end)(void *arg), void *arg);

/* E_DEADLINE once the scope's deadline has passed. For loops that can be long. */
MUST_USE enum code scope_check_deadline(struct scope *sc);

/* Record an error at its origin and return its code. */
#define fail(sc, code, ...) not_ok(error_set((sc), (code), NULL, __FILE__, __LINE__, __VA_ARGS__))
/* The same with a stable reason slug that machines and translations key on. */
#define fail_as(sc, code, reason, ...) not_ok(error_set((sc), (code), (reason), __FILE__, __LINE__, __VA_ARGS__))
enum code error_set(struct scope *sc, enum code code, const char *reason, const char *file, int line, const char *fmt,
		    ...) PRINTF_LIKE(6, 7);
/* Tells compilers and analyzers that a failure is never OK, so that what follows a TRY() is known to be set. A
 * macro, for analyzers do not follow calls far. */
#define not_ok(expr) \
	__extension__({ \
		enum code not_ok_rc_ = (expr); \
		if (not_ok_rc_ == OK) \
			__builtin_unreachable(); \
		not_ok_rc_; \
	})
/* Put what the caller was doing before the message: "import line 7: …". The origin stays. */
#define error_prefix(sc, ...) not_ok(error_put_before((sc), __VA_ARGS__))
enum code error_put_before(struct scope *sc, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Drop an error that was handled. */
void error_clear(struct scope *sc);

#define TRY(expr) \
	do { \
		enum code try_rc_ = (expr); \
		if (try_rc_ != OK) \
			return try_rc_; \
	} while (0)

#include "base/banned.h"

#endif
