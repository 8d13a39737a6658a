/* Speeds once they are learned: rows to a metric, rows to text and back, and which
 * rows still name a street of this file. */
#include "road/learn.h"

#include "base/text.h"
#include "road/road_map.h"
#include "road/vec.h"

#define FACTOR_MIN 0.2
#define FACTOR_MAX 12.0

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

size_t
road_speeds_known(struct scope *sc, const struct road *road, const struct road_speeds *speeds)
{
	size_t n = road->n[SECTION_ARC];
	struct road_speed *here = NEW_ARRAY(sc, n, struct road_speed);
	for (uint32_t a = 0; a < n; a++) {
		const struct road_segment *s = &road->segment[road->arc[a].segment];
		here[a] = (struct road_speed){road->way[s->way].osm_id, s->position, road->arc[a].backward, 1};
	}
	qsort(here, n, sizeof *here, compare_speeds);
	size_t known = 0;
	for (size_t i = 0; i < speeds->n_arcs; i++)
		known += bsearch(&speeds->arcs[i], here, n, sizeof *here, compare_speeds) != NULL;
	return known;
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
