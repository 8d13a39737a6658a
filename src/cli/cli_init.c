/* waybill init: a data directory with its keys, and an operator who can begin:
 * a first user, a programme, a station, a pay plan. */
#include <sodium.h>
#include <unistd.h>

#include "api/api.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/cli_serve.h"

struct init {
	const char *dir;
	const char *name, *slug, *zone, *country, *currency, *contact;
	const char *user, *passphrase, *programme, *station, *address, *place, *roads;
	const char *store, *schema;
	const char *seed, *start;
	bool simulation;
	/* as parsed, made, found */
	struct house_settings settings;
	struct place at;
	const char *hash;
	struct random *random;
	struct id operator_id, staff_id, programme_id, station_id, pay_plan_id;
};

/* Five groups of five letters and digits that are hard to mistake: 125 bits. */
static const char *
passphrase_new(struct scope *sc, struct random *r)
{
	static const char letters[] = "abcdefghijkmnpqrstuvwxyz23456789";
	uint8_t bytes[25];
	struct text t;
	random_bytes(r, bytes, sizeof bytes);
	text_init(&t, sc);
	for (size_t i = 0; i < sizeof bytes; i++) {
		if (i > 0 && i % 5 == 0)
			text_add_char(&t, '-');
		text_add_char(&t, letters[bytes[i] % 32]);
	}
	sodium_memzero(bytes, sizeof bytes);
	return t.s;
}

static enum code
place_parse(struct scope *sc, const char *text, struct place *out)
{
	char **parts;
	double lat;
	double lon;
	if (text_split(sc, text, ',', &parts) != 2 || parse_double(sc, text_trim(parts[0]), -90, 90, &lat) != OK ||
	    parse_double(sc, text_trim(parts[1]), -180, 180, &lon) != OK)
		return fail(sc, E_USAGE, "--place %s: it must be LAT,LON", text);
	return place_from_degrees(sc, lat, lon, out);
}

static enum code
settings_of(struct scope *sc, struct init *in)
{
	in->settings = (struct house_settings){
	    .simulation = in->simulation, .seed = 1, .roads = in->roads, .store = in->store, .schema = in->schema};
	if (in->schema != NULL && in->store == NULL)
		return fail(sc, E_USAGE, "--schema goes with --store");
	if (!in->simulation && (in->seed != NULL || in->start != NULL))
		return fail(sc, E_USAGE, "--seed and --start go with --simulation");
	if (!in->simulation)
		return OK;
	if (in->seed != NULL)
		TRY(parse_i64(sc, in->seed, 0, INT64_MAX, &in->settings.seed));
	return time_parse(sc, in->start == NULL ? "2026-11-21T17:00:00Z" : in->start, &in->settings.start_ms);
}

/* --- one transaction --- */

static enum code
staff_first(struct scope *sc, struct tx *tx, struct init *in)
{
	const char *email = strchr(in->user, '@') != NULL ? in->user : scope_printf(sc, "%s@%s", in->user, in->slug);
	const struct staff_new who = {
	    .email = email, .name = in->user, .role = ROLE_ADMIN, .passphrase_hash = in->hash};
	return staff_create(sc, tx, in->operator_id.s, &who, &in->staff_id);
}

/* A plan to begin with, in whole units of the currency; the operator's first
 * own version replaces it. */
static enum code
pay_plan_first(struct scope *sc, struct tx *tx, struct init *in)
{
	struct pay_rates rates = {0};
	struct pay_plan plan;
	TRY(currency_parse(sc, in->currency, &rates.currency));
	int64_t unit = 1;
	for (int i = 0; i < currency_digits(rates.currency); i++)
		unit *= 10;
	bool krona = text_eq(in->currency, "SEK") || text_eq(in->currency, "NOK") || text_eq(in->currency, "DKK");
	int64_t scale = krona ? 10 : 1;
	rates.per_block.minor = 5 * scale * unit;
	rates.per_hour.minor = 15 * scale * unit;
	rates.per_stop.minor = 4 * scale * unit / 10;
	rates.per_km.minor = 3 * scale * unit / 10;
	rates.wait_per_min.minor = 3 * scale * unit / 10;
	rates.minimum_per_engaged_hour.minor = 18 * scale * unit;
	rates.vehicle_cost_per_km.minor = 25 * scale * unit / 100;
	TRY(pay_plan_put(sc, tx, in->operator_id.s, in->staff_id.s, NULL, "standard", &rates, &plan));
	snprintf(in->pay_plan_id.s, sizeof in->pay_plan_id.s, "%s", plan.id);
	return OK;
}

static enum code
init_write(struct scope *sc, struct tx *tx, void *arg)
{
	struct init *in = arg;
	const struct operator_new op = {.slug = in->slug,
					.name = in->name,
					.zone = in->zone,
					.country = in->country,
					.currency = in->currency,
					.contact = in->contact};
	const struct station_new st = {.name = in->station, .address = in->address, .zone = NULL, .place = in->at};
	TRY(operator_create(sc, tx, &op, &in->operator_id));
	TRY(staff_first(sc, tx, in));
	TRY(programme_create(sc, tx, in->operator_id.s, in->staff_id.s, in->programme, NULL, &in->programme_id));
	TRY(station_create(sc, tx, in->operator_id.s, &st, &in->station_id));
	return pay_plan_first(sc, tx, in);
}

/* --- the command --- */

static json_t *
init_json(struct scope *sc, const struct init *in)
{
	json_t *o = json_new_object(sc);
	json_put_text(o, "data", in->dir);
	json_put_bool(o, "simulation", in->simulation);
	json_put_text(o, "store", in->store == NULL ? "sqlite" : "postgresql");
	json_put_text(o, "operator_id", in->operator_id.s);
	json_put_text(o, "operator", in->slug);
	json_put_text(o, "staff_id", in->staff_id.s);
	json_put_text(o, "user", in->user);
	json_put_text(o, "passphrase", in->passphrase);
	json_put_text(o, "programme_id", in->programme_id.s);
	json_put_text(o, "station_id", in->station_id.s);
	json_put_text(o, "pay_plan_id", in->pay_plan_id.s);
	return o;
}

static enum code
init_house(struct scope *sc, struct init *in)
{
	struct house *h = NULL;
	const struct house_options opt = {.dir = in->dir,
					  .exe = cli_exe(sc),
					  .stepped = in->simulation,
					  .job_threads = 1,
					  .more_schemas = cli_schemas,
					  .more_jobs = cli_jobs};
	TRY(house_create(sc, in->dir, &in->settings));
	TRY(house_open(sc, &opt, &h));
	if (in->passphrase == NULL)
		in->passphrase = passphrase_new(sc, &h->random);
	enum code rc = passphrase_hash(sc, in->passphrase, &in->hash);
	if (rc == OK)
		rc = store_write(sc, h->store, LANE_MAIN, init_write, in);
	house_close(h);
	return rc;
}

int
cli_init(struct scope *sc, int argc, char **argv)
{
	struct init in = {.name = "Waybill",
			  .slug = "waybill",
			  .zone = "Europe/Stockholm",
			  .country = "SE",
			  .currency = "SEK",
			  .contact = "desk@localhost",
			  .user = "admin",
			  .programme = "Parcels",
			  .station = "Depot",
			  .address = "Depot",
			  .place = "57.7072,11.9670"};
	const struct option_def defs[] = {
	    {"--name", OPTION_TEXT, &in.name, 0, 0},	       {"--slug", OPTION_TEXT, &in.slug, 0, 0},
	    {"--zone", OPTION_TEXT, &in.zone, 0, 0},	       {"--country", OPTION_TEXT, &in.country, 0, 0},
	    {"--currency", OPTION_TEXT, &in.currency, 0, 0},   {"--contact", OPTION_TEXT, &in.contact, 0, 0},
	    {"--user", OPTION_TEXT, &in.user, 0, 0},	       {"--passphrase", OPTION_TEXT, &in.passphrase, 0, 0},
	    {"--programme", OPTION_TEXT, &in.programme, 0, 0}, {"--station", OPTION_TEXT, &in.station, 0, 0},
	    {"--address", OPTION_TEXT, &in.address, 0, 0},     {"--place", OPTION_TEXT, &in.place, 0, 0},
	    {"--roads", OPTION_TEXT, &in.roads, 0, 0},	       {"--simulation", OPTION_FLAG, &in.simulation, 0, 0},
	    {"--seed", OPTION_TEXT, &in.seed, 0, 0},	       {"--start", OPTION_TEXT, &in.start, 0, 0},
	    {"--store", OPTION_TEXT, &in.store, 0, 0},	       {"--schema", OPTION_TEXT, &in.schema, 0, 0},
	};
	size_t n;
	enum code rc = args_parse(sc, argc, argv, defs, COUNT_OF(defs), &in.dir, 1, 1, &n);
	if (rc == OK)
		rc = place_parse(sc, in.place, &in.at);
	if (rc == OK)
		rc = settings_of(sc, &in);
	if (rc == OK && in.roads != NULL) {
		char *full = realpath(in.roads, NULL);
		if (full == NULL)
			return cli_exit(sc, fail(sc, E_NOT_FOUND, "--roads %s: there is no such file", in.roads));
		in.settings.roads = scope_strdup(sc, full);
		free(full);
	}
	if (rc == OK)
		rc = init_house(sc, &in);
	if (rc != OK)
		return cli_exit(sc, rc);
	return cli_print(sc, init_json(sc, &in));
}
