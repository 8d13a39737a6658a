/* Lessons as rows, and back. */
#include <math.h>
#include <sodium.h>

#include "base/text.h"
#include "chain/chain.h"
#include "store/event.h"
#include "traffic/traffic.h"

#define DAY_MS INT64_C(86400000)
#define PPM 1e6
#define SMALL_HOURS_MS INT64_C(21600000) /* a lesson of the night is about the day before */
#define LEAF_KIND "roads.learned"

static int64_t
ppm(double factor)
{
	return (int64_t)llround(factor * PPM);
}

/* --- writing --- */

struct writing {
	const char *operator_id;
	int64_t version;
	crypto_generichash_state digest; /* of every row, in the order written */
	int64_t n_speeds;
};

static void
digest_row(struct writing *w, const char *what, const int64_t *v, size_t n)
{
	char line[256];
	size_t at = (size_t)snprintf(line, sizeof line, "%s", what);
	for (size_t i = 0; i < n; i++)
		at += (size_t)snprintf(line + at, sizeof line - at, " %" PRId64, v[i]);
	line[at] = '\n';
	crypto_generichash_update(&w->digest, (const unsigned char *)line, at + 1);
}

static enum code
keep_classes(struct scope *sc, struct tx *tx, struct writing *w, const struct road_speeds *s)
{
	for (unsigned c = 0; c < ROAD_CLASSES; c++) {
		for (unsigned h = 0; h < ROAD_HOURS; h++) {
			const int64_t row[] = {c, h, ppm(s->class_hour[c][h])};
			digest_row(w, "class", row, COUNT_OF(row));
			TRY(sql_run(sc, tx,
				    "INSERT INTO class_hour(operator_id, version, class, hour, factor_ppm)"
				    " VALUES($1, $2, $3, $4, $5)",
				    VALS(v_text(w->operator_id), v_int(w->version), v_int(c), v_int(h), v_int(row[2])),
				    NULL));
		}
	}
	return OK;
}

static enum code
keep_arcs(struct scope *sc, struct tx *tx, struct writing *w, const struct road_speeds *s)
{
	for (size_t i = 0; i < s->n_arcs; i++) {
		const struct road_speed *a = &s->arcs[i];
		const int64_t row[] = {a->way, a->position, a->backward, ppm(a->factor)};
		int64_t changed;
		TRY(sql_run(sc, tx,
			    "INSERT INTO road_speed(operator_id, version, way, position, backward, factor_ppm)"
			    " VALUES($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
			    VALS(v_text(w->operator_id), v_int(w->version), v_int(row[0]), v_int(row[1]), v_int(row[2]),
				 v_int(row[3])),
			    &changed));
		if (changed == 0)
			continue; /* a way whose line crosses its own beginning: the first one stands */
		digest_row(w, "arc", row, COUNT_OF(row));
		w->n_speeds++;
	}
	return OK;
}

static enum code
keep_doors(struct scope *sc, struct tx *tx, struct writing *w, const struct traffic_doors *d)
{
	for (size_t i = 0; i < d->n; i++) {
		const struct traffic_door *o = &d->list[i];
		const int64_t row[] = {o->scale,
				       o->at.lat_e7,
				       o->at.lon_e7,
				       ppm(o->factor),
				       llround(o->service_s * 1000),
				       llround(o->walk_s * 1000),
				       o->park.lat_e7,
				       o->park.lon_e7};
		bool park = o->park.lat_e7 != 0 || o->park.lon_e7 != 0;
		digest_row(w, "door", row, COUNT_OF(row));
		TRY(sql_run(sc, tx,
			    "INSERT INTO door_time(operator_id, version, scale, lat_e7, lon_e7, factor_ppm, service_ms,"
			    " walk_ms, park_lat_e7, park_lon_e7) VALUES($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
			    VALS(v_text(w->operator_id), v_int(w->version), v_int(row[0]), v_int(row[1]), v_int(row[2]),
				 v_int(row[3]), v_int(row[4]), v_int(row[5]), park ? v_int(row[6]) : v_null(),
				 park ? v_int(row[7]) : v_null()),
			    NULL));
	}
	return OK;
}

/* What the chain's leaf commits to, and staff read. */
static json_t *
lesson_json(struct scope *sc, const struct writing *w, const struct traffic_lesson *l, int64_t learned_ms,
	    const char *digest)
{
	json_t *o = json_new_object(sc);
	json_put_int(o, "version", w->version);
	json_put_time(o, "learned_at", learned_ms);
	json_put_time(o, "from", l->from_ms);
	json_put_time(o, "to", l->to_ms);
	json_put_text(o, "extract", l->extract);
	json_put_int(o, "duties", l->of.duties);
	json_put_int(o, "drivers", l->of.drivers);
	json_put_int(o, "drives", l->of.drives);
	json_put_int(o, "visits", l->of.visits);
	json_put_int(o, "rows", w->n_speeds);
	json_put_int(o, "doors", (int64_t)l->doors.n);
	json_put_text(o, "digest", digest);
	return o;
}

static enum code
keep_lesson(struct scope *sc, struct tx *tx, const struct writing *w, const struct traffic_lesson *l,
	    const char *digest)
{
	struct leaf leaf;
	json_t *record = lesson_json(sc, w, l, tx_now_ms(tx), digest);
	TRY(chain_leaf(sc, tx, LEAF_KIND, record, &leaf));
	TRY(sql_run(
	    sc, tx,
	    "INSERT INTO lesson(operator_id, version, learned_ms, from_ms, to_ms, extract, duties, drivers,"
	    " drives, visits, speed_rows, door_rows, kept, trip_ppm, checked, digest, salt, entry,"
	    " checked_from_ms) VALUES($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 1, $13, $14, $15, $16, $17,"
	    " $18)",
	    VALS(v_text(w->operator_id), v_int(w->version), v_int(tx_now_ms(tx)), v_int(l->from_ms), v_int(l->to_ms),
		 v_text(l->extract), v_int(l->of.duties), v_int(l->of.drivers), v_int(l->of.drives),
		 v_int(l->of.visits), v_int(w->n_speeds), v_int((int64_t)l->doors.n), v_int(ppm(l->speeds.trip)),
		 v_text(l->checked == NULL ? NULL : json_text(sc, l->checked)), v_text(digest),
		 v_blob(leaf.salt, sizeof leaf.salt), v_blob(leaf.entry, sizeof leaf.entry), v_int(l->checked_from_ms)),
	    NULL));
	return event_emit(sc, tx, w->operator_id, NULL, FOR_STAFF, LEAF_KIND, scope_printf(sc, "%" PRId64, w->version),
			  record);
}

/* The lesson's own row stays: what a plan names can be told apart from what never was. */
static enum code
forget_old(struct scope *sc, struct tx *tx, const char *operator_id, int64_t version)
{
	static const char *const of[] = {"class_hour", "road_speed", "door_time"};
	int64_t before_ms = tx_now_ms(tx) - TRAFFIC_KEPT_DAYS * DAY_MS;
	for (size_t i = 0; i < COUNT_OF(of); i++)
		TRY(sql_run(sc, tx,
			    scope_printf(sc,
					 "DELETE FROM %s WHERE operator_id = $1 AND version IN (SELECT version FROM"
					 " lesson WHERE operator_id = $1 AND kept = 1 AND learned_ms < $2 AND version"
					 " < $3)",
					 of[i]),
			    VALS(v_text(operator_id), v_int(before_ms), v_int(version)), NULL));
	return sql_run(sc, tx,
		       "UPDATE lesson SET kept = 0 WHERE operator_id = $1 AND kept = 1 AND learned_ms < $2 AND version"
		       " < $3",
		       VALS(v_text(operator_id), v_int(before_ms), v_int(version)), NULL);
}

enum code
traffic_keep(struct scope *sc, struct tx *tx, const char *operator_id, const struct traffic_lesson *lesson,
	     int64_t *version)
{
	struct writing w = {.operator_id = operator_id};
	uint8_t hash[32];
	int64_t before_ms;
	TRY(traffic_newest(sc, tx, operator_id, &w.version, &before_ms));
	w.version++;
	crypto_generichash_init(&w.digest, NULL, 0, sizeof hash);
	TRY(keep_classes(sc, tx, &w, &lesson->speeds));
	TRY(keep_arcs(sc, tx, &w, &lesson->speeds));
	TRY(keep_doors(sc, tx, &w, &lesson->doors));
	crypto_generichash_final(&w.digest, hash, sizeof hash);
	TRY(keep_lesson(sc, tx, &w, lesson, hex_encode(sc, hash, sizeof hash)));
	TRY(forget_old(sc, tx, operator_id, w.version));
	*version = w.version;
	return OK;
}

/* --- reading --- */

enum code
traffic_newest(struct scope *sc, struct tx *tx, const char *operator_id, int64_t *version, int64_t *to_ms)
{
	struct rows *r;
	enum code rc = sql_one(sc, tx, &r,
			       "SELECT version, to_ms FROM lesson WHERE operator_id = $1 ORDER BY version DESC LIMIT 1",
			       VALS(v_text(operator_id)));
	if (rc == E_NOT_FOUND) {
		error_clear(sc);
		*version = 0;
		*to_ms = 0;
		return OK;
	}
	TRY(rc);
	*version = row_int(r, 0);
	*to_ms = row_int(r, 1);
	return OK;
}

/* A version whose rows are there. */
static enum code
find_kept(struct scope *sc, struct tx *tx, const char *operator_id, int64_t version, size_t *n_speeds, size_t *n_doors,
	  double *trip)
{
	struct rows *r;
	enum code rc = sql_one(sc, tx, &r,
			       "SELECT speed_rows, door_rows, trip_ppm FROM lesson WHERE operator_id = $1 AND"
			       " version = $2 AND kept = 1",
			       VALS(v_text(operator_id), v_int(version)));
	if (rc == E_NOT_FOUND)
		return fail_as(sc, E_NOT_FOUND, "no-version", "there are no learned times of version %" PRId64,
			       version);
	TRY(rc);
	*n_speeds = (size_t)row_int(r, 0);
	*n_doors = (size_t)row_int(r, 1);
	*trip = (double)row_int(r, 2) / PPM;
	return OK;
}

static enum code
read_classes(struct scope *sc, struct tx *tx, const char *operator_id, int64_t version, struct road_speeds *s)
{
	struct rows *r;
	for (unsigned c = 0; c < ROAD_CLASSES; c++)
		for (unsigned h = 0; h < ROAD_HOURS; h++)
			s->class_hour[c][h] = 1;
	TRY(sql_query(sc, tx, &r,
		      "SELECT class, hour, factor_ppm FROM class_hour WHERE operator_id = $1 AND version = $2",
		      VALS(v_text(operator_id), v_int(version))));
	while (row_next(r)) {
		int64_t class = row_int(r, 0);
		int64_t hour = row_int(r, 1);
		if (class >= 0 && class < ROAD_CLASSES && hour >= 0 && hour < ROAD_HOURS)
			s->class_hour[class][hour] = (double)row_int(r, 2) / PPM;
	}
	return rows_end(sc, r);
}

enum code
traffic_speeds(struct scope *sc, struct tx *tx, const char *operator_id, int64_t version, struct road_speeds *out)
{
	struct rows *r;
	struct road_speeds s = {.trip = 1};
	size_t n;
	size_t n_doors;
	TRY(find_kept(sc, tx, operator_id, version, &n, &n_doors, &s.trip));
	TRY(read_classes(sc, tx, operator_id, version, &s));
	s.arcs = NEW_ARRAY(sc, n + 1, struct road_speed);
	TRY(sql_query(sc, tx, &r,
		      "SELECT way, position, backward, factor_ppm FROM road_speed WHERE operator_id = $1 AND version ="
		      " $2 ORDER BY way, position, backward",
		      VALS(v_text(operator_id), v_int(version))));
	while (row_next(r) && s.n_arcs < n)
		s.arcs[s.n_arcs++] = (struct road_speed){row_int(r, 0), (uint32_t)row_int(r, 1),
							 (uint32_t)row_int(r, 2), (double)row_int(r, 3) / PPM};
	TRY(rows_end(sc, r));
	*out = s;
	return OK;
}

enum code
traffic_doors(struct scope *sc, struct tx *tx, const char *operator_id, int64_t version, struct traffic_doors *out)
{
	struct rows *r;
	struct traffic_doors d = {0};
	size_t n_speeds;
	size_t n;
	double trip;
	if (version == 0) {
		*out = d;
		return OK;
	}
	TRY(find_kept(sc, tx, operator_id, version, &n_speeds, &n, &trip));
	d.list = NEW_ARRAY(sc, n + 1, struct traffic_door);
	TRY(sql_query(sc, tx, &r,
		      "SELECT scale, lat_e7, lon_e7, factor_ppm, service_ms, walk_ms, park_lat_e7, park_lon_e7 FROM"
		      " door_time WHERE operator_id = $1 AND version = $2",
		      VALS(v_text(operator_id), v_int(version))));
	while (row_next(r) && d.n < n)
		d.list[d.n++] = (struct traffic_door){
		    .scale = (enum traffic_scale)row_int(r, 0),
		    .at = {(int32_t)row_int(r, 1), (int32_t)row_int(r, 2)},
		    .factor = (double)row_int(r, 3) / PPM,
		    .service_s = (double)row_int(r, 4) / 1000,
		    .walk_s = (double)row_int(r, 5) / 1000,
		    .park = {(int32_t)row_int(r, 6), (int32_t)row_int(r, 7)},
		};
	TRY(rows_end(sc, r));
	traffic_doors_sort(&d);
	*out = d;
	return OK;
}

/* --- for people --- */

static enum code
put_checked(struct scope *sc, json_t *o, const char *text)
{
	json_t *checked;
	if (text == NULL) {
		json_put(o, "checked", json_null());
		return OK;
	}
	TRY(json_parse(sc, text, strlen(text), &checked));
	json_put(o, "checked", json_incref(checked));
	return OK;
}

enum code
traffic_list(struct scope *sc, struct tx *tx, const char *operator_id, size_t max, json_t **out)
{
	static const char *const numbers[] = {"duties", "drivers", "drives", "visits", "rows", "doors"};
	struct rows *r;
	json_t *list = json_new_array(sc);
	TRY(sql_query(
	    sc, tx, &r,
	    "SELECT version, learned_ms, from_ms, to_ms, extract, duties, drivers, drives, visits, speed_rows,"
	    " door_rows, checked, digest FROM lesson WHERE operator_id = $1 ORDER BY version DESC LIMIT $2",
	    VALS(v_text(operator_id), v_int((int64_t)max))));
	while (row_next(r)) {
		json_t *o = json_new_object(sc);
		json_put_int(o, "version", row_int(r, 0));
		json_put_time(o, "learned_at", row_int(r, 1));
		json_put_time(o, "from", row_int(r, 2));
		json_put_time(o, "to", row_int(r, 3));
		json_put_text(o, "extract", row_text(sc, r, 4));
		for (size_t i = 0; i < COUNT_OF(numbers); i++)
			json_put_int(o, numbers[i], row_int(r, 5 + (int)i));
		TRY(put_checked(sc, o, row_text(sc, r, 11)));
		json_put_text(o, "digest", row_text(sc, r, 12));
		json_array_append(list, o);
	}
	TRY(rows_end(sc, r));
	*out = list;
	return OK;
}

enum code
traffic_checked(struct scope *sc, struct tx *tx, const char *operator_id, int64_t from_ms, int64_t to_ms, json_t **out)
{
	struct rows *r;
	json_t *checked;
	enum code rc = sql_one(sc, tx, &r,
			       "SELECT checked FROM lesson WHERE operator_id = $1 AND checked IS NOT NULL AND"
			       " checked_from_ms < $3 AND to_ms > $2 ORDER BY version DESC LIMIT 1",
			       VALS(v_text(operator_id), v_int(from_ms + SMALL_HOURS_MS), v_int(to_ms)));
	if (rc == E_NOT_FOUND) {
		error_clear(sc);
		*out = NULL;
		return OK;
	}
	TRY(rc);
	const char *text = row_text(sc, r, 0);
	TRY(json_parse(sc, text, strlen(text), &checked));
	*out = checked;
	return OK;
}
