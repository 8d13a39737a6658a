#include "road/pretend.h"

#include "road/road_map.h"

#define AREA_E7 80000
#define HOURS_A_DAY 24u

/* What an hour of a weekday costs on a main street, in hundredths of the quietest. */
static const uint8_t rush[HOURS_A_DAY] = {100, 100, 100, 100, 100, 105, 115, 145, 160, 135, 120, 120,
					  125, 125, 130, 150, 170, 160, 130, 115, 110, 105, 105, 100};

/* splitmix64 (Steele, Lea, Flood 2014) */
static uint64_t
mixed(uint64_t x)
{
	x += UINT64_C(0x9e3779b97f4a7c15);
	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

static double
share_of(uint64_t seed, uint64_t key)
{
	return (double)(mixed(mixed(seed) ^ key) >> 11) / 9007199254740992.0; /* 2^53 */
}

double
road_pretend_share(uint64_t seed, struct place at, int32_t side_e7)
{
	uint32_t lat = (uint32_t)(at.lat_e7 / side_e7);
	uint32_t lon = (uint32_t)(at.lon_e7 / side_e7);
	return share_of(seed, (uint64_t)lat << 32 | lon);
}

static double
class_factor(unsigned class, unsigned hour)
{
	bool weekend = hour >= HOURS_A_DAY;
	double crowd = rush[hour % HOURS_A_DAY] * 0.01 - 1;
	crowd *= weekend ? 0.3 : 1;
	return class <= CLASS_SECONDARY_LINK ? 1.15 * (1 + crowd) : 1.25 * (1 + crowd / 2);
}

enum code
road_pretend_metric(struct scope *sc, const struct road *road, uint64_t seed, unsigned hour, struct road_metric **out)
{
	struct scope work;
	size_t n = road->n[SECTION_ARC];
	scope_init(&work);
	uint32_t *ms = NEW_ARRAY(&work, n, uint32_t);
	for (size_t a = 0; a < n; a++) {
		const struct road_segment *s = &road->segment[road->arc[a].segment];
		double area = 0.8 + 0.5 * road_pretend_share(seed ^ 1, road->shape[s->shape], AREA_E7);
		double street = 0.75 + 0.5 * share_of(seed ^ 2, a);
		double v = road->arc_ms[a] * class_factor(road->way[s->way].class, hour) * area * street;
		ms[a] = v < 1 ? 1 : v > 1e8 ? 100000000u : (uint32_t)v;
	}
	enum code rc = road_metric_build(sc, road, ms, out);
	scope_release(&work);
	return rc;
}
