/* waybill road learn --from-data: what a data directory's duties would teach
 * tonight, by hand, beside the server and without writing anything to it. */
#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "cli/cli_road.h"
#include "day/day.h"

struct beside {
	struct clock clock;
	struct random random;
	struct store *store;
	struct road *road;
	const char *slug; /* NULL: the only operator */
	struct operator op;
};

static enum code
find_operator(struct scope *sc, struct tx *tx, void *arg)
{
	struct beside *b = arg;
	return operator_find(sc, tx, b->slug, &b->op);
}

static enum code
open_beside(struct scope *sc, const char *dir, struct beside *b)
{
	struct house_settings s;
	TRY(house_settings_read(sc, dir, &s));
	if (s.roads == NULL)
		return fail_as(sc, E_UNAVAILABLE, "no-roads", "this house has no roads: `waybill init --roads FILE`");
	clock_init_wall(&b->clock);
	random_init_os(&b->random);
	const struct store_options opt = {
	    .clock = &b->clock, .random = &b->random, .schemas = house_schemas, .read_only = true};
	TRY(store_open(sc, dir, &opt, &b->store));
	TRY(road_open(sc, s.roads[0] == '/' ? s.roads : path_join(sc, dir, s.roads), &b->road));
	return store_read(sc, b->store, find_operator, b);
}

static enum code
learn_beside(struct scope *sc, const struct beside *b, const char *out, json_t *o)
{
	struct traffic_lesson *l;
	const struct duty_planner planner = {.road = b->road, .road_version = ""};
	TRY(duty_learn(sc, b->store, &planner, b->op.id, 0, INT64_MAX, &l));
	if (l == NULL)
		return fail(sc, E_INVALID, "no duty of %s has ended with positions to learn from", b->op.slug);
	json_put_text(o, "operator", b->op.slug);
	json_put_int(o, "duties", l->of.duties);
	json_put_int(o, "drivers", l->of.drivers);
	json_put_int(o, "drives", l->of.drives);
	json_put_int(o, "visits", l->of.visits);
	json_put_int(o, "arcs", (int64_t)l->speeds.n_arcs);
	json_put_int(o, "doors", (int64_t)l->doors.n);
	json_put_real(o, "trip_factor", l->speeds.trip);
	json_put(o, "checked", l->checked == NULL ? json_null() : json_incref((json_t *)l->checked));
	if (out == NULL)
		return OK;
	char *text = road_speeds_text(sc, &l->speeds);
	return file_write(sc, out, text, strlen(text), 0644);
}

enum code
cli_road_learn_data(struct scope *sc, const char *dir, const char *operator_slug, const char *out, json_t *o)
{
	struct beside b = {.slug = operator_slug};
	sc->cap = (size_t)8 << 30; /* a command may take what the machine has */
	enum code rc = open_beside(sc, dir, &b);
	if (rc == OK)
		rc = learn_beside(sc, &b, out, o);
	if (b.road != NULL)
		road_close(b.road);
	store_close(b.store);
	return rc;
}
