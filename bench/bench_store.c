/* room: store */
/* What this disk can promise, and how much of it the store reaches.
 *
 *	bench_store [DIR [URL]]   DIR: on the disk to measure; default: build
 *	                          URL: of a PostgreSQL that keeps the tables instead
 *
 * fdatasync: a file appended to in 4 KiB blocks and synced after each, as a
 * log of single commits would be. A client asks for its next write as soon as
 * it hears that the last is durable. One JSON object on stdout. */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "store/store.h"

#define RUN_MS 1500
#define SAMPLES_MAX 400000

static const char *const tables[] = {
    "CREATE TABLE sample(id TEXT PRIMARY KEY, operator_id TEXT NOT NULL, at_ms INTEGER NOT NULL, body TEXT NOT NULL) "
    "STRICT;",
    NULL};
static const struct schema main_schema = {.room = "bench", .migrations = tables};
static const char *const track_tables[] = {
    "CREATE TABLE track(duty TEXT NOT NULL, at_ms INTEGER NOT NULL, lat_e7 INTEGER NOT NULL, lon_e7 INTEGER NOT NULL) "
    "STRICT;",
    NULL};
static const struct schema track_schema = {.room = "track", .migrations = track_tables, .positions = true};
static const struct schema *const schemas[] = {&main_schema, &track_schema, NULL};

static enum code
measure_syncs(struct scope *sc, const char *dir, double *per_s)
{
	const char *path = path_join(sc, dir, "sync.bench");
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return fail(sc, E_IO, "%s: %s", path, strerror(errno));
	static const char block[4096];
	int64_t start = clock_mono_ns();
	int n = 0;
	bool ok = true;
	for (; ok && clock_mono_ns() - start < RUN_MS * INT64_C(1000000); n++)
		ok = write(fd, block, sizeof block) == sizeof block && fdatasync(fd) == 0;
	double s = (double)(clock_mono_ns() - start) / 1e9;
	close(fd);
	unlink(path);
	if (!ok)
		return fail(sc, E_IO, "%s: %s", path, strerror(errno));
	*per_s = n / s;
	return OK;
}

/* --- clients --- */

struct crowd {
	struct store *store;
	pthread_mutex_t mu;
	pthread_cond_t all;
	int left;
	int64_t end_ns;
	int64_t *samples; /* ns each; the writer's thread alone writes them */
	size_t n;
	enum code rc;
};

struct client {
	struct crowd *crowd;
	struct scope sc;
	struct write w;
	int64_t asked_ns;
};

static enum code
add_sample(struct scope *sc, struct tx *tx, void *arg)
{
	(void)arg;
	struct id id = tx_new_id(tx, "smp");
	return sql_run(
	    sc, tx, "INSERT INTO sample(id, operator_id, at_ms, body) VALUES ($1, $2, $3, $4)",
	    VALS(v_text(id.s), v_text("opr_01jd0000000000000000000000"), v_int(tx_now_ms(tx)),
		 v_text("about as long as a delivery's proof: door, photograph's hash, a word of the driver")),
	    NULL);
}

static enum code
add_track(struct scope *sc, struct tx *tx, void *arg)
{
	(void)arg;
	return sql_run(
	    sc, tx, "INSERT INTO track(duty, at_ms, lat_e7, lon_e7) VALUES ($1, $2, $3, $4)",
	    VALS(v_text("dty_01jd0000000000000000000000"), v_int(tx_now_ms(tx)), v_int(577000000), v_int(119000000)),
	    NULL);
}

static void
ended(struct write *w)
{
	struct client *c = w->user;
	struct crowd *all = c->crowd;
	int64_t now = clock_mono_ns();
	if (all->n < SAMPLES_MAX)
		all->samples[all->n++] = now - c->asked_ns;
	if (w->rc != OK)
		all->rc = w->rc;
	scope_clear(&c->sc);
	c->asked_ns = now;
	if (now < all->end_ns && w->rc == OK && store_write_async(all->store, w) == OK)
		return;
	pthread_mutex_lock(&all->mu);
	all->left--;
	pthread_cond_signal(&all->all);
	pthread_mutex_unlock(&all->mu);
}

static int
by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a;
	int64_t y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

static int64_t
cpu_us(void)
{
	struct rusage u;
	getrusage(RUSAGE_SELF, &u);
	return (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * INT64_C(1000000) + u.ru_utime.tv_usec + u.ru_stime.tv_usec;
}

static enum code
measure_clients(struct scope *sc, struct store *st, enum lane lane, int n, double floor_per_s, json_t *into)
{
	struct crowd all = {.store = st, .left = n, .samples = NEW_ARRAY(sc, SAMPLES_MAX, int64_t)};
	pthread_mutex_init(&all.mu, NULL);
	pthread_cond_init(&all.all, NULL);
	struct client *clients = NEW_ARRAY(sc, (size_t)n, struct client);
	int64_t start = clock_mono_ns();
	int64_t cpu = cpu_us();
	all.end_ns = start + RUN_MS * INT64_C(1000000);
	for (int i = 0; i < n; i++) {
		struct client *c = &clients[i];
		scope_init(&c->sc);
		c->crowd = &all;
		c->asked_ns = clock_mono_ns();
		c->w = (struct write){.sc = &c->sc,
				      .lane = lane,
				      .fn = lane == LANE_MAIN ? add_sample : add_track,
				      .done = ended,
				      .user = c};
		TRY(store_write_async(st, &c->w));
	}
	pthread_mutex_lock(&all.mu);
	while (all.left > 0)
		pthread_cond_wait(&all.all, &all.mu);
	pthread_mutex_unlock(&all.mu);
	double s = (double)(clock_mono_ns() - start) / 1e9;
	cpu = cpu_us() - cpu;
	for (int i = 0; i < n; i++)
		scope_release(&clients[i].sc);
	if (all.rc != OK || all.n == 0)
		return fail(sc, all.rc == OK ? E_INTERNAL : all.rc, "a write failed");
	qsort(all.samples, all.n, sizeof all.samples[0], by_size);
	json_t *o = json_object();
	json_put_int(o, "clients", n);
	json_put_real(o, "writes_per_s", (double)all.n / s);
	json_put_real(o, "per_sync_of_the_disk", (double)all.n / s / floor_per_s);
	json_put_real(o, "p50_ms", (double)all.samples[all.n / 2] / 1e6);
	json_put_real(o, "p99_ms", (double)all.samples[all.n * 99 / 100] / 1e6);
	json_put_real(o, "max_ms", (double)all.samples[all.n - 1] / 1e6);
	json_put_real(o, "cpu_us_per_write", (double)cpu / (double)all.n);
	json_array_append_new(into, o);
	return OK;
}

static enum code
read_sample(struct scope *sc, struct tx *tx, void *arg)
{
	struct rows *r;
	TRY(sql_one(sc, tx, &r, "SELECT id, body FROM sample ORDER BY id LIMIT 1", NO_VALS));
	(void)arg;
	return row_text(sc, r, 0) == NULL ? E_CORRUPT : OK;
}

static enum code
measure_reads(struct scope *sc, struct store *st, double *cpu_us_each)
{
	struct scope own;
	scope_init(&own);
	int64_t cpu = clock_cpu_ns();
	for (int i = 0; i < 20000; i++) {
		enum code rc = store_read(&own, st, read_sample, NULL);
		if (rc != OK)
			return fail(sc, rc, "%s", own.err.message);
		scope_clear(&own);
	}
	*cpu_us_each = (double)(clock_cpu_ns() - cpu) / 20000 / 1e3;
	scope_release(&own);
	return OK;
}

static int
remove_entry(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

static enum code
measure(struct scope *sc, const char *dir, const char *url, json_t *o)
{
	double syncs;
	TRY(measure_syncs(sc, dir, &syncs));
	json_put_real(o, "fdatasync_per_s", syncs);
	struct clock clock;
	struct random random;
	clock_init_wall(&clock);
	random_init_os(&random);
	struct store_options opt = {.clock = &clock, .random = &random, .schemas = schemas};
	struct store *st;
	if (url != NULL)
		TRY(store_choose(sc, &random, dir, url, scope_printf(sc, "bench_%d", (int)getpid())));
	TRY(store_open(sc, dir, &opt, &st));
	static const int crowds[] = {1, 8, 32, 128};
	json_t *main_lane = json_array();
	json_put(o, "durable", main_lane);
	enum code rc = OK;
	for (size_t i = 0; i < COUNT_OF(crowds) && rc == OK; i++)
		rc = measure_clients(sc, st, LANE_MAIN, crowds[i], syncs, main_lane);
	json_t *positions = json_array();
	json_put(o, "positions", positions);
	for (size_t i = 0; i < COUNT_OF(crowds) && rc == OK; i += 2)
		rc = measure_clients(sc, st, LANE_POSITIONS, crowds[i], syncs, positions);
	double read_us = 0;
	if (rc == OK)
		rc = measure_reads(sc, st, &read_us);
	json_put_real(o, "read_cpu_us", read_us);
	store_close(st);
	return rc;
}

int
main(int argc, char **argv)
{
	struct scope sc;
	scope_init(&sc);
	char dir[256];
	snprintf(dir, sizeof dir, "%s/bench-store-XXXXXX", argc > 1 ? argv[1] : "build");
	if (mkdtemp(dir) == NULL) {
		fprintf(stderr, "%s: %s\n", dir, strerror(errno));
		return 4;
	}
	json_t *o = json_new_object(&sc);
	enum code rc = measure(&sc, dir, argc > 2 ? argv[2] : NULL, o);
	if (rc == OK)
		printf("%s\n", json_text(&sc, o));
	else
		fprintf(stderr, "%s\n", sc.err.message);
	nftw(dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
	scope_release(&sc);
	return rc == OK ? 0 : 4;
}
