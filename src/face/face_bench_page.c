/* The benchmark's page: everything inline, nothing fetched, readable on paper. */
#include <math.h>

#include "base/text.h"
#include "face/face_bench.h"

static const char style[] =
    "body{font:16px/1.5 system-ui,sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem;color:#1c2430}"
    "h1{font-size:1.7rem}h2{font-size:1.2rem;margin-top:2.2rem}table{border-collapse:collapse;margin:.6rem 0}"
    "td,th{padding:.3rem .9rem .3rem 0;text-align:left;border-bottom:1px solid #dde2ea;vertical-align:top}"
    "td.n{text-align:right;font-variant-numeric:tabular-nums}.q{color:#5b6676;font-size:.9rem}"
    "svg{max-width:100%;height:auto}svg text{font:12px system-ui,sans-serif;fill:#5b6676}"
    "@media(prefers-color-scheme:dark){body{background:#12161d;color:#e6eaf0}td,th{border-color:#2b3341}}";

static double
number(const json_t *o, const char *key)
{
	return json_number_value(json_object_get(o, key));
}

static void
percent(struct text *t, double v)
{
	text_printf(t, v != 0 && v < 0.001 ? "%.2g %%" : "%.2f %%", v * 100);
}

/* "1.23 % (0.9–1.5 %; 12 of 1,000)" */
static void
rate_text(struct text *t, const json_t *rate)
{
	if (!json_is_object(rate)) {
		text_add(t, "not measured");
		return;
	}
	const json_t *bounds = json_object_get(rate, "bounds95");
	percent(t, number(rate, "rate"));
	text_add(t, " <span class=q>(95 %: ");
	percent(t, json_number_value(json_array_get(bounds, 0)));
	text_add(t, " to ");
	percent(t, json_number_value(json_array_get(bounds, 1)));
	text_printf(t, "; %.0f of %.0f)</span>", number(rate, "errors"), number(rate, "of"));
}

/* --- the DET curve: both axes logarithmic, FMR to the right, FNMR up --- */

#define PLOT_W 620.0
#define PLOT_H 380.0
#define PLOT_LEFT 60.0
#define PLOT_TOP 14.0
#define FNMR_LOW (-3.5)

static double
plot_x(double log_fmr)
{
	return PLOT_LEFT + (log_fmr + 6) / 6 * PLOT_W;
}

static double
plot_y(double log_fnmr)
{
	return PLOT_TOP + PLOT_H - (fmax(log_fnmr, FNMR_LOW) - FNMR_LOW) / -FNMR_LOW * PLOT_H;
}

static void
plot_grid(struct text *t)
{
	for (int e = -6; e <= 0; e++) {
		double x = plot_x(e);
		text_printf(t,
			    "<line x1='%.1f' y1='%.1f' x2='%.1f' y2='%.1f' stroke='#c8cfd9' stroke-width='.6'/>"
			    "<text x='%.1f' y='%.1f' text-anchor='middle'>1e%d</text>",
			    x, PLOT_TOP, x, PLOT_TOP + PLOT_H, x, PLOT_TOP + PLOT_H + 18, e);
	}
	for (int e = -3; e <= 0; e++) {
		double y = plot_y(e);
		text_printf(t,
			    "<line x1='%.1f' y1='%.1f' x2='%.1f' y2='%.1f' stroke='#c8cfd9' stroke-width='.6'/>"
			    "<text x='%.1f' y='%.1f' text-anchor='end'>%g %%</text>",
			    PLOT_LEFT, y, PLOT_LEFT + PLOT_W, y, PLOT_LEFT - 6, y + 4, 100 * pow(10, e));
	}
}

static void
plot_curve(struct text *t, const json_t *curve)
{
	text_printf(
	    t, "<svg viewBox='0 0 %.0f %.0f' role='img' aria-label='False non-match rate against false match rate'>",
	    PLOT_LEFT + PLOT_W + 20, PLOT_TOP + PLOT_H + 44);
	plot_grid(t);
	text_add(t, "<polyline fill='none' stroke='#2563c9' stroke-width='2.2' points='");
	for (size_t i = 0; i < json_array_size(curve); i++) {
		const json_t *p = json_array_get(curve, i);
		double fmr = json_number_value(json_array_get(p, 0));
		double fnmr = json_number_value(json_array_get(p, 1));
		text_printf(t, "%.1f,%.1f ", plot_x(log10(fmr)), plot_y(fnmr > 0 ? log10(fnmr) : FNMR_LOW));
	}
	text_printf(
	    t,
	    "'/><line x1='%.1f' y1='%.1f' x2='%.1f' y2='%.1f' stroke='#c2410c' stroke-dasharray='5 4'/>"
	    "<text x='%.1f' y='%.1f'>policy</text>"
	    "<text x='%.1f' y='%.1f' text-anchor='middle'>false match rate</text>"
	    "<text x='14' y='%.1f' transform='rotate(-90 14 %.1f)' text-anchor='middle'>false non-match rate</text>"
	    "</svg>",
	    plot_x(-4), PLOT_TOP, plot_x(-4), PLOT_TOP + PLOT_H, plot_x(-4) + 5, PLOT_TOP + 12, PLOT_LEFT + PLOT_W / 2,
	    PLOT_TOP + PLOT_H + 38, PLOT_TOP + PLOT_H / 2, PLOT_TOP + PLOT_H / 2);
}

/* --- tables --- */

static void
row(struct text *t, const char *name, const json_t *rate)
{
	text_printf(t, "<tr><th>%s<td>", name);
	rate_text(t, rate);
}

static void
tmr_table(struct text *t, const json_t *result)
{
	const char *fmr;
	json_t *tmr;
	const json_t *detail = json_object_get(result, "tmr_detail");
	text_add(t, "<table><tr><th>FMR<th>true match rate<th>95 % bounds<th>threshold");
	json_object_foreach(json_object_get(result, "tmr_at_fmr"), fmr, tmr)
	{
		const json_t *d = json_object_get(detail, fmr);
		const json_t *b = json_object_get(d, "tmr_bounds95");
		text_printf(t, "<tr><td>%s<td class=n>%.2f %%<td class=n>%.2f – %.2f %%<td class=n>%.4f", fmr,
			    json_number_value(tmr) * 100, json_number_value(json_array_get(b, 0)) * 100,
			    json_number_value(json_array_get(b, 1)) * 100, number(d, "threshold"));
	}
	text_add(t, "</table>");
}

static void
escape(struct text *t, const char *s)
{
	for (; *s != '\0'; s++) {
		switch (*s) {
		case '<': text_add(t, "&lt;"); break;
		case '&': text_add(t, "&amp;"); break;
		default: text_add_char(t, *s);
		}
	}
}

static void
groups_table(struct text *t, const json_t *result)
{
	const char *name;
	json_t *g;
	const json_t *groups = json_object_get(result, "groups");
	if (json_object_size(groups) == 0) {
		text_add(t, "<p>No group labels were given, so nothing is known here about groups.</p>");
		return;
	}
	text_add(t, "<table><tr><th>group<th>FMR<th>FNMR<th>no face found");
	json_object_foreach((json_t *)groups, name, g)
	{
		text_add(t, "<tr><th>");
		escape(t, name);
		if (!json_is_true(json_object_get(g, "measured"))) {
			text_add(t, "<td colspan=3>too few pictures to be measured");
			continue;
		}
		text_add(t, "<td>");
		rate_text(t, json_object_get(g, "fmr"));
		text_add(t, "<td>");
		rate_text(t, json_object_get(g, "fnmr"));
		text_add(t, "<td>");
		rate_text(t, json_object_get(g, "failed_to_detect"));
	}
	text_add(t, "</table>");
	const json_t *ratio = json_object_get(result, "worst_group_ratio");
	text_add(t, "<p>Worst group over best, FNMR: ");
	if (json_is_real(json_object_get(ratio, "fnmr")))
		text_printf(t, "%.2f", number(ratio, "fnmr"));
	else
		text_add(t, "not defined (the best has no error)");
	text_add(t, "; FMR: ");
	if (json_is_real(json_object_get(ratio, "fmr")))
		text_printf(t, "%.2f", number(ratio, "fmr"));
	else
		text_add(t, "not defined (the best has no error)");
	text_add(t, ". Not measured, for want of labels: age, skin tone, disability, head coverings, and every group "
		    "not in the table. One threshold holds for all; no group is ever inferred from a picture.</p>");
}

/* Thresholds set by other people than those counted. */
static void
held_out_table(struct text *t, const json_t *result)
{
	const json_t *held = json_object_get(result, "held_out");
	const json_t *at = json_object_get(held, "at_1e-4");
	const char *name;
	json_t *g;
	text_printf(t,
		    "<h2>The same, held out</h2><p>People are dealt into %.0f parts; the threshold for 1e-4 comes from "
		    "the pairs without anybody of a part and is tried on all pairs within it.</p><table>"
		    "<tr><th><th>FMR<th>FNMR<tr><th>all<td>",
		    number(held, "folds"));
	rate_text(t, json_object_get(at, "fmr"));
	text_add(t, "<td>");
	rate_text(t, json_object_get(at, "fnmr"));
	json_object_foreach(json_object_get(at, "groups"), name, g)
	{
		text_add(t, "<tr><th>");
		escape(t, name);
		text_add(t, "<td>");
		rate_text(t, json_object_get(g, "fmr"));
		text_add(t, "<td>");
		rate_text(t, json_object_get(g, "fnmr"));
	}
	text_add(t, "</table>");
}

/* Where the misses are. */
static void
captures_table(struct text *t, const json_t *result)
{
	const json_t *captures = json_object_get(result, "captures");
	const json_t *good = json_object_get(captures, "good");
	const char *fmr;
	size_t i;
	json_t *o;
	text_printf(
	    t,
	    "<h2>Where the misses are</h2><p>False non-matches of the %.0f pairs of one person with two captures "
	    "that a driver would not be asked to repeat, then of all pairs by the more turned head.</p><table>",
	    number(good, "genuine"));
	json_object_foreach(json_object_get(good, "fnmr_at_fmr"), fmr, o)
	{
		text_printf(t, "<tr><th>good captures, FMR %s<td>", fmr);
		rate_text(t, o);
	}
	json_array_foreach(json_object_get(captures, "by_turn_at_fmr_1e-4"), i, o)
	{
		text_printf(t, "<tr><th>turned less than %.0f°, FMR 1e-4<td>", number(o, "below_deg"));
		rate_text(t, json_object_get(o, "fnmr"));
	}
	text_add(t, "</table>");
}

char *
bench_page(struct scope *sc, const json_t *result)
{
	struct text t;
	const json_t *policy = json_object_get(result, "policy");
	const json_t *pairs = json_object_get(result, "pairs");
	const json_t *pictures = json_object_get(result, "pictures");
	const json_t *several = json_object_get(result, "three_by_three");
	text_init(&t, sc);
	text_printf(
	    &t,
	    "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport "
	    "content='width=device-width'><title>Face verification: measured</title><style>%s</style>"
	    "<h1>Face verification: measured</h1><p>One picture against one picture: %.0f pictures of %.0f people, "
	    "%.0f pairs of one person, %.0f of two. A picture in which no face is found is an error in every pair "
	    "it is in. Model set <code>%s</code>, run in %s.</p>",
	    style, number(pictures, "n"), number(pictures, "people"), number(pairs, "genuine"),
	    number(pairs, "impostor"),
	    json_string_value(json_object_get(json_object_get(result, "calibration"), "set")),
	    json_string_value(json_object_get(result, "precision")));
	text_printf(&t, "<p>Balanced accuracy %.2f %%, equal error rate %.2f %%.</p>", number(result, "accuracy") * 100,
		    number(result, "eer") * 100);
	text_add(&t, "<h2>How often the right person is accepted</h2>");
	plot_curve(&t, json_object_get(result, "curve"));
	tmr_table(&t, result);
	text_printf(&t,
		    "<h2>At the default policy</h2><p>The policy is a false match rate of 1e-4 for the worst measured "
		    "group; its threshold is %.4f.</p><table>",
		    number(policy, "threshold"));
	row(&t, "false matches", json_object_get(policy, "fmr_measured"));
	row(&t, "false non-matches", json_object_get(policy, "fnmr_measured"));
	row(&t, "no face found", json_object_get(result, "failed_to_detect"));
	row(&t, "captures a driver would be asked to repeat", json_object_get(result, "poor_captures"));
	text_printf(
	    &t,
	    "</table><h2>Three pictures enrolled, three probe frames</h2><p>%.0f people with six pictures, in ten "
	    "ways each.</p><table>",
	    number(several, "people"));
	row(&t, "false non-matches at FMR 1e-4 of this test", json_object_get(several, "fnmr_at_fmr_1e-4"));
	row(&t, "false non-matches at the policy", json_object_get(several, "fnmr_at_policy"));
	row(&t, "false matches at the policy", json_object_get(several, "fmr_at_policy"));
	text_add(&t, "</table><h2>Groups, at the default policy</h2>");
	groups_table(&t, result);
	held_out_table(&t, result);
	captures_table(&t, result);
	text_printf(
	    &t,
	    "<h2>How to read this</h2><p>Bounds are exact binomial (Clopper–Pearson). Pairs that share a person "
	    "are not independent, so the truth may lie somewhat further out. Beyond the rates that the pairs can "
	    "show, the calibration goes on along a straight line on probit paper. Rates at a threshold that the same "
	    "pairs set look better than they are: the held-out table is the honest one. %.0f pairs of two "
	    "names whose pictures are one and the same photograph were set aside as faults of the list. What was "
	    "measured here are news photographs of public figures; cameras, light and people of a depot differ: an "
	    "operator should repeat this with consenting drivers.</p></html>\n",
	    number(pairs, "set_aside_as_one_photograph"));
	return t.s;
}
