/* Matrices from labels, for one width. Included by matrix.c with WEIGHT, NAME,
 * INFINITE, and KERNEL(sweep), … naming that width's kernels.
 *
 * Points are sorted by their lowest vertex, so that neighbours share most of
 * their chains, and taken in groups of LANES. What a group shares is swept
 * for all its labels at once, rows[depth][lane]; what each has alone is filled
 * one by one. */

struct NAME(group) {
	uint32_t first, n; /* in sorted order */
	uint32_t shared;   /* this many vertices, from the root down, are on all chains */
	WEIGHT *rows;	   /* shared × LANES */
};

struct NAME(labels) {
	uint32_t n;
	uint32_t *order; /* sorted → as given */
	struct chain *chain;
	WEIGHT **flat; /* sorted → the whole label by depth */
	struct NAME(group) * groups;
	uint32_t n_groups;
};

static void
NAME(fill_group)(struct scope *sc, const struct road *road, const struct road_metric *metric,
		 const struct road_point *points, bool leaves, struct NAME(labels) * l, struct NAME(group) * g)
{
	const WEIGHT *weight = leaves ? WEIGHTS_OF(road, metric)->up : WEIGHTS_OF(road, metric)->down;
	g->rows = scope_array(sc, (size_t)g->shared * LANES + 1, sizeof(WEIGHT));
	for (size_t i = 0; i < (size_t)g->shared * LANES; i++)
		g->rows[i] = INFINITE;
	for (uint32_t k = 0; k < g->n; k++) {
		const struct chain *c = &l->chain[g->first + k];
		WEIGHT *flat = l->flat[g->first + k];
		NAME(label_fill)(road, metric, &points[l->order[g->first + k]], leaves, c->rank, c->n, g->shared, flat);
		for (uint32_t d = 0; d < g->shared; d++)
			g->rows[(size_t)d * LANES + k] = flat[d];
	}
	KERNEL(sweep)(g->rows, l->chain[g->first].rank, g->shared, road->up_first, road->up_depth, weight);
	for (uint32_t k = 0; k < g->n; k++)
		for (uint32_t d = 0; d < g->shared; d++)
			l->flat[g->first + k][d] = g->rows[(size_t)d * LANES + k];
}

static enum code
NAME(make_labels)(struct scope *sc, const struct road *road, const struct road_metric *metric,
		  const struct road_point *points, uint32_t n, bool leaves, struct NAME(labels) * l)
{
	*l = (struct NAME(labels)){.n = n};
	TRY(sort_by_chain(sc, road, points, n, &l->order, &l->chain));
	TRY(scope_try_array(sc, n + 1, sizeof *l->flat, (void **)&l->flat));
	TRY(scope_try_array(sc, n + 1, sizeof *l->groups, (void **)&l->groups));
	for (uint32_t i = 0; i < n; i++)
		TRY(kernels_try_array(sc, l->chain[i].n, sizeof(WEIGHT), (void **)&l->flat[i]));
	for (uint32_t i = 0; i < n;) {
		struct NAME(group) *g = &l->groups[l->n_groups++];
		g->first = i;
		g->n = group_size(l->chain, i, n, &g->shared);
		i += g->n;
		NAME(fill_group)(sc, road, metric, points, leaves, l, g);
		TRY(scope_check_deadline(sc));
	}
	return OK;
}

/* cells[LANES][LANES] of two groups. */
static void
NAME(group_cells)(const struct NAME(labels) * from, const struct NAME(group) * a, const struct NAME(labels) * to,
		  const struct NAME(group) * b, WEIGHT *cells)
{
	uint32_t most = a->shared < b->shared ? a->shared : b->shared;
	uint32_t common = common_prefix(from->chain[a->first].rank, to->chain[b->first].rank, 0, most);
	KERNEL(cells)(a->rows, b->rows, common, cells);
	if (common < most)
		return; /* the chains part above both groups' own: nothing more is shared */
	for (uint32_t i = 0; i < a->n; i++) {
		const struct chain *p = &from->chain[a->first + i];
		for (uint32_t k = 0; k < b->n; k++) {
			const struct chain *q = &to->chain[b->first + k];
			uint32_t end = common_prefix(p->rank, q->rank, common, p->n < q->n ? p->n : q->n);
			WEIGHT *cell = &cells[i * LANES + k];
			if (end > common)
				*cell = KERNEL(least)(from->flat[a->first + i] + common,
						      to->flat[b->first + k] + common, end - common, *cell);
		}
	}
}

static enum code
NAME(fill_matrix)(struct scope *sc, const struct road *road, const struct road_metric *metric,
		  const struct road_point *from, size_t n_from, const struct road_point *to, size_t n_to,
		  struct road_matrix *m)
{
	struct NAME(labels) sources;
	struct NAME(labels) targets;
	TRY(NAME(make_labels)(sc, road, metric, from, (uint32_t)n_from, true, &sources));
	TRY(NAME(make_labels)(sc, road, metric, to, (uint32_t)n_to, false, &targets));
	WEIGHT *cells = scope_array(sc, LANES * LANES, sizeof(WEIGHT));
	for (uint32_t a = 0; a < sources.n_groups; a++) {
		const struct NAME(group) *ga = &sources.groups[a];
		for (uint32_t b = 0; b < targets.n_groups; b++) {
			const struct NAME(group) *gb = &targets.groups[b];
			NAME(group_cells)(&sources, ga, &targets, gb, cells);
			for (uint32_t i = 0; i < ga->n; i++) {
				size_t row = sources.order[ga->first + i] * n_to;
				for (uint32_t k = 0; k < gb->n; k++)
					PUT(m, row + targets.order[gb->first + k], cells[i * LANES + k]);
			}
		}
		TRY(scope_check_deadline(sc));
	}
	return OK;
}
