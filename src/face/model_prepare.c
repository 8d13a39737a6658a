#include "face/model_prepare.h"

#include <sodium.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "face/model_convert.h"
#include "face/model_manifest.h"

enum code
model_prepare_bytes(struct scope *sc, const char *from, const uint8_t *const raw[2], const size_t raw_n[2],
		    uint8_t **bytes, size_t *n)
{
	struct onnx_graph g;
	if (strcmp(from, "onnx") == 0)
		TRY(onnx_read(sc, raw[0], raw_n[0], &g));
	else if (strcmp(from, "tflite") == 0)
		TRY(model_from_tflite(sc, raw[0], raw_n[0], &g));
	else if (strcmp(from, "face-api") == 0)
		TRY(model_from_face_api(sc, raw[0], raw_n[0], raw[1], raw_n[1], &g));
	else
		return fail(sc, E_INVALID, "there is no way to prepare a model from \"%s\"", from);
	model_zero_denormals(&g);
	TRY(model_rewrite_prelu(sc, &g));
	onnx_write(sc, &g, bytes, n);
	return OK;
}

static bool
file_has_hash(const char *path, const uint8_t sha256[static 32])
{
	struct scope own;
	uint8_t *bytes;
	size_t n;
	unsigned char hash[32] = {0};
	scope_init(&own);
	if (file_read(&own, path, ONNX_FILE_MAX, &bytes, &n) == OK)
		crypto_hash_sha256(hash, bytes, n);
	scope_release(&own);
	return memcmp(hash, sha256, sizeof hash) == 0;
}

static enum code
make_in(struct scope *sc, const struct prepare_options *options, const struct model_entry *e, uint8_t **bytes,
	size_t *n)
{
	uint8_t *raw[2] = {NULL, NULL};
	size_t raw_n[2] = {0, 0};
	if (e->raw[0] == NULL)
		return fail(sc, E_NOT_FOUND, "%s is missing or altered and comes from no published file", e->file);
	for (size_t i = 0; i < 2 && e->raw[i] != NULL; i++)
		TRY(file_read(sc, path_join(sc, options->raw_dir, e->raw[i]), ONNX_FILE_MAX, &raw[i], &raw_n[i]));
	if (model_prepare_bytes(sc, e->from, (const uint8_t *const *)raw, raw_n, bytes, n) != OK)
		return error_prefix(sc, "%s", e->raw[0]);
	return OK;
}

/* Building a graph takes many times its size: in a scope of its own. */
static enum code
make(struct scope *sc, const struct prepare_options *options, const struct model_entry *e, uint8_t **bytes, size_t *n)
{
	struct scope own;
	uint8_t *made;
	scope_init(&own);
	enum code rc = make_in(&own, options, e, &made, n);
	if (rc == OK)
		*bytes = scope_memdup(sc, made, *n);
	else
		rc = fail(sc, rc, "%s", own.err.message);
	scope_release(&own);
	return rc;
}

static enum code
prepare_one(struct scope *sc, const struct prepare_options *options, const struct model_entry *e, json_t *row)
{
	char *to = path_join(sc, options->out_dir, e->file);
	json_put_text(row, "name", e->name);
	json_put_text(row, "file", e->file);
	if (!options->trust && file_has_hash(to, e->sha256)) {
		json_put_text(row, "sha256", hex_encode(sc, e->sha256, sizeof e->sha256));
		json_put_text(row, "done", "current");
		return OK;
	}
	uint8_t *bytes;
	size_t n;
	TRY(make(sc, options, e, &bytes, &n));
	unsigned char hash[32];
	crypto_hash_sha256(hash, bytes, n);
	if (!options->trust && memcmp(hash, e->sha256, sizeof hash) != 0)
		return fail(sc, E_CORRUPT, "%s comes out with hash %s, which is not the manifest's", e->file,
			    hex_encode(sc, hash, sizeof hash));
	TRY(file_write(sc, to, bytes, n, 0644));
	json_put_text(row, "sha256", hex_encode(sc, hash, sizeof hash));
	json_put_text(row, "done", "written");
	return OK;
}

enum code
model_prepare(struct scope *sc, const struct prepare_options *options, json_t **result)
{
	struct model_manifest m;
	uint8_t *text;
	size_t n;
	TRY(file_read(sc, options->manifest, MODEL_MANIFEST_MAX, &text, &n));
	TRY(model_manifest_read(sc, options->manifest, &m));
	TRY(file_make_dirs(sc, options->out_dir, 0755));
	json_t *o = json_new_object(sc);
	json_t *rows = json_array();
	json_put(o, "models", rows);
	for (size_t i = 0; i < MODEL_ROLES; i++) {
		json_t *row = json_object();
		json_array_append_new(rows, row);
		TRY(prepare_one(sc, options, &m.models[i], row));
	}
	TRY(file_write(sc, path_join(sc, options->out_dir, "manifest"), text, n, 0644));
	json_put_text(o, "set", hex_encode(sc, m.set, sizeof m.set));
	*result = o;
	return OK;
}
