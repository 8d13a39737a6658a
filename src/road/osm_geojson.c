/* Overpass GeoJSON: a FeatureCollection of LineStrings and Polygons with OSM's
 * tags as properties and "way/<id>" as id. It names no nodes: two ways meet
 * where they share a coordinate, so a coordinate is its node's id. Points with
 * tags (barriers, signals) mark the node of that coordinate.
 */
#include <math.h>

#include "base/json.h"
#include "base/text.h"
#include "road/osm_raw.h"

#define TAGS_MAX 256

static int64_t
node_id_of(struct place at)
{
	return (int64_t)((uint64_t)(uint32_t)at.lat_e7 << 32 | (uint32_t)at.lon_e7);
}

static enum code
read_position(struct scope *sc, const json_t *position, struct place *out)
{
	const json_t *lon = json_array_get(position, 0);
	const json_t *lat = json_array_get(position, 1);
	if (!json_is_number(lon) || !json_is_number(lat))
		return fail(sc, E_INVALID, "a position is not [lon, lat]");
	return place_from_degrees(sc, json_number_value(lat), json_number_value(lon), out);
}

static size_t
read_tags(const json_t *properties, struct osm_tag tags[static TAGS_MAX])
{
	size_t n = 0;
	const char *key;
	json_t *value;
	json_object_foreach((json_t *)properties, key, value)
	{
		if (n < TAGS_MAX && json_is_string(value) && key[0] != '@')
			tags[n++] = (struct osm_tag){key, json_string_value(value)};
	}
	return n;
}

static enum code
read_ring(struct scope *sc, struct osm_raw *raw, const json_t *positions, struct osm_ring *out)
{
	size_t n = json_array_size(positions);
	int64_t *refs = NEW_ARRAY(sc, n + 1, int64_t);
	for (size_t i = 0; i < n; i++) {
		struct place at;
		TRY(read_position(sc, json_array_get(positions, i), &at));
		refs[i] = node_id_of(at);
		raw_node(raw, refs[i], at, NULL, 0);
	}
	*out = (struct osm_ring){refs, n};
	return OK;
}

static enum code
read_line(struct scope *sc, struct osm_raw *raw, int64_t id, const json_t *positions, const struct osm_tag *tags,
	  size_t n_tags)
{
	struct osm_ring line;
	TRY(read_ring(sc, raw, positions, &line));
	raw_way(raw, id, line.refs, line.n, tags, n_tags);
	return OK;
}

static enum code
read_polygon(struct scope *sc, struct osm_raw *raw, const json_t *rings, const struct osm_tag *tags, size_t n_tags)
{
	size_t n = json_array_size(rings);
	struct osm_ring *r = NEW_ARRAY(sc, n + 1, struct osm_ring);
	for (size_t i = 0; i < n; i++)
		TRY(read_ring(sc, raw, json_array_get(rings, i), &r[i]));
	raw_polygon(raw, r, n, tags, n_tags);
	return OK;
}

static enum code
read_feature(struct scope *sc, struct osm_raw *raw, const json_t *feature, size_t number)
{
	const json_t *geometry = json_object_get(feature, "geometry");
	const char *kind = json_string_value(json_object_get(geometry, "type"));
	const json_t *coordinates = json_object_get(geometry, "coordinates");
	if (kind == NULL || !json_is_array(coordinates))
		return fail(sc, E_INVALID, "it has no geometry");
	struct osm_tag tags[TAGS_MAX];
	size_t n_tags = read_tags(json_object_get(feature, "properties"), tags);
	const char *name = json_string_value(json_object_get(feature, "id"));
	int64_t id = (int64_t)number + 1;
	if (name != NULL && text_starts(name, "way/"))
		TRY(parse_i64(sc, name + 4, 1, INT64_MAX, &id));
	if (strcmp(kind, "LineString") == 0)
		return read_line(sc, raw, id, coordinates, tags, n_tags);
	if (strcmp(kind, "Polygon") == 0) { /* a closed way, or with holes a relation */
		if (json_array_size(coordinates) == 1)
			return read_line(sc, raw, id, json_array_get(coordinates, 0), tags, n_tags);
		return read_polygon(sc, raw, coordinates, tags, n_tags);
	}
	if (strcmp(kind, "MultiPolygon") == 0) {
		for (size_t i = 0; i < json_array_size(coordinates); i++)
			TRY(read_polygon(sc, raw, json_array_get(coordinates, i), tags, n_tags));
		return OK;
	}
	if (strcmp(kind, "Point") == 0) {
		struct place at;
		TRY(read_position(sc, coordinates, &at));
		raw_node(raw, node_id_of(at), at, tags, n_tags);
	}
	return OK;
}

/* [west, south, east, north]; one that is none is passed over. */
static void
read_box(struct scope *sc, struct osm_raw *raw, const json_t *box)
{
	double side[4];
	struct place a;
	struct place b;
	for (size_t i = 0; i < 4; i++) {
		if (!json_is_number(json_array_get(box, i)))
			return;
		side[i] = json_number_value(json_array_get(box, i));
	}
	if (place_from_degrees(sc, side[1], side[0], &a) == OK && place_from_degrees(sc, side[3], side[2], &b) == OK)
		(void)raw_box(raw, a, b);
	else
		error_clear(sc);
}

enum code
osm_read_geojson(struct scope *sc, const uint8_t *bytes, size_t n, struct osm_raw *raw)
{
	json_t *root;
	TRY(json_parse(sc, bytes, n, &root));
	const json_t *features = json_object_get(root, "features");
	if (!text_eq(json_string_value(json_object_get(root, "type")), "FeatureCollection") || !json_is_array(features))
		return fail(sc, E_INVALID, "not a GeoJSON FeatureCollection");
	const char *timestamp = json_string_value(json_object_get(root, "timestamp"));
	if (timestamp != NULL)
		raw->source = scope_strdup(sc, timestamp);
	read_box(sc, raw, json_object_get(root, "bbox"));
	raw->nameless_nodes = true;
	for (size_t i = 0; i < json_array_size(features); i++)
		if (read_feature(sc, raw, json_array_get(features, i), i) != OK)
			return error_prefix(sc, "feature %zu", i);
	return OK;
}
