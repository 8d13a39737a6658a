/* Operators and their stations. */
#include "people/people_rows.h"
#include "store/event.h"

#define STATUTORY_DAYS_DEFAULT (7 * 365 + 2)

enum code
word_index(struct scope *sc, const char *const words[], const char *word, int *out)
{
	for (int i = 0; words[i] != NULL; i++) {
		if (text_eq(words[i], word)) {
			*out = i;
			return OK;
		}
	}
	return fail(sc, E_CORRUPT, "a table holds the unknown word \"%.40s\"", word == NULL ? "" : word);
}

static enum code
check_length(struct scope *sc, const char *what, const char *s, size_t min, size_t max)
{
	size_t n = s == NULL ? 0 : utf8_length(s);
	if (n < min || n > max)
		return fail_as(sc, E_INVALID, "bad-field", "\"%s\": must have %zu to %zu characters", what, min, max);
	return OK;
}

static enum code
check_operator(struct scope *sc, const struct operator_new *o)
{
	int64_t offset;
	struct currency currency;
	TRY(check_length(sc, "slug", o->slug, 2, 40));
	if (strspn(o->slug, "abcdefghijklmnopqrstuvwxyz0123456789-") != strlen(o->slug))
		return fail_as(sc, E_INVALID, "bad-field", "\"slug\": small letters, digits and '-' only");
	TRY(check_length(sc, "name", o->name, 1, 120));
	TRY(check_length(sc, "contact", o->contact, 3, 254));
	TRY(check_length(sc, "country", o->country, 2, 2));
	if (strspn(o->country, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != 2)
		return fail_as(sc, E_INVALID, "bad-field", "\"country\": two capital letters, like SE");
	if (o->statutory_days < 0 || o->statutory_days > 36500)
		return fail_as(sc, E_INVALID, "bad-field", "\"statutory_days\": 0 to 36500");
	TRY(currency_parse(sc, o->currency, &currency));
	return zone_offset_ms(sc, o->zone, 0, &offset);
}

enum code
operator_create(struct scope *sc, struct tx *tx, const struct operator_new *o, struct id *out)
{
	TRY(check_operator(sc, o));
	struct id id = tx_new_id(tx, "op");
	int64_t days = o->statutory_days == 0 ? STATUTORY_DAYS_DEFAULT : o->statutory_days;
	int64_t changed;
	TRY(sql_run(sc, tx,
		    "INSERT INTO operator (operator_id, slug, name, zone, country, currency, contact, statutory_days)"
		    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (slug) DO NOTHING",
		    VALS(v_text(id.s), v_text(o->slug), v_text(o->name), v_text(o->zone), v_text(o->country),
			 v_text(o->currency), v_text(o->contact), v_int(days)),
		    &changed));
	if (changed == 0)
		return fail_as(sc, E_CONFLICT, "duplicate", "there is an operator \"%s\"", o->slug);
	*out = id;
	return OK;
}

#define OPERATOR_COLUMNS "operator_id, slug, name, zone, country, contact, currency, statutory_days FROM operator"

static enum code
read_operator(struct scope *sc, struct rows *r, struct operator* out)
{
	struct operator o = {
	    .id = row_text(sc, r, 0),
	    .slug = row_text(sc, r, 1),
	    .name = row_text(sc, r, 2),
	    .zone = row_text(sc, r, 3),
	    .country = row_text(sc, r, 4),
	    .contact = row_text(sc, r, 5),
	    .statutory_days = row_int(r, 7),
	};
	TRY(currency_parse(sc, row_text(sc, r, 6), &o.currency));
	*out = o;
	return OK;
}

enum code
operator_get(struct scope *sc, struct tx *tx, const char *id, struct operator* out)
{
	struct rows *r;
	enum code rc = sql_one(sc, tx, &r, "SELECT " OPERATOR_COLUMNS " WHERE operator_id = $1", VALS(v_text(id)));
	if (rc == E_NOT_FOUND)
		return fail(sc, E_NOT_FOUND, "there is no such operator");
	TRY(rc);
	return read_operator(sc, r, out);
}

enum code
operators_all(struct scope *sc, struct tx *tx, struct operator** out, size_t *n)
{
	struct rows *r;
	size_t cap = 4;
	size_t len = 0;
	struct operator* list = NEW_ARRAY(sc, cap, struct operator);
	TRY(sql_query(sc, tx, &r, "SELECT " OPERATOR_COLUMNS " ORDER BY operator_id", NO_VALS));
	while (row_next(r)) {
		if (len == cap) {
			struct operator* more = NEW_ARRAY(sc, cap * 2, struct operator);
			memcpy(more, list, len * sizeof *list);
			list = more;
			cap *= 2;
		}
		TRY(read_operator(sc, r, &list[len]));
		len++;
	}
	TRY(rows_end(sc, r));
	*out = list;
	*n = len;
	return OK;
}

enum code
operator_find(struct scope *sc, struct tx *tx, const char *slug, struct operator* out)
{
	struct operator* all;
	size_t n;
	if (slug != NULL) {
		struct rows *r;
		enum code rc = sql_one(sc, tx, &r, "SELECT " OPERATOR_COLUMNS " WHERE slug = $1", VALS(v_text(slug)));
		if (rc == E_NOT_FOUND)
			return fail(sc, E_NOT_FOUND, "there is no such operator");
		TRY(rc);
		return read_operator(sc, r, out);
	}
	TRY(operators_all(sc, tx, &all, &n));
	if (n != 1)
		return fail(sc, E_NOT_FOUND, n == 0 ? "there is no operator yet" : "say which operator");
	*out = all[0];
	return OK;
}

/* --- stations --- */

enum code
station_create(struct scope *sc, struct tx *tx, const char *operator_id, const struct station_new *s, struct id *out)
{
	struct operator o;
	int64_t offset;
	TRY(operator_get(sc, tx, operator_id, &o));
	const char *zone = s->zone != NULL ? s->zone : o.zone;
	TRY(check_length(sc, "name", s->name, 1, 120));
	TRY(check_length(sc, "address", s->address, 1, 300));
	TRY(zone_offset_ms(sc, zone, 0, &offset));
	if (!place_valid(s->place))
		return fail_as(sc, E_INVALID, "bad-field", "\"place\": not a place on the Earth");
	struct id id = tx_new_id(tx, "stn");
	TRY(sql_run(sc, tx,
		    "INSERT INTO station (operator_id, id, name, address, zone, lat_e7, lon_e7)"
		    " VALUES ($1, $2, $3, $4, $5, $6, $7)",
		    VALS(v_text(operator_id), v_text(id.s), v_text(s->name), v_text(s->address), v_text(zone),
			 v_int(s->place.lat_e7), v_int(s->place.lon_e7)),
		    NULL));
	TRY(event_emit(sc, tx, operator_id, NULL, FOR_STAFF, "station.created", id.s, NULL));
	*out = id;
	return OK;
}

#define STATION_COLUMNS "operator_id, id, name, address, zone, lat_e7, lon_e7 FROM station"

static struct station
read_station(struct scope *sc, struct rows *r)
{
	return (struct station){
	    .operator_id = row_text(sc, r, 0),
	    .id = row_text(sc, r, 1),
	    .name = row_text(sc, r, 2),
	    .address = row_text(sc, r, 3),
	    .zone = row_text(sc, r, 4),
	    .place = {(int32_t)row_int(r, 5), (int32_t)row_int(r, 6)},
	};
}

enum code
station_get(struct scope *sc, struct tx *tx, const char *operator_id, const char *id, struct station *out)
{
	struct rows *r;
	enum code rc = sql_one(sc, tx, &r, "SELECT " STATION_COLUMNS " WHERE operator_id = $1 AND id = $2",
			       VALS(v_text(operator_id), v_text(id)));
	if (rc == E_NOT_FOUND)
		return fail(sc, E_NOT_FOUND, "there is no such station");
	TRY(rc);
	*out = read_station(sc, r);
	return OK;
}

enum code
station_list(struct scope *sc, struct tx *tx, const char *operator_id, json_t **out)
{
	struct rows *r;
	TRY(sql_query(sc, tx, &r, "SELECT " STATION_COLUMNS " WHERE operator_id = $1 ORDER BY id",
		      VALS(v_text(operator_id))));
	json_t *list = json_new_array(sc);
	while (row_next(r)) {
		struct station s = read_station(sc, r);
		json_t *o = json_object();
		json_put_text(o, "id", s.id);
		json_put_text(o, "name", s.name);
		json_put_text(o, "address", s.address);
		json_put_text(o, "zone", s.zone);
		json_put_place(o, "place", s.place);
		json_array_append_new(list, o);
	}
	TRY(rows_end(sc, r));
	*out = list;
	return OK;
}
