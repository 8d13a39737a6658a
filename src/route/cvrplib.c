/* CVRPLIB (TSPLIB's keywords): capacitated routing without times.
 *
 *	NAME : X-n106-k14
 *	DIMENSION : 106
 *	EDGE_WEIGHT_TYPE : EUC_2D          also CEIL_2D; EXPLICIT with FULL_MATRIX or LOWER_ROW
 *	CAPACITY : 600
 *	NODE_COORD_SECTION                 number x y
 *	DEMAND_SECTION                     number demand
 *	DEPOT_SECTION                      number, -1
 *	EOF
 *
 * DISTANCE and SERVICE_TIME (route length with a drop time per stop) are read
 * too. The fleet is not bounded unless VEHICLES says so: as many vehicles are
 * offered as could ever be of use. */
#include "route/route_file.h"

#include "base/text.h"

enum weights { EUC_2D, CEIL_2D, FULL_MATRIX, LOWER_ROW };

struct cvrp {
	uint32_t n;
	int64_t capacity, vehicles, service;
	double distance;
	bool explicit_weights, ceil, lower;
	double *xy;
	int32_t *cells;
	int64_t *demand;
	uint32_t depot;
};

static enum code
bad(struct scope *sc, const struct words *w, const char *what)
{
	return fail_as(sc, E_INVALID, "bad-problem", "line %d: %s", w->line, what);
}

static enum code
read_dimension(struct scope *sc, struct cvrp *c, const char *value)
{
	int64_t n;
	TRY(parse_i64(sc, value, 1, ROUTE_PLACES_MAX, &n));
	if (c->n != 0)
		return fail_as(sc, E_INVALID, "bad-problem", "DIMENSION stands there twice");
	c->n = (uint32_t)n;
	c->demand = NEW_ARRAY(sc, c->n, int64_t);
	c->xy = NEW_ARRAY(sc, (size_t)c->n * 2, double);
	return OK;
}

static enum code
read_coords(struct scope *sc, struct words *w, struct cvrp *c)
{
	for (uint32_t i = 0; i < c->n; i++) {
		int64_t no;
		TRY(words_int(sc, w, 1, c->n, &no));
		TRY(words_number(sc, w, -1e7, 1e7, &c->xy[2 * (no - 1)]));
		TRY(words_number(sc, w, -1e7, 1e7, &c->xy[2 * (no - 1) + 1]));
	}
	return OK;
}

static enum code
read_demands(struct scope *sc, struct words *w, struct cvrp *c)
{
	for (uint32_t i = 0; i < c->n; i++) {
		int64_t no;
		TRY(words_int(sc, w, 1, c->n, &no));
		TRY(words_int(sc, w, 0, ROUTE_AMOUNT_MAX, &c->demand[no - 1]));
	}
	return OK;
}

static enum code
read_depot(struct scope *sc, struct words *w, struct cvrp *c)
{
	int64_t no;
	int64_t end;
	TRY(words_int(sc, w, 1, c->n, &no));
	TRY(words_int(sc, w, -1, c->n, &end));
	if (end != -1)
		return bad(sc, w, "one depot only, ended by -1");
	c->depot = (uint32_t)no - 1;
	return OK;
}

static enum code
read_weights(struct scope *sc, struct words *w, struct cvrp *c)
{
	void *cells;
	TRY(scope_try_array(sc, (size_t)c->n * c->n, sizeof(int32_t), &cells));
	c->cells = cells;
	for (size_t i = 0; i < c->n; i++)
		for (size_t j = 0; j < (c->lower ? i : c->n); j++) {
			int64_t d;
			TRY(words_int(sc, w, 0, ROUTE_CELL_MAX, &d));
			c->cells[i * c->n + j] = (int32_t)d;
			if (c->lower)
				c->cells[j * c->n + i] = (int32_t)d;
		}
	return OK;
}

static enum code
read_keyword(struct scope *sc, struct words *w, struct cvrp *c, const char *key, const char *value)
{
	if (strcmp(key, "DIMENSION") == 0)
		return read_dimension(sc, c, value);
	if (strcmp(key, "CAPACITY") == 0)
		return parse_i64(sc, value, 0, ROUTE_AMOUNT_MAX, &c->capacity);
	if (strcmp(key, "VEHICLES") == 0)
		return parse_i64(sc, value, 1, ROUTE_VEHICLES_MAX, &c->vehicles);
	if (strcmp(key, "SERVICE_TIME") == 0)
		return parse_i64(sc, value, 0, ROUTE_SPAN_MAX, &c->service);
	if (strcmp(key, "DISTANCE") == 0)
		return parse_double(sc, value, 0, ROUTE_SPAN_MAX, &c->distance);
	if (strcmp(key, "EDGE_WEIGHT_TYPE") == 0) {
		c->explicit_weights = strcmp(value, "EXPLICIT") == 0;
		c->ceil = strcmp(value, "CEIL_2D") == 0;
		if (!c->explicit_weights && !c->ceil && strcmp(value, "EUC_2D") != 0)
			return bad(sc, w, "EDGE_WEIGHT_TYPE must be EUC_2D, CEIL_2D or EXPLICIT");
	}
	if (strcmp(key, "EDGE_WEIGHT_FORMAT") == 0) {
		c->lower = strcmp(value, "LOWER_ROW") == 0;
		if (!c->lower && strcmp(value, "FULL_MATRIX") != 0)
			return bad(sc, w, "EDGE_WEIGHT_FORMAT must be FULL_MATRIX or LOWER_ROW");
	}
	return OK;
}

static enum code
read_section(struct scope *sc, struct words *w, struct cvrp *c, const char *name)
{
	if (c->n == 0)
		return bad(sc, w, "DIMENSION must come before the sections");
	if (strcmp(name, "NODE_COORD_SECTION") == 0)
		return read_coords(sc, w, c);
	if (strcmp(name, "DEMAND_SECTION") == 0)
		return read_demands(sc, w, c);
	if (strcmp(name, "DEPOT_SECTION") == 0)
		return read_depot(sc, w, c);
	if (strcmp(name, "EDGE_WEIGHT_SECTION") == 0)
		return read_weights(sc, w, c);
	return bad(sc, w, "an unknown section");
}

static enum code
read_all(struct scope *sc, struct words *w, struct cvrp *c)
{
	char line[256];
	while (words_line(w, line, sizeof line)) {
		if (line[0] == '\0')
			continue;
		if (strcmp(line, "EOF") == 0)
			break;
		if (text_ends(line, "_SECTION")) {
			TRY(read_section(sc, w, c, line));
			continue;
		}
		char *colon = strchr(line, ':');
		if (colon == NULL)
			return bad(sc, w, "neither \"KEY : value\" nor a section");
		*colon = '\0';
		if (read_keyword(sc, w, c, text_trim(line), text_trim(colon + 1)) != OK)
			return error_prefix(sc, "line %d", w->line - 1);
	}
	if (c->n == 0)
		return fail_as(sc, E_INVALID, "bad-problem", "there is no DIMENSION");
	return OK;
}

static enum code
add_tasks(struct scope *sc, struct route_problem *p, const struct cvrp *c)
{
	for (uint32_t i = 0; i < c->n; i++) {
		if (i == c->depot)
			continue;
		TRY(route_problem_job(
		    sc, p,
		    &(struct route_task){
			.id = i, .place = i, .service = c->service, .delivery = &c->demand[i], .penalty = ROUTE_MUST},
		    NULL));
	}
	return OK;
}

static int64_t
useful_fleet(const struct cvrp *c)
{
	int64_t sum = 0;
	for (uint32_t i = 0; i < c->n; i++)
		sum += c->demand[i];
	int64_t least = c->capacity > 0 ? (sum + c->capacity - 1) / c->capacity : 1;
	int64_t fleet = c->distance > 0 ? c->n : least * 3 / 2 + 10;
	int64_t most = c->n > 1 ? c->n - 1 : 1;
	fleet = fleet < most ? fleet : most;
	return fleet < ROUTE_VEHICLES_MAX ? fleet : ROUTE_VEHICLES_MAX;
}

enum code
cvrplib_read(struct scope *sc, const char *text, size_t n, struct route_file *out)
{
	struct words w = {text, text + n, 1};
	struct cvrp c = {0};
	struct route_problem *p;
	TRY(read_all(sc, &w, &c));
	TRY(route_problem_new(sc, c.n, 1, &p));
	if (c.explicit_weights && c.cells == NULL)
		return fail_as(sc, E_INVALID, "bad-problem", "there is no EDGE_WEIGHT_SECTION");
	if (!c.explicit_weights) {
		TRY(euclid_matrix(sc, c.xy, c.n, 1, c.ceil ? 1 : 0, &c.cells));
		p->coords = c.xy;
	}
	TRY(route_problem_profile(sc, p, &(struct route_profile){.durations = c.cells, .distances = c.cells}, NULL));
	TRY(add_tasks(sc, p, &c));
	int64_t fleet = c.vehicles > 0 ? c.vehicles : useful_fleet(&c);
	for (int64_t v = 0; v < fleet; v++)
		TRY(route_problem_vehicle(
		    sc, p,
		    &(struct route_vehicle){.id = (uint64_t)v + 1,
					    .start = c.depot,
					    .end = c.depot,
					    .shift = {0, c.distance > 0 ? (int64_t)c.distance : ROUTE_SPAN_MAX},
					    .capacity = &c.capacity,
					    .rates.per_hour = 3600,
					    .max_tasks = ROUTE_NONE},
		    NULL));
	*out = (struct route_file){.format = ROUTE_CVRPLIB, .problem = p, .unit = 1, .geometry = true};
	return OK;
}
