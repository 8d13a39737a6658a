/* From rows to metrics in use.
 *
 * A tenant has ROAD_HOURS buckets of the road's, from its slot's first on. What
 * is in them belongs to one version: a new one empties them before its first
 * metric goes in. The lock is held while a tenant's hour is made, by those who
 * plan; queries that take a bucket's metric themselves know of no lock. */
#include "traffic/traffic.h"

#include <pthread.h>

struct tenant {
	char operator_id[ID_TEXT_MAX]; /* "": free */
	int64_t version;
	struct scope rows; /* holds `speeds` */
	struct road_speeds speeds;
	size_t unknown;
	uint64_t asked[ROAD_HOURS]; /* when last, in takings; 0: not live */
	uint64_t asked_last;
};

struct traffic {
	struct road *road;
	pthread_mutex_t lock;
	struct tenant tenant[TRAFFIC_TENANTS];
	uint64_t takings;
};

enum code
traffic_open(struct scope *sc, struct road *road, struct traffic **out)
{
	struct traffic *t = calloc(1, sizeof *t);
	if (t == NULL)
		return fail(sc, E_MEMORY, "no memory for the learned speeds");
	t->road = road;
	pthread_mutex_init(&t->lock, NULL);
	for (size_t i = 0; i < TRAFFIC_TENANTS; i++)
		scope_init(&t->tenant[i].rows);
	*out = t;
	return OK;
}

static unsigned
bucket_of(const struct traffic *t, const struct tenant *n, unsigned hour)
{
	return (unsigned)(n - t->tenant) * ROAD_HOURS + hour;
}

static void
empty(struct traffic *t, struct tenant *n)
{
	for (unsigned h = 0; h < ROAD_HOURS; h++) {
		if (n->asked[h] != 0)
			road_metric_swap(t->road, bucket_of(t, n, h), NULL);
		n->asked[h] = 0;
	}
	scope_clear(&n->rows);
	n->speeds = (struct road_speeds){0};
	n->version = 0;
}

void
traffic_close(struct traffic *t)
{
	if (t == NULL)
		return;
	for (size_t i = 0; i < TRAFFIC_TENANTS; i++) {
		empty(t, &t->tenant[i]);
		scope_release(&t->tenant[i].rows);
	}
	pthread_mutex_destroy(&t->lock);
	free(t);
}

static struct tenant *
tenant_of(struct traffic *t, const char *operator_id)
{
	struct tenant *oldest = &t->tenant[0];
	for (size_t i = 0; i < TRAFFIC_TENANTS; i++) {
		struct tenant *n = &t->tenant[i];
		if (strcmp(n->operator_id, operator_id) == 0)
			return n;
		if (n->asked_last < oldest->asked_last)
			oldest = n;
	}
	empty(t, oldest);
	snprintf(oldest->operator_id, sizeof oldest->operator_id, "%s", operator_id);
	return oldest;
}

/* --- rows --- */

struct newest {
	const char *operator_id;
	int64_t have; /* the version that is live */
	int64_t version;
	struct scope *rows; /* filled where it differs */
	struct road_speeds speeds;
};

static enum code
read_newest(struct scope *sc, struct tx *tx, void *arg)
{
	struct newest *n = arg;
	int64_t to_ms;
	TRY(traffic_newest(sc, tx, n->operator_id, &n->version, &to_ms));
	if (n->version == n->have || n->version == 0)
		return OK;
	enum code rc = traffic_speeds(n->rows, tx, n->operator_id, n->version, &n->speeds);
	if (rc != OK)
		sc->err = n->rows->err;
	return rc;
}

/* The tenant's rows are the newest version's from here on. */
static enum code
bring_up(struct scope *sc, struct store *st, struct traffic *t, struct tenant *n)
{
	struct scope rows;
	scope_init(&rows);
	rows.cap = (size_t)1 << 30;
	struct newest newest = {.operator_id = n->operator_id, .have = n->version, .rows = &rows};
	enum code rc = store_read(sc, st, read_newest, &newest);
	if (rc != OK || newest.version == n->version) {
		scope_release(&rows);
		return rc;
	}
	empty(t, n);
	scope_release(&n->rows);
	n->rows = rows;
	n->speeds = newest.speeds;
	n->version = newest.version;
	n->unknown = n->speeds.n_arcs - road_speeds_known(sc, t->road, &n->speeds);
	return OK;
}

/* --- metrics --- */

/* Room for one more hour. */
static void
retire_hour(struct traffic *t, struct tenant *n)
{
	size_t live = 0;
	unsigned oldest = ROAD_HOURS;
	for (unsigned h = 0; h < ROAD_HOURS; h++) {
		if (n->asked[h] == 0)
			continue;
		live++;
		if (oldest == ROAD_HOURS || n->asked[h] < n->asked[oldest])
			oldest = h;
	}
	if (live < TRAFFIC_HOURS)
		return;
	road_metric_swap(t->road, bucket_of(t, n, oldest), NULL);
	n->asked[oldest] = 0;
}

static enum code
make_hour(struct scope *sc, struct traffic *t, struct tenant *n, unsigned hour)
{
	struct road_metric *made;
	if (n->asked[hour] != 0)
		return OK;
	TRY(road_speeds_metric(sc, t->road, &n->speeds, hour, true, &made));
	retire_hour(t, n);
	road_metric_swap(t->road, bucket_of(t, n, hour), made);
	n->asked[hour] = t->takings;
	return OK;
}

static enum code
take(struct scope *sc, struct store *st, struct traffic *t, const char *operator_id, unsigned hour,
     struct traffic_now *out)
{
	struct tenant *n = tenant_of(t, operator_id);
	n->asked_last = ++t->takings;
	TRY(bring_up(sc, st, t, n));
	struct traffic_now now = {.version = n->version, .hour = hour, .unknown = n->unknown, .of_ = t};
	if (n->version > 0) {
		TRY(make_hour(sc, t, n, hour));
		n->asked[hour] = t->takings;
		now.metric = road_metric_take(t->road, bucket_of(t, n, hour));
	}
	*out = now;
	return OK;
}

enum code
traffic_take(struct scope *sc, struct store *st, struct traffic *t, const char *operator_id, unsigned hour,
	     struct traffic_now *out)
{
	hour %= ROAD_HOURS;
	if (t == NULL) {
		*out = (struct traffic_now){.hour = hour};
		return OK;
	}
	pthread_mutex_lock(&t->lock);
	enum code rc = take(sc, st, t, operator_id, hour, out);
	pthread_mutex_unlock(&t->lock);
	return rc;
}

void
traffic_drop(struct traffic_now *now)
{
	if (now->metric != NULL)
		road_metric_drop(now->of_->road, now->metric);
	now->metric = NULL;
}

static enum code
refresh(struct scope *sc, struct store *st, struct traffic *t, const char *operator_id)
{
	bool were[ROAD_HOURS];
	struct tenant *n = tenant_of(t, operator_id);
	n->asked_last = ++t->takings;
	for (unsigned h = 0; h < ROAD_HOURS; h++)
		were[h] = n->asked[h] != 0;
	TRY(bring_up(sc, st, t, n));
	for (unsigned h = 0; h < ROAD_HOURS && n->version > 0; h++)
		if (were[h])
			TRY(make_hour(sc, t, n, h));
	return OK;
}

enum code
traffic_refresh(struct scope *sc, struct store *st, struct traffic *t, const char *operator_id)
{
	if (t == NULL)
		return OK;
	pthread_mutex_lock(&t->lock);
	enum code rc = refresh(sc, st, t, operator_id);
	pthread_mutex_unlock(&t->lock);
	return rc;
}
