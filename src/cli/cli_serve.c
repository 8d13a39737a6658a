/* waybill serve and waybill config.
 *
 * serve prints one JSON line on stdout when it takes requests, and ends on
 * SIGTERM or SIGINT: it stops taking requests, answers those it has, finishes
 * running jobs and queued writes, and exits 0. */
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include "api/api.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/cli_face.h"
#include "cli/cli_serve.h"
#include "cli/config.h"
#include "face/face.h"

const char *
cli_exe(struct scope *sc)
{
	char path[4096];
	ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
	return n <= 0 ? "waybill" : scope_strndup(sc, path, (size_t)n);
}

/* Thousands of phones hold a connection each. */
static void
raise_file_limit(void)
{
	struct rlimit r;
	if (getrlimit(RLIMIT_NOFILE, &r) != 0 || r.rlim_cur >= 8192)
		return;
	r.rlim_cur = r.rlim_max < 8192 ? r.rlim_max : 8192;
	if (setrlimit(RLIMIT_NOFILE, &r) != 0)
		log_line(LOG_WARN, "serve: at most %llu files can be open", (unsigned long long)r.rlim_cur);
}

/* Signals wait for sigwait() in this thread; children and threads inherit the mask. */
static void
signals_hold(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGINT);
	pthread_sigmask(SIG_BLOCK, set, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static void
set_log_level(const char *word)
{
	static const char *const words[] = {"error", "warn", "info", "debug"};
	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (text_eq(words[i], word))
			log_set_level((enum log_level)i);
}

const struct schema *const cli_schemas[] = {&api_schema, NULL};
const struct job_kind *const cli_jobs[] = {&api_forget_job, NULL};

static struct finder_options
finder_of(const struct config *c)
{
	struct finder_options opt = {.url = config_text(c, CONFIG_GEOCODER_URL)};
	while (!text_eq(finder_words[opt.kind], config_text(c, CONFIG_GEOCODER)))
		opt.kind++; /* config_read() has checked it */
	return opt;
}

static enum http_reach
webhooks_of(const struct config *c)
{
	size_t i = 0;
	while (!text_eq(config_webhooks_words[i], config_text(c, CONFIG_WEBHOOKS)))
		i++; /* likewise */
	return (enum http_reach)(REACH_PUBLIC + i);
}

static struct guide_options
guide_of(const struct config *c)
{
	const char *profile = config_text(c, CONFIG_ROAD_TIMES_PROFILE);
	struct guide_options opt = {.url = config_text(c, CONFIG_ROAD_TIMES_URL),
				    .profile = profile == NULL || profile[0] == '\0' ? NULL : profile};
	while (!text_eq(guide_words[opt.kind], config_text(c, CONFIG_ROAD_TIMES)))
		opt.kind++; /* likewise */
	return opt;
}

static enum code
open_house(struct scope *sc, const struct config *c, struct house **out)
{
	const char *dir = config_text(c, CONFIG_DATA);
	if (dir == NULL)
		return fail(sc, E_USAGE, "--data DIR is missing");
	const char *models = config_text(c, CONFIG_MODELS);
	if (models == NULL || models[0] == '\0')
		models = face_models_dir(sc);
	if (models != NULL && !file_exists(path_join(sc, models, "manifest"))) /* the file written last */
		models = NULL;
	const struct house_options opt = {
	    .dir = dir,
	    .exe = cli_exe(sc),
	    .models = models,
	    .face_children = (unsigned)config_number(c, CONFIG_FACE_CHILDREN),
	    .stepped = text_eq(config_text(c, CONFIG_CLOCK), "stepped"),
	    .job_threads = config_number(c, CONFIG_JOB_THREADS),
	    .road_threads = (unsigned)config_number(c, CONFIG_POOL_THREADS),
	    .finder = finder_of(c),
	    .webhooks = webhooks_of(c),
	    .webhooks_ca = config_text(c, CONFIG_WEBHOOKS_CA),
	    .guide = guide_of(c),
	    .more_schemas = cli_schemas,
	    .more_jobs = cli_jobs,
	};
	return house_open(sc, &opt, out);
}

static void
say_ready(struct scope *sc, const struct config *c, const struct house *h, const struct api *a)
{
	const char *listen = config_text(c, CONFIG_LISTEN);
	bool tls = config_text(c, CONFIG_TLS_CERT) != NULL;
	size_t host_n = (size_t)(strrchr(listen, ':') - listen);
	json_t *o = json_new_object(sc);
	json_put_bool(o, "ready", true);
	json_put_text(o, "url",
		      scope_printf(sc, "%s://%.*s:%d", tls ? "https" : "http", (int)host_n, listen, api_port(a)));
	json_put_int(o, "port", api_port(a));
	json_put_text(o, "clock", h->clock.stepped ? "stepped" : "wall");
	json_put_bool(o, "faces", h->faces != NULL);
	json_put_bool(o, "roads", h->road != NULL);
	json_put_text(o, "road_times", h->planner.roads == NULL ? NULL : h->planner.roads->kind);
	(void)cli_print(sc, o);
}

static enum code
serve(struct scope *sc, const struct config *c, const sigset_t *set)
{
	struct house *h = NULL;
	struct api *a = NULL;
	TRY(open_house(sc, c, &h));
	const struct api_options opt = {
	    .listen = config_text(c, CONFIG_LISTEN),
	    .tls_cert = config_text(c, CONFIG_TLS_CERT),
	    .tls_key = config_text(c, CONFIG_TLS_KEY),
	    .http_threads = config_number(c, CONFIG_HTTP_THREADS),
	    .pool_threads = config_number(c, CONFIG_POOL_THREADS),
	    .limits = config_on(c, CONFIG_LIMITS) && !h->clock.stepped,
	};
	enum code rc = api_open(sc, h, &opt, &a);
	if (rc == OK) {
		house_start(h);
		say_ready(sc, c, h, a);
		int got;
		sigwait(set, &got);
		log_line(LOG_INFO, "serve: ending on %s", got == SIGTERM ? "SIGTERM" : "SIGINT");
		api_stop(a);
		jobs_close(h->jobs); /* before the streams' books: a job's events would look for them */
		h->jobs = NULL;
		hooks_close(h->hooks); /* likewise */
		h->hooks = NULL;
	}
	api_close(a);
	house_close(h);
	return rc;
}

int
cli_serve(struct scope *sc, int argc, char **argv)
{
	sigset_t set;
	struct config c;
	mallopt(M_ARENA_MAX, 2); /* arenas per thread would cost more memory than their locks cost time */
	enum code rc = config_read(sc, argc, argv, &c);
	if (rc == OK) {
		set_log_level(config_text(&c, CONFIG_LOG));
		raise_file_limit();
		signals_hold(&set);
		rc = serve(sc, &c, &set);
	}
	return cli_exit(sc, rc);
}

int
cli_config(struct scope *sc, int argc, char **argv)
{
	struct config c;
	enum code rc = config_read(sc, argc, argv, &c);
	if (rc != OK)
		return cli_exit(sc, rc);
	return cli_print(sc, config_json(sc, &c));
}
