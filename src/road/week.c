#include "road/week_inner.h"

struct road_week {
	const struct road *road;
	struct road_week_source source;
	pthread_mutex_t making;
	struct road_metric *_Atomic hour[ROAD_HOURS];
	struct road_metric *_Atomic least[ROAD_HOURS + 1]; /* see week_least */
};

enum code
road_week_new(struct scope *sc, const struct road *road, const struct road_week_source *source, struct road_week **out)
{
	struct road_week *w = calloc(1, sizeof *w);
	if (w == NULL)
		return fail(sc, E_MEMORY, "no memory for a week of metrics");
	w->road = road;
	w->source = *source;
	pthread_mutex_init(&w->making, NULL);
	*out = w;
	return OK;
}

void
road_week_free(struct road_week *w)
{
	if (w == NULL)
		return;
	for (unsigned h = 0; h < ROAD_HOURS; h++)
		road_metric_free(atomic_load(&w->hour[h]));
	for (unsigned h = 0; h <= ROAD_HOURS; h++)
		road_metric_free(atomic_load(&w->least[h]));
	pthread_mutex_destroy(&w->making);
	if (w->source.release != NULL)
		w->source.release(w->source.arg);
	free(w);
}

/* --- hours, made when they are wanted --------------------------------------------- */

/* A week is const to those who query it; its metrics are a cache inside. */
static struct road_week *
cache_of(const struct road_week *week)
{
	return (struct road_week *)(uintptr_t)week;
}

/* Makes what a place of the cache is for; called with `making` held. */
struct maker {
	struct road_week *week;
	unsigned hour;
	enum code (*make)(struct scope *sc, struct road_week *w, unsigned hour, struct road_metric **out);
};

static enum code
make_once(struct scope *sc, const struct maker *m, struct road_metric *_Atomic *place, const struct road_metric **out)
{
	struct road_metric *metric = atomic_load(place);
	enum code rc = OK;
	if (metric == NULL) {
		pthread_mutex_lock(&m->week->making);
		metric = atomic_load(place);
		if (metric == NULL)
			rc = m->make(sc, m->week, m->hour, &metric);
		if (rc == OK)
			atomic_store(place, metric);
		pthread_mutex_unlock(&m->week->making);
	}
	TRY(rc);
	*out = metric;
	return OK;
}

static enum code
make_hour(struct scope *sc, struct road_week *w, unsigned hour, struct road_metric **out)
{
	return w->source.metric(w->source.arg, sc, w->road, hour, out);
}

enum code
road_week_metric(struct scope *sc, const struct road_week *week, unsigned hour, const struct road_metric **out)
{
	struct road_week *w = cache_of(week);
	const struct maker m = {w, hour % ROAD_HOURS, make_hour};
	return make_once(sc, &m, &w->hour[m.hour], out);
}

size_t
road_week_made(const struct road_week *week)
{
	size_t n = 0;
	for (unsigned h = 0; h < ROAD_HOURS; h++)
		n += atomic_load(&week->hour[h]) != NULL;
	return n;
}

/* --- bounds from below -------------------------------------------------------------- */

/* Lowers ms[] to an hour's durations; makes and drops the hour where nobody has
 * wanted it yet. */
static enum code
lower_to_hour(struct scope *sc, struct road_week *w, unsigned hour, uint32_t *ms)
{
	struct road_metric *own = NULL;
	const struct road_metric *m = atomic_load(&w->hour[hour]);
	if (m == NULL) {
		TRY(make_hour(sc, w, hour, &own));
		m = own;
	}
	for (size_t a = 0; a < w->road->n[SECTION_ARC]; a++)
		ms[a] = m->arc_ms[a] < ms[a] ? m->arc_ms[a] : ms[a];
	road_metric_free(own);
	return OK;
}

static enum code
lower_to_hours(struct scope *sc, struct road_week *w, unsigned first, unsigned last, uint32_t *ms)
{
	for (unsigned h = first; h <= last; h++)
		TRY(lower_to_hour(sc, w, h, ms));
	return OK;
}

static enum code
make_least(struct scope *sc, struct road_week *w, unsigned hour, struct road_metric **out)
{
	struct scope work;
	scope_init(&work);
	size_t n = w->road->n[SECTION_ARC];
	uint32_t *ms = NEW_ARRAY(&work, n, uint32_t);
	memset(ms, 0xff, n * sizeof *ms);
	unsigned first = hour == ROAD_HOURS ? 0 : hour;
	unsigned last = hour == ROAD_HOURS ? ROAD_HOURS - 1 : hour + 1;
	enum code rc = lower_to_hours(sc, w, first, last, ms);
	if (rc == OK)
		rc = road_metric_build(sc, w->road, ms, out);
	scope_release(&work);
	return rc;
}

enum code
week_least(struct scope *sc, const struct road_week *week, unsigned hour, const struct road_metric **out)
{
	struct road_week *w = cache_of(week);
	if (hour >= ROAD_HOURS - 1) /* there is no hour after the last one */
		hour = ROAD_HOURS;
	const struct maker m = {w, hour, make_least};
	return make_once(sc, &m, &w->least[hour], out);
}

/* --- from learned speeds ------------------------------------------------------------- */

struct speeds_copy {
	struct scope sc;
	struct road_speeds speeds;
};

static enum code
metric_of_speeds(void *arg, struct scope *sc, const struct road *road, unsigned hour, struct road_metric **out)
{
	const struct speeds_copy *c = arg;
	return road_speeds_metric(sc, road, &c->speeds, hour, true, out);
}

static void
release_speeds(void *arg)
{
	struct speeds_copy *c = arg;
	scope_release(&c->sc);
	free(c);
}

enum code
road_week_of_speeds(struct scope *sc, const struct road *road, const struct road_speeds *speeds, struct road_week **out)
{
	struct speeds_copy *c = calloc(1, sizeof *c);
	if (c == NULL)
		return fail(sc, E_MEMORY, "no memory for learned speeds");
	scope_init(&c->sc);
	c->speeds = *speeds;
	c->speeds.arcs = scope_memdup(&c->sc, speeds->arcs, speeds->n_arcs * sizeof *speeds->arcs);
	const struct road_week_source source = {metric_of_speeds, release_speeds, c};
	enum code rc = road_week_new(sc, road, &source, out);
	if (rc != OK)
		release_speeds(c);
	return rc;
}
