/* Metrics: building, taking, swapping. */
#include "road/cch.h"

#define DURATION_MAX_MS (1u << 27)

static void
weights_free(struct road_metric *m)
{
	struct cch_narrow *narrow = atomic_load(&m->narrow);
	struct cch_wide *wide = atomic_load(&m->wide);
	if (narrow != NULL)
		cch_narrow_release(narrow);
	if (wide != NULL)
		free(wide->memory);
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

static void
metric_release(struct handed *thing)
{
	road_metric_free((struct road_metric *)thing);
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
	m->threads = 1;
	m->base.arc_ms = road->arc_ms;
	handover_init(&m->handover, metric_release);
	pthread_mutex_init(&m->customise_lock, NULL);
	return m;
}

void
road_set_threads(struct road *road, unsigned threads)
{
	road->metrics->threads = threads;
}

void
road_metrics_free(struct road_metrics *m)
{
	handover_end(&m->handover);
	weights_free(&m->base);
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

void
road_metric_swap(struct road *road, unsigned bucket, struct road_metric *metric)
{
	struct road_metrics *all = road->metrics;
	handover_swap(&all->handover, &all->bucket[bucket % ROAD_BUCKETS], metric == NULL ? NULL : &metric->hand);
}

struct road_metric *
road_metric_take(const struct road *road, unsigned bucket)
{
	struct road_metrics *all = road->metrics;
	return (struct road_metric *)handover_take(&all->handover, &all->bucket[bucket % ROAD_BUCKETS]);
}

void
road_metric_drop(const struct road *road, struct road_metric *metric)
{
	handover_drop(&road->metrics->handover, metric == NULL ? NULL : &metric->hand);
}
