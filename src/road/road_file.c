/* The `.road` file: writing it whole or not at all, opening it checked. The
 * layout is drawn in road_map.h. A file is refused when its checksum is off or
 * a section does not fit; its numbers are then as the importer wrote them. */
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "road/metric.h"
#include "road/road_map.h"

#define ROAD_MAGIC "WAYROAD"
#define ROAD_VERSION 11u
#define ALIGNMENT 64u
#define ATTRIBUTION "© OpenStreetMap contributors, ODbL 1.0"

struct file_section {
	uint32_t kind, size;
	uint64_t offset, count;
};

struct file_header {
	char magic[8];
	uint32_t version, n_sections;
	uint64_t bytes;
	uint8_t checksum[32]; /* of everything behind this header */
	struct file_section section[SECTION_COUNT];
};
#define CHECKED_FROM offsetof(struct file_header, section)

size_t
road_section_size(enum road_section s)
{
	static const size_t sizes[SECTION_COUNT] = {
	    [SECTION_HEAD] = sizeof(struct road_head),	      [SECTION_TEXT] = 1,
	    [SECTION_WAY] = sizeof(struct road_way),	      [SECTION_SHAPE] = sizeof(struct place),
	    [SECTION_SEGMENT] = sizeof(struct road_segment),  [SECTION_ARC] = sizeof(struct road_arc),
	    [SECTION_SPOKE] = sizeof(struct road_spoke),      [SECTION_VERTEX] = sizeof(struct road_vertex),
	    [SECTION_TURN] = sizeof(struct road_turn_edge),   [SECTION_RUN] = sizeof(struct road_run),
	    [SECTION_LINE] = sizeof(struct road_line),	      [SECTION_SPOT] = sizeof(struct road_spot),
	    [SECTION_GEO_ENTITY] = sizeof(struct geo_entity), [SECTION_GEO_NAME] = sizeof(struct geo_name),
	    [SECTION_GEO_HOUSE] = sizeof(struct geo_house),   [SECTION_GEO_TOKEN] = sizeof(struct geo_token),
	    [SECTION_GEO_DELETE] = sizeof(struct geo_delete), [SECTION_GEO_POSTCODE] = sizeof(struct geo_postcode),
	    [SECTION_SHAPE_NODE] = sizeof(int64_t),
	};
	return sizes[s] != 0 ? sizes[s] : sizeof(uint32_t);
}

enum code
road_file_write(struct scope *sc, const char *path, const struct road_sections *sections, size_t *bytes)
{
	struct file_header h = {.magic = ROAD_MAGIC, .version = ROAD_VERSION, .n_sections = SECTION_COUNT};
	uint64_t at = sizeof h;
	for (uint32_t s = 0; s < SECTION_COUNT; s++) {
		at = (at + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
		uint32_t size = (uint32_t)road_section_size(s);
		h.section[s] = (struct file_section){s, size, at, sections->n[s]};
		at += size * sections->n[s];
	}
	h.bytes = at;
	uint8_t *file = calloc(1, at);
	if (file == NULL)
		return fail(sc, E_MEMORY, "no %" PRIu64 " bytes for the road file", at);
	scope_on_release(sc, free, file);
	for (uint32_t s = 0; s < SECTION_COUNT; s++)
		if (sections->n[s] > 0)
			memcpy(file + h.section[s].offset, sections->at[s], sections->n[s] * road_section_size(s));
	memcpy(file, &h, sizeof h);
	crypto_generichash(h.checksum, sizeof h.checksum, file + CHECKED_FROM, at - CHECKED_FROM, NULL, 0);
	memcpy(file, &h, sizeof h);
	TRY(file_write(sc, path, file, at, 0644));
	*bytes = at;
	return OK;
}

static enum code
check_header(struct scope *sc, const char *path, const uint8_t *map, size_t n)
{
	const struct file_header *h = (const void *)map;
	if (n < sizeof *h || memcmp(h->magic, ROAD_MAGIC, sizeof ROAD_MAGIC) != 0)
		return fail(sc, E_CORRUPT, "%s is not a road file", path);
	if (h->version != ROAD_VERSION || h->n_sections != SECTION_COUNT)
		return fail(sc, E_CORRUPT, "%s is of version %u, this program reads %u: import it again", path,
			    h->version, ROAD_VERSION);
	if (h->bytes != n)
		return fail(sc, E_CORRUPT, "%s has %zu bytes, not %" PRIu64, path, n, h->bytes);
	uint8_t sum[sizeof h->checksum];
	crypto_generichash(sum, sizeof sum, map + CHECKED_FROM, n - CHECKED_FROM, NULL, 0);
	if (memcmp(sum, h->checksum, sizeof sum) != 0)
		return fail(sc, E_CORRUPT, "%s is damaged: its checksum is off", path);
	for (uint32_t s = 0; s < SECTION_COUNT; s++) {
		const struct file_section *f = &h->section[s];
		if (f->kind != s || f->size != road_section_size(s) || f->offset % ALIGNMENT != 0 || f->offset > n ||
		    f->count > (n - f->offset) / f->size)
			return fail(sc, E_CORRUPT, "%s: section %u does not fit", path, s);
	}
	return OK;
}

static const void *
section(const struct road *road, enum road_section s)
{
	const struct file_header *h = road->map;
	return (const uint8_t *)road->map + h->section[s].offset;
}

static void
point_at_sections(struct road *road)
{
	const struct file_header *h = road->map;
	for (size_t s = 0; s < SECTION_COUNT; s++)
		road->n[s] = h->section[s].count;
	road->head = section(road, SECTION_HEAD);
	road->text = section(road, SECTION_TEXT);
	road->way = section(road, SECTION_WAY);
	road->shape = section(road, SECTION_SHAPE);
	road->shape_node = section(road, SECTION_SHAPE_NODE);
	road->segment = section(road, SECTION_SEGMENT);
	road->node_first = section(road, SECTION_NODE_FIRST);
	road->spoke = section(road, SECTION_SPOKE);
	road->arc_open = section(road, SECTION_ARC_OPEN);
	road->segment_vertex = section(road, SECTION_SEGMENT_VERTEX);
	road->arc = section(road, SECTION_ARC);
	road->arc_ms = section(road, SECTION_ARC_MS);
	road->vertex = section(road, SECTION_VERTEX);
	road->turn_first = section(road, SECTION_TURN_FIRST);
	road->turn = section(road, SECTION_TURN);
	road->grid_first = section(road, SECTION_GRID_FIRST);
	road->grid = section(road, SECTION_GRID);
	road->line = section(road, SECTION_LINE);
	road->ring = section(road, SECTION_RING);
	road->draw_first = section(road, SECTION_DRAW_FIRST);
	road->draw = section(road, SECTION_DRAW);
	road->spot = section(road, SECTION_SPOT);
	road->rank = section(road, SECTION_RANK);
	road->up_first = section(road, SECTION_UP_FIRST);
	road->up_head = section(road, SECTION_UP_HEAD);
	road->parent = section(road, SECTION_PARENT);
	road->depth = section(road, SECTION_DEPTH);
	road->rank_vertex = section(road, SECTION_RANK_VERTEX);
	road->up_depth = section(road, SECTION_UP_DEPTH);
	road->up_tail = section(road, SECTION_UP_TAIL);
	road->down_first = section(road, SECTION_DOWN_FIRST);
	road->down = section(road, SECTION_DOWN);
	road->turn_arc = section(road, SECTION_TURN_ARC);
	road->chain_end = section(road, SECTION_CHAIN_END);
	road->core_row = section(road, SECTION_CORE_ROW);
	road->run_first = section(road, SECTION_RUN_FIRST);
	road->run = section(road, SECTION_RUN);
}

static void
point_at_names(struct road *road)
{
	road->geo = (struct geo_index){
	    .text = road->text,
	    .n_text = road->n[SECTION_TEXT],
	    .entity = section(road, SECTION_GEO_ENTITY),
	    .n_entity = road->n[SECTION_GEO_ENTITY],
	    .name = section(road, SECTION_GEO_NAME),
	    .n_name = road->n[SECTION_GEO_NAME],
	    .word = section(road, SECTION_GEO_WORD),
	    .n_word = road->n[SECTION_GEO_WORD],
	    .house = section(road, SECTION_GEO_HOUSE),
	    .n_house = road->n[SECTION_GEO_HOUSE],
	    .token = section(road, SECTION_GEO_TOKEN),
	    .n_token = road->n[SECTION_GEO_TOKEN],
	    .posting = section(road, SECTION_GEO_POSTING),
	    .n_posting = road->n[SECTION_GEO_POSTING],
	    .del = section(road, SECTION_GEO_DELETE),
	    .n_delete = road->n[SECTION_GEO_DELETE],
	    .postcode = section(road, SECTION_GEO_POSTCODE),
	    .n_postcode = road->n[SECTION_GEO_POSTCODE],
	};
}

static enum code
map_file(struct scope *sc, const char *path, void **map, size_t *n)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return fail(sc, errno == ENOENT ? E_NOT_FOUND : E_IO, "%s: %s", path, strerror(errno));
	struct stat st;
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size < (off_t)sizeof(struct file_header)) {
		close(fd);
		return fail(sc, E_CORRUPT, "%s is not a road file", path);
	}
	void *p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (p == MAP_FAILED)
		return fail(sc, E_IO, "%s cannot be mapped: %s", path, strerror(errno));
	*map = p;
	*n = (size_t)st.st_size;
	return OK;
}

enum code
road_open(struct scope *sc, const char *path, struct road **out)
{
	void *map = NULL;
	size_t n = 0;
	TRY(map_file(sc, path, &map, &n));
	enum code rc = check_header(sc, path, map, n);
	struct road *road = rc == OK ? calloc(1, sizeof *road) : NULL;
	if (road == NULL) {
		munmap(map, n);
		return rc != OK ? rc : fail(sc, E_MEMORY, "no memory for a road");
	}
	road->map = map;
	road->map_bytes = n;
	point_at_sections(road);
	point_at_names(road);
	rc = geo_index_check(sc, &road->geo);
	if (rc != OK) {
		munmap(map, n);
		free(road);
		return rc;
	}
	road->info = (struct road_info){
	    .bounds = road->head->bounds,
	    .profile = road->text + road->head->profile,
	    .attribution = ATTRIBUTION,
	    .source = road->text + road->head->source,
	    .drives_on_left = road->head->drives_on_left != 0,
	    .segments = road->n[SECTION_SEGMENT],
	    .arcs = road->n[SECTION_ARC],
	    .vertices = road->n[SECTION_VERTEX],
	    .turns = road->n[SECTION_TURN],
	};
	road->metrics = road_metrics_new(road);
	*out = road;
	return OK;
}

void
road_close(struct road *road)
{
	if (road == NULL)
		return;
	road_metrics_free(road->metrics);
	munmap(road->map, road->map_bytes);
	free(road);
}

const struct road_info *
road_info(const struct road *road)
{
	return &road->info;
}

const uint32_t *
road_arc_ms(const struct road *road)
{
	return road->arc_ms;
}
