/* waybill road match --follow: a drive from standard input, fix by fix. */
#include "base/text.h"
#include "cli/cli_road.h"
#include "road/match_stream.h"
#include "road/tracks.h"

#define FIX_LINE_MAX 256

struct follow {
	const struct road *road;
	struct road_matcher *matcher;
	struct road_stream *stream;
	struct scope line; /* of the one at hand */
};

static enum code
print_settled(struct follow *f, const struct road_settled_list *news)
{
	for (size_t i = 0; i < news->n; i++)
		if (puts(road_settled_json(&f->line, f->road, &news->items[i])) < 0)
			return fail(&f->line, E_IO, "standard output is closed");
	return fflush(stdout) == 0 ? OK : fail(&f->line, E_IO, "standard output is closed");
}

/* An empty line ends a drive. */
static enum code
follow_line(struct follow *f, char *text)
{
	struct road_settled_list news;
	text = text_trim(text);
	if (*text == '\0') {
		TRY(road_stream_finish(&f->line, f->matcher, NULL, f->stream, &news));
		return print_settled(f, &news);
	}
	struct road_fix fix;
	TRY(road_fix_parse(&f->line, text, &fix));
	TRY(road_stream_push(&f->line, f->matcher, NULL, f->stream, &fix, &news));
	return print_settled(f, &news);
}

static enum code
follow_input(struct follow *f, FILE *in)
{
	char text[FIX_LINE_MAX];
	size_t number = 0;
	while (fgets(text, sizeof text, in) != NULL) {
		number++;
		if (strchr(text, '\n') == NULL && !feof(in))
			return fail(&f->line, E_INVALID, "line %zu is too long", number);
		if (text[0] == '#' || (number == 1 && text_starts(text, "at,")))
			continue;
		if (follow_line(f, text) != OK)
			return error_prefix(&f->line, "line %zu", number);
		scope_clear(&f->line);
	}
	char end[1] = "";
	return follow_line(f, end);
}

enum code
cli_road_follow(struct scope *sc, const char *path)
{
	struct road *road;
	TRY(road_open(sc, path, &road));
	struct follow f = {.road = road, .matcher = road_matcher_new(sc, road)};
	scope_init(&f.line);
	enum code rc = road_stream_open(&f.line, ROAD_LAG, &f.stream);
	if (rc == OK)
		rc = follow_input(&f, stdin);
	sc->err = f.line.err;
	road_stream_close(f.stream);
	scope_release(&f.line);
	road_close(road);
	return rc;
}
