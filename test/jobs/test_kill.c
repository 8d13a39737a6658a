/* kill -9 under load, again and again: no acknowledged write lost, no job's
 * consequence missing or doubled.
 *
 * The same program is both sides. `test_kill load DIR MS` opens a store and a
 * runner, writes from several threads, and says "writer n" on stdout each time
 * a write was acknowledged; every write asks for a job, and some jobs for
 * another. The test starts it, kills it somewhere between its first
 * instruction and full load, looks at what it left, and starts it again. At
 * the end a last run is let finish its jobs.
 *
 * WAYBILL_KILLS=200 kills more often (bench/kill does). */
#include "store_fixture.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>

#include "base/log.h"
#include "base/prng.h"
#include "base/text.h"
#include "jobs/jobs.h"

enum { WRITERS = 6, KILLS = 24 };

static const char *const load_migrations[] = {
    "CREATE TABLE entry(writer INTEGER NOT NULL, n INTEGER NOT NULL, PRIMARY KEY(writer, n)) STRICT;"
    /* no UNIQUE: a doubled consequence must show */
    "CREATE TABLE consequence(seq INTEGER PRIMARY KEY, kind TEXT NOT NULL, subject TEXT NOT NULL) STRICT;"
    "CREATE TABLE counter(id INTEGER PRIMARY KEY, n INTEGER NOT NULL) STRICT;"
    "INSERT INTO counter(id, n) VALUES (1, 0);",
    NULL};
static const struct schema load_schema = {.room = "load", .migrations = load_migrations};
static const char *const trail_migrations[] = {
    "CREATE TABLE trail(writer INTEGER NOT NULL, n INTEGER NOT NULL, PRIMARY KEY(writer, n)) STRICT;", NULL};
static const struct schema trail_schema = {.room = "trail", .migrations = trail_migrations, .positions = true};
static const struct schema *const schemas[] = {&jobs_schema, &load_schema, &trail_schema, NULL};

/* --- the process under load --- */

static enum code
slow(struct scope *sc, struct store *st, void *ctx, const struct job *job, void **result)
{
	(void)st;
	(void)ctx;
	usleep((useconds_t)(job->seq % 7) * 500);
	*result = scope_strdup(sc, job->subject);
	return OK;
}

static enum code
consequence(struct scope *sc, struct tx *tx, const struct job *job)
{
	TRY(sql_run(sc, tx, "INSERT INTO consequence(kind, subject) VALUES ($1, $2)",
		    VALS(v_text(job->kind), v_text(job->subject)), NULL));
	return sql_run(sc, tx, "UPDATE counter SET n = n + 1 WHERE id = 1", NO_VALS, NULL);
}

static enum code
first_commit(struct scope *sc, struct tx *tx, void *ctx, const struct job *job, void *result)
{
	(void)ctx;
	(void)result;
	if (job->seq % 5 == 0 && job->attempt == 1)
		return fail(sc, E_UNAVAILABLE, "the first try of some fails");
	TRY(consequence(sc, tx, job));
	if (job->seq % 2 == 0)
		return OK;
	return job_add(sc, tx, "kill.second", "", job->subject, tx_now_ms(tx) + 5, NULL);
}

static enum code
second_commit(struct scope *sc, struct tx *tx, void *ctx, const struct job *job, void *result)
{
	(void)ctx;
	(void)result;
	return consequence(sc, tx, job);
}

static const struct job_kind kind_first = {"kill.first", NULL, first_commit, NULL};
static const struct job_kind kind_second = {"kill.second", slow, second_commit, NULL};
static const struct job_kind *const kinds[] = {&kind_first, &kind_second, NULL};

struct loader {
	struct store *store;
	int id;
	int64_t n;
	int64_t end_mono_ms;
};

static enum code
add_entry(struct scope *sc, struct tx *tx, void *arg)
{
	const struct loader *l = arg;
	TRY(sql_run(sc, tx, "INSERT INTO entry(writer, n) VALUES ($1, $2)", VALS(v_int(l->id), v_int(l->n)), NULL));
	return job_add(sc, tx, "kill.first", "", scope_printf(sc, "%d-%" PRId64, l->id, l->n), tx_now_ms(tx), NULL);
}

static enum code
add_trail(struct scope *sc, struct tx *tx, void *arg)
{
	const struct loader *l = arg;
	return sql_run(sc, tx, "INSERT INTO trail(writer, n) VALUES ($1, $2)", VALS(v_int(l->id), v_int(l->n)), NULL);
}

static enum code
last_entry(struct scope *sc, struct tx *tx, void *arg)
{
	struct loader *l = arg;
	struct rows *r;
	const char *sql = l->id == WRITERS - 1 ? "SELECT COALESCE(MAX(n), 0) FROM trail WHERE writer = $1"
					       : "SELECT COALESCE(MAX(n), 0) FROM entry WHERE writer = $1";
	TRY(sql_one(sc, tx, &r, sql, VALS(v_int(l->id))));
	l->n = row_int(r, 0);
	return OK;
}

static void *
loader_main(void *arg)
{
	struct loader *l = arg;
	struct scope sc;
	scope_init(&sc);
	bool trail = l->id == WRITERS - 1;
	enum code rc = store_read(&sc, l->store, last_entry, l);
	while (rc == OK && clock_mono_ms() < l->end_mono_ms) {
		l->n++;
		rc = store_write(&sc, l->store, trail ? LANE_POSITIONS : LANE_MAIN, trail ? add_trail : add_entry, l);
		char line[64];
		int n = snprintf(line, sizeof line, "%d %" PRId64 "\n", l->id, l->n);
		if (rc == OK && write(STDOUT_FILENO, line, (size_t)n) != n)
			_exit(3);
		if (trail)
			usleep(500);
		scope_clear(&sc);
	}
	if (rc != OK) {
		log_error(&sc, "load");
		_exit(4);
	}
	scope_release(&sc);
	return NULL;
}

static enum code
count_jobs(struct scope *sc, struct tx *tx, void *arg)
{
	return jobs_count(sc, tx, arg);
}

static enum code
wait_for_jobs(struct scope *sc, struct store *st)
{
	for (;;) {
		struct job_counts c;
		TRY(store_read(sc, st, count_jobs, &c));
		if (c.waiting + c.leased == 0)
			return OK;
		usleep(20000);
	}
}

static enum code
load(struct scope *sc, const char *dir, int64_t for_ms)
{
	struct clock clock;
	struct random random;
	clock_init_wall(&clock);
	random_init_os(&random);
	struct store_options opt = {.clock = &clock, .random = &random, .schemas = schemas};
	struct store *st;
	struct jobs *j;
	TRY(store_open(sc, dir, &opt, &st));
	TRY(jobs_open(sc, st, kinds, NULL, 3, &j));
	jobs_start(j);
	pthread_t t[WRITERS];
	struct loader l[WRITERS];
	for (int i = 0; i < WRITERS; i++) {
		l[i] = (struct loader){.store = st, .id = i, .end_mono_ms = clock_mono_ms() + for_ms};
		if (pthread_create(&t[i], NULL, loader_main, &l[i]) != 0)
			_exit(5);
	}
	for (int i = 0; i < WRITERS; i++)
		pthread_join(t[i], NULL);
	enum code rc = wait_for_jobs(sc, st);
	jobs_close(j);
	store_close(st);
	return rc;
}

static int
load_main(const char *dir, const char *for_ms)
{
	log_set_level(LOG_ERROR);
	struct scope sc;
	scope_init(&sc);
	enum code rc = load(&sc, dir, strtoll(for_ms, NULL, 10));
	if (rc != OK)
		log_error(&sc, "load");
	scope_release(&sc);
	return rc == OK ? 0 : 1;
}

/* --- the test --- */

struct killer {
	struct store_fixture f;
	struct prng r;
	int64_t told[WRITERS];
	int odd_lines;
	int kills;
	int killed_under_load;
};

static pid_t
start_load(struct killer *k, int64_t for_ms, int *out)
{
	int p[2];
	assert_int_equal(pipe(p), 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		char ms[32];
		snprintf(ms, sizeof ms, "%" PRId64, for_ms);
		dup2(p[1], STDOUT_FILENO);
		close(p[0]);
		close(p[1]);
		execl("/proc/self/exe", "test_kill", "load", k->f.dir, ms, (char *)NULL);
		_exit(9);
	}
	close(p[1]);
	*out = p[0];
	return pid;
}

/* On the listener's thread: what is odd is noted, and asserted on the test's. */
static void
note_told(struct killer *k, const char *line)
{
	char *end;
	long writer = strtol(line, &end, 10);
	int64_t n = strtoll(end, NULL, 10);
	if (writer < 0 || writer >= WRITERS || n <= k->told[writer])
		k->odd_lines++;
	else
		k->told[writer] = n;
}

/* A reader of the pipe, as a thread: the load must never wait for us. */
struct listener {
	struct killer *k;
	int fd;
	_Atomic int64_t lines;
};

static void *
listener_main(void *arg)
{
	struct listener *l = arg;
	FILE *in = fdopen(l->fd, "r");
	char line[64];
	while (in != NULL && fgets(line, sizeof line, in) != NULL) {
		if (line[strlen(line) - 1] != '\n')
			break; /* cut off by the kill: nobody was told */
		note_told(l->k, line);
		atomic_fetch_add(&l->lines, 1);
	}
	if (in != NULL)
		fclose(in);
	return NULL;
}

static void
run_and_kill(struct killer *k)
{
	struct listener l = {.k = k};
	pid_t pid = start_load(k, 60000, &l.fd);
	pthread_t t;
	assert_int_equal(pthread_create(&t, NULL, listener_main, &l), 0);
	/* One in four dies while it opens; the others at some point of the load. */
	if (k->kills % 4 != 3)
		for (int i = 0; i < 5000 && atomic_load(&l.lines) == 0; i++)
			usleep(1000);
	usleep(prng_below(&k->r, 120000));
	assert_int_equal(kill(pid, SIGKILL), 0);
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	pthread_join(t, NULL);
	k->killed_under_load += atomic_load(&l.lines) > 0;
	k->kills++;
}

struct tally {
	int64_t entries, entry_jobs, done_jobs, consequences, distinct, counter, failed;
	int64_t n[WRITERS], last[WRITERS];
};

static enum code
one_int(struct scope *sc, struct tx *tx, const char *sql, int64_t *out)
{
	struct rows *r;
	TRY(sql_one(sc, tx, &r, sql, NO_VALS));
	*out = row_int(r, 0);
	return OK;
}

static enum code
read_tally(struct scope *sc, struct tx *tx, void *arg)
{
	struct tally *t = arg;
	struct rows *r;
	TRY(one_int(sc, tx, "SELECT COUNT(*) FROM entry", &t->entries));
	TRY(one_int(sc, tx, "SELECT COUNT(*) FROM job WHERE kind = 'kill.first'", &t->entry_jobs));
	TRY(one_int(sc, tx, "SELECT COUNT(*) FROM job WHERE state = 'done'", &t->done_jobs));
	TRY(one_int(sc, tx, "SELECT COUNT(*) FROM job WHERE state = 'failed'", &t->failed));
	TRY(one_int(sc, tx, "SELECT COUNT(*) FROM consequence", &t->consequences));
	TRY(one_int(sc, tx, "SELECT COUNT(*) FROM (SELECT DISTINCT kind, subject FROM consequence) AS each",
		    &t->distinct));
	TRY(one_int(sc, tx, "SELECT n FROM counter", &t->counter));
	for (int i = 0; i < WRITERS; i++) {
		const char *sql = i == WRITERS - 1
				      ? "SELECT COUNT(*), COALESCE(MAX(n), 0) FROM trail WHERE writer = $1"
				      : "SELECT COUNT(*), COALESCE(MAX(n), 0) FROM entry WHERE writer = $1";
		TRY(sql_one(sc, tx, &r, sql, VALS(v_int(i))));
		t->n[i] = row_int(r, 0);
		t->last[i] = row_int(r, 1);
	}
	return OK;
}

/* What holds after every kill. */
static struct tally
look(struct killer *k)
{
	struct tally t = {0};
	store_fixture_start(&k->f);
	assert_ok(&k->f.sc, store_check(&k->f.sc, k->f.store));
	assert_ok(&k->f.sc, store_read(&k->f.sc, k->f.store, read_tally, &t));
	store_fixture_stop(&k->f);
	assert_int_equal(k->odd_lines, 0);
	for (int i = 0; i < WRITERS; i++) {
		assert_true(t.n[i] == t.last[i]);	  /* no gap */
		assert_true(t.last[i] >= k->told[i]);	  /* nothing acknowledged is lost */
		assert_true(t.last[i] <= k->told[i] + 1); /* at most the one on its way */
		k->told[i] = t.last[i];
	}
	assert_true(t.entry_jobs == t.entries);	    /* the entry and its job: both or none */
	assert_true(t.distinct == t.consequences);  /* none doubled */
	assert_true(t.done_jobs == t.consequences); /* done and its consequence: both or none */
	assert_true(t.counter == t.consequences);
	assert_int_equal(t.failed, 0);
	return t;
}

static void
killed_again_and_again_nothing_is_lost_or_doubled(void **state)
{
	(void)state;
	const char *more = getenv("WAYBILL_KILLS");
	int kills = more == NULL ? KILLS : (int)strtol(more, NULL, 10);
	struct killer k = {.kills = 0};
	prng_seed(&k.r, 7);
	store_fixture_open_in(&k.f, "/tmp", schemas);
	store_fixture_stop(&k.f);
	for (int i = 0; i < kills; i++) {
		run_and_kill(&k);
		look(&k);
	}
	assert_true(k.killed_under_load >= kills / 2);
	struct listener l = {.k = &k};
	pid_t pid = start_load(&k, 50, &l.fd);
	listener_main(&l);
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	struct tally t = look(&k);
	assert_true(t.entries > 0 && t.consequences >= t.entries); /* every job has had its consequence */
	int64_t left = 0;
	store_fixture_start(&k.f);
	struct job_counts c;
	assert_ok(&k.f.sc, store_read(&k.f.sc, k.f.store, count_jobs, &c));
	left = c.waiting + c.leased + c.failed;
	assert_int_equal(left, 0);
	print_message("{\"kills\":%d,\"under_load\":%d,\"entries\":%" PRId64 ",\"jobs\":%" PRId64
		      ",\"lost\":0,\"doubled\":0}\n",
		      k.kills, k.killed_under_load, t.entries, t.done_jobs);
	store_fixture_close(&k.f);
}

int
main(int argc, char **argv)
{
	if (argc == 4 && text_eq(argv[1], "load"))
		return load_main(argv[2], argv[3]);
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(killed_again_and_again_nothing_is_lost_or_doubled),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
