/* Vector tiles of the extract (Mapbox Vector Tile 2.1): a small protobuf
 * writer, the web's Mercator projection, clipping, and what to show at which
 * zoom. Features are found through the file's draw grid. */
#include <assert.h>
#include <math.h>
#include <zlib.h>

#include "base/text.h"
#include "road/road_map.h"

#define EXTENT 4096
#define MARGIN 64.0 /* tile units drawn beyond the edge, so that seams do not show */

struct dot {
	double x, y;
};

/* --- protobuf ------------------------------------------------------------- */

static void
pb_varint(struct text *t, uint64_t v)
{
	while (v >= 0x80) {
		text_add_char(t, (char)(v | 0x80));
		v >>= 7;
	}
	text_add_char(t, (char)v);
}

static void
pb_uint(struct text *t, unsigned field, uint64_t v)
{
	pb_varint(t, field << 3);
	pb_varint(t, v);
}

static void
pb_bytes(struct text *t, unsigned field, const char *bytes, size_t n)
{
	pb_varint(t, field << 3 | 2);
	pb_varint(t, n);
	text_add_n(t, bytes, n);
}

static uint64_t
zigzag(int64_t v)
{
	return (uint64_t)v << 1 ^ (uint64_t)(v >> 63);
}

/* --- a layer --------------------------------------------------------------- */

struct layer {
	struct scope *sc;
	const char *name;
	struct text features, values;
	const char *const *keys;
	uint32_t n_keys, n_values;
	const char **value_text; /* value numbers of strings seen so far */
	size_t n_features;
};

#define VALUES_MAX 8192u

static void
layer_init(struct layer *l, struct scope *sc, const char *name, const char *const *keys, uint32_t n_keys)
{
	*l = (struct layer){.sc = sc, .name = name, .keys = keys, .n_keys = n_keys};
	text_init(&l->features, sc);
	text_init(&l->values, sc);
	l->value_text = NEW_ARRAY(sc, VALUES_MAX, const char *);
}

/* The number of a string value; written at its first use. */
static uint32_t
layer_value(struct layer *l, const char *s)
{
	uint64_t h = 1469598103934665603u;
	for (const char *p = s; *p != '\0'; p++)
		h = (h ^ (uint8_t)*p) * 1099511628211u;
	/* an open-addressed set of (string, number) pairs: the number follows the string */
	static_assert(VALUES_MAX % 2 == 0, "slots are pairs");
	uint32_t slot = (uint32_t)(h ^ h >> 31) % (VALUES_MAX / 2);
	for (uint32_t tries = 0; tries < 16; tries++, slot = (slot + 1) % (VALUES_MAX / 2)) {
		const char *known = l->value_text[2 * slot];
		if (known != NULL && strcmp(known, s) == 0)
			return (uint32_t)(uintptr_t)l->value_text[2 * slot + 1];
		if (known == NULL) {
			l->value_text[2 * slot] = s;
			l->value_text[2 * slot + 1] = (const char *)(uintptr_t)l->n_values;
			break;
		}
	}
	struct text v;
	text_init(&v, l->sc);
	pb_bytes(&v, 1, s, strlen(s));
	pb_bytes(&l->values, 4, v.s, v.len);
	return l->n_values++;
}

enum shape_type { SHAPE_POINT = 1, SHAPE_LINE = 2, SHAPE_AREA = 3 };

static void
layer_feature(struct layer *l, enum shape_type type, const struct text *tags, const struct text *geometry)
{
	if (geometry->len == 0)
		return;
	struct text f;
	text_init(&f, l->sc);
	pb_bytes(&f, 2, tags->s, tags->len);
	pb_uint(&f, 3, type);
	pb_bytes(&f, 4, geometry->s, geometry->len);
	pb_bytes(&l->features, 2, f.s, f.len);
	l->n_features++;
}

static void
layer_tag(struct layer *l, struct text *tags, uint32_t key, const char *value)
{
	if (*value == '\0')
		return;
	pb_varint(tags, key);
	pb_varint(tags, layer_value(l, value));
}

static void
layer_close(const struct layer *l, struct text *tile)
{
	if (l->n_features == 0)
		return;
	struct text t;
	text_init(&t, l->sc);
	pb_bytes(&t, 1, l->name, strlen(l->name));
	text_add_n(&t, l->features.s, l->features.len);
	for (uint32_t i = 0; i < l->n_keys; i++)
		pb_bytes(&t, 3, l->keys[i], strlen(l->keys[i]));
	text_add_n(&t, l->values.s, l->values.len);
	pb_uint(&t, 5, EXTENT);
	pb_uint(&t, 15, 2);
	pb_bytes(tile, 3, t.s, t.len);
}

/* --- geometry -------------------------------------------------------------- */

struct view {
	double scale, x0, y0; /* Mercator 0…1 → tile units */
	struct place south_west, north_east;
	unsigned z;
};

static struct dot
project(const struct view *v, struct place p)
{
	double lat = place_lat(p) * M_PI / 180;
	double x = (place_lon(p) + 180) / 360;
	double y = (1 - asinh(tan(lat)) / M_PI) / 2;
	return (struct dot){(x - v->x0) * v->scale, (y - v->y0) * v->scale};
}

static double
lat_of(double y)
{
	return atan(sinh(M_PI * (1 - 2 * y))) * 180 / M_PI;
}

static void
view_init(struct view *v, unsigned z, unsigned x, unsigned y)
{
	double n = (double)(1u << z);
	double pad = MARGIN / EXTENT;
	double north = lat_of(fmax(0, (y - pad) / n));
	double south = lat_of(fmin(1, (y + 1 + pad) / n));
	double west = fmax(-180, (x - pad) / n * 360 - 180);
	double east = fmin(180, (x + 1 + pad) / n * 360 - 180);
	*v = (struct view){.scale = n * EXTENT, .x0 = x / n, .y0 = y / n, .z = z};
	v->south_west = (struct place){(int32_t)(south * 1e7), (int32_t)(west * 1e7)};
	v->north_east = (struct place){(int32_t)(north * 1e7), (int32_t)(east * 1e7)};
}

struct pen {
	struct text *to;
	int64_t x, y;
};

static void
pen_run(struct pen *pen, unsigned command, const struct dot *d, size_t n)
{
	pb_varint(pen->to, command | (uint64_t)n << 3);
	for (size_t i = 0; i < n; i++) {
		int64_t x = llround(d[i].x);
		int64_t y = llround(d[i].y);
		pb_varint(pen->to, zigzag(x - pen->x));
		pb_varint(pen->to, zigzag(y - pen->y));
		pen->x = x;
		pen->y = y;
	}
}

/* Drops points that do not move on the tile's grid; the last one stays. */
static size_t
thin(struct dot *d, size_t n, double least)
{
	size_t k = 0;
	for (size_t i = 0; i < n; i++) {
		bool near = k > 0 && fabs(d[i].x - d[k - 1].x) < least && fabs(d[i].y - d[k - 1].y) < least;
		if (!near)
			d[k++] = d[i];
		else if (i + 1 == n && k > 1)
			d[k - 1] = d[i];
	}
	return k;
}

static void
pen_line(struct pen *pen, struct dot *d, size_t n)
{
	n = thin(d, n, 1);
	if (n < 2)
		return;
	pen_run(pen, 1, d, 1);
	pen_run(pen, 2, d + 1, n - 1);
}

/* The part of a–b inside the padded tile (Liang, Barsky 1984). */
static bool
clip_segment(struct dot *a, struct dot *b)
{
	double t0 = 0;
	double t1 = 1;
	double dx = b->x - a->x;
	double dy = b->y - a->y;
	double p[4] = {-dx, dx, -dy, dy};
	double q[4] = {a->x + MARGIN, EXTENT + MARGIN - a->x, a->y + MARGIN, EXTENT + MARGIN - a->y};
	for (int i = 0; i < 4; i++) {
		if (p[i] == 0 && q[i] < 0)
			return false;
		if (p[i] < 0 && q[i] / p[i] > t0)
			t0 = q[i] / p[i];
		if (p[i] > 0 && q[i] / p[i] < t1)
			t1 = q[i] / p[i];
	}
	if (t0 > t1)
		return false;
	struct dot from = *a;
	*a = (struct dot){from.x + t0 * dx, from.y + t0 * dy};
	*b = (struct dot){from.x + t1 * dx, from.y + t1 * dy};
	return true;
}

static void
draw_line(struct pen *pen, const struct dot *d, size_t n, struct dot *room)
{
	size_t k = 0;
	for (size_t i = 0; i + 1 < n; i++) {
		struct dot a = d[i];
		struct dot b = d[i + 1];
		if (!clip_segment(&a, &b))
			continue;
		bool joins = k > 0 && a.x == room[k - 1].x && a.y == room[k - 1].y;
		if (!joins) {
			pen_line(pen, room, k);
			k = 0;
			room[k++] = a;
		}
		room[k++] = b;
	}
	pen_line(pen, room, k);
}

/* One side of the view, in degrees: keeps what lies inside (Sutherland, Hodgman
 * 1974). side: 0 west, 1 east, 2 south, 3 north. */
static size_t
clip_side(const struct view *v, const struct dot *in, size_t n, struct dot *out, int side)
{
	size_t k = 0;
	double limit = side == 0   ? v->south_west.lon_e7
		       : side == 1 ? v->north_east.lon_e7
		       : side == 2 ? v->south_west.lat_e7
				   : v->north_east.lat_e7;
	double sign = side % 2 == 0 ? 1 : -1;
	for (size_t i = 0; i < n; i++) {
		struct dot a = in[i];
		struct dot b = in[i + 1 == n ? 0 : i + 1];
		double da = sign * ((side < 2 ? a.x : a.y) - limit);
		double db = sign * ((side < 2 ? b.x : b.y) - limit);
		if (da >= 0)
			out[k++] = a;
		if ((da >= 0) != (db >= 0)) {
			double t = da / (da - db);
			out[k++] = (struct dot){a.x + t * (b.x - a.x), a.y + t * (b.y - a.y)};
		}
	}
	return k;
}

static double
ring_area(const struct dot *d, size_t n)
{
	double sum = 0;
	for (size_t i = 0; i < n; i++)
		sum += d[i].x * d[(i + 1) % n].y - d[(i + 1) % n].x * d[i].y;
	return sum / 2;
}

/* The ring's part in the view, in tile units; room holds two rings of 2 n + 8 dots.
 * A large area has many points and a tile few of them: clipped first, projected then. */
static size_t
clip_ring(const struct view *v, const struct place *p, size_t n, struct dot *room, struct dot **out)
{
	struct dot *a = room;
	struct dot *b = room + 2 * n + 8;
	for (size_t i = 0; i < n; i++)
		a[i] = (struct dot){p[i].lon_e7, p[i].lat_e7};
	for (int side = 0; side < 4 && n > 0; side++) {
		n = clip_side(v, a, n, b, side);
		struct dot *swap = a;
		a = b;
		b = swap;
	}
	for (size_t i = 0; i < n; i++)
		a[i] = project(v, (struct place){(int32_t)lround(a[i].y), (int32_t)lround(a[i].x)});
	*out = a;
	return thin(a, n, 1);
}

/* One ring, its last point not repeated; outer ones run clockwise on the screen,
 * holes against it. False: nothing of it shows. */
static bool
draw_ring(struct pen *pen, const struct view *v, const struct place *p, size_t n, bool outer, struct dot *room)
{
	struct dot *d;
	n = clip_ring(v, p, n, room, &d);
	double area = ring_area(d, n);
	if (n < 3 || fabs(area) < 4)
		return false;
	if ((area < 0) == outer) {
		for (size_t i = 0; i < n / 2; i++) {
			struct dot swap = d[i];
			d[i] = d[n - 1 - i];
			d[n - 1 - i] = swap;
		}
	}
	pen_run(pen, 1, d, 1);
	pen_run(pen, 2, d + 1, n - 1);
	pb_varint(pen->to, 7 | 1 << 3);
	return true;
}

static void
draw_area(struct pen *pen, const struct view *v, const struct road *road, const struct road_line *line,
	  struct dot *room)
{
	const struct place *p = road->shape + line->shape;
	if (line->n_rings == 0) {
		(void)draw_ring(pen, v, p, line->n_shape - 1, true, room);
		return;
	}
	for (uint32_t i = 0; i < line->n_rings; i++) {
		uint32_t n = road->ring[line->ring + i];
		bool shows = draw_ring(pen, v, p, n - 1, i == 0, room);
		if (i == 0 && !shows)
			return;
		p += n;
	}
}

/* --- what to show ----------------------------------------------------------- */

static const struct {
	const char *word;
	uint8_t zoom;
} shown[] = {
    [CLASS_MOTORWAY] = {"motorway", 0},
    [CLASS_MOTORWAY_LINK] = {"motorway_link", 9},
    [CLASS_TRUNK] = {"trunk", 0},
    [CLASS_TRUNK_LINK] = {"trunk_link", 9},
    [CLASS_PRIMARY] = {"primary", 6},
    [CLASS_PRIMARY_LINK] = {"primary_link", 10},
    [CLASS_SECONDARY] = {"secondary", 8},
    [CLASS_SECONDARY_LINK] = {"secondary_link", 11},
    [CLASS_TERTIARY] = {"tertiary", 10},
    [CLASS_TERTIARY_LINK] = {"tertiary_link", 12},
    [CLASS_UNCLASSIFIED] = {"unclassified", 11},
    [CLASS_RESIDENTIAL] = {"residential", 11},
    [CLASS_LIVING_STREET] = {"living_street", 12},
    [CLASS_SERVICE] = {"service", 13},
    [CLASS_TRACK] = {"track", 13},
    [CLASS_PEDESTRIAN] = {"pedestrian", 12},
    [CLASS_FOOTWAY] = {"footway", 14},
    [CLASS_CYCLEWAY] = {"cycleway", 13},
    [CLASS_PATH] = {"path", 14},
    [CLASS_STEPS] = {"steps", 15},
    [CLASS_FERRY] = {"ferry", 8},
    [DRAW_WATER] = {"water", 8},
    [DRAW_WATERWAY] = {"waterway", 11},
    [DRAW_GREEN] = {"green", 11},
    [DRAW_BUILDING] = {"building", 14},
    [DRAW_SQUARE] = {"square", 13},
    [DRAW_RAIL] = {"rail", 10},
    [DRAW_COAST] = {"coast", 0},
    [DRAW_SEA] = {"water", 0},
};

enum street_key { KEY_CLASS, KEY_NAME, KEY_REF, KEY_ONEWAY, KEY_BRIDGE, KEY_TUNNEL };
static const char *const street_keys[] = {"class", "name", "ref", "oneway", "bridge", "tunnel"};
static const char *const area_keys[] = {"kind", "name"};

struct painter {
	const struct road *road;
	struct view view;
	struct layer streets, areas, lines, places;
	struct dot *dots, *room;
	size_t room_for;
};

static void
tag_street(struct painter *p, const struct road_line *line, struct text *tags)
{
	struct layer *l = &p->streets;
	const struct road_way *w = &p->road->way[line->way];
	layer_tag(l, tags, KEY_CLASS, shown[line->kind].word);
	layer_tag(l, tags, KEY_NAME, p->road->text + w->name);
	layer_tag(l, tags, KEY_REF, p->road->text + w->ref);
	if ((w->flags & (WAY_ONEWAY | WAY_ONEWAY_BACK)) != 0)
		layer_tag(l, tags, KEY_ONEWAY, (w->flags & WAY_ONEWAY) != 0 ? "1" : "-1");
	if ((w->flags & WAY_BRIDGE) != 0)
		layer_tag(l, tags, KEY_BRIDGE, "1");
	if ((w->flags & WAY_TUNNEL) != 0)
		layer_tag(l, tags, KEY_TUNNEL, "1");
}

static void
paint_line(struct painter *p, const struct road_line *line, struct scope *sc)
{
	if (p->room_for < line->n_shape) {
		p->room_for = line->n_shape * 2;
		p->dots = NEW_ARRAY(sc, p->room_for, struct dot);
		p->room = NEW_ARRAY(sc, 4 * p->room_for + 32, struct dot);
	}
	struct text geometry;
	struct text tags;
	text_init(&geometry, sc);
	text_init(&tags, sc);
	struct pen pen = {.to = &geometry};
	bool area = road_kind_is_area(line->kind);
	if (area) {
		draw_area(&pen, &p->view, p->road, line, p->room);
	} else {
		for (uint32_t i = 0; i < line->n_shape; i++)
			p->dots[i] = project(&p->view, p->road->shape[line->shape + i]);
		draw_line(&pen, p->dots, line->n_shape, p->room);
	}
	if (geometry.len == 0)
		return;
	struct layer *l = line->kind < CLASS_COUNT ? &p->streets : area ? &p->areas : &p->lines;
	if (l == &p->streets) {
		tag_street(p, line, &tags);
	} else {
		layer_tag(l, &tags, 0, shown[line->kind].word);
		layer_tag(l, &tags, 1, p->road->text + line->name);
	}
	layer_feature(l, area ? SHAPE_AREA : SHAPE_LINE, &tags, &geometry);
}

static void
paint_spots(struct painter *p, struct scope *sc)
{
	static const char *const words[] = {"city", "town", "village", "suburb", "hamlet"};
	static const uint8_t zoom[] = {4, 7, 9, 11, 12};
	for (size_t i = 0; i < p->road->n[SECTION_SPOT]; i++) {
		const struct road_spot *s = &p->road->spot[i];
		struct dot d = project(&p->view, s->at);
		if (p->view.z < zoom[s->kind] || d.x < 0 || d.y < 0 || d.x >= EXTENT || d.y >= EXTENT)
			continue;
		struct text geometry;
		struct text tags;
		text_init(&geometry, sc);
		text_init(&tags, sc);
		struct pen pen = {.to = &geometry};
		pen_run(&pen, 1, &d, 1);
		layer_tag(&p->places, &tags, 0, words[s->kind]);
		layer_tag(&p->places, &tags, 1, p->road->text + s->name);
		layer_feature(&p->places, SHAPE_POINT, &tags, &geometry);
	}
}

static int64_t
cell_at(int64_t e7, int64_t min, uint32_t cell, uint32_t n)
{
	int64_t i = (e7 - min) / cell;
	return e7 < min ? 0 : i >= n ? n - 1 : i;
}

/* What is painted later lies above. */
static int
height_of(uint32_t kind)
{
	switch (kind) {
	case DRAW_SEA: return 0;
	case DRAW_GREEN: return 1;
	case DRAW_WATER: return 2;
	case DRAW_SQUARE: return 3;
	case DRAW_BUILDING: return 4;
	default: return 5;
	}
}

static int
compare_shown(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a;
	uint64_t y = *(const uint64_t *)b;
	return (x > y) - (x < y);
}

/* The lines of the view's cells, each once: height << 32 | line. */
static size_t
list_shown(const struct painter *p, struct scope *sc, uint64_t **out)
{
	const struct road *road = p->road;
	const struct road_head *h = road->head;
	const struct view *v = &p->view;
	size_t n = 0;
	uint8_t *done = NEW_ARRAY(sc, road->n[SECTION_LINE] / 8 + 1, uint8_t);
	*out = NEW_ARRAY(sc, road->n[SECTION_LINE], uint64_t);
	int64_t r0 = cell_at(v->south_west.lat_e7, h->draw_bounds.min.lat_e7, h->draw_cell_e7, h->draw_rows);
	int64_t r1 = cell_at(v->north_east.lat_e7, h->draw_bounds.min.lat_e7, h->draw_cell_e7, h->draw_rows);
	int64_t c0 = cell_at(v->south_west.lon_e7, h->draw_bounds.min.lon_e7, h->draw_cell_e7, h->draw_columns);
	int64_t c1 = cell_at(v->north_east.lon_e7, h->draw_bounds.min.lon_e7, h->draw_cell_e7, h->draw_columns);
	for (int64_t r = r0; r <= r1; r++) {
		for (int64_t c = c0; c <= c1; c++) {
			size_t cell = (size_t)r * h->draw_columns + (size_t)c;
			for (uint32_t i = road->draw_first[cell]; i < road->draw_first[cell + 1]; i++) {
				uint32_t k = road->draw[i];
				uint32_t kind = road->line[k].kind;
				if ((done[k / 8] >> k % 8 & 1) != 0 || shown[kind].zoom > v->z)
					continue;
				done[k / 8] |= (uint8_t)(1u << k % 8);
				(*out)[n++] = (uint64_t)height_of(kind) << 32 | k;
			}
		}
	}
	return n;
}

static void
paint_cells(struct painter *p, struct scope *sc)
{
	const struct road_head *h = p->road->head;
	const struct view *v = &p->view;
	if (v->south_west.lat_e7 > h->draw_bounds.max.lat_e7 || v->north_east.lat_e7 < h->draw_bounds.min.lat_e7 ||
	    v->south_west.lon_e7 > h->draw_bounds.max.lon_e7 || v->north_east.lon_e7 < h->draw_bounds.min.lon_e7)
		return;
	uint64_t *lines;
	size_t n = list_shown(p, sc, &lines);
	qsort(lines, n, sizeof *lines, compare_shown);
	for (size_t i = 0; i < n; i++)
		paint_line(p, &p->road->line[(uint32_t)lines[i]], sc);
}

static enum code
gzip(struct scope *sc, const struct text *in, uint8_t **out, size_t *n)
{
	z_stream z = {0};
	if (deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		return fail(sc, E_MEMORY, "no memory to pack a tile");
	size_t cap = deflateBound(&z, in->len) + 32;
	uint8_t *packed = scope_alloc(sc, cap);
	z.next_in = (Bytef *)in->s;
	z.avail_in = (uInt)in->len;
	z.next_out = packed;
	z.avail_out = (uInt)cap;
	int rc = deflate(&z, Z_FINISH);
	*n = cap - z.avail_out;
	deflateEnd(&z);
	if (rc != Z_STREAM_END)
		return fail(sc, E_INTERNAL, "a tile could not be packed");
	*out = packed;
	return OK;
}

enum code
road_tile(struct scope *sc, const struct road *road, unsigned z, unsigned x, unsigned y, uint8_t **bytes, size_t *n)
{
	if (z > ROAD_TILE_ZOOM_MAX || x >= 1u << z || y >= 1u << z)
		return fail(sc, E_INVALID, "there is no tile %u/%u/%u", z, x, y);
	struct painter p = {.road = road};
	view_init(&p.view, z, x, y);
	layer_init(&p.areas, sc, "areas", area_keys, COUNT_OF(area_keys));
	layer_init(&p.lines, sc, "lines", area_keys, COUNT_OF(area_keys));
	layer_init(&p.streets, sc, "streets", street_keys, COUNT_OF(street_keys));
	layer_init(&p.places, sc, "places", area_keys, COUNT_OF(area_keys));
	paint_cells(&p, sc);
	paint_spots(&p, sc);
	struct text tile;
	text_init(&tile, sc);
	layer_close(&p.areas, &tile);
	layer_close(&p.lines, &tile);
	layer_close(&p.streets, &tile);
	layer_close(&p.places, &tile);
	if (tile.len == 0) {
		*n = 0;
		*bytes = NULL;
		return OK;
	}
	return gzip(sc, &tile, bytes, n);
}
