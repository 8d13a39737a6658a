/* What every unit test includes first: cmocka, without its macro fail(), which
 * is a name of base/scope.h's (use fail_msg() to fail a test). */
#ifndef TEST_UNIT_H
#define TEST_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail

#include "base/scope.h"

/* The call must succeed; prints the scope's message where it does not. */
#define assert_ok(sc, expr) \
	do { \
		if ((expr) != OK) \
			fail_msg("%s: %s (%s:%d)", #expr, (sc)->err.message, (sc)->err.file, (sc)->err.line); \
	} while (0)

#endif
