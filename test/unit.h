/* What every unit test includes first: cmocka, without its macro fail(), which
 * is a name of base/scope.h's; fail_msg() stays. */
#ifndef TEST_UNIT_H
#define TEST_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail
#undef fail_msg
#define fail_msg(...) (print_error("ERROR: " __VA_ARGS__), print_error("\n"), _fail(__FILE__, __LINE__))

#include "base/scope.h"

/* The call must succeed; prints the scope's message where it does not. */
#define assert_ok(sc, expr) \
	do { \
		if ((expr) != OK) \
			fail_msg("%s: %s (%s:%d)", #expr, (sc)->err.message, (sc)->err.file, (sc)->err.line); \
	} while (0)

#endif
