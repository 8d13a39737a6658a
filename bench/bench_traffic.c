/* room: traffic */
/* From rows in SQL to a live metric.
 *
 *	bench_traffic CITY.road [DIR]      DIR: where the store is made; default: build
 *
 * The worst case: every arc of the extract has a row of its own. A version is
 * written (one transaction), then taken cold (rows, metric, customising, swap),
 * then another hour of it, then what is live already. One JSON object. */
#include <ftw.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/prng.h"
#include "chain/chain.h"
#include "road/road_map.h"
#include "traffic/traffic.h"

#define ROUNDS 5
#define OP "op_bench"

static const struct schema *const schemas[] = {&jobs_schema, &chain_schema, &traffic_schema, NULL};

struct bench {
	struct clock clock;
	struct random random;
	struct store *store;
	struct road *road;
	struct traffic *traffic;
	struct traffic_lesson lesson;
	int64_t version;
};

static void
rows_for_every_arc(struct scope *sc, struct bench *b)
{
	size_t n = b->road->n[SECTION_ARC];
	struct road_speeds *s = &b->lesson.speeds;
	struct prng prng;
	prng_seed(&prng, 1);
	s->trip = 1.1;
	s->arcs = NEW_ARRAY(sc, n, struct road_speed);
	s->n_arcs = n;
	for (uint32_t a = 0; a < n; a++) {
		const struct road_segment *seg = &b->road->segment[b->road->arc[a].segment];
		s->arcs[a] = (struct road_speed){b->road->way[seg->way].osm_id, seg->position, b->road->arc[a].backward,
						 0.7 + prng_unit(&prng)};
	}
	for (unsigned c = 0; c < ROAD_CLASSES; c++)
		for (unsigned h = 0; h < ROAD_HOURS; h++)
			s->class_hour[c][h] = 1 + prng_unit(&prng);
}

static enum code
keep(struct scope *sc, struct tx *tx, void *arg)
{
	struct bench *b = arg;
	return traffic_keep(sc, tx, OP, &b->lesson, &b->version);
}

static enum code
take(struct scope *sc, struct bench *b, unsigned hour, double *best_ms)
{
	struct traffic_now now;
	int64_t began_ns = clock_mono_ns();
	TRY(traffic_take(sc, b->store, b->traffic, OP, hour, &now));
	double ms = (double)(clock_mono_ns() - began_ns) / 1e6;
	bool right = now.version == b->version && now.metric != NULL && now.unknown == 0;
	traffic_drop(&now);
	if (!right)
		return fail(sc, E_INTERNAL, "version %" PRId64 " is not live", b->version);
	*best_ms = *best_ms == 0 || ms < *best_ms ? ms : *best_ms;
	return OK;
}

struct times {
	double write_ms, cold_ms, hour_ms, live_ms;
};

static enum code
one_round(struct scope *sc, struct bench *b, struct times *t)
{
	int64_t began_ns = clock_mono_ns();
	TRY(store_write(sc, b->store, LANE_MAIN, keep, b));
	double ms = (double)(clock_mono_ns() - began_ns) / 1e6;
	t->write_ms = t->write_ms == 0 || ms < t->write_ms ? ms : t->write_ms;
	TRY(take(sc, b, 8, &t->cold_ms));
	TRY(take(sc, b, 9, &t->hour_ms));
	return take(sc, b, 8, &t->live_ms);
}

static enum code
run(struct scope *sc, const char *file, const char *dir, struct bench *b, json_t *o)
{
	struct times t = {0};
	clock_init_wall(&b->clock);
	random_init_os(&b->random);
	const struct store_options opt = {.clock = &b->clock, .random = &b->random, .schemas = schemas};
	TRY(store_open(sc, dir, &opt, &b->store));
	TRY(road_open(sc, file, &b->road));
	TRY(traffic_open(sc, b->road, &b->traffic));
	rows_for_every_arc(sc, b);
	b->lesson.extract = file;
	for (int i = 0; i < ROUNDS; i++) {
		struct scope work;
		scope_init(&work);
		enum code rc = one_round(&work, b, &t);
		if (rc != OK)
			sc->err = work.err;
		scope_release(&work);
		TRY(rc);
	}
	json_put_int(o, "rows", (int64_t)b->lesson.speeds.n_arcs);
	json_put_real(o, "write_ms", t.write_ms);
	json_put_real(o, "rows_to_live_ms", t.cold_ms);
	json_put_real(o, "another_hour_ms", t.hour_ms);
	json_put_real(o, "live_already_ms", t.live_ms);
	return OK;
}

static int
remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st, (void)flag, (void)ftw;
	return remove(path);
}

int
main(int argc, char **argv)
{
	struct scope sc;
	struct bench b = {0};
	if (argc < 2) {
		fprintf(stderr, "usage: bench_traffic CITY.road [DIR]\n");
		return 2;
	}
	scope_init(&sc);
	json_t *o = json_new_object(&sc);
	char *dir = scope_printf(&sc, "%s/bench-traffic-XXXXXX", argc > 2 ? argv[2] : "build");
	if (mkdtemp(dir) == NULL)
		return 4;
	enum code rc = run(&sc, argv[1], dir, &b, o);
	if (rc == OK)
		puts(json_text(&sc, o));
	else
		fprintf(stderr, "bench_traffic: %s\n", sc.err.message);
	traffic_close(b.traffic);
	if (b.road != NULL)
		road_close(b.road);
	store_close(b.store);
	nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	scope_release(&sc);
	return rc == OK ? 0 : 4;
}
