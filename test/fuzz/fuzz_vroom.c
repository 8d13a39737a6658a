/* room: route
 * VROOM JSON: whatever can be read can be solved, and the verifier agrees; steps it
 * comes with can be followed, and what breaks nothing the verifier lets pass. */
#include "route/route_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
follow(struct scope *sc, const struct route_file *file)
{
	struct route_followed f;
	struct route_verdict v;
	json_t *answer;
	if (file->given == NULL || route_follow(sc, file->problem, file->given, &f) != OK)
		return;
	if (f.all.causes == 0 && (route_check(sc, file->problem, f.plan, &v) != OK || !v.feasible))
		abort();
	if (vroom_follow(sc, file, &answer) != OK)
		abort();
	json_text(sc, answer);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct scope sc;
	struct route_file file;
	struct route_solution *s;
	struct route_verdict v;
	scope_init(&sc);
	sc.cap = (size_t)64 << 20;
	if (vroom_read(&sc, data, size, &file) == OK && file.problem->n_places <= 64 && file.problem->n_tasks <= 64 &&
	    file.problem->n_vehicles <= 64) {
		enum code rc =
		    route_solve_from(&sc, file.problem, file.rows, &(struct route_budget){.iterations = 30}, &s);
		if (rc == OK) {
			if (route_check(&sc, file.problem, s, &v) != OK || !v.feasible)
				abort();
			json_text(&sc, vroom_write(&sc, &file, s));
		} else if (rc == E_INTERNAL) {
			abort();
		}
		follow(&sc, &file);
	}
	scope_release(&sc);
	return 0;
}
