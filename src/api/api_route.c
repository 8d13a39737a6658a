/* Which row a request is for. The areas' tables in one list; a literal segment
 * beats a parameter because rows are tried in order and a test refuses two rows
 * that take the same path. */
#include <assert.h>

#include "api/api_inner.h"
#include "api/areas.h"
#include "base/text.h"

const struct route_table *const api_tables[] = {
    &api_public_table, &api_staff_table, &api_freight_table, &api_offer_table,
    &api_driver_table, &api_duty_table,	 &api_pay_table,     &api_desk_table,
    &api_chain_table,  &api_map_table,	 &api_reach_table,   &api_osrm_table,
    &api_events_table, &api_hooks_table, &api_sim_table,     NULL,
};

/* One segment: literal, or a parameter that takes it. */
static bool
segment_fits(const char **pattern, const char **path, const char **param)
{
	const char *p = *pattern;
	const char *s = *path;
	if (*p != '{') {
		while (*p != '/' && *p != '\0' && *p == *s) {
			p++;
			s++;
		}
		*pattern = p;
		*path = s;
		return (*p == '/' || *p == '\0') && *p == *s;
	}
	const char *close = strchr(p, '}');
	assert(close != NULL); /* the tables are ours */
	bool rest = close[-1] == '*';
	size_t n = rest ? strlen(s) : strcspn(s, "/");
	*param = s;
	const char *suffix = close + 1; /* "{y}.mvt" */
	size_t suffix_n = strcspn(suffix, "/");
	if (n <= suffix_n || strncmp(s + n - suffix_n, suffix, suffix_n) != 0)
		return false;
	*pattern = suffix + suffix_n;
	*path = s + n;
	return true;
}

static bool
path_fits(struct scope *sc, const char *pattern, const char *path, const char *param[static CALL_PARAMS])
{
	const char *found[CALL_PARAMS] = {0};
	size_t n_found = 0;
	while (*pattern == '/' && *path == '/') {
		pattern++;
		path++;
		bool is_param = *pattern == '{';
		const char *suffix = is_param ? strchr(pattern, '}') + 1 : "";
		size_t cut = strcspn(suffix, "/");
		const char *value = NULL;
		if (!segment_fits(&pattern, &path, &value))
			return false;
		if (is_param)
			found[n_found++] = scope_strndup(sc, value, (size_t)(path - value) - cut);
	}
	if (*pattern != '\0' || *path != '\0')
		return false;
	memcpy(param, found, sizeof found);
	return true;
}

enum match
route_match(struct scope *sc, const char *method, const char *path, bool stepped, const struct route **out,
	    const char *param[static CALL_PARAMS], const char **allowed)
{
	if (text_eq(method, "HEAD"))
		method = "GET";
	struct text others;
	text_init(&others, sc);
	for (size_t t = 0; api_tables[t] != NULL; t++)
		for (const struct route *r = api_tables[t]->rows; r->method != NULL; r++) {
			if ((r->stepped && !stepped) || !path_fits(sc, r->path, path, param))
				continue;
			if (text_eq(r->method, method)) {
				*out = r;
				return MATCH_FOUND;
			}
			text_printf(&others, "%s%s", others.len == 0 ? "" : ", ", r->method);
		}
	if (others.len == 0)
		return MATCH_NONE;
	*allowed = others.s;
	return MATCH_OTHER_METHOD;
}
