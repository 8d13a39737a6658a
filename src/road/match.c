/* A whole track at once: the stream of match_stream.h, without a lag. */
#include <math.h>

#include "road/match_stream.h"

static enum code
check_fixes(struct scope *sc, const struct road_fix *fixes, size_t n)
{
	if (n == 0)
		return fail(sc, E_INVALID, "a track has at least one fix");
	if (n > ROAD_FIXES_MAX)
		return fail(sc, E_LIMIT, "a track has at most %u fixes, not %zu", ROAD_FIXES_MAX, n);
	for (size_t i = 0; i < n; i++) {
		if (!place_valid(fixes[i].at))
			return fail(sc, E_INVALID, "fix %zu is no place", i);
		if (i > 0 && fixes[i].at_ms < fixes[i - 1].at_ms)
			return fail(sc, E_INVALID, "fix %zu is older than the one before", i);
	}
	return OK;
}

/* items: room for one per fix. */
static enum code
settle_all(struct scope *sc, const struct road *road, const struct road_metric *metric, struct road_stream *s,
	   const struct road_fix *fixes, size_t n, struct road_settled_list *all)
{
	struct road_matcher *m = road_matcher_new(sc, road);
	for (size_t i = 0; i <= n; i++) {
		struct road_settled_list news;
		if (i < n)
			TRY(road_stream_push(sc, m, metric, s, &fixes[i], &news));
		else
			TRY(road_stream_finish(sc, m, metric, s, &news));
		if (news.n > 0)
			memcpy(all->items + all->n, news.items, news.n * sizeof *news.items);
		all->n += news.n;
		TRY(scope_check_deadline(sc));
	}
	return OK;
}

static void
read_piece(struct scope *sc, const struct road_settled *items, size_t n, struct road_match *out)
{
	struct road_match_piece *piece = &out->pieces[out->n_pieces];
	piece->fixes = NEW_ARRAY(sc, n, size_t);
	piece->paths = NEW_ARRAY(sc, n, struct road_path);
	double score = items[n - 1].log_likelihood / (double)n;
	piece->confidence = score < -20 ? 0 : exp(score / 2);
	for (size_t i = 0; i < n; i++) {
		piece->fixes[i] = items[i].fix;
		out->points[items[i].fix] =
		    (struct road_match_point){true, (uint32_t)out->n_pieces, (uint32_t)i, items[i].point};
		if (i > 0)
			piece->paths[piece->n_paths++] = items[i].path;
	}
	out->n_pieces++;
}

static enum code
read_pieces(struct scope *sc, const struct road_settled_list *all, size_t n_fixes, struct road_match *out)
{
	if (all->n == 0)
		return fail_as(sc, E_NOT_FOUND, "off-road", "no fix of the track is near a street");
	struct road_match r = {.n_points = n_fixes};
	r.points = NEW_ARRAY(sc, n_fixes, struct road_match_point);
	r.pieces = NEW_ARRAY(sc, all->n, struct road_match_piece);
	for (size_t i = 0; i < all->n;) {
		size_t end = i + 1;
		while (end < all->n && !all->items[end].begins)
			end++;
		read_piece(sc, all->items + i, end - i, &r);
		i = end;
	}
	*out = r;
	return OK;
}

enum code
road_match(struct scope *sc, const struct road *road, const struct road_metric *metric, const struct road_fix *fixes,
	   size_t n, struct road_match *out)
{
	TRY(check_fixes(sc, fixes, n));
	struct road_stream *s;
	struct road_settled_list all = {.items = NEW_ARRAY(sc, n, struct road_settled)};
	TRY(road_stream_open(sc, ROAD_LAG_NONE, &s));
	enum code rc = settle_all(sc, road, metric, s, fixes, n, &all);
	road_stream_close(s);
	TRY(rc);
	return read_pieces(sc, &all, n, out);
}
