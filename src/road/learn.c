#include "road/learn.h"

#include <assert.h>
#include <math.h>

#include "base/text.h"
#include "road/trip.h"
#include "road/vec.h"

#define CLASS_SHRINK_S 900.0 /* driving that a class × hour needs to count half */
#define CELL_SHRINK_S 600.0  /* and a neighbourhood */
#define ARC_SHRINK_S 40.0    /* and an arc */
#define CELL_E7 50000	     /* a neighbourhood's side */
#define STAND_FACTOR 6.0     /* an interval longer than this many times its driving … */
#define STAND_S 120.0	     /* … and this is cut: they stood */
#define FACTOR_MIN 0.2
#define FACTOR_MAX 12.0

struct interval {
	uint32_t arc;
	uint32_t hour;
	float real_s, base_s;
	uint64_t driver;
};

struct tally {
	double real_s, base_s;
	uint64_t drivers[ROAD_DRIVERS_MIN];
	unsigned n_drivers;
};

struct road_learner {
	struct scope *sc;
	const struct road *road;
	struct vec intervals;
	struct vec trips; /* struct trip_seen */
};

struct trip_seen {
	struct road_point from, to;
	double real_s;
	unsigned hour;
};

unsigned
road_hour_of(int64_t local_ms)
{
	int64_t hours = local_ms / 3600000 - (local_ms % 3600000 < 0);
	int64_t days = hours / 24 - (hours % 24 < 0);
	unsigned hour = (unsigned)(hours - days * 24);
	unsigned weekday = (unsigned)(((days + 3) % 7 + 7) % 7); /* 1970-01-01 was a Thursday; Monday is 0 */
	return weekday >= 5 ? hour + 24 : hour;
}

struct road_learner *
road_learner_new(struct scope *sc, const struct road *road)
{
	struct road_learner *l = NEW(sc, struct road_learner);
	l->sc = sc;
	l->road = road;
	vec_init(&l->intervals, sc, sizeof(struct interval));
	vec_init(&l->trips, sc, sizeof(struct trip_seen));
	return l;
}

/* --- gathering ------------------------------------------------------------------- */

static double
driven_s(double real_s, double base_s)
{
	double most = STAND_FACTOR * base_s + STAND_S;
	return real_s < most ? real_s : most;
}

static void
share_out(struct road_learner *l, uint64_t driver, unsigned hour, const struct road_path *path, double real_s)
{
	double base_s = 0;
	for (size_t i = 0; i < path->n_legs; i++)
		base_s += (path->legs[i].duration_ms + path->legs[i].turn_ms) * 0.001;
	if (base_s < 0.5 || real_s <= 0)
		return;
	double ratio = driven_s(real_s, base_s) / base_s;
	for (size_t i = 0; i < path->n_legs; i++) {
		float s = (float)((path->legs[i].duration_ms + path->legs[i].turn_ms) * 0.001);
		*(struct interval *)vec_push(&l->intervals) =
		    (struct interval){path->legs[i].arc, hour, (float)(s * ratio), s, driver};
	}
}

enum code
road_learner_add(struct scope *sc, struct road_learner *l, uint64_t driver, const struct road_fix *fixes, size_t n)
{
	struct road_match m;
	enum code rc = road_match(sc, l->road, NULL, fixes, n, &m);
	if (rc == E_NOT_FOUND) {
		error_clear(sc);
		return OK;
	}
	TRY(rc);
	for (size_t p = 0; p < m.n_pieces; p++) {
		const struct road_match_piece *piece = &m.pieces[p];
		for (size_t i = 0; i < piece->n_paths; i++) {
			const struct road_fix *a = &fixes[piece->fixes[i]];
			const struct road_fix *b = &fixes[piece->fixes[i + 1]];
			share_out(l, driver, road_hour_of(a->at_ms), &piece->paths[i],
				  (double)(b->at_ms - a->at_ms) * 0.001);
		}
	}
	struct trip_seen t = {.real_s = (double)(fixes[n - 1].at_ms - fixes[0].at_ms) * 0.001,
			      .hour = road_hour_of(fixes[0].at_ms)};
	if (t.real_s >= 60 && road_snap(sc, l->road, fixes[0].at, 200, &t.from) == OK &&
	    road_snap(sc, l->road, fixes[n - 1].at, 200, &t.to) == OK)
		*(struct trip_seen *)vec_push(&l->trips) = t;
	error_clear(sc);
	return OK;
}

/* --- factors ---------------------------------------------------------------------- */

static void
tally_add(struct tally *t, double real_s, double base_s, uint64_t driver)
{
	t->real_s += real_s;
	t->base_s += base_s;
	for (unsigned i = 0; i < t->n_drivers; i++)
		if (t->drivers[i] == driver)
			return;
	if (t->n_drivers < ROAD_DRIVERS_MIN)
		t->drivers[t->n_drivers++] = driver;
}

/* Drawn towards `mean`, as if `weight_s` had been driven at it; `mean` itself
 * where too few have driven. */
static double
shrunk(const struct tally *t, double mean, double weight_s)
{
	if (t->n_drivers < ROAD_DRIVERS_MIN)
		return mean;
	return (t->real_s + mean * weight_s) / (t->base_s + weight_s);
}

static unsigned
class_of(const struct road *road, uint32_t arc)
{
	return road->way[road->segment[road->arc[arc].segment].way].class;
}

static void
learn_classes(const struct road_learner *l, struct road_speeds *out)
{
	struct tally all = {0};
	static_assert(ROAD_CLASSES == CLASS_COUNT, "one factor a class");
	struct tally *by_class = NEW_ARRAY(l->sc, ROAD_CLASSES, struct tally);
	struct tally *by_hour = NEW_ARRAY(l->sc, ROAD_HOURS, struct tally);
	struct tally *both = NEW_ARRAY(l->sc, (size_t)ROAD_CLASSES * ROAD_HOURS, struct tally);
	for (size_t i = 0; i < l->intervals.n; i++) {
		const struct interval *x = VEC_AT(&l->intervals, struct interval, i);
		unsigned class = class_of(l->road, x->arc);
		double real = (double)x->real_s;
		double base = (double)x->base_s;
		tally_add(&all, real, base, x->driver);
		tally_add(&by_class[class], real, base, x->driver);
		tally_add(&by_hour[x->hour], real, base, x->driver);
		tally_add(&both[class * ROAD_HOURS + x->hour], real, base, x->driver);
	}
	double mean = all.n_drivers < ROAD_DRIVERS_MIN ? 1 : all.real_s / all.base_s;
	for (unsigned c = 0; c < ROAD_CLASSES; c++) {
		double of_class = shrunk(&by_class[c], mean, CLASS_SHRINK_S);
		for (unsigned h = 0; h < ROAD_HOURS; h++) {
			double expected = of_class * shrunk(&by_hour[h], mean, CLASS_SHRINK_S) / mean;
			out->class_hour[c][h] = shrunk(&both[c * ROAD_HOURS + h], expected, CLASS_SHRINK_S);
		}
	}
}

static uint64_t
cell_of(const struct road *road, uint32_t arc)
{
	const struct road_segment *s = &road->segment[road->arc[arc].segment];
	struct place p = road->shape[s->shape + s->n_shape / 2];
	return (uint64_t)(uint32_t)(p.lat_e7 / CELL_E7) << 32 | (uint32_t)(p.lon_e7 / CELL_E7);
}

struct cell {
	uint64_t key;
	struct tally tally;
};

static int
compare_cells(const void *a, const void *b)
{
	uint64_t x = ((const struct cell *)a)->key;
	uint64_t y = ((const struct cell *)b)->key;
	return (x > y) - (x < y);
}

static struct cell *
find_cell(struct cell *cells, size_t n, uint64_t key)
{
	const struct cell wanted = {.key = key};
	return bsearch(&wanted, cells, n, sizeof *cells, compare_cells);
}

/* All cells that hold a driven arc, sorted, each once. */
static struct cell *
list_cells(const struct road_learner *l, size_t *n)
{
	struct cell *cells = NEW_ARRAY(l->sc, l->intervals.n + 1, struct cell);
	for (size_t i = 0; i < l->intervals.n; i++)
		cells[i].key = cell_of(l->road, VEC_AT(&l->intervals, struct interval, i)->arc);
	qsort(cells, l->intervals.n, sizeof *cells, compare_cells);
	size_t k = 0;
	for (size_t i = 0; i < l->intervals.n; i++)
		if (k == 0 || cells[k - 1].key != cells[i].key)
			cells[k++] = cells[i];
	*n = k;
	return cells;
}

static void
learn_arcs(const struct road_learner *l, struct road_speeds *out)
{
	const struct road *road = l->road;
	size_t n = road->n[SECTION_ARC];
	struct tally *by_arc = NEW_ARRAY(l->sc, n, struct tally);
	size_t n_cells;
	struct cell *cells = list_cells(l, &n_cells);
	for (size_t i = 0; i < l->intervals.n; i++) {
		const struct interval *x = VEC_AT(&l->intervals, struct interval, i);
		double base = (double)x->base_s * out->class_hour[class_of(road, x->arc)][x->hour];
		tally_add(&by_arc[x->arc], (double)x->real_s, base, x->driver);
		tally_add(&find_cell(cells, n_cells, cell_of(road, x->arc))->tally, (double)x->real_s, base, x->driver);
	}
	out->arcs = NEW_ARRAY(l->sc, n, struct road_speed);
	for (uint32_t a = 0; a < n; a++) {
		const struct cell *c = find_cell(cells, n_cells, cell_of(road, a));
		double near = c == NULL ? 1 : shrunk(&c->tally, 1, CELL_SHRINK_S);
		double factor = shrunk(&by_arc[a], near, ARC_SHRINK_S);
		if (fabs(factor - 1) < 0.005)
			continue;
		const struct road_segment *s = &road->segment[road->arc[a].segment];
		out->arcs[out->n_arcs++] = (struct road_speed){
		    .way = road->way[s->way].osm_id,
		    .position = s->position,
		    .backward = road->arc[a].backward,
		    .factor = factor,
		};
	}
}

static int
compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;
	return (x > y) - (x < y);
}

static double
median(struct scope *sc, const double *v, size_t n)
{
	double *sorted = scope_memdup(sc, v, n * sizeof *v);
	qsort(sorted, n, sizeof *v, compare_doubles);
	return n == 0 ? 1 : n % 2 == 1 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
}

/* The engine's way is the fastest, people's is not quite: what is left over. */
static enum code
learn_trips(const struct road_learner *l, struct road_speeds *out)
{
	double *ratio = NEW_ARRAY(l->sc, l->trips.n + 1, double);
	size_t n = 0;
	for (unsigned h = 0; h < ROAD_HOURS; h++) {
		struct road_metric *metric = NULL;
		for (size_t i = 0; i < l->trips.n; i++) {
			const struct trip_seen *t = VEC_AT(&l->trips, struct trip_seen, i);
			if (t->hour != h)
				continue;
			if (metric == NULL)
				TRY(road_speeds_metric(l->sc, l->road, out, h, true, &metric));
			uint32_t ms = trip_cost(l->sc, l->road, metric, &t->from, &t->to);
			if (ms < ROAD_INFINITE && ms > 20000)
				ratio[n++] = t->real_s / (ms * 0.001);
		}
		road_metric_free(metric);
	}
	if (n >= 10)
		out->trip = median(l->sc, ratio, n);
	return OK;
}

enum code
road_learner_finish(struct scope *sc, struct road_learner *l, struct road_speeds *out)
{
	if (l->intervals.n == 0)
		return fail(sc, E_INVALID, "no track taught anything");
	struct road_speeds s = {.trip = 1};
	learn_classes(l, &s);
	learn_arcs(l, &s);
	enum code rc = learn_trips(l, &s);
	if (rc != OK) {
		sc->err = l->sc->err;
		return rc;
	}
	*out = s;
	return OK;
}

/* --- metrics ------------------------------------------------------------------------- */

static int
compare_speeds(const void *a, const void *b)
{
	const struct road_speed *x = a;
	const struct road_speed *y = b;
	if (x->way != y->way)
		return x->way < y->way ? -1 : 1;
	if (x->position != y->position)
		return x->position < y->position ? -1 : 1;
	return (x->backward > y->backward) - (x->backward < y->backward);
}

enum code
road_speeds_metric(struct scope *sc, const struct road *road, const struct road_speeds *speeds, unsigned hour,
		   bool with_arcs, struct road_metric **out)
{
	struct scope work;
	scope_init(&work);
	size_t n = road->n[SECTION_ARC];
	uint32_t *ms = NEW_ARRAY(&work, n, uint32_t);
	struct road_speed *sorted = scope_memdup(&work, speeds->arcs, speeds->n_arcs * sizeof *sorted);
	if (speeds->n_arcs > 0)
		qsort(sorted, speeds->n_arcs, sizeof *sorted, compare_speeds);
	for (uint32_t a = 0; a < n; a++) {
		const struct road_segment *s = &road->segment[road->arc[a].segment];
		const struct road_way *w = &road->way[s->way];
		double factor = speeds->trip * speeds->class_hour[w->class][hour % ROAD_HOURS];
		struct road_speed key = {.way = w->osm_id, .position = s->position, .backward = road->arc[a].backward};
		const struct road_speed *own = !with_arcs || speeds->n_arcs == 0
						   ? NULL
						   : bsearch(&key, sorted, speeds->n_arcs, sizeof key, compare_speeds);
		factor *= own == NULL ? 1 : own->factor;
		factor = factor < FACTOR_MIN ? FACTOR_MIN : factor > FACTOR_MAX ? FACTOR_MAX : factor;
		double v = road->arc_ms[a] * factor;
		ms[a] = v < 1 ? 1 : v > 1e8 ? 100000000 : (uint32_t)v;
	}
	enum code rc = road_metric_build(sc, road, ms, out);
	scope_release(&work);
	return rc;
}

/* --- text ------------------------------------------------------------------------------ */

#define SPEEDS_HEAD "waybill-speeds 1"
#define SPEEDS_MAX 50000000u

char *
road_speeds_text(struct scope *sc, const struct road_speeds *s)
{
	struct text t;
	text_init(&t, sc);
	text_printf(&t, SPEEDS_HEAD "\ntrip %.6f\n", s->trip);
	for (unsigned c = 0; c < ROAD_CLASSES; c++)
		for (unsigned h = 0; h < ROAD_HOURS; h++)
			text_printf(&t, "class %u %u %.6f\n", c, h, s->class_hour[c][h]);
	for (size_t i = 0; i < s->n_arcs; i++)
		text_printf(&t, "arc %" PRId64 " %u %u %.6f\n", s->arcs[i].way, s->arcs[i].position,
			    s->arcs[i].backward, s->arcs[i].factor);
	return t.s;
}

static bool
is_factor(double f)
{
	return f >= 0.001 && f <= 1000;
}

static bool
parse_factor(struct scope *sc, const char *text, double *out)
{
	double f;
	if (parse_double(sc, text, 0, 1e9, &f) != OK || !is_factor(f))
		return false;
	*out = f;
	return true;
}

static bool
parse_class(struct scope *sc, char **field, struct road_speeds *s)
{
	int64_t class;
	int64_t hour;
	return parse_i64(sc, field[1], 0, ROAD_CLASSES - 1, &class) == OK &&
	       parse_i64(sc, field[2], 0, ROAD_HOURS - 1, &hour) == OK &&
	       parse_factor(sc, field[3], &s->class_hour[class][hour]);
}

static bool
parse_arc(struct scope *sc, char **field, struct vec *arcs)
{
	struct road_speed a;
	int64_t position;
	int64_t backward;
	if (parse_i64(sc, field[1], INT64_MIN, INT64_MAX, &a.way) != OK ||
	    parse_i64(sc, field[2], 0, UINT32_MAX, &position) != OK || parse_i64(sc, field[3], 0, 1, &backward) != OK ||
	    !parse_factor(sc, field[4], &a.factor) || arcs->n >= SPEEDS_MAX)
		return false;
	a.position = (uint32_t)position;
	a.backward = (uint32_t)backward;
	*(struct road_speed *)vec_push(arcs) = a;
	return true;
}

static bool
parse_line(struct scope *sc, const char *line, struct road_speeds *s, struct vec *arcs)
{
	char **field;
	size_t n = text_split(sc, line, ' ', &field);
	if (n == 2 && text_eq(field[0], "trip"))
		return parse_factor(sc, field[1], &s->trip);
	if (n == 4 && text_eq(field[0], "class"))
		return parse_class(sc, field, s);
	return n == 5 && text_eq(field[0], "arc") && parse_arc(sc, field, arcs);
}

enum code
road_speeds_parse(struct scope *sc, const char *text, struct road_speeds *out)
{
	struct road_speeds s = {.trip = 1};
	struct vec *arcs = NEW(sc, struct vec);
	vec_init(arcs, sc, sizeof(struct road_speed));
	for (unsigned c = 0; c < ROAD_CLASSES; c++)
		for (unsigned h = 0; h < ROAD_HOURS; h++)
			s.class_hour[c][h] = 1;
	size_t number = 0;
	char line[128];
	struct scope words; /* of one line */
	scope_init(&words);
	enum code rc = OK;
	while (*text != '\0' && rc == OK) {
		size_t len = strcspn(text, "\n");
		number++;
		if (len >= sizeof line) {
			rc = fail(sc, E_INVALID, "line %zu is too long", number);
			break;
		}
		memcpy(line, text, len);
		line[len] = '\0';
		text += len + (text[len] == '\n');
		bool fine =
		    number == 1 ? strcmp(line, SPEEDS_HEAD) == 0 : len == 0 || parse_line(&words, line, &s, arcs);
		if (!fine)
			rc = fail(sc, E_INVALID, "line %zu is not of a speeds file", number);
		scope_clear(&words);
	}
	scope_release(&words);
	TRY(rc);
	if (number == 0)
		return fail(sc, E_INVALID, "it is empty");
	s.arcs = VEC_AT(arcs, struct road_speed, 0);
	s.n_arcs = arcs->n;
	*out = s;
	return OK;
}

/* --- evaluation -------------------------------------------------------------------------- */

static double
error_of(const struct road_trip_times *t, int which, double factor)
{
	double s = which == 0 ? t->learned_s : which == 1 ? t->free_flow_s : t->class_hour_s;
	return fabs(s * factor - t->real_s);
}

static double
mean_error(const struct road_trip_times *trips, size_t n, int which, double factor)
{
	double sum = 0;
	for (size_t i = 0; i < n; i++)
		sum += error_of(&trips[i], which, factor);
	return n == 0 ? 0 : sum / (double)n;
}

/* The single factor with the least mean error: the error is convex in it. */
static double
best_factor(const struct road_trip_times *trips, size_t n)
{
	double lo = 0.2;
	double hi = 10;
	for (int i = 0; i < 100; i++) {
		double a = lo + (hi - lo) / 3;
		double b = hi - (hi - lo) / 3;
		if (mean_error(trips, n, 1, a) < mean_error(trips, n, 1, b))
			hi = b;
		else
			lo = a;
	}
	return (lo + hi) / 2;
}

#define BOOTSTRAPS 2000

static void
bootstrap(struct scope *sc, const struct road_trip_times *trips, size_t n, int which, double factor, double gain[3])
{
	double *gains = NEW_ARRAY(sc, BOOTSTRAPS, double);
	struct prng prng;
	prng_seed(&prng, 1);
	for (int b = 0; b < BOOTSTRAPS; b++) {
		double sum = 0;
		for (size_t i = 0; i < n; i++) {
			const struct road_trip_times *t = &trips[prng_below(&prng, (uint32_t)n)];
			sum += error_of(t, which, factor) - error_of(t, 0, 1);
		}
		gains[b] = sum / (double)n;
	}
	qsort(gains, BOOTSTRAPS, sizeof *gains, compare_doubles);
	gain[0] = gains[BOOTSTRAPS * 25 / 1000];
	gain[1] = mean_error(trips, n, which, factor) - mean_error(trips, n, 0, 1);
	gain[2] = gains[BOOTSTRAPS * 975 / 1000];
}

void
road_eval_trips(struct scope *sc, const struct road_trip_times *trips, size_t n, struct road_eval *out)
{
	*out = (struct road_eval){.trips = n};
	if (n == 0)
		return;
	double *ratio = NEW_ARRAY(sc, n, double);
	for (size_t i = 0; i < n; i++)
		ratio[i] = trips[i].learned_s / trips[i].real_s;
	double factor = best_factor(trips, n);
	out->median_ratio = median(sc, ratio, n);
	out->mae_s = mean_error(trips, n, 0, 1);
	out->mae_free_flow_s = mean_error(trips, n, 1, factor);
	out->mae_class_hour_s = mean_error(trips, n, 2, 1);
	bootstrap(sc, trips, n, 1, factor, out->gain_free_flow_s);
	bootstrap(sc, trips, n, 2, 1, out->gain_class_hour_s);
}

enum code
road_trip_foretell(struct scope *sc, const struct road *road, const struct road_metric *class_hour,
		   const struct road_metric *learned, const struct road_fix *fixes, size_t n,
		   struct road_trip_times *out)
{
	struct road_point a;
	struct road_point b;
	if (n < 2)
		return fail(sc, E_NOT_FOUND, "a single fix is no trip");
	double real_s = (double)(fixes[n - 1].at_ms - fixes[0].at_ms) * 0.001;
	TRY(road_snap(sc, road, fixes[0].at, 200, &a));
	TRY(road_snap(sc, road, fixes[n - 1].at, 200, &b));
	uint32_t ms[3] = {trip_cost(sc, road, NULL, &a, &b), trip_cost(sc, road, class_hour, &a, &b),
			  trip_cost(sc, road, learned, &a, &b)};
	if (real_s < 60 || ms[0] < 20000 || ms[0] >= ROAD_INFINITE)
		return fail(sc, E_NOT_FOUND, "too short a trip");
	*out = (struct road_trip_times){real_s, ms[0] * 0.001, ms[1] * 0.001, ms[2] * 0.001};
	return OK;
}
