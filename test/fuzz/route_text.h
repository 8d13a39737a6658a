/* A reader of routing text under fire: what can be read can be solved, and the verifier agrees. */
#ifndef TEST_FUZZ_ROUTE_TEXT_H
#define TEST_FUZZ_ROUTE_TEXT_H

#include "route/route_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void
fuzz_route_text(enum code (*read)(struct scope *sc, const char *text, size_t n, struct route_file *out),
		const uint8_t *data, size_t size)
{
	struct scope sc;
	struct route_file file;
	struct route_solution *s;
	struct route_verdict v;
	scope_init(&sc);
	sc.cap = (size_t)64 << 20;
	if (read(&sc, (const char *)data, size, &file) == OK && file.problem->n_tasks <= 64 &&
	    file.problem->n_vehicles <= 300) {
		if (route_solve(&sc, file.problem, &(struct route_budget){.iterations = 20}, &s) != OK)
			abort();
		if (route_check(&sc, file.problem, s, &v) != OK || !v.feasible)
			abort();
	}
	scope_release(&sc);
}

#endif
