/* What a road server's answer may become, for the fuzz targets of both kinds. */
#ifndef TEST_FUZZ_GUIDE_ANSWER_H
#define TEST_FUZZ_GUIDE_ANSWER_H

#include "base/text.h"
#include "guide/guide_tongue.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

#define GUIDE_PLACES 3

static inline void
must(bool holds)
{
	if (!holds)
		abort();
}

static inline void
table_check(const struct road_matrix *m)
{
	must(m->n_from == GUIDE_PLACES && m->n_to == GUIDE_PLACES);
	for (size_t i = 0; i < (size_t)GUIDE_PLACES * GUIDE_PLACES; i++) {
		int32_t s = m->duration_ds[i];
		int32_t d = m->distance_m[i];
		must((s == ROAD_UNREACHABLE) == (d == ROAD_UNREACHABLE));
		must(s == ROAD_UNREACHABLE || (s >= 0 && s <= (int32_t)GUIDE_SECONDS_MAX * 10));
		must(d == ROAD_UNREACHABLE || (d >= 0 && d <= (int32_t)GUIDE_METRES_MAX));
	}
}

static inline void
path_check(const struct road_path *p)
{
	must(p->n_shape > 0 && p->n_steps > 0 && p->n_legs == 0);
	must(p->duration_ds >= 0 && p->distance_m >= 0 && p->distance_m <= GUIDE_METRES_MAX);
	for (size_t i = 0; i < p->n_shape; i++)
		must(place_valid(p->shape[i]));
	for (size_t i = 0; i < p->n_steps; i++) {
		const struct road_step *s = &p->steps[i];
		must(s->n_shape > 0 && s->first_shape + s->n_shape <= p->n_shape);
		must(s->manoeuvre <= ROAD_FERRY && s->heading <= ROAD_NO_HEADING);
		must(s->duration_ds >= 0 && s->distance_m >= 0);
		must(utf8_valid(s->name, strlen(s->name)) && strlen(s->name) <= GUIDE_NAME_MAX);
		must(utf8_valid(s->ref, strlen(s->ref)) && utf8_valid(s->destinations, strlen(s->destinations)));
	}
}

static inline void
guide_answer_check(const struct guide_tongue *tongue, const uint8_t *bytes, size_t n)
{
	static const struct place places[GUIDE_PLACES] = {
	    {437310000, 74190000}, {437390000, 74270000}, {437350000, 74200000}};
	const struct guide_trip trip = {.profile = tongue->profile,
					.places = places,
					.n_places = GUIDE_PLACES,
					.span = {0, GUIDE_PLACES, 0, GUIDE_PLACES}};
	if (n < 1)
		return;
	struct scope sc;
	scope_init(&sc);
	struct road_matrix m;
	struct road_path paths[GUIDE_PLACES - 1];
	const char *said;
	enum code rc = OK;
	if (bytes[0] % 3 == 0) {
		rc = tongue->times_read(&sc, bytes + 1, n - 1, &trip, &m);
		if (rc == OK)
			table_check(&m);
	} else if (bytes[0] % 3 == 1) {
		rc = tongue->drive_read(&sc, bytes + 1, n - 1, &trip, paths);
		for (size_t i = 0; rc == OK && i + 1 < GUIDE_PLACES; i++)
			path_check(&paths[i]);
	} else {
		must(tongue->refusal(&sc, 400, bytes + 1, n - 1, &said) != GUIDE_ANSWERS);
		must(utf8_valid(said, strlen(said)));
	}
	must(rc == OK || rc == E_INVALID || (rc == E_NOT_FOUND && text_eq(sc.err.reason, "off-road")));
	scope_release(&sc);
}

#endif
