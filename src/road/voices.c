#include "road/voices.h"

static int
compare_voices(const void *a, const void *b)
{
	const struct voice *x = a;
	const struct voice *y = b;
	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return (x->driver > y->driver) - (x->driver < y->driver);
}

void
voices_init(struct voices *s, struct scope *sc, struct voice *list, size_t n)
{
	size_t k = 0;
	if (n > 0)
		qsort(list, n, sizeof *list, compare_voices);
	for (size_t i = 0; i < n; i++) {
		if (k > 0 && compare_voices(&list[k - 1], &list[i]) == 0) {
			list[k - 1].says += list[i].says;
			list[k - 1].weight += list[i].weight;
		} else {
			list[k++] = list[i];
		}
	}
	*s = (struct voices){list, k, NEW_ARRAY(sc, k + 1, double)};
}

/* The first voice of a key, and how many there are. */
static const struct voice *
find(const struct voices *s, uint64_t key, size_t *n)
{
	size_t lo = 0;
	size_t hi = s->n;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (s->v[mid].key < key)
			lo = mid + 1;
		else
			hi = mid;
	}
	*n = 0;
	while (lo + *n < s->n && s->v[lo + *n].key == key)
		++*n;
	return &s->v[lo];
}

static int
compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;
	return (x > y) - (x < y);
}

double
median_of(double *v, size_t n)
{
	qsort(v, n, sizeof *v, compare_doubles);
	return n % 2 == 1 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

/* Sorts the weights. */
static double
longest_heard(double *weight, size_t n)
{
	double middle = median_of(weight, n);
	double others = 0;
	for (size_t i = 0; i + 1 < n; i++)
		others += weight[i];
	return middle > others / VOICES_OTHERS ? middle : others / VOICES_OTHERS;
}

double
voices_mean(const struct voices *s, uint64_t key, double drawn_to, double draw_weight, bool *heard)
{
	size_t n;
	const struct voice *v = find(s, key, &n);
	if (heard != NULL)
		*heard = n >= VOICES_MIN;
	if (n < VOICES_MIN)
		return drawn_to;
	for (size_t i = 0; i < n; i++)
		s->scratch[i] = v[i].says / v[i].weight;
	double middle = median_of(s->scratch, n);
	for (size_t i = 0; i < n; i++)
		s->scratch[i] = v[i].weight;
	double longest = longest_heard(s->scratch, n);
	double says = drawn_to * draw_weight;
	double weight = draw_weight;
	for (size_t i = 0; i < n; i++) {
		double ratio = v[i].says / v[i].weight;
		ratio = ratio > middle * VOICES_BEND ? middle * VOICES_BEND : ratio;
		ratio = ratio < middle / VOICES_BEND ? middle / VOICES_BEND : ratio;
		double w = v[i].weight < longest ? v[i].weight : longest;
		says += ratio * w;
		weight += w;
	}
	return says / weight;
}

size_t
voices_drivers(const struct voices *s, uint64_t key)
{
	size_t n;
	(void)find(s, key, &n);
	return n;
}
