#include "road/depart_inner.h"

#include "road/label.h"
#include "road/trip.h"
#include "road/vec.h"

#define HOUR_MS 3600000
#define NEVER INT64_MAX

/* --- driving through the hours ------------------------------------------------------ */

/* The metrics of the hours from the departure's on, as far as they were wanted. */
struct hours {
	const struct road *road;
	const struct road_week *week;
	int64_t first; /* number of the departure's hour since 1970 */
	const struct road_metric *metric[ROAD_TRIP_HOURS_MAX];
	size_t n;
};

static enum code
hours_more(struct scope *sc, struct hours *h)
{
	if (h->n == ROAD_TRIP_HOURS_MAX)
		return fail(sc, E_LIMIT, "the trip takes longer than %u hours", ROAD_TRIP_HOURS_MAX);
	unsigned hour = road_hour_of((h->first + (int64_t)h->n) * HOUR_MS);
	TRY(road_week_metric(sc, h->week, hour, &h->metric[h->n]));
	h->n++;
	return OK;
}

static int64_t
hour_number(int64_t at_ms)
{
	return at_ms / HOUR_MS - (at_ms % HOUR_MS < 0);
}

static enum code
hours_init(struct scope *sc, struct hours *h, const struct road *road, const struct road_week *week, int64_t local_ms)
{
	*h = (struct hours){.road = road, .week = week, .first = hour_number(local_ms)};
	return hours_more(sc, h);
}

/* A stretch of an arc, between two fractions of its own direction. */
struct stretch {
	uint32_t arc, from, to;
};

static int64_t
pace(const struct hours *h, size_t k, struct stretch s)
{
	uint32_t whole = h->metric[k]->arc_ms[s.arc];
	return (int64_t)road_part(whole, s.to) - road_part(whole, s.from);
}

/* When somebody is through who enters at at_ms; NEVER: after the hours at hand. */
static int64_t
arrival(const struct hours *h, struct stretch s, int64_t at_ms)
{
	size_t k = (size_t)(hour_number(at_ms) - h->first);
	if (k >= h->n)
		return NEVER;
	int64_t whole = pace(h, k, s);
	int64_t left = whole;
	int64_t ends = (h->first + (int64_t)k + 1) * HOUR_MS;
	while (at_ms + left > ends) {
		left -= ends - at_ms;
		at_ms = ends;
		ends += HOUR_MS;
		if (++k >= h->n)
			return NEVER;
		int64_t next = pace(h, k, s);
		left = whole == 0 ? 0 : (left * next + whole - 1) / whole;
		whole = next;
	}
	return at_ms + left;
}

/* The same, fetching hours as they come. */
static enum code
drive(struct scope *sc, struct hours *h, struct stretch s, int64_t *at_ms)
{
	int64_t then = arrival(h, s, *at_ms);
	while (then == NEVER) {
		TRY(hours_more(sc, h));
		then = arrival(h, s, *at_ms);
	}
	*at_ms = then;
	return OK;
}

/* --- one trip ------------------------------------------------------------------------ */

struct departure {
	struct hours hours;
	const struct road_point *from, *to;
	int64_t at_ms;
};

static struct stretch
stretch_of(const struct departure *d, const struct trip *t, size_t i)
{
	const struct road *road = d->hours.road;
	uint32_t arc = road->vertex[t->vertices[i]].arc;
	return (struct stretch){arc, i == 0 ? road_arc_fraction(&road->arc[arc], d->from) : 0,
				i + 1 == t->n ? road_arc_fraction(&road->arc[arc], d->to) : ROAD_WHOLE};
}

/* When a given way arrives. */
static enum code
drive_trip(struct scope *sc, struct departure *d, const struct trip *t, int64_t *arrives_ms)
{
	int64_t at_ms = d->at_ms;
	for (size_t i = 0; i < t->n; i++) {
		TRY(drive(sc, &d->hours, stretch_of(d, t, i), &at_ms));
		if (i + 1 < t->n)
			at_ms += turn_cost_between(d->hours.road, t->vertices[i], t->vertices[i + 1]);
	}
	*arrives_ms = at_ms;
	return OK;
}

/* --- lower bounds --------------------------------------------------------------------- */

/* Distances to the destination for the least metric, by rank, plus one; 0: not
 * asked for yet. What is known is closed upwards in the elimination tree. */
struct bound {
	const struct road *road;
	const int32_t *up;    /* NULL: nothing is known, every bound is 0 */
	const int32_t *label; /* the destination's, by depth */
	const uint32_t *chain;
	uint32_t n_chain;
	uint32_t *known;
	uint32_t *climbed; /* room for a chain */
};

static enum code
bound_init(struct scope *sc, struct bound *b, const struct road *road, const struct road_metric *least,
	   const struct road_point *to)
{
	uint32_t lowest = label_lowest(road, to);
	uint32_t n = road->depth[lowest] + 1;
	uint32_t *chain = NEW_ARRAY(sc, n, uint32_t);
	int32_t *label = kernels_array(sc, n, sizeof *label);
	label_chain(road, lowest, chain);
	label_fill_narrow(road, least, to, false, chain, n, 0, label);
	*b = (struct bound){.road = road, .up = cch_narrow_of(road, least)->up, .label = label, .chain = chain};
	b->n_chain = n;
	b->climbed = NEW_ARRAY(sc, road->head->max_depth + 1, uint32_t);
	return scope_try_array(sc, road->n[SECTION_VERTEX], sizeof *b->known, (void **)&b->known);
}

static uint32_t
bound_of_rank(const struct bound *b, uint32_t r)
{
	const struct road *road = b->road;
	uint32_t d = road->depth[r];
	int32_t best = d < b->n_chain && b->chain[d] == r ? b->label[d] : NARROW_INFINITE;
	for (uint32_t e = road->up_first[r]; e < road->up_first[r + 1]; e++) {
		int32_t w = b->up[e] + (int32_t)(b->known[road->up_head[e]] - 1);
		best = w < best ? w : best;
	}
	return best < NARROW_REACHED ? (uint32_t)best : ROAD_INFINITE;
}

/* ROAD_INFINITE: no way from there. */
static uint32_t
bound_of(struct bound *b, uint32_t v)
{
	if (b->up == NULL)
		return 0;
	uint32_t n = 0;
	for (uint32_t r = b->road->rank[v]; r != ROAD_NONE && b->known[r] == 0; r = b->road->parent[r])
		b->climbed[n++] = r;
	while (n-- > 0)
		b->known[b->climbed[n]] = bound_of_rank(b, b->climbed[n]) + 1;
	return b->known[b->road->rank[v]] - 1;
}

/* --- the search ----------------------------------------------------------------------- */

#define SEED 0x80000000u /* in a parent: the trip's first vertex */

struct waiting {
	uint32_t key, ms; /* after the departure: at the destination at best; at this vertex */
	uint32_t v;
};

struct search {
	struct departure *d;
	struct bound bound;
	uint32_t *reached; /* per vertex, ms after the departure, plus one; 0: not yet */
	uint32_t *parent;
	struct vec *heap; /* struct waiting; old entries stay and are passed over */
	uint32_t best;	  /* ms: what there is to beat */
	uint32_t last;	  /* the vertex that beats it; ROAD_NONE: none does */
};

static void
heap_push(struct vec *heap, struct waiting w)
{
	vec_push(heap);
	struct waiting *h = VEC_AT(heap, struct waiting, 0);
	size_t i = heap->n - 1;
	for (; i > 0 && h[(i - 1) / 2].key > w.key; i = (i - 1) / 2)
		h[i] = h[(i - 1) / 2];
	h[i] = w;
}

static struct waiting
heap_pop(struct vec *heap)
{
	struct waiting *h = VEC_AT(heap, struct waiting, 0);
	struct waiting top = h[0];
	struct waiting w = h[--heap->n];
	size_t i = 0;
	for (size_t child = 1; child < heap->n; child = 2 * i + 1) {
		child += child + 1 < heap->n && h[child + 1].key < h[child].key;
		if (h[child].key >= w.key)
			break;
		h[i] = h[child];
		i = child;
	}
	h[i] = w;
	return top;
}

static void
reach_vertex(struct search *s, uint32_t v, uint32_t ms, uint32_t parent)
{
	if (s->reached[v] != 0 && s->reached[v] - 1 <= ms)
		return;
	uint32_t bound = bound_of(&s->bound, v);
	if (bound >= ROAD_INFINITE || ms + bound >= s->best)
		return;
	s->reached[v] = ms + 1;
	s->parent[v] = parent;
	heap_push(s->heap, (struct waiting){ms + bound, ms, v});
}

/* Through a stretch that is entered ms after the departure; best: not in time. */
static uint32_t
through(const struct search *s, struct stretch stretch, uint32_t ms)
{
	int64_t at_ms = arrival(&s->d->hours, stretch, s->d->at_ms + ms);
	return at_ms == NEVER || at_ms - s->d->at_ms >= s->best ? s->best : (uint32_t)(at_ms - s->d->at_ms);
}

static void
turn_from(struct search *s, uint32_t v, struct stretch stretch, uint32_t ms, uint32_t mark)
{
	const struct road *road = s->d->hours.road;
	uint32_t end = through(s, stretch, ms);
	if (end >= s->best)
		return;
	for (uint32_t e = road->turn_first[v]; e < road->turn_first[v + 1]; e++)
		reach_vertex(s, road->turn[e].to, end + road->turn[e].cost_ms, v | mark);
}

static void
arrive_by(struct search *s, uint32_t v, uint32_t ms)
{
	const struct road *road = s->d->hours.road;
	uint32_t arc = road->vertex[v].arc;
	if (road->arc[arc].segment != s->d->to->segment || !point_arrives_by(road, s->d->to, v))
		return;
	uint32_t end = through(s, (struct stretch){arc, 0, road_arc_fraction(&road->arc[arc], s->d->to)}, ms);
	if (end < s->best) {
		s->best = end;
		s->last = v;
	}
}

static void
search_run(struct search *s)
{
	const struct road *road = s->d->hours.road;
	const struct road_point *from = s->d->from;
	for (uint32_t v = road->segment_vertex[from->segment]; v < road->segment_vertex[from->segment + 1]; v++) {
		uint32_t arc = road->vertex[v].arc;
		struct stretch rest = {arc, road_arc_fraction(&road->arc[arc], from), ROAD_WHOLE};
		if (point_leaves_by(road, from, v))
			turn_from(s, v, rest, 0, SEED);
	}
	while (s->heap->n > 0) {
		struct waiting w = heap_pop(s->heap);
		if (w.key >= s->best)
			break;
		if (w.ms != s->reached[w.v] - 1)
			continue;
		arrive_by(s, w.v, w.ms);
		turn_from(s, w.v, (struct stretch){road->vertex[w.v].arc, 0, ROAD_WHOLE}, w.ms, 0);
	}
}

static void
search_read(struct scope *sc, const struct search *s, struct trip *out)
{
	struct trip t = {.cost_ms = s->best, .n = 2};
	for (uint32_t v = s->last; (s->parent[v] & SEED) == 0; v = s->parent[v])
		t.n++;
	t.vertices = NEW_ARRAY(sc, t.n, uint32_t);
	uint32_t v = s->last;
	for (size_t i = t.n - 1; i > 0; i--) {
		t.vertices[i] = v;
		v = s->parent[v] & ~SEED;
	}
	t.vertices[0] = v;
	*out = t;
}

static void
search_init(struct search *s, struct scope *work, struct departure *d, uint32_t best)
{
	size_t n = d->hours.road->n[SECTION_VERTEX];
	*s = (struct search){.d = d, .best = best, .last = ROAD_NONE, .heap = NEW(work, struct vec)};
	vec_init(s->heap, work, sizeof(struct waiting));
	s->reached = NEW_ARRAY(work, n, uint32_t);
	s->parent = NEW_ARRAY(work, n, uint32_t);
}

/* Something faster than *t, which takes t->cost_ms through the hours; or *t as it
 * is. The hours up to its arrival are at hand: nothing that ends later counts. */
static enum code
beat(struct scope *sc, struct departure *d, struct trip *t)
{
	const struct road *road = d->hours.road;
	const struct road_metric *least;
	unsigned hour = road_hour_of(d->at_ms);
	bool two = d->hours.n == 2 && road_hour_of((d->hours.first + 1) * HOUR_MS) == hour + 1;
	TRY(week_least(sc, d->hours.week, two ? hour : ROAD_HOURS, &least));
	struct scope work;
	scope_init(&work);
	struct search s;
	search_init(&s, &work, d, t->cost_ms);
	enum code rc = bound_init(&work, &s.bound, road, least, d->to);
	if (rc == OK)
		search_run(&s);
	else
		sc->err = work.err;
	if (rc == OK && s.last != ROAD_NONE)
		search_read(sc, &s, t);
	scope_release(&work);
	return rc;
}

/* A trip may stay on its first arc; another of the two may be quicker at another
 * hour. trip_find looks at one metric only. */
static enum code
stay(struct scope *sc, struct departure *d, struct trip *t)
{
	const struct road *road = d->hours.road;
	if (d->from->segment != d->to->segment)
		return OK;
	for (unsigned back = 0; back < 2; back++) {
		unsigned way = back != 0 ? ROAD_BACKWARD : ROAD_FORWARD;
		uint32_t arc = road->segment[d->from->segment].arc[back];
		if (arc == ROAD_NONE || (d->from->leave & d->to->arrive & way) == 0 ||
		    road_arc_fraction(&road->arc[arc], d->to) < road_arc_fraction(&road->arc[arc], d->from))
			continue;
		uint32_t *alone = NEW_ARRAY(sc, 1, uint32_t);
		alone[0] = plain_vertex(road, arc);
		struct trip direct = {.vertices = alone, .n = 1};
		int64_t arrives_ms;
		TRY(drive_trip(sc, d, &direct, &arrives_ms));
		direct.cost_ms = (uint32_t)(arrives_ms - d->at_ms);
		if (direct.cost_ms < t->cost_ms)
			*t = direct;
	}
	return OK;
}

static enum code
find(struct scope *sc, struct departure *d, struct trip *out)
{
	struct trip t;
	trip_find(sc, d->hours.road, d->hours.metric[0], d->from, d->to, &t);
	if (t.cost_ms < ROAD_INFINITE && d->at_ms + t.cost_ms > (d->hours.first + 1) * HOUR_MS) {
		int64_t arrives_ms;
		TRY(drive_trip(sc, d, &t, &arrives_ms));
		t.cost_ms = (uint32_t)(arrives_ms - d->at_ms);
		TRY(stay(sc, d, &t));
		TRY(beat(sc, d, &t));
	}
	*out = t;
	return OK;
}

/* --- answers -------------------------------------------------------------------------- */

static enum code
departure_init(struct scope *sc, struct departure *d, const struct road *road, const struct road_week *week,
	       const struct road_point *from, const struct road_point *to, int64_t local_ms)
{
	*d = (struct departure){.from = from, .to = to, .at_ms = local_ms};
	return hours_init(sc, &d->hours, road, week, local_ms);
}

/* Each leg's own hours. */
static enum code
time_legs(struct scope *sc, struct departure *d, const struct trip *t, struct road_path *path)
{
	int64_t at_ms = d->at_ms;
	for (size_t i = 0; i < t->n; i++) {
		int64_t before_ms = at_ms;
		TRY(drive(sc, &d->hours, stretch_of(d, t, i), &at_ms));
		path->legs[i].duration_ms = (int32_t)(at_ms - before_ms);
		at_ms += path->legs[i].turn_ms;
	}
	return OK;
}

enum code
road_path_at(struct scope *sc, const struct road *road, const struct road_week *week, const struct road_point *from,
	     const struct road_point *to, int64_t local_ms, struct road_path *out)
{
	struct departure d;
	struct trip t;
	struct road_path path;
	TRY(departure_init(sc, &d, road, week, from, to, local_ms));
	TRY(find(sc, &d, &t));
	if (t.cost_ms >= ROAD_INFINITE)
		return fail_as(sc, E_NOT_FOUND, "no-route", "there is no way between these two points");
	path_legs(sc, road, d.hours.metric[0], &t, from, to, &path);
	TRY(time_legs(sc, &d, &t, &path));
	path_steps(sc, road, to, &path);
	*out = path;
	return OK;
}

enum code
road_duration_at(struct scope *sc, const struct road *road, const struct road_week *week, const struct road_point *from,
		 const struct road_point *to, int64_t local_ms, int32_t *ms)
{
	struct departure d;
	struct trip t;
	TRY(departure_init(sc, &d, road, week, from, to, local_ms));
	TRY(find(sc, &d, &t));
	*ms = t.cost_ms >= ROAD_INFINITE ? ROAD_UNREACHABLE : (int32_t)t.cost_ms;
	return OK;
}

#define PLAIN_HOURS 24

enum code
depart_plain(struct scope *sc, const struct road *road, const struct road_week *week, const struct road_point *from,
	     const struct road_point *to, int64_t local_ms, int32_t *ms)
{
	struct departure d;
	struct trip t = {.cost_ms = PLAIN_HOURS * HOUR_MS};
	TRY(departure_init(sc, &d, road, week, from, to, local_ms));
	for (int i = 1; i <= PLAIN_HOURS; i++)
		TRY(hours_more(sc, &d.hours));
	TRY(stay(sc, &d, &t));
	struct scope work;
	struct search s;
	scope_init(&work);
	search_init(&s, &work, &d, t.cost_ms);
	search_run(&s);
	*ms = s.best == PLAIN_HOURS * HOUR_MS ? ROAD_UNREACHABLE : (int32_t)s.best;
	scope_release(&work);
	return OK;
}
