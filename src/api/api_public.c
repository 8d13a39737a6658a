/* What anybody may ask: is it alive, whose is it, what is published. */
#include "api/api_inner.h"
#include "api/areas.h"
#include "base/text.h"
#include "store/event.h"

/* --- the house --- */

static enum code
healthz(struct scope *sc, struct tx *tx, struct call *c)
{
	int64_t seq;
	TRY(events_last(sc, tx, &seq)); /* the store answers */
	reply_json(c, json_ok(sc));
	return OK;
}

static enum code
openapi(struct scope *sc, struct tx *tx, struct call *c)
{
	(void)tx;
	json_t *o;
	TRY(api_describe(sc, &o));
	reply_json(c, o);
	return OK;
}

static json_t *
map_json(struct scope *sc, const struct road *road)
{
	if (road == NULL)
		return json_null();
	const struct road_info *info = road_info(road);
	json_t *bounds = json_object();
	json_put_place(bounds, "min", info->bounds.min);
	json_put_place(bounds, "max", info->bounds.max);
	json_t *map = json_object();
	json_put(map, "bounds", bounds);
	json_put_text(map, "attribution", info->attribution);
	json_put_text(map, "tiles", "/map/tiles/{z}/{x}/{y}.mvt");
	(void)sc;
	return map;
}

static enum code
about(struct scope *sc, struct tx *tx, struct call *c)
{
	struct operator op;
	TRY(call_operator(sc, tx, c, &op));
	json_t *who = json_object();
	json_put_text(who, "id", op.id);
	json_put_text(who, "slug", op.slug);
	json_put_text(who, "name", op.name);
	json_put_text(who, "currency", op.currency.code);
	json_put_text(who, "zone", op.zone);
	json_put_text(who, "country", op.country);
	json_put_text(who, "contact", op.contact);
	json_t *o = json_new_object(sc);
	json_put(o, "operator", who);
	json_put_text(o, "version", WAYBILL_VERSION);
	json_put_time(o, "now", clock_now_ms(&c->house->clock));
	json_put_text(o, "clock", c->house->clock.stepped ? "stepped" : "wall");
	json_put(o, "map", map_json(sc, c->house->road));
	json_put_bool(o, "signup_open", true);
	reply_json(c, o);
	return OK;
}

/* --- metrics --- */

static bool
from_this_machine(const char *peer)
{
	return text_starts(peer, "127.") || text_eq(peer, "::1") || text_starts(peer, "::ffff:127.");
}

static void
metrics_requests(struct text *t, struct api *a)
{
	text_add(t, "# TYPE waybill_http_answers_total counter\n");
	for (int i = 2; i < 6; i++)
		text_printf(t, "waybill_http_answers_total{class=\"%dxx\"} %" PRIu64 "\n", i,
			    atomic_load(&a->count.by_class[i]));
	text_add(t, "# TYPE waybill_http_seconds histogram\n");
	uint64_t sum = 0;
	for (size_t i = 0; i < LATENCY_BUCKETS; i++) {
		sum += atomic_load(&a->count.latency[i]);
		if (api_latency_us[i] == INT64_MAX)
			text_printf(t, "waybill_http_seconds_bucket{le=\"+Inf\"} %" PRIu64 "\n", sum);
		else
			text_printf(t, "waybill_http_seconds_bucket{le=\"%g\"} %" PRIu64 "\n",
				    (double)api_latency_us[i] / 1e6, sum);
	}
	text_printf(t, "waybill_http_seconds_sum %.6f\nwaybill_http_seconds_count %" PRIu64 "\n",
		    (double)atomic_load(&a->count.latency_sum_us) / 1e6, sum);
}

static enum code
metrics(struct scope *sc, struct tx *tx, struct call *c)
{
	bool auditor = c->known && c->who.kind == ACTOR_STAFF && role_may(c->who.role, RIGHT_AUDIT);
	if (!auditor && !from_this_machine(http_peer(c->x)))
		return fail(sc, E_NOT_FOUND, "metrics are for this machine and for auditors");
	struct text t;
	text_init(&t, sc);
	metrics_requests(&t, c->api);
	struct job_counts jobs;
	TRY(jobs_count(sc, tx, &jobs));
	text_add(&t, "# TYPE waybill_jobs gauge\n");
	text_printf(&t, "waybill_jobs{state=\"waiting\"} %" PRId64 "\nwaybill_jobs{state=\"leased\"} %" PRId64 "\n",
		    jobs.waiting, jobs.leased);
	text_printf(&t, "waybill_jobs{state=\"done\"} %" PRId64 "\nwaybill_jobs{state=\"failed\"} %" PRId64 "\n",
		    jobs.done, jobs.failed);
	text_printf(&t, "# TYPE waybill_streams gauge\nwaybill_streams %zu\n", live_count(c->api->live));
	text_printf(&t, "# TYPE waybill_pool_waiting gauge\nwaybill_pool_waiting %zu\n", pool_waiting(c->api->pool));
	reply_bytes(c, "text/plain; version=0.0.4", t.s, t.len);
	return OK;
}

/* --- the notice --- */

static enum code
notice(struct scope *sc, struct tx *tx, struct call *c)
{
	struct operator op;
	json_t *o;
	const char *programme_id = call_query(c, "programme_id");
	TRY(call_operator(sc, tx, c, &op));
	if (programme_id == NULL) {
		json_t *programmes;
		TRY(programme_list(sc, tx, op.id, &programmes));
		programme_id = json_string_value(json_object_get(json_array_get(programmes, 0), "id"));
	}
	if (programme_id == NULL)
		return fail(sc, E_NOT_FOUND, "this operator has no programme yet");
	TRY(people_notice(sc, tx, op.id, programme_id, &o));
	reply_json(c, o);
	return OK;
}

static const struct route rows[] = {
    {.method = "GET", .path = "/healthz", .who = MAY_PUBLIC, .prepare = healthz, .summary = "Is the store answering"},
    {.method = "GET",
     .path = "/openapi.json",
     .who = MAY_PUBLIC,
     .prepare = openapi,
     .summary = "This document",
     .answer = "OpenApi"},
    {.method = "GET",
     .path = "/metrics",
     .who = MAY_PUBLIC,
     .prepare = metrics,
     .summary = "Counters for Prometheus, to this machine and to auditors",
     .answer = "text/plain"},
    {.method = "GET",
     .path = "/v1/about",
     .who = MAY_PUBLIC,
     .prepare = about,
     .query = "operator",
     .summary = "Whose house this is, its clock and its map",
     .answer = "About"},
    {.method = "GET",
     .path = "/v1/notice",
     .who = MAY_PUBLIC,
     .prepare = notice,
     .query = "operator,programme_id",
     .summary = "What is monitored, which decisions are made, by whom and why",
     .answer = "Notice"},
    {0},
};
const struct route_table api_public_table = {"Public", "What anybody may ask.", rows};
