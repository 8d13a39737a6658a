#include "face/model_manifest.h"

#include <math.h>
#include <sodium.h>

#include "base/file.h"
#include "base/text.h"

static const char *const role_names[MODEL_ROLES] = {"detect", "landmark", "feature", "mobile", "dlib"};

static bool
plain_file_name(const char *s)
{
	return s[0] != '.' && s[0] != '\0' && strchr(s, '/') == NULL;
}

static enum code
entry_read(struct scope *sc, const json_t *o, struct model_entry *e)
{
	const char *sha;
	const json_t *raw;
	TRY(json_need_text(sc, o, "file", 1, 100, &e->file));
	TRY(json_need_text(sc, o, "from", 1, 40, &e->from));
	TRY(json_need_text(sc, o, "sha256", 64, 64, &sha));
	TRY(hex_decode(sc, sha, e->sha256, sizeof e->sha256));
	TRY(json_need_array(sc, o, "raw", 0, 2, &raw));
	for (size_t i = 0; i < json_array_size(raw); i++) {
		e->raw[i] = json_string_value(json_array_get(raw, i));
		if (e->raw[i] == NULL || !plain_file_name(e->raw[i]))
			return fail(sc, E_INVALID, "model %s: a raw file's name is not one", e->name);
	}
	if (!plain_file_name(e->file))
		return fail(sc, E_INVALID, "model %s: \"file\" is not a file's name", e->name);
	return OK;
}

static enum code
entries_read(struct scope *sc, const json_t *whole, struct model_manifest *m)
{
	const json_t *list;
	TRY(json_need_array(sc, whole, "models", 1, 32, &list));
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *o = json_array_get(list, i);
		size_t role;
		static const char *const words[] = {"detect", "landmark", "feature", "mobile", "dlib", NULL};
		TRY(json_need_word(sc, o, "name", words, &role));
		struct model_entry *e = &m->models[role];
		if (e->name != NULL)
			return fail(sc, E_INVALID, "model %s is listed twice", e->name);
		e->name = role_names[role];
		TRY(entry_read(sc, o, e));
	}
	for (size_t i = 0; i < MODEL_ROLES; i++)
		if (m->models[i].name == NULL)
			return fail(sc, E_INVALID, "the manifest lacks the model %s", role_names[i]);
	return OK;
}

static enum code
weights_read(struct scope *sc, const json_t *whole, struct model_manifest *m)
{
	const json_t *o;
	double sum = 0;
	TRY(json_need_object(sc, whole, "weights", &o));
	for (size_t i = 0; i < MODEL_EMBEDDINGS; i++) {
		TRY(json_need_real(sc, o, role_names[MODEL_FIRST_EMBEDDING + i], 0, 1, &m->weights[i]));
		sum += m->weights[i];
	}
	if (fabs(sum - 1) > 1e-6)
		return fail(sc, E_INVALID, "the weights add up to %g, not 1", sum);
	return OK;
}

/* A manifest from before there was a choice has none. */
static enum code
precision_read(struct scope *sc, const json_t *whole, struct model_manifest *m)
{
	static const char *const words[] = {"fastest", "fp32", NULL};
	size_t which = 0;
	if (json_object_get(whole, "precision") != NULL)
		TRY(json_need_word(sc, whole, "precision", words, &which));
	m->fp32_only = which == 1;
	return OK;
}

static void
set_id(struct model_manifest *m)
{
	crypto_hash_sha256_state h;
	crypto_hash_sha256_init(&h);
	crypto_hash_sha256_update(&h, (const unsigned char *)"waybill face 1", 14);
	for (size_t i = 0; i < MODEL_ROLES; i++)
		crypto_hash_sha256_update(&h, m->models[i].sha256, sizeof m->models[i].sha256);
	for (size_t i = 0; i < MODEL_EMBEDDINGS; i++) {
		char text[32];
		int n = snprintf(text, sizeof text, "%.6f ", m->weights[i]);
		crypto_hash_sha256_update(&h, (const unsigned char *)text, (unsigned long long)n);
	}
	unsigned char whole[32];
	crypto_hash_sha256_final(&h, whole);
	memcpy(m->set, whole, sizeof m->set);
}

static enum code
calibration_read(struct scope *sc, const json_t *whole, struct model_manifest *m)
{
	struct calibration *c = &m->calibration;
	const json_t *o = json_object_get(whole, "calibration");
	if (o == NULL || json_is_null(o))
		return OK;
	const char *set;
	const json_t *knots;
	TRY(json_need_text(sc, o, "set", 32, 32, &set));
	TRY(hex_decode(sc, set, c->set, sizeof c->set));
	TRY(json_need_array(sc, o, "knots", 2, CALIBRATION_KNOTS_MAX, &knots));
	for (c->n = 0; c->n < json_array_size(knots); c->n++) {
		const json_t *knot = json_array_get(knots, c->n);
		double score = json_number_value(json_array_get(knot, 0));
		double fmr = json_number_value(json_array_get(knot, 1));
		bool in_order = c->n == 0 || (score > c->score[c->n - 1] && fmr < c->fmr[c->n - 1]);
		if (!(score > -1 && score < 1 && fmr > 0 && fmr <= 1) || !in_order)
			return fail(sc, E_INVALID, "calibration knot %zu is out of range or order", c->n);
		c->score[c->n] = score;
		c->fmr[c->n] = fmr;
	}
	c->known = memcmp(c->set, m->set, sizeof m->set) == 0;
	return OK;
}

enum code
model_manifest_parse(struct scope *sc, const uint8_t *bytes, size_t n, struct model_manifest *out)
{
	struct model_manifest m = {0};
	TRY(json_parse(sc, bytes, n, &m.whole));
	TRY(entries_read(sc, m.whole, &m));
	TRY(weights_read(sc, m.whole, &m));
	TRY(precision_read(sc, m.whole, &m));
	set_id(&m);
	TRY(calibration_read(sc, m.whole, &m));
	*out = m;
	return OK;
}

enum code
model_manifest_read(struct scope *sc, const char *path, struct model_manifest *out)
{
	uint8_t *bytes;
	size_t n;
	TRY(file_read(sc, path, MODEL_MANIFEST_MAX, &bytes, &n));
	if (model_manifest_parse(sc, bytes, n, out) != OK)
		return error_prefix(sc, "%s", path);
	return OK;
}

double
calibration_fmr(const struct calibration *c, double score)
{
	if (c->n == 0 || score <= c->score[0])
		return c->n == 0 ? 1 : c->fmr[0];
	for (size_t i = 1; i < c->n; i++) {
		if (score > c->score[i])
			continue;
		double t = (score - c->score[i - 1]) / (c->score[i] - c->score[i - 1]);
		return exp(log(c->fmr[i - 1]) * (1 - t) + log(c->fmr[i]) * t);
	}
	return c->fmr[c->n - 1];
}

double
calibration_score(const struct calibration *c, double fmr)
{
	if (c->n == 0 || fmr < c->fmr[c->n - 1])
		return 2;
	if (fmr >= c->fmr[0])
		return c->score[0];
	for (size_t i = 1; i < c->n; i++) {
		if (fmr < c->fmr[i])
			continue;
		double t = (log(fmr) - log(c->fmr[i - 1])) / (log(c->fmr[i]) - log(c->fmr[i - 1]));
		return c->score[i - 1] + t * (c->score[i] - c->score[i - 1]);
	}
	return 2;
}
