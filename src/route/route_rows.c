#include "route/route_rows.h"

static enum code
read_row(struct scope *sc, struct words *w, const struct row_form *form, struct row *r)
{
	double times[3];
	TRY(words_int(sc, w, 0, UINT32_MAX, &r->no));
	TRY(words_number(sc, w, -form->xy_max, form->xy_max, &r->x));
	TRY(words_number(sc, w, -form->xy_max, form->xy_max, &r->y));
	TRY(words_int(sc, w, form->pairs ? -ROUTE_AMOUNT_MAX : 0, ROUTE_AMOUNT_MAX, &r->demand));
	for (size_t i = 0; i < COUNT_OF(times); i++)
		TRY(words_number(sc, w, 0, form->time_max, &times[i]));
	r->ready = (int64_t)(times[0] * form->unit);
	r->due = (int64_t)(times[1] * form->unit);
	r->service = (int64_t)(times[2] * form->unit);
	if (!form->pairs)
		return OK;
	TRY(words_int(sc, w, 0, ROUTE_PLACES_MAX, &r->from));
	return words_int(sc, w, 0, ROUTE_PLACES_MAX, &r->to);
}

static bool
more_words(const struct words *w)
{
	struct words ahead = *w;
	char word[64];
	return words_next(&ahead, word, sizeof word);
}

enum code
rows_read(struct scope *sc, struct words *w, const struct row_form *form, struct row_table *out)
{
	uint32_t cap = 128;
	struct row_table t = {NEW_ARRAY(sc, cap, struct row), 0};
	for (; more_words(w); t.n++) {
		if (t.n == ROUTE_PLACES_MAX)
			return fail_as(sc, E_LIMIT, "problem-too-large",
				       "more than %d rows: plan areas or days one by one", ROUTE_PLACES_MAX);
		if (t.n == cap) {
			struct row *wide = NEW_ARRAY(sc, (size_t)cap * 2, struct row);
			memcpy(wide, t.rows, cap * sizeof *wide);
			t.rows = wide;
			cap *= 2;
		}
		TRY(read_row(sc, w, form, &t.rows[t.n]));
		if (form->pairs && t.rows[t.n].no != t.n)
			return fail_as(sc, E_INVALID, "bad-problem",
				       "line %d: row %" PRId64 " stands where row %u is due", w->line, t.rows[t.n].no,
				       t.n);
	}
	if (t.n < 1)
		return fail_as(sc, E_INVALID, "bad-problem", "there is no depot row");
	*out = t;
	return OK;
}

enum code
rows_problem(struct scope *sc, const struct row_table *t, const struct row_form *form, int64_t vehicles,
	     int64_t capacity, struct route_problem **out)
{
	struct route_problem *p;
	int32_t *cells;
	double *xy = NEW_ARRAY(sc, (size_t)t->n * 2, double);
	for (uint32_t i = 0; i < t->n; i++) {
		xy[2 * i] = t->rows[i].x;
		xy[2 * i + 1] = t->rows[i].y;
	}
	TRY(route_problem_new(sc, t->n, 1, &p));
	TRY(euclid_matrix(sc, xy, t->n, form->unit, form->how, &cells));
	p->coords = xy;
	TRY(route_problem_profile(sc, p, &(struct route_profile){.durations = cells, .distances = cells}, NULL));
	for (int64_t v = 0; v < vehicles; v++)
		TRY(route_problem_vehicle(sc, p,
					  &(struct route_vehicle){.id = (uint64_t)v + 1,
								  .shift = {t->rows[0].ready, t->rows[0].due},
								  .capacity = &capacity,
								  .rates.per_hour = 3600,
								  .max_tasks = ROUTE_NONE},
					  NULL));
	*out = p;
	return OK;
}

struct route_task
rows_task(const struct row_table *t, uint32_t i, struct route_window *w)
{
	const struct row *r = &t->rows[i];
	*w = (struct route_window){r->ready, r->due};
	return (struct route_task){.id = (uint64_t)r->no,
				   .place = i,
				   .windows = w,
				   .n_windows = 1,
				   .service = r->service,
				   .penalty = ROUTE_MUST};
}
