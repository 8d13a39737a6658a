#include "report/report.h"

#include "base/clock.h"
#include "base/money.h"
#include "base/text.h"
#include "duty/duty.h"
#include "freight/freight.h"
#include "offer/offer.h"
#include "offer/offer_draw.h"
#include "pay/pay.h"
#include "people/people.h"
#include "record/record.h"
#include "traffic/traffic.h"

#define BLOCKS_MAX 5000
#define DAY_MS INT64_C(86400000)

/* What every section needs. */
struct day {
	const char *operator_id, *date;
	int64_t from_ms, to_ms;
	bool paths; /* counts by check-in path may be shown */
	json_t *report, *problems;
};

static void PRINTF_LIKE(3, 4) problem(struct scope *sc, const struct day *d, const char *fmt, ...)
{
	char text[400];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	(void)sc;
	json_array_append_new(d->problems, json_string(text));
}

static json_t *
section(const struct day *d, const char *name)
{
	json_t *o = json_object();
	json_put(d->report, name, o);
	return o;
}

/* --- parcels: every one is delivered, returned, cancelled or still open --- */

static enum code
parcels(struct scope *sc, struct tx *tx, const struct day *d)
{
	struct freight_counts c;
	TRY(freight_count(sc, tx, d->operator_id, NULL, d->date, &c));
	int64_t total = 0;
	for (int i = 0; i < SHIPMENT_STATES; i++)
		total += c.parcels[i];
	int64_t delivered = c.parcels[SHIPMENT_DELIVERED];
	int64_t returned = c.parcels[SHIPMENT_RETURNED];
	int64_t cancelled = c.parcels[SHIPMENT_CANCELLED];
	int64_t waiting = c.parcels[SHIPMENT_CREATED] + c.parcels[SHIPMENT_AT_STATION];
	int64_t under_way = c.parcels[SHIPMENT_PLANNED] + c.parcels[SHIPMENT_LOADED] + c.parcels[SHIPMENT_FAILED];
	json_t *o = section(d, "parcels");
	json_put_int(o, "total", total);
	json_put_int(o, "delivered", delivered);
	json_put_int(o, "returned", returned);
	json_put_int(o, "cancelled", cancelled);
	json_put_int(o, "open", waiting + under_way);
	json_put_int(o, "attempts", c.attempts);
	struct freight_proof again;
	TRY(freight_recount(sc, tx, d->operator_id, d->date, &again));
	if (again.parcels != total)
		problem(sc, d, "parcels do not add up: %" PRId64 " by state, %" PRId64 " by barcode", total,
			again.parcels);
	if (again.contradicted > 0)
		problem(sc, d, "%" PRId64 " shipments stand otherwise than their history says", again.contradicted);
	return OK;
}

/* --- duties --- */

static enum code
duties(struct scope *sc, struct tx *tx, const struct day *d, struct duty_counts *c)
{
	TRY(duty_count(sc, tx, d->operator_id, d->from_ms, d->to_ms, c));
	json_t *o = section(d, "duties");
	json_put_int(o, "closed", c->duties);
	json_put_real(o, "km", (double)(c->distance_m / 100) / 10);
	json_put_real(o, "hours_engaged", (double)(c->engaged_s / 36) / 100);
	json_put_real(o, "hours_driving", (double)(c->driving_s / 36) / 100);
	json_put_int(o, "stops_delivered", c->stops_delivered);
	json_put_int(o, "stops_failed", c->stops_failed_attempts);
	json_put_int(o, "stops_reached", c->stops_reached);
	json_put_int(o, "stops_over_10_min_late", c->stops_late);
	json_put_int(o, "planned_by_learned_times", c->duties_by_lesson);
	json_t *checks = section(d, "checks");
	json_put_int(checks, "passed", c->checks_device_passed + c->checks_face_passed);
	if (d->paths) {
		json_put_int(checks, "device_passed", c->checks_device_passed);
		json_put_int(checks, "face_passed", c->checks_face_passed);
		json_put_int(checks, "face_tried_again", c->checks_face_retried);
	}
	json_put_int(checks, "decided_by_a_person", c->checks_reviewed);
	json_put_int(checks, "tracks_asked_about", c->positions_reviewed);
	return OK;
}

/* --- draws: each is replayed from what everybody can fetch --- */

struct draws {
	int64_t blocks, awarded, given_back, drawn, replayed;
};

static enum code
replay(struct scope *sc, struct tx *tx, const struct day *d, const char *block_id, struct draws *sum)
{
	json_t *proof;
	struct draw_verdict verdict;
	enum code rc = offer_draw_proof(sc, tx, d->operator_id, block_id, &proof);
	if (rc == E_NOT_FOUND) {
		bool overdue = text_eq(sc->err.reason, "draw-overdue");
		error_clear(sc);
		if (overdue)
			problem(sc, d, "the draw of %s is overdue", block_id);
		return OK;
	}
	TRY(rc);
	sum->drawn++;
	TRY(draw_replay(sc, proof, &verdict));
	if (verdict.ok)
		sum->replayed++;
	else
		problem(sc, d, "the draw of %s does not replay", block_id);
	return OK;
}

static enum code
awards_of(struct scope *sc, struct tx *tx, const struct day *d, const char *block_id, struct draws *sum)
{
	struct award *list;
	size_t n;
	TRY(offer_awards_in(sc, tx, d->operator_id, block_id, &list, &n));
	for (size_t i = 0; i < n; i++) {
		sum->awarded++;
		sum->given_back += list[i].state == AWARD_GIVEN_BACK;
	}
	return OK;
}

static enum code
offers(struct scope *sc, struct tx *tx, const struct day *d)
{
	json_t *blocks;
	size_t i;
	json_t *block;
	struct draws sum = {0};
	TRY(offer_blocks(sc, tx, d->operator_id, NULL, d->from_ms, d->to_ms, BLOCKS_MAX, &blocks));
	json_array_foreach(blocks, i, block)
	{
		const char *id = json_string_value(json_object_get(block, "id"));
		sum.blocks++;
		TRY(awards_of(sc, tx, d, id, &sum));
		if (!text_eq(json_string_value(json_object_get(block, "rule")), "direct"))
			TRY(replay(sc, tx, d, id, &sum));
	}
	json_t *o = section(d, "blocks");
	json_put_int(o, "published", sum.blocks);
	json_put_int(o, "awards", sum.awarded);
	json_put_int(o, "given_back", sum.given_back);
	o = section(d, "draws");
	json_put_int(o, "total", sum.drawn);
	json_put_int(o, "replayed", sum.replayed);
	json_put_int(o, "mismatched", sum.drawn - sum.replayed);
	return OK;
}

/* --- pay: each statement is recomputed, the ledger walked --- */

static int64_t
int_at(const json_t *o, const char *key)
{
	return json_integer_value(json_object_get(o, key));
}

static enum code
pay_sums(struct scope *sc, const struct day *d, int64_t total, int64_t vehicle, int64_t engaged_s, const char *currency)
{
	struct money per_hour = {0};
	struct money net = {0};
	if (engaged_s > 0) {
		TRY(money_scale(sc, (struct money){total}, 3600, engaged_s, &per_hour));
		TRY(money_scale(sc, (struct money){total - vehicle}, 3600, engaged_s, &net));
	}
	json_t *o = section(d, "pay");
	json_put_text(o, "currency", currency);
	json_put_int(o, "total", total);
	json_put_int(o, "vehicle_costs", vehicle);
	json_put_int(o, "per_engaged_hour", per_hour.minor);
	json_put_int(o, "net_per_engaged_hour", net.minor);
	return OK;
}

static enum code
statements(struct scope *sc, struct tx *tx, const struct day *d, const char *currency)
{
	json_t *list;
	size_t i;
	json_t *s;
	int64_t good = 0;
	int64_t total = 0;
	int64_t vehicle = 0;
	int64_t engaged_s = 0;
	TRY(pay_statements_between(sc, tx, d->operator_id, d->from_ms, d->to_ms, &list));
	json_array_foreach(list, i, s)
	{
		bool ok;
		json_t *report;
		const char *id = json_string_value(json_object_get(s, "id"));
		TRY(pay_explain(sc, s, &ok, &report));
		good += ok;
		if (!ok)
			problem(sc, d, "statement %s does not recompute", id);
		total += int_at(s, "total");
		vehicle += int_at(s, "vehicle_cost");
		engaged_s += int_at(json_object_get(s, "facts"), "engaged_s");
	}
	TRY(pay_sums(sc, d, total, vehicle, engaged_s, currency));
	json_t *o = section(d, "statements");
	json_put_int(o, "total", (int64_t)json_array_size(list));
	json_put_int(o, "recomputed", good);
	json_put_int(o, "mismatched", (int64_t)json_array_size(list) - good);
	enum code rc = ledger_check(sc, tx, d->operator_id);
	if (rc == E_CORRUPT) {
		problem(sc, d, "%s", sc->err.message);
		error_clear(sc);
		return OK;
	}
	return rc;
}

/* --- people --- */

static enum code
people(struct scope *sc, struct tx *tx, const struct day *d)
{
	struct people_counts p;
	struct record_counts c;
	TRY(people_count(sc, tx, d->operator_id, &p));
	TRY(record_count(sc, tx, d->operator_id, d->from_ms, d->to_ms, &c));
	json_t *o = section(d, "drivers");
	json_put_int(o, "active", p.by_state[DRIVER_ACTIVE]);
	json_put_int(o, "suspended", p.by_state[DRIVER_SUSPENDED]);
	json_put_int(o, "left", p.by_state[DRIVER_LEFT]);
	if (d->paths)
		json_put_int(o, "with_face_path", p.with_face);
	o = section(d, "decisions");
	json_put_int(o, "by_rule", c.by_rule);
	json_put_int(o, "by_person", c.by_person);
	json_put_int(o, "questions", c.questions);
	json_put_int(o, "questions_decided", c.questions_decided);
	o = section(d, "appeals");
	json_put_int(o, "opened", c.appeals_opened);
	json_put_int(o, "upheld", c.appeals_upheld);
	json_put_int(o, "rejected", c.appeals_rejected);
	return OK;
}

bool
report_shows_paths(enum role role)
{
	return role == ROLE_AUDITOR || role == ROLE_REPRESENTATIVE;
}

/* --- roads: how well the plans' times were true --- */

static void
put_numbers(json_t *to, const char *prefix, const json_t *from)
{
	const char *key;
	json_t *v;
	char name[64];
	json_object_foreach((json_t *)from, key, v)
	{
		snprintf(name, sizeof name, "%s%s", prefix, key);
		if (json_is_number(v))
			json_put(to, name, json_incref(v));
	}
}

/* Of a lesson's look back at this day; nothing before the first night. */
static enum code
roads(struct scope *sc, struct tx *tx, const struct day *d)
{
	json_t *checked;
	TRY(traffic_checked(sc, tx, d->operator_id, d->from_ms, d->to_ms, &checked));
	if (checked == NULL)
		return OK;
	const json_t *streets = json_object_get(checked, "streets");
	const json_t *saved = json_object_get(streets, "saved_s");
	json_t *o = section(d, "roads");
	json_put(o, "speeds_version", json_incref(json_object_get(checked, "version")));
	put_numbers(o, "", streets);
	put_numbers(o, "map_", json_object_get(streets, "by_the_map_alone"));
	json_put(o, "saved_s", json_incref(json_array_get(saved, 1)));
	put_numbers(o, "stop_", json_object_get(checked, "stops"));
	return OK;
}

enum code
report_day(struct scope *sc, struct tx *tx, const char *operator_id, const char *date, bool paths, json_t **out)
{
	struct operator op;
	struct duty_counts counts;
	int64_t local_ms;
	struct day d = {.operator_id = operator_id, .date = date, .paths = paths};
	TRY(operator_get(sc, tx, operator_id, &op));
	TRY(date_parse(sc, date, &local_ms));
	TRY(zone_to_utc(sc, op.zone, local_ms, &d.from_ms));
	TRY(zone_to_utc(sc, op.zone, local_ms + DAY_MS, &d.to_ms));
	d.report = json_new_object(sc);
	d.problems = json_new_array(sc);
	json_put_text(d.report, "date", date);
	json_put_text(d.report, "operator", op.name);
	json_put_text(d.report, "zone", op.zone);
	TRY(parcels(sc, tx, &d));
	TRY(duties(sc, tx, &d, &counts));
	TRY(people(sc, tx, &d));
	TRY(offers(sc, tx, &d));
	TRY(statements(sc, tx, &d, op.currency.code));
	TRY(roads(sc, tx, &d));
	json_put(d.report, "problems", json_incref(d.problems));
	*out = d.report;
	return OK;
}

/* --- as text --- */

static void
text_value(struct text *t, const char *key, const json_t *v)
{
	if (json_is_integer(v))
		text_printf(t, "  %-24s %12" PRId64 "\n", key, (int64_t)json_integer_value(v));
	else if (json_is_real(v))
		text_printf(t, "  %-24s %12.2f\n", key, json_real_value(v));
	else if (json_is_string(v))
		text_printf(t, "  %-24s %12s\n", key, json_string_value(v));
}

char *
report_text(struct scope *sc, const json_t *report)
{
	struct text t;
	const char *key;
	json_t *v;
	text_init(&t, sc);
	json_object_foreach((json_t *)report, key, v)
	{
		const char *inner;
		json_t *x;
		if (json_is_string(v))
			text_printf(&t, "%s: %s\n", key, json_string_value(v));
		if (!json_is_object(v))
			continue;
		text_printf(&t, "%s\n", key);
		json_object_foreach(v, inner, x) text_value(&t, inner, x);
	}
	const json_t *problems = json_object_get(report, "problems");
	size_t n = json_array_size(problems);
	text_printf(&t, "problems%26zu\n", n);
	for (size_t i = 0; i < n; i++)
		text_printf(&t, "  ! %s\n", json_string_value(json_array_get(problems, i)));
	return t.s;
}
