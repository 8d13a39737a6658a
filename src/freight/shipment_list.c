/* Shipments as the API takes them: a JSON list. */
#include "freight/freight_rows.h"

const char *const shipment_words[] = {"created", "at_station", "planned",   "loaded", "delivered",
				      "failed",	 "returned",   "cancelled", NULL};
const char *const proof_words[] = {"any", "photo", "code", NULL};

bool
barcode_shaped(const char *s)
{
	size_t n = strlen(s);
	for (size_t i = 0; i < n; i++)
		if (s[i] <= ' ' || s[i] >= 127)
			return false;
	return n >= 1 && n <= 64;
}

static enum code
parse_parcel(struct scope *sc, const json_t *v, struct parcel_new *out)
{
	static const char *const names[] = {"barcode", "weight_g", "volume_ml", NULL};
	struct parcel_new p = {NULL, 0, 0};
	TRY(json_only(sc, v, names));
	TRY(json_may_text(sc, v, "barcode", 1, 64, &p.barcode));
	TRY(json_may_int(sc, v, "weight_g", 0, PARCEL_WEIGHT_MAX_G, &p.weight_g));
	TRY(json_may_int(sc, v, "volume_ml", 0, PARCEL_VOLUME_MAX_ML, &p.volume_ml));
	if (p.barcode != NULL && !barcode_shaped(p.barcode))
		return fail_as(sc, E_INVALID, "bad-field", "\"barcode\": 1 to 64 printable ASCII characters");
	*out = p;
	return OK;
}

static enum code
parse_parcels(struct scope *sc, const json_t *v, struct shipment_new *s)
{
	const json_t *list;
	TRY(json_need_array(sc, v, "parcels", 1, PARCELS_PER_SHIPMENT, &list));
	size_t n = json_array_size(list);
	struct parcel_new *parcels = NEW_ARRAY(sc, n, struct parcel_new);
	for (size_t i = 0; i < n; i++)
		if (parse_parcel(sc, json_array_get(list, i), &parcels[i]) != OK)
			return error_prefix(sc, "parcels[%zu]", i);
	s->parcels = parcels;
	s->n_parcels = n;
	return OK;
}

static enum code
parse_recipient(struct scope *sc, const json_t *v, struct shipment_new *s)
{
	static const char *const names[] = {"name", "phone", "email", NULL};
	const json_t *r;
	TRY(json_need_object(sc, v, "recipient", &r));
	TRY(json_only(sc, r, names));
	TRY(json_need_text(sc, r, "name", 1, 120, &s->recipient));
	TRY(json_may_text(sc, r, "phone", 3, 40, &s->phone));
	return json_may_text(sc, r, "email", 3, 254, &s->email);
}

static enum code
parse_window(struct scope *sc, const json_t *v, struct shipment_new *s)
{
	TRY(json_need_time(sc, v, "earliest", &s->earliest_ms));
	TRY(json_need_time(sc, v, "latest", &s->latest_ms));
	if (s->earliest_ms >= s->latest_ms || s->latest_ms - s->earliest_ms > WINDOW_MAX_MS)
		return fail_as(sc, E_INVALID, "bad-field", "\"latest\": after \"earliest\", by 24 hours at most");
	return OK;
}

static enum code
parse_shipment(struct scope *sc, const json_t *v, struct shipment_new *out)
{
	static const char *const names[] = {"reference", "recipient", "address", "place",   "earliest", "latest",
					    "service_s", "notes",     "proof",	 "parcels", "picked",	NULL};
	bool picked = false;
	struct shipment_new s = {.service_s = SERVICE_S_DEFAULT};
	size_t proof = PROOF_ANY;
	TRY(json_only(sc, v, names));
	TRY(json_need_text(sc, v, "reference", 1, 64, &s.reference));
	TRY(parse_recipient(sc, v, &s));
	TRY(json_need_text(sc, v, "address", 3, 300, &s.address));
	TRY(json_may_text(sc, v, "notes", 0, 500, &s.notes));
	TRY(json_need_place(sc, v, "place", &s.place));
	TRY(parse_window(sc, v, &s));
	TRY(json_may_int(sc, v, "service_s", SERVICE_S_MIN, SERVICE_S_MAX, &s.service_s));
	TRY(json_may_word(sc, v, "proof", proof_words, &proof));
	TRY(parse_parcels(sc, v, &s));
	TRY(json_may_bool(sc, v, "picked", &picked));
	if (picked)
		s.placing = (struct placing){.by = "staff", .permille = 1000};
	s.proof = (enum proof_kind)proof;
	*out = s;
	return OK;
}

/* --- what stands twice in one list --- */

struct word_at {
	const char *word;
	size_t i;
};

static int
by_word(const void *a, const void *b)
{
	const struct word_at *x = a;
	const struct word_at *y = b;
	int order = strcmp(x->word, y->word);
	return order != 0 ? order : (x->i > y->i) - (x->i < y->i);
}

static size_t
add_repeats(struct word_at *words, size_t n, const char *what, struct repeat *out, size_t len)
{
	qsort(words, n, sizeof *words, by_word);
	for (size_t i = 1; i < n; i++)
		if (strcmp(words[i].word, words[i - 1].word) == 0)
			out[len++] = (struct repeat){words[i].i, what, words[i].word};
	return len;
}

size_t
repeats_find(struct scope *sc, const struct shipment_new *list, size_t n, struct repeat **out)
{
	size_t parcels = 0;
	for (size_t i = 0; i < n; i++)
		parcels += list[i].n_parcels;
	struct word_at *words = NEW_ARRAY(sc, n + parcels, struct word_at);
	struct repeat *repeats = NEW_ARRAY(sc, n + parcels, struct repeat);
	for (size_t i = 0; i < n; i++)
		words[i] = (struct word_at){list[i].reference, i};
	size_t len = add_repeats(words, n, "reference", repeats, 0);
	size_t barcodes = 0;
	for (size_t i = 0; i < n; i++)
		for (size_t p = 0; p < list[i].n_parcels; p++)
			if (list[i].parcels[p].barcode != NULL)
				words[barcodes++] = (struct word_at){list[i].parcels[p].barcode, i};
	*out = repeats;
	return add_repeats(words, barcodes, "barcodes", repeats, len);
}

enum code
shipments_parse(struct scope *sc, const json_t *list, struct shipment_new **out, size_t *n)
{
	size_t len = json_array_size(list);
	struct repeat *repeats;
	if (!json_is_array(list) || len < 1 || len > SHIPMENTS_PER_CALL)
		return fail_as(sc, E_INVALID, "bad-field", "\"shipments\": a list of 1 to %d", SHIPMENTS_PER_CALL);
	struct shipment_new *all = NEW_ARRAY(sc, len, struct shipment_new);
	for (size_t i = 0; i < len; i++) {
		if (parse_shipment(sc, json_array_get(list, i), &all[i]) != OK)
			return error_prefix(sc, "shipments[%zu]", i);
		all[i].line = i;
	}
	if (repeats_find(sc, all, len, &repeats) > 0)
		return fail_as(sc, E_INVALID, "bad-field", "shipments[%zu]: \"%s\" stands in this list twice",
			       repeats[0].i, repeats[0].what);
	*out = all;
	*n = len;
	return OK;
}
