#include "road/match_bench.h"

#include <math.h>

#include "base/clock.h"
#include "road/match_stream.h"
#include "road/osrm.h"
#include "road/trip.h"

#define DRIVE_MIN_M 2000
#define DRIVE_MAX_M 12000

/* A drive: its points with their times, and its arcs. */
struct drive {
	struct place *at;
	double *time_s;
	size_t n;
	const struct road_path *path;
};

static double
gauss(struct prng *prng)
{
	double u = 1 - prng_unit(prng);
	return sqrt(-2 * log(u)) * cos(2 * M_PI * prng_unit(prng));
}

static void
time_points(struct scope *sc, const struct road_path *path, struct drive *d)
{
	*d = (struct drive){.path = path, .at = path->shape, .n = path->n_shape};
	d->time_s = NEW_ARRAY(sc, path->n_shape, double);
	double now = 0;
	for (size_t i = 0; i < path->n_legs; i++) {
		const struct road_leg *l = &path->legs[i];
		for (size_t k = 1; k < l->n_shape; k++) {
			double m =
			    place_distance_m(path->shape[l->first_shape + k - 1], path->shape[l->first_shape + k]);
			double share = l->distance_m > 0 ? m / l->distance_m : 0;
			d->time_s[l->first_shape + k] = now + share * l->duration_ms * 0.001;
			now = d->time_s[l->first_shape + k];
		}
		now += l->turn_ms * 0.001;
	}
}

static struct place
place_at(const struct drive *d, double t)
{
	size_t i = 0;
	while (i + 2 < d->n && d->time_s[i + 1] < t)
		i++;
	double span = d->time_s[i + 1] - d->time_s[i];
	double f = span > 0 ? (t - d->time_s[i]) / span : 0;
	f = f < 0 ? 0 : f > 1 ? 1 : f;
	return (struct place){(int32_t)(d->at[i].lat_e7 + lround(f * (d->at[i + 1].lat_e7 - d->at[i].lat_e7))),
			      (int32_t)(d->at[i].lon_e7 + lround(f * (d->at[i + 1].lon_e7 - d->at[i].lon_e7)))};
}

static size_t
sample(struct scope *sc, struct prng *prng, const struct drive *d, double sigma_m, int interval_s,
       struct road_fix **out)
{
	double end = d->time_s[d->n - 1];
	size_t n = (size_t)(end / interval_s) + 2;
	struct road_fix *fixes = NEW_ARRAY(sc, n, struct road_fix);
	for (size_t i = 0; i < n; i++) {
		double t = (double)i * interval_s < end ? (double)i * interval_s : end;
		struct place p = place_at(d, t);
		struct plane plane;
		plane_init(&plane, p);
		p.lat_e7 += (int32_t)lround(gauss(prng) * sigma_m / plane.m_per_e7_lat);
		p.lon_e7 += (int32_t)lround(gauss(prng) * sigma_m / plane.m_per_e7_lon);
		fixes[i] = (struct road_fix){p, (int64_t)(t * 1000) + 1, sigma_m};
	}
	*out = fixes;
	return n;
}

/* Metres on arcs that only one of the two has; the drive's first and last arc
 * are known in part only, and are no fault either way. */
static double
difference_m(const struct road *road, uint8_t *seen, const struct road_path *truth, const struct road_match *m)
{
	double off = 0;
	for (size_t i = 0; i < truth->n_legs; i++)
		seen[truth->legs[i].arc] |= i == 0 || i + 1 == truth->n_legs ? 5 : 1;
	for (size_t p = 0; p < m->n_pieces; p++) {
		for (size_t k = 0; k < m->pieces[p].n_paths; k++) {
			const struct road_path *path = &m->pieces[p].paths[k];
			for (size_t i = 0; i < path->n_legs; i++) {
				uint8_t *s = &seen[path->legs[i].arc];
				if ((*s & 1) == 0)
					off += path->legs[i].distance_m;
				*s |= 2;
			}
		}
	}
	for (size_t i = 0; i < truth->n_legs; i++) {
		uint8_t s = seen[truth->legs[i].arc];
		if ((s & 2) == 0 && (s & 4) == 0)
			off += road_arc_length_m(road, truth->legs[i].arc);
	}
	memset(seen, 0, road->n[SECTION_ARC]);
	return off;
}

static enum code
random_drive(struct scope *sc, const struct road *road, const struct road_metric *metric, struct prng *prng,
	     struct road_path *path)
{
	for (int tries = 0; tries < 1000; tries++) {
		struct place a = road_random_street_point(road, prng);
		struct place b = road_random_street_point(road, prng);
		double m = place_distance_m(a, b);
		if (m < DRIVE_MIN_M || m > DRIVE_MAX_M)
			continue;
		if (road_path(sc, road, metric, a, b, path) == OK)
			return OK;
		error_clear(sc);
	}
	return fail(sc, E_INVALID, "the extract is too small for drives of %d m", DRIVE_MIN_M);
}

/* Sums over the tracks of one cell. */
struct tally {
	double off_m, ns;
	double stream_ns, waited;
	size_t settled, hurried;
};

static enum code
match_one(struct scope *sc, const struct road *road, const struct road_fix *fixes, size_t n, const struct drive *d,
	  uint8_t *seen, struct tally *t)
{
	struct road_match m;
	int64_t start = clock_cpu_ns();
	TRY(road_match(sc, road, NULL, fixes, n, &m));
	t->ns += (double)(clock_cpu_ns() - start);
	t->off_m += difference_m(road, seen, d->path, &m);
	return OK;
}

static enum code
stream_one(struct scope *sc, struct road_matcher *matcher, const struct road_fix *fixes, size_t n, struct tally *t)
{
	struct road_stream *s;
	TRY(road_stream_open(sc, ROAD_LAG, &s));
	enum code rc = OK;
	for (size_t i = 0; i <= n && rc == OK; i++) {
		struct road_settled_list news = {0};
		int64_t start = clock_cpu_ns();
		rc = i < n ? road_stream_push(sc, matcher, NULL, s, &fixes[i], &news)
			   : road_stream_finish(sc, matcher, NULL, s, &news);
		t->stream_ns += (double)(clock_cpu_ns() - start);
		for (size_t k = 0; k < news.n; k++) {
			t->waited += (double)(i - news.items[k].fix);
			t->hurried += news.items[k].hurried;
		}
		t->settled += news.n;
	}
	road_stream_close(s);
	return rc;
}

static void
export_ends(struct text *t, const struct road *road, const struct road_path *path)
{
	text_add(t, ",\"ends\":[");
	for (size_t end = 0; end < 2; end++) {
		const struct road_leg *l = &path->legs[end == 0 ? 0 : path->n_legs - 1];
		const struct road_segment *s = &road->segment[road->arc[l->arc].segment];
		text_add(t, end == 0 ? "[" : ",[");
		for (uint32_t i = 0; i < s->n_shape && road->n[SECTION_SHAPE_NODE] > 0; i++)
			text_printf(t, i == 0 ? "%" PRId64 : ",%" PRId64, road->shape_node[s->shape + i]);
		text_add_char(t, ']');
	}
	text_add_char(t, ']');
}

static void
export_track(struct text *t, const struct road *road, int cell, const struct drive *d, const struct road_fix *fixes,
	     size_t n)
{
	text_printf(t, "{\"cell\":%d,\"driven_m\":%.1f,\"fixes\":[", cell, d->path->distance_m);
	for (size_t i = 0; i < n; i++)
		text_printf(t, "%s[%.7f,%.7f,%" PRId64 ",%.0f]", i == 0 ? "" : ",", place_lon(fixes[i].at),
			    place_lat(fixes[i].at), fixes[i].at_ms, fixes[i].sigma_m);
	text_add_char(t, ']');
	export_ends(t, road, d->path);
	struct text notes;
	text_init(&notes, t->sc);
	osrm_add_notes(&notes, road, d->path, OSRM_NOTE_NODES | OSRM_NOTE_DISTANCE);
	text_add(t, notes.s);
	text_add(t, "}\n");
}

/* One drive in one cell: as a whole, then fix by fix. */
static enum code
measure(struct scope *sc, const struct road *road, struct road_matcher *matcher, struct prng *prng,
	const struct drive *d, uint8_t *seen, int number, struct road_match_cell *cell, struct tally *t,
	struct text *tracks_out)
{
	struct road_fix *fixes;
	size_t n = sample(sc, prng, d, cell->sigma_m, cell->interval_s, &fixes);
	cell->points += n;
	if (tracks_out != NULL)
		export_track(tracks_out, road, number, d, fixes, n);
	TRY(match_one(sc, road, fixes, n, d, seen, t));
	return stream_one(sc, matcher, fixes, n, t);
}

static void
cell_close(struct road_match_cell *cell, const struct tally *t, double driven_m)
{
	double points = cell->points > 0 ? (double)cell->points : 1;
	double settled = t->settled > 0 ? (double)t->settled : 1;
	cell->error = driven_m > 0 ? t->off_m / driven_m : 0;
	cell->us_per_point = t->ns / 1000 / points;
	cell->stream_us = t->stream_ns / 1000 / points;
	cell->delay = t->waited / settled;
	cell->hurried = (double)t->hurried / settled;
}

/* Drivers know better and worse than the map: their speeds differ by street. */
static enum code
disturbed_metric(struct scope *sc, const struct road *road, struct prng *prng, struct road_metric **out)
{
	size_t n = road->n[SECTION_ARC];
	uint32_t *ms = NEW_ARRAY(sc, n, uint32_t);
	for (size_t i = 0; i < n; i++)
		ms[i] = 1 + (uint32_t)(road->arc_ms[i] * (0.75 + 0.75 * prng_unit(prng)));
	return road_metric_build(sc, road, ms, out);
}

enum code
road_match_bench(struct scope *sc, const struct road *road, size_t tracks, uint64_t seed,
		 struct road_match_cell cells[static 9], struct text *tracks_out)
{
	static const double sigmas[] = {5, 10, 20};
	static const int intervals[] = {5, 15, 30};
	struct prng prng;
	prng_seed(&prng, seed);
	struct road_metric *metric;
	TRY(disturbed_metric(sc, road, &prng, &metric));
	uint8_t *seen = NEW_ARRAY(sc, road->n[SECTION_ARC], uint8_t);
	struct tally tallies[9] = {0};
	struct road_matcher *matcher = road_matcher_new(sc, road);
	double driven_m = 0;
	for (int c = 0; c < 9; c++)
		cells[c] = (struct road_match_cell){.sigma_m = sigmas[c / 3], .interval_s = intervals[c % 3]};
	enum code rc = OK;
	for (size_t i = 0; i < tracks && rc == OK; i++) {
		struct scope work;
		scope_init(&work);
		struct road_path path;
		struct drive d;
		rc = random_drive(&work, road, metric, &prng, &path);
		if (rc == OK) {
			time_points(&work, &path, &d);
			driven_m += path.distance_m;
		}
		for (int c = 0; c < 9 && rc == OK; c++)
			rc = measure(&work, road, matcher, &prng, &d, seen, c, &cells[c], &tallies[c], tracks_out);
		if (rc != OK)
			sc->err = work.err;
		scope_release(&work);
	}
	road_metric_free(metric);
	for (int c = 0; c < 9; c++)
		cell_close(&cells[c], &tallies[c], driven_m);
	return rc;
}
