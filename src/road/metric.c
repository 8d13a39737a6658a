/* Metrics: building, taking, swapping. How a bucket's word works is in metric.h. */
#include "road/cch.h"

#define DURATION_MAX_MS (1u << 27)

static void
weights_free(struct road_metric *m)
{
	struct cch_narrow *narrow = atomic_load(&m->narrow);
	struct cch_wide *wide = atomic_load(&m->wide);
	if (narrow != NULL) {
		free(narrow->up);
		free(narrow->down);
	}
	if (wide != NULL) {
		free(wide->up);
		free(wide->down);
	}
	free(narrow);
	free(wide);
}

void
road_metric_free(struct road_metric *m)
{
	if (m == NULL)
		return;
	if (m->owns_arc_ms)
		free((void *)(uintptr_t)m->arc_ms);
	weights_free(m);
	free(m);
}

struct road_metrics *
road_metrics_new(const struct road *road)
{
	struct road_metrics *m = calloc(1, sizeof *m);
	if (m == NULL) {
		fprintf(stderr, "waybill: out of memory (metrics)\n");
		abort();
	}
	m->road = road;
	m->base.arc_ms = road->arc_ms;
	pthread_mutex_init(&m->slots_lock, NULL);
	pthread_mutex_init(&m->customise_lock, NULL);
	return m;
}

void
road_metrics_free(struct road_metrics *m)
{
	for (size_t i = 1; i < METRIC_SLOTS; i++)
		if (m->slot[i] != NULL)
			road_metric_free(m->slot[i]);
	weights_free(&m->base);
	pthread_mutex_destroy(&m->slots_lock);
	pthread_mutex_destroy(&m->customise_lock);
	free(m);
}

const struct road_metric *
road_metric_or_base(const struct road *road, const struct road_metric *metric)
{
	return metric != NULL ? metric : &road->metrics->base;
}

enum code
road_metric_build(struct scope *sc, const struct road *road, const uint32_t *arc_ms, struct road_metric **out)
{
	size_t n = road->n[SECTION_ARC];
	for (size_t i = 0; i < n; i++)
		if (arc_ms[i] < 1 || arc_ms[i] > DURATION_MAX_MS)
			return fail(sc, E_INVALID, "arc %zu: %u ms is no duration", i, arc_ms[i]);
	struct road_metric *m = calloc(1, sizeof *m);
	uint32_t *copy = m == NULL ? NULL : malloc(n * sizeof *copy);
	if (copy == NULL) {
		free(m);
		return fail(sc, E_MEMORY, "no memory for a metric of %zu arcs", n);
	}
	memcpy(copy, arc_ms, n * sizeof *copy);
	m->arc_ms = copy;
	m->owns_arc_ms = true;
	(void)cch_narrow_of(road, m); /* now, so that no query waits after the swap */
	*out = m;
	return OK;
}

/* The slot is free for the next metric once the old one is gone. */
static void
metric_retire(struct road_metrics *all, struct road_metric *m, int64_t adjust)
{
	if (atomic_fetch_add(&m->users, adjust) + adjust != 0)
		return;
	uint32_t slot = m->slot;
	road_metric_free(m);
	atomic_store(&all->slot[slot], NULL);
}

static uint32_t
slot_for(struct road_metrics *all, struct road_metric *m)
{
	for (uint32_t i = 1; i < METRIC_SLOTS; i++) {
		if (atomic_load(&all->slot[i]) == NULL) {
			m->slot = i;
			atomic_store(&all->slot[i], m);
			return i;
		}
	}
	fprintf(stderr, "waybill: more than %u metrics in use at once\n", METRIC_SLOTS);
	abort();
}

/* A count of takers that no metric can reach, so that drops before the swap
 * leave it above zero. */
#define LIVE ((int64_t)1 << 40)

void
road_metric_swap(struct road *road, unsigned bucket, struct road_metric *metric)
{
	struct road_metrics *all = road->metrics;
	uint64_t word = 0;
	pthread_mutex_lock(&all->slots_lock);
	if (metric != NULL) {
		atomic_store(&metric->users, LIVE);
		word = (uint64_t)slot_for(all, metric) << 32;
	}
	uint64_t old = atomic_exchange(&all->bucket[bucket % ROAD_BUCKETS], word);
	pthread_mutex_unlock(&all->slots_lock);
	if (old >> 32 != 0)
		metric_retire(all, atomic_load(&all->slot[old >> 32]), (int64_t)(uint32_t)old - LIVE);
}

struct road_metric *
road_metric_take(const struct road *road, unsigned bucket)
{
	struct road_metrics *all = road->metrics;
	_Atomic uint64_t *word = &all->bucket[bucket % ROAD_BUCKETS];
	if (atomic_load(word) >> 32 == 0)
		return NULL;
	uint64_t seen = atomic_fetch_add(word, 1);
	if (seen >> 32 == 0)
		return NULL;
	return atomic_load(&all->slot[seen >> 32]);
}

void
road_metric_drop(const struct road *road, struct road_metric *metric)
{
	if (metric != NULL)
		metric_retire(road->metrics, metric, -1);
}
