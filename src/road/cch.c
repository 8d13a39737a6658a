#include "road/cch.h"

#include "road/cch_tree.h"
#include "road/core.h"

void *
cch_allocate(size_t n, size_t size)
{
	void *p = n > SIZE_MAX / size ? NULL : malloc(n * size);
	if (p == NULL) {
		fprintf(stderr, "waybill: out of memory (%zu x %zu bytes wanted)\n", n, size);
		abort();
	}
	return p;
}

#define WEIGHT int32_t
#define NAME(x) x##_narrow
#define INFINITE NARROW_INFINITE
#define ARC_WEIGHT(ms, dm) ((int32_t)(ms))
#include "road/cch_body.h"
#undef WEIGHT
#undef NAME
#undef INFINITE
#undef ARC_WEIGHT

#define WEIGHT int64_t
#define NAME(x) x##_wide
#define INFINITE WIDE_INFINITE
#define ARC_WEIGHT(ms, dm) (((int64_t)(ms) << 32) + (dm))
#include "road/cch_body.h"

void
cch_customise_narrow(const struct road *road, const uint32_t *arc_ms, unsigned threads, struct cch_narrow *out)
{
	customise_narrow(road, arc_ms, threads, out);
	core_make(road, out);
}

void
cch_narrow_release(struct cch_narrow *w)
{
	free(w->memory);
	free(w->core_memory);
}

void
cch_customise_wide(const struct road *road, const uint32_t *arc_ms, unsigned threads, struct cch_wide *out)
{
	customise_wide(road, arc_ms, threads, out);
}

/* A metric is const to those who query it; its weights are a cache inside. */
static struct road_metric *
cache_of(const struct road_metric *metric)
{
	return (struct road_metric *)(uintptr_t)metric;
}

const struct cch_narrow *
cch_narrow_of(const struct road *road, const struct road_metric *metric)
{
	struct road_metric *m = cache_of(metric);
	struct cch_narrow *w = atomic_load(&m->narrow);
	if (w != NULL)
		return w;
	pthread_mutex_lock(&road->metrics->customise_lock);
	w = atomic_load(&m->narrow);
	if (w == NULL) {
		w = cch_allocate(1, sizeof *w);
		cch_customise_narrow(road, m->arc_ms, road->metrics->threads, w);
		atomic_store(&m->narrow, w);
	}
	pthread_mutex_unlock(&road->metrics->customise_lock);
	return w;
}

const struct cch_wide *
cch_wide_of(const struct road *road, const struct road_metric *metric)
{
	struct road_metric *m = cache_of(metric);
	struct cch_wide *w = atomic_load(&m->wide);
	if (w != NULL)
		return w;
	pthread_mutex_lock(&road->metrics->customise_lock);
	w = atomic_load(&m->wide);
	if (w == NULL) {
		w = cch_allocate(1, sizeof *w);
		cch_customise_wide(road, m->arc_ms, road->metrics->threads, w);
		atomic_store(&m->wide, w);
	}
	pthread_mutex_unlock(&road->metrics->customise_lock);
	return w;
}
