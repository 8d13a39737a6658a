/* jobs: in order, once, again after failures, never after a lost lease. */
#include "store_fixture.h"

#include <pthread.h>

#include "base/log.h"
#include "base/text.h"
#include "jobs/job_table.h"
#include "jobs/jobs.h"
#include "prop.h"

static const char *const ran_migrations[] = {
    "CREATE TABLE ran(n INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, subject TEXT NOT NULL, due_ms INTEGER "
    "NOT NULL, at_ms INTEGER NOT NULL, attempt INTEGER NOT NULL) STRICT;",
    NULL};
static const struct schema ran_schema = {.room = "ran", .migrations = ran_migrations};
static const struct schema *const schemas[] = {&jobs_schema, &ran_schema, NULL};

/* What the kinds below are told and count. */
struct world {
	struct store *store;
	_Atomic int works;
	_Atomic int stolen;
};

static enum code
note_run(struct scope *sc, struct tx *tx, const struct job *job, const char *kind)
{
	return sql_run(
	    sc, tx, "INSERT INTO ran(kind, subject, due_ms, at_ms, attempt) VALUES ($1, $2, $3, $4, $5)",
	    VALS(v_text(kind), v_text(job->subject), v_int(job->due_ms), v_int(tx_now_ms(tx)), v_int(job->attempt)),
	    NULL);
}

static int64_t
number(const struct job *job, const char *key)
{
	return job->payload == NULL ? 0 : json_integer_value(json_object_get(job->payload, key));
}

/* payload: fails (so many tries fail), adds (a plain job so many ms from now),
 * adds_at_s (one at AT()), cancels (a subject). */
static enum code
act(struct scope *sc, struct tx *tx, void *ctx, const struct job *job, void *result)
{
	(void)ctx;
	(void)result;
	TRY(note_run(sc, tx, job, job->kind));
	const char *cancels = json_string_value(json_object_get(job->payload, "cancels"));
	if (cancels != NULL)
		TRY(job_cancel(sc, tx, "t.act", cancels));
	if (json_object_get(job->payload, "adds") != NULL)
		TRY(job_add(sc, tx, "t.act", "", job->subject, tx_now_ms(tx) + number(job, "adds"), NULL));
	if (json_object_get(job->payload, "adds_at_s") != NULL)
		TRY(job_add(sc, tx, "t.act", "", "added", FIXTURE_START_MS + number(job, "adds_at_s") * 1000, NULL));
	if (job->attempt <= number(job, "fails"))
		return fail(sc, E_UNAVAILABLE, "not yet");
	return OK;
}

static enum code
act_work(struct scope *sc, struct store *st, void *ctx, const struct job *job, void **result)
{
	(void)st;
	struct world *w = ctx;
	atomic_fetch_add(&w->works, 1);
	if (job->attempt <= number(job, "work_fails"))
		return fail(sc, E_UNAVAILABLE, "no answer");
	*result = scope_strdup(sc, job->subject);
	return OK;
}

static enum code
act_worked(struct scope *sc, struct tx *tx, void *ctx, const struct job *job, void *result)
{
	assert_string_equal(result, job->subject);
	return act(sc, tx, ctx, job, result);
}

static enum code
given_up(struct scope *sc, struct tx *tx, void *ctx, const struct job *job)
{
	(void)ctx;
	return note_run(sc, tx, job, "given up");
}

static enum code
broken_give_up(struct scope *sc, struct tx *tx, void *ctx, const struct job *job)
{
	(void)tx;
	(void)ctx;
	(void)job;
	return fail(sc, E_INTERNAL, "broken");
}

static enum code
free_all(struct scope *sc, struct tx *tx, void *arg)
{
	(void)arg;
	return table_free_leases(sc, tx);
}

static enum code
take_and_finish(struct scope *sc, struct tx *tx, void *arg)
{
	(void)arg;
	struct leased_job *l;
	size_t n;
	int64_t next;
	TRY(table_lease(sc, tx, 1, false, &l, &n, &next));
	assert_int_equal(n, 1);
	TRY(table_done(sc, tx, l));
	return note_run(sc, tx, &l->job, "thief");
}

/* While this one works, its lease ends and another runner does the job. */
static enum code
slow_work(struct scope *sc, struct store *st, void *ctx, const struct job *job, void **result)
{
	(void)job;
	(void)result;
	struct world *w = ctx;
	if (atomic_fetch_add(&w->stolen, 1) > 0)
		return OK;
	TRY(store_write(sc, st, LANE_MAIN, free_all, NULL));
	return store_write(sc, st, LANE_MAIN, take_and_finish, NULL);
}

static enum code
sleepy_work(struct scope *sc, struct store *st, void *ctx, const struct job *job, void **result)
{
	(void)sc;
	(void)st;
	(void)job;
	(void)result;
	struct world *w = ctx;
	atomic_fetch_add(&w->works, 1);
	usleep(100000);
	return OK;
}

static const struct job_kind kind_act = {"t.act", NULL, act, given_up};
static const struct job_kind kind_work = {"t.work", act_work, act_worked, NULL};
static const struct job_kind kind_slow = {"t.slow", slow_work, act, NULL};
static const struct job_kind kind_sleepy = {"t.sleepy", sleepy_work, act, NULL};
static const struct job_kind kind_broken = {"t.broken", NULL, act, broken_give_up};
static const struct job_kind *const kinds[] = {&kind_act, &kind_work, &kind_slow, &kind_sleepy, &kind_broken, NULL};

struct ask {
	const char *kind, *subject;
	int64_t due_ms;
	const char *payload;
};

static enum code
ask(struct scope *sc, struct tx *tx, void *arg)
{
	const struct ask *a = arg;
	json_t *payload = NULL;
	if (a->payload != NULL)
		TRY(json_parse(sc, a->payload, strlen(a->payload), &payload));
	return job_add(sc, tx, a->kind, "opr_1", a->subject, a->due_ms, payload);
}

struct bench {
	struct store_fixture f;
	struct world world;
	struct jobs *jobs;
};

static void
bench_open(struct bench *b, bool wall, int threads)
{
	store_fixture_open(&b->f, schemas);
	if (wall)
		clock_init_wall(&b->f.clock);
	b->world = (struct world){.store = b->f.store};
	assert_ok(&b->f.sc, jobs_open(&b->f.sc, b->f.store, kinds, &b->world, threads, &b->jobs));
}

static void
bench_close(struct bench *b)
{
	jobs_close(b->jobs);
	store_fixture_close(&b->f);
}

static void
want(struct bench *b, const char *kind, const char *subject, int64_t due_ms, const char *payload)
{
	struct ask a = {kind, subject, due_ms, payload};
	assert_ok(&b->f.sc, store_write(&b->f.sc, b->f.store, LANE_MAIN, ask, &a));
}

static enum code
read_ran(struct scope *sc, struct tx *tx, void *arg)
{
	struct text t;
	text_init(&t, sc);
	struct rows *r;
	TRY(sql_query(sc, tx, &r, "SELECT kind, subject, at_ms, attempt FROM ran ORDER BY n", NO_VALS));
	while (row_next(r))
		text_printf(&t, "%s %s +%" PRId64 " #%" PRId64 "\n", row_text(sc, r, 0), row_text(sc, r, 1),
			    (row_int(r, 2) - FIXTURE_START_MS) / 1000, row_int(r, 3));
	TRY(rows_end(sc, r));
	*(const char **)arg = t.s;
	return OK;
}

static const char *
ran(struct bench *b)
{
	const char *s;
	assert_ok(&b->f.sc, store_read(&b->f.sc, b->f.store, read_ran, &s));
	return s;
}

static enum code
read_counts(struct scope *sc, struct tx *tx, void *arg)
{
	return jobs_count(sc, tx, arg);
}

static struct job_counts
counts(struct bench *b)
{
	struct job_counts c;
	assert_ok(&b->f.sc, store_read(&b->f.sc, b->f.store, read_counts, &c));
	return c;
}

#define AT(s) (FIXTURE_START_MS + (int64_t)(s)*1000)

static void
jobs_run_in_order_each_at_its_time(void **state)
{
	(void)state;
	struct bench b;
	bench_open(&b, false, 1);
	want(&b, "t.act", "c", AT(30), NULL);
	want(&b, "t.act", "a", AT(10), NULL);
	want(&b, "t.work", "b", AT(20), NULL);
	want(&b, "t.act", "a2", AT(10), NULL);
	want(&b, "t.act", "a", AT(10), NULL); /* the same job */
	want(&b, "t.act", "later", AT(31), NULL);
	want(&b, "t.act", "past", AT(-5), NULL);
	assert_ok(&b.f.sc, jobs_run_until(&b.f.sc, b.jobs, AT(30)));
	assert_string_equal(ran(&b), "t.act past +0 #1\nt.act a +10 #1\nt.act a2 +10 #1\nt.work b +20 #1\n"
				     "t.act c +30 #1\n");
	assert_true(clock_now_ms(&b.f.clock) == AT(30));
	struct job_counts c = counts(&b);
	assert_int_equal(c.done, 5);
	assert_int_equal(c.waiting, 1);
	assert_true(c.next_due_ms == AT(31));
	want(&b, "t.act", "a", AT(10), NULL); /* done already */
	assert_ok(&b.f.sc, jobs_run_until(&b.f.sc, b.jobs, AT(30)));
	assert_int_equal(counts(&b).done, 5);
	bench_close(&b);
}

static void
what_is_overdue_keeps_its_order(void **state)
{
	(void)state;
	struct bench b;
	bench_open(&b, false, 1);
	clock_step_to(&b.f.clock, AT(100));
	want(&b, "t.act", "second", AT(60), NULL);
	want(&b, "t.act", "first", AT(50), "{\"adds_at_s\":55}");
	assert_ok(&b.f.sc, jobs_run_until(&b.f.sc, b.jobs, AT(100)));
	assert_string_equal(ran(&b), "t.act first +100 #1\nt.act added +100 #1\nt.act second +100 #1\n");
	bench_close(&b);
}

static void
failures_pause_longer_and_longer_then_stay(void **state)
{
	(void)state;
	struct bench b;
	bench_open(&b, false, 1);
	want(&b, "t.act", "f", AT(0), "{\"fails\":3}");
	want(&b, "t.work", "w", AT(0), "{\"work_fails\":1}");
	assert_ok(&b.f.sc, jobs_run_until(&b.f.sc, b.jobs, AT(60)));
	/* a failed try leaves no row: it was rolled back */
	assert_string_equal(ran(&b), "t.work w +1 #2\nt.act f +14 #4\n");
	want(&b, "t.act", "never", AT(60), "{\"fails\":99}");
	want(&b, "t.broken", "never", AT(60), "{\"fails\":99}");
	want(&b, "t.unknown", "who", AT(60), NULL);
	assert_ok(&b.f.sc, jobs_run_until(&b.f.sc, b.jobs, AT(86400)));
	assert_string_equal(ran(&b), "t.work w +1 #2\nt.act f +14 #4\ngiven up never +5364 #9\n");
	assert_int_equal(counts(&b).failed, 3);
	assert_int_equal(counts(&b).waiting, 0);
	bench_close(&b);
}

static enum code
retry_first_failed(struct scope *sc, struct tx *tx, void *arg)
{
	(void)arg;
	json_t *list;
	TRY(jobs_failed(sc, tx, "opr_1", 10, &list));
	assert_int_equal(json_array_size(list), 1);
	json_t *o = json_array_get(list, 0);
	assert_string_equal(json_string_value(json_object_get(o, "why")), "not yet");
	assert_int_equal(json_integer_value(json_object_get(o, "attempts")), 9);
	int64_t seq = json_integer_value(json_object_get(o, "seq"));
	assert_int_equal(job_retry(sc, tx, seq + 1), E_NOT_FOUND);
	return job_retry(sc, tx, seq);
}

static void
a_person_can_have_a_failed_job_tried_again(void **state)
{
	(void)state;
	struct bench b;
	bench_open(&b, false, 1);
	want(&b, "t.act", "x", AT(0), "{\"fails\":99}");
	assert_ok(&b.f.sc, jobs_run_until(&b.f.sc, b.jobs, AT(86400)));
	assert_ok(&b.f.sc, store_write(&b.f.sc, b.f.store, LANE_MAIN, retry_first_failed, NULL));
	assert_int_equal(counts(&b).waiting, 1);
	bench_close(&b);
}

static void
what_is_cancelled_does_not_happen(void **state)
{
	(void)state;
	struct bench b;
	bench_open(&b, false, 1);
	/* both due at once: the first cancels the second, and its own other dates */
	want(&b, "t.act", "a", AT(5), "{\"cancels\":\"b\"}");
	want(&b, "t.act", "b", AT(5), NULL);
	want(&b, "t.act", "b", AT(9), NULL);
	want(&b, "t.act", "s", AT(6), "{\"cancels\":\"s\"}");
	want(&b, "t.act", "s", AT(7), NULL);
	assert_ok(&b.f.sc, jobs_run_until(&b.f.sc, b.jobs, AT(20)));
	assert_string_equal(ran(&b), "t.act a +5 #1\nt.act s +6 #1\n");
	want(&b, "t.act", "b", AT(9), NULL); /* wanted again after all */
	assert_ok(&b.f.sc, jobs_run_until(&b.f.sc, b.jobs, AT(20)));
	assert_string_equal(ran(&b), "t.act a +5 #1\nt.act s +6 #1\nt.act b +20 #1\n");
	bench_close(&b);
}

static void
whoever_lost_the_lease_changes_nothing(void **state)
{
	(void)state;
	struct bench b;
	bench_open(&b, false, 1);
	want(&b, "t.slow", "s", AT(0), NULL);
	assert_ok(&b.f.sc, jobs_run_until(&b.f.sc, b.jobs, AT(86400)));
	assert_string_equal(ran(&b), "thief s +0 #2\n");
	assert_int_equal(counts(&b).done, 1);
	bench_close(&b);
}

static enum code
lease_one(struct scope *sc, struct tx *tx, void *arg)
{
	struct leased_job *l;
	size_t n;
	int64_t next;
	TRY(table_lease(sc, tx, 1, false, &l, &n, &next));
	*(size_t *)arg = n;
	return OK;
}

static void
a_lease_ends_and_a_poisoned_job_does_not_kill_for_ever(void **state)
{
	(void)state;
	struct bench b;
	bench_open(&b, false, 1);
	want(&b, "t.act", "poison", AT(0), NULL);
	/* processes that lease and die */
	for (int i = 0; i < JOB_RETRIES + 1; i++) {
		size_t n = 0;
		assert_ok(&b.f.sc, store_write(&b.f.sc, b.f.store, LANE_MAIN, lease_one, &n));
		assert_int_equal(n, 1);
		assert_ok(&b.f.sc, store_write(&b.f.sc, b.f.store, LANE_MAIN, lease_one, &n));
		assert_int_equal(n, 0); /* it is held */
		clock_step_to(&b.f.clock, clock_now_ms(&b.f.clock) + JOB_LEASE_MS);
	}
	assert_ok(&b.f.sc, jobs_run_until(&b.f.sc, b.jobs, AT(86400)));
	assert_int_equal(counts(&b).failed, 1);
	assert_string_equal(ran(&b), "given up poison +540 #10\n");
	bench_close(&b);
}

static void
old_rows_are_forgotten(void **state)
{
	(void)state;
	struct bench b;
	bench_open(&b, false, 1);
	want(&b, "t.act", "old", AT(0), NULL);
	assert_ok(&b.f.sc, jobs_run_until(&b.f.sc, b.jobs, AT(31 * 86400)));
	assert_int_equal(counts(&b).done, 1);
	want(&b, "t.act", "new", AT(31 * 86400), NULL);
	assert_ok(&b.f.sc, jobs_run_until(&b.f.sc, b.jobs, AT(31 * 86400)));
	assert_int_equal(counts(&b).done, 1);
	bench_close(&b);
}

/* --- on the wall clock, with threads --- */

struct adder {
	struct bench *b;
	int id;
};

static void *
adder_main(void *arg)
{
	struct adder *a = arg;
	struct scope sc;
	scope_init(&sc);
	for (int i = 0; i < 50; i++) {
		struct ask q = {i % 2 == 0 ? "t.act" : "t.work", scope_printf(&sc, "%d-%d", a->id, i),
				clock_now_ms(&a->b->f.clock), i % 10 == 3 ? "{\"work_fails\":1}" : NULL};
		if (store_write(&sc, a->b->f.store, LANE_MAIN, ask, &q) != OK)
			abort();
	}
	scope_release(&sc);
	return NULL;
}

static bool
wait_done(struct bench *b, int64_t n)
{
	for (int i = 0; i < 1500; i++) {
		if (counts(b).done == n)
			return true;
		usleep(10000);
		scope_clear(&b->f.sc);
	}
	return false;
}

static enum code
read_distinct(struct scope *sc, struct tx *tx, void *arg)
{
	struct rows *r;
	TRY(sql_one(sc, tx, &r, "SELECT COUNT(*), COUNT(DISTINCT subject) FROM ran", NO_VALS));
	((int64_t *)arg)[0] = row_int(r, 0);
	((int64_t *)arg)[1] = row_int(r, 1);
	return OK;
}

static void
threads_do_each_job_once(void **state)
{
	(void)state;
	struct bench b;
	bench_open(&b, true, 3);
	jobs_start(b.jobs);
	pthread_t t[4];
	struct adder a[4];
	for (int i = 0; i < 4; i++) {
		a[i] = (struct adder){&b, i};
		assert_int_equal(pthread_create(&t[i], NULL, adder_main, &a[i]), 0);
	}
	for (int i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	assert_true(wait_done(&b, 200));
	int64_t n[2];
	assert_ok(&b.f.sc, store_read(&b.f.sc, b.f.store, read_distinct, n));
	assert_int_equal(n[0], 200);
	assert_int_equal(n[1], 200);
	bench_close(&b);
}

static void
a_new_job_is_heard_of_at_once(void **state)
{
	(void)state;
	struct bench b;
	bench_open(&b, true, 1);
	jobs_start(b.jobs);
	want(&b, "t.act", "first", clock_now_ms(&b.f.clock), NULL);
	assert_true(wait_done(&b, 1));
	usleep(50000); /* the runner is asleep, and nothing is due for 10 s */
	int64_t before = clock_mono_ms();
	want(&b, "t.act", "second", clock_now_ms(&b.f.clock), NULL);
	want(&b, "t.act", "third", clock_now_ms(&b.f.clock) + 300, NULL);
	assert_true(wait_done(&b, 3));
	assert_true(clock_mono_ms() - before >= 250);
	assert_true(clock_mono_ms() - before < 5000);
	bench_close(&b);
}

static void
closing_finishes_what_runs_and_puts_the_rest_back(void **state)
{
	(void)state;
	struct bench b;
	bench_open(&b, true, 1);
	for (int i = 0; i < 4; i++)
		want(&b, "t.sleepy", scope_printf(&b.f.sc, "%d", i), clock_now_ms(&b.f.clock), NULL);
	jobs_start(b.jobs);
	while (atomic_load(&b.world.works) == 0)
		usleep(1000);
	jobs_close(b.jobs);
	b.jobs = NULL;
	struct job_counts c = counts(&b);
	assert_int_equal(c.done, atomic_load(&b.world.works));
	assert_int_equal(c.leased, 0);
	assert_int_equal(c.waiting, 4 - c.done);
	assert_true(c.waiting > 0);
	bench_close(&b);
}

/* --- against a model --- */

enum { MODEL_MAX = 600 };
struct model_job {
	int kind, subject;
	int64_t due_ms, run_ms;
	int fails, cancels;
	int64_t adds;
	int attempt;
	bool live;
	bool dropped; /* cancelled: as if never asked for */
};
struct model {
	struct model_job jobs[MODEL_MAX];
	int n;
	int64_t now_ms;
	struct text ran;
};

static const char *const model_kinds[] = {"t.act", "t.work"};

static void
model_add(struct model *m, struct model_job j)
{
	for (int i = 0; i < m->n; i++) {
		struct model_job *o = &m->jobs[i];
		if (!o->dropped && o->kind == j.kind && o->subject == j.subject && o->due_ms == j.due_ms)
			return;
	}
	assert_true(m->n < MODEL_MAX);
	j.run_ms = j.due_ms;
	j.live = true;
	m->jobs[m->n++] = j;
}

static void
model_cancel(struct model *m, int kind, int subject)
{
	for (int i = 0; i < m->n; i++) {
		struct model_job *o = &m->jobs[i];
		if (o->live && o->kind == kind && o->subject == subject) {
			o->live = false;
			o->dropped = true;
		}
	}
}

static void
model_run(struct model *m, struct model_job *j)
{
	static const int64_t pause_s[] = {1, 3, 10, 30, 100, 360, 1200, 3600};
	j->attempt++;
	if (j->attempt <= j->fails) {
		j->run_ms = m->now_ms + pause_s[j->attempt - 1] * 1000;
		return;
	}
	j->live = false;
	text_printf(&m->ran, "%s %d +%" PRId64 " #%d\n", model_kinds[j->kind], j->subject,
		    (m->now_ms - FIXTURE_START_MS) / 1000, j->attempt);
	int subject = j->subject;
	int64_t adds = j->adds;
	if (j->cancels >= 0)
		model_cancel(m, 0, j->cancels);
	if (adds >= 0)
		model_add(
		    m, (struct model_job){.subject = subject, .due_ms = m->now_ms + adds, .cancels = -1, .adds = -1});
}

static void
model_run_until(struct model *m, int64_t to_ms)
{
	for (;;) {
		struct model_job *first = NULL;
		for (int i = 0; i < m->n; i++)
			if (m->jobs[i].live && (first == NULL || m->jobs[i].run_ms < first->run_ms))
				first = &m->jobs[i];
		if (first == NULL || first->run_ms > to_ms)
			break;
		if (first->run_ms > m->now_ms)
			m->now_ms = first->run_ms;
		model_run(m, first);
	}
	if (to_ms > m->now_ms)
		m->now_ms = to_ms;
}

static void
random_ask(struct bench *b, struct model *m, struct prng *r)
{
	struct scope *sc = &b->f.sc;
	struct model_job j = {
	    .kind = (int)prng_below(r, 2), .subject = (int)prng_below(r, 6), .cancels = -1, .adds = -1};
	/* few instants, so that many jobs share one; some in the past */
	j.due_ms = m->now_ms + ((int64_t)prng_below(r, 12) - 2) * 5000;
	json_t *payload = json_new_object(sc);
	if (prng_below(r, 3) == 0)
		json_put_int(payload, "fails", j.fails = (int)prng_below(r, 9));
	if (prng_below(r, 4) == 0)
		json_put_int(payload, "adds", j.adds = prng_below(r, 3) * 5000);
	if (prng_below(r, 4) == 0) {
		j.cancels = (int)prng_below(r, 6);
		json_put_text(payload, "cancels", scope_printf(sc, "%d", j.cancels));
	}
	want(b, model_kinds[j.kind], scope_printf(sc, "%d", j.subject), j.due_ms, json_text(sc, payload));
	model_add(m, j);
}

static void
reopen(struct bench *b)
{
	jobs_close(b->jobs);
	store_fixture_stop(&b->f);
	store_fixture_start(&b->f);
	assert_ok(&b->f.sc, jobs_open(&b->f.sc, b->f.store, kinds, &b->world, 1, &b->jobs));
}

static bool
runs_as_the_model_says(struct prng *r, size_t size)
{
	struct bench b;
	bench_open(&b, false, 1);
	struct model *m = NEW(&b.f.sc, struct model);
	m->now_ms = FIXTURE_START_MS;
	text_init(&m->ran, &b.f.sc);
	for (size_t i = 0; i < size; i++) {
		uint32_t what = prng_below(r, 10);
		if (what < 8) {
			random_ask(&b, m, r);
		} else if (what == 8) {
			int64_t to_ms = m->now_ms + prng_below(r, 20) * 2500;
			assert_ok(&b.f.sc, jobs_run_until(&b.f.sc, b.jobs, to_ms));
			model_run_until(m, to_ms);
		} else {
			reopen(&b);
		}
	}
	int64_t end = m->now_ms + 6 * 3600000;
	assert_ok(&b.f.sc, jobs_run_until(&b.f.sc, b.jobs, end));
	model_run_until(m, end);
	bool same = text_eq(ran(&b), m->ran.s);
	if (!same)
		print_message("model:\n%sran:\n%s", m->ran.s, ran(&b));
	bench_close(&b);
	return same;
}

static void
jobs_follow_their_model(void **state)
{
	(void)state;
	prop_check("jobs as the model", 60, 120, runs_as_the_model_says);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(jobs_run_in_order_each_at_its_time),
	    cmocka_unit_test(what_is_overdue_keeps_its_order),
	    cmocka_unit_test(failures_pause_longer_and_longer_then_stay),
	    cmocka_unit_test(a_person_can_have_a_failed_job_tried_again),
	    cmocka_unit_test(what_is_cancelled_does_not_happen),
	    cmocka_unit_test(whoever_lost_the_lease_changes_nothing),
	    cmocka_unit_test(a_lease_ends_and_a_poisoned_job_does_not_kill_for_ever),
	    cmocka_unit_test(old_rows_are_forgotten),
	    cmocka_unit_test(threads_do_each_job_once),
	    cmocka_unit_test(a_new_job_is_heard_of_at_once),
	    cmocka_unit_test(closing_finishes_what_runs_and_puts_the_rest_back),
	    cmocka_unit_test(jobs_follow_their_model),
	};
	log_set_level(LOG_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
