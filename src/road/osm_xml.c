/* OpenStreetMap XML (.osm): <node>, <way> and <relation> with their <tag>s,
 * read in one pass with expat. */
#include <expat.h>

#include "base/text.h"
#include "road/osm_raw.h"

#define TAGS_MAX 1024u
#define PIECE (1u << 20)

struct reader {
	struct scope *sc;
	struct scope element; /* of the element being read */
	struct osm_raw *raw;
	XML_Parser parser;
	enum code rc;
	char kind; /* 'n', 'w', 'r'; 0: outside */
	bool inside_osm;
	int64_t id;
	struct place at;
	struct osm_tag *tags;
	size_t n_tags;
	struct vec refs, members;
};

static const char *
attribute(const char **attributes, const char *name)
{
	for (size_t i = 0; attributes[i] != NULL; i += 2)
		if (strcmp(attributes[i], name) == 0)
			return attributes[i + 1];
	return NULL;
}

static void
stop(struct reader *r, enum code rc)
{
	r->rc = rc;
	XML_StopParser(r->parser, XML_FALSE);
}

static bool
need_id(struct reader *r, const char **attributes, const char *name, int64_t *out)
{
	const char *s = attribute(attributes, name);
	if (s != NULL && parse_i64(r->sc, s, INT64_MIN, INT64_MAX, out) == OK)
		return true;
	stop(r, fail(r->sc, E_INVALID, "an element has no whole number as %s", name));
	return false;
}

static void
open_node(struct reader *r, const char **attributes)
{
	double lat;
	double lon;
	const char *lat_text = attribute(attributes, "lat");
	const char *lon_text = attribute(attributes, "lon");
	r->kind = 'n';
	if (lat_text == NULL || lon_text == NULL || parse_double(r->sc, lat_text, -90, 90, &lat) != OK ||
	    parse_double(r->sc, lon_text, -180, 180, &lon) != OK || place_from_degrees(r->sc, lat, lon, &r->at) != OK)
		stop(r, fail(r->sc, E_INVALID, "node %" PRId64 " has no place", r->id));
}

static bool
read_degrees(struct reader *r, const char **attributes, const char *name, double most, double *out)
{
	const char *s = attribute(attributes, name);
	if (s != NULL && parse_double(r->sc, s, -most, most, out) == OK)
		return true;
	error_clear(r->sc);
	return false;
}

/* <bounds>: one that is none is passed over. */
static void
open_bounds(struct reader *r, const char **attributes)
{
	double south;
	double west;
	double north;
	double east;
	struct place a;
	struct place b;
	if (read_degrees(r, attributes, "minlat", 90, &south) && read_degrees(r, attributes, "minlon", 180, &west) &&
	    read_degrees(r, attributes, "maxlat", 90, &north) && read_degrees(r, attributes, "maxlon", 180, &east) &&
	    place_from_degrees(r->sc, south, west, &a) == OK && place_from_degrees(r->sc, north, east, &b) == OK)
		(void)raw_box(r->raw, a, b);
}

static void
open_element(struct reader *r, char kind, const char **attributes)
{
	if (r->kind != 0) {
		stop(r, fail(r->sc, E_INVALID, "an element lies inside another"));
		return;
	}
	if (!need_id(r, attributes, "id", &r->id))
		return;
	scope_clear(&r->element);
	r->tags = NEW_ARRAY(&r->element, TAGS_MAX, struct osm_tag);
	r->n_tags = 0;
	r->refs.n = 0;
	r->members.n = 0;
	r->kind = kind;
	if (kind == 'n')
		open_node(r, attributes);
}

static void
add_member(struct reader *r, const char **attributes)
{
	int64_t id;
	const char *kind = attribute(attributes, "type");
	const char *role = attribute(attributes, "role");
	if (!need_id(r, attributes, "ref", &id))
		return;
	*(struct osm_member *)vec_push(&r->members) =
	    (struct osm_member){kind == NULL ? '?' : kind[0], id, scope_strdup(&r->element, role == NULL ? "" : role)};
}

static void XMLCALL
on_open(void *arg, const char *name, const char **attributes)
{
	struct reader *r = arg;
	if (r->rc != OK)
		return;
	if (strcmp(name, "osm") == 0) {
		const char *generator = attribute(attributes, "generator");
		r->inside_osm = true;
		r->raw->source = scope_strdup(r->raw->sc, generator == NULL ? "" : generator);
	} else if (!r->inside_osm) {
		stop(r, fail(r->sc, E_INVALID, "it is XML, but not of OpenStreetMap"));
	} else if (strcmp(name, "bounds") == 0) {
		open_bounds(r, attributes);
	} else if (strcmp(name, "node") == 0) {
		open_element(r, 'n', attributes);
	} else if (strcmp(name, "way") == 0) {
		open_element(r, 'w', attributes);
	} else if (strcmp(name, "relation") == 0) {
		open_element(r, 'r', attributes);
	} else if (r->kind != 0 && strcmp(name, "tag") == 0) {
		const char *k = attribute(attributes, "k");
		const char *v = attribute(attributes, "v");
		if (k != NULL && v != NULL && r->n_tags < TAGS_MAX)
			r->tags[r->n_tags++] =
			    (struct osm_tag){scope_strdup(&r->element, k), scope_strdup(&r->element, v)};
	} else if (r->kind == 'w' && strcmp(name, "nd") == 0) {
		int64_t ref;
		if (need_id(r, attributes, "ref", &ref))
			*(int64_t *)vec_push(&r->refs) = ref;
	} else if (r->kind == 'r' && strcmp(name, "member") == 0) {
		add_member(r, attributes);
	}
}

static void XMLCALL
on_close(void *arg, const char *name)
{
	struct reader *r = arg;
	char kind = strcmp(name, "node") == 0	    ? 'n'
		    : strcmp(name, "way") == 0	    ? 'w'
		    : strcmp(name, "relation") == 0 ? 'r'
						    : 0;
	if (r->rc != OK || kind == 0 || r->kind != kind)
		return;
	if (kind == 'n')
		raw_node(r->raw, r->id, r->at, r->tags, r->n_tags);
	else if (kind == 'w')
		raw_way(r->raw, r->id, VEC_AT(&r->refs, int64_t, 0), r->refs.n, r->tags, r->n_tags);
	else
		raw_relation(r->raw, VEC_AT(&r->members, struct osm_member, 0), r->members.n, r->tags, r->n_tags);
	r->kind = 0;
}

static enum code
feed(struct reader *r, const uint8_t *bytes, size_t n)
{
	size_t at = 0;
	do {
		size_t piece = n - at < PIECE ? n - at : PIECE;
		bool last = at + piece == n;
		if (XML_Parse(r->parser, (const char *)bytes + at, (int)piece, last) == XML_STATUS_ERROR) {
			if (r->rc == OK)
				r->rc = fail(r->sc, E_INVALID, "%s", XML_ErrorString(XML_GetErrorCode(r->parser)));
			return error_prefix(r->sc, "line %lu", (unsigned long)XML_GetCurrentLineNumber(r->parser));
		}
		at += piece;
	} while (at < n);
	return r->rc;
}

enum code
osm_read_xml(struct scope *sc, const uint8_t *bytes, size_t n, struct osm_raw *raw)
{
	struct reader *r = NEW(sc, struct reader);
	*r = (struct reader){.sc = sc, .raw = raw, .parser = XML_ParserCreate(NULL)};
	if (r->parser == NULL)
		return fail(sc, E_MEMORY, "no memory to read XML");
	scope_init(&r->element);
	vec_init(&r->refs, sc, sizeof(int64_t));
	vec_init(&r->members, sc, sizeof(struct osm_member));
	XML_SetUserData(r->parser, r);
	XML_SetElementHandler(r->parser, on_open, on_close);
	enum code rc = feed(r, bytes, n);
	XML_ParserFree(r->parser);
	scope_release(&r->element);
	if (rc == OK && !r->inside_osm)
		return fail(sc, E_INVALID, "it is empty");
	return rc;
}
