/* `waybill face …`: the face engine from the command line, in this process: the
 * pictures are the caller's own. A server decodes in children instead. */
#include "cli/cli_face.h"

#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "cli/cli.h"
#include "face/cover.h"
#include "face/door_wire.h"
#include "face/engine.h"
#include "face/face_attack.h"
#include "face/face_bench.h"
#include "face/face_speed.h"
#include "face/face_wire.h"
#include "face/install.h"
#include "face/model_prepare.h"
#include "workers/workers.h"

struct face_options {
	const char *models, *runtime;
	bool fp32;
};

#define FACE_OPTIONS(o) \
	{"--models", OPTION_TEXT, &(o).models, 0, 0}, \
	{ \
		"--runtime", OPTION_TEXT, &(o).runtime, 0, 0 \
	}

#define FP32_OPTION(o) \
	{ \
		"--fp32", OPTION_FLAG, &(o).fp32, 0, 0 \
	}

static enum code
open_engine(struct scope *sc, const struct face_options *o, struct face_engine **e)
{
	struct engine_options options = {.models = o->models != NULL ? o->models : face_models_dir(sc),
					 .runtime = o->runtime,
					 .precision = o->fp32 ? NETWORK_FP32 : NETWORK_FASTEST};
	return engine_open(sc, &options, e);
}

static enum code
read_picture(struct scope *sc, const char *path, struct face_picture *out)
{
	uint8_t *bytes;
	size_t n;
	TRY(file_read(sc, path, FACE_PICTURE_BYTES_MAX, &bytes, &n));
	*out = (struct face_picture){bytes, n};
	return OK;
}

static double
ms_since(int64_t start_ns)
{
	int64_t us = (clock_mono_ns() - start_ns) / 1000;
	return (double)us / 1000.0;
}

/* Three significant digits are all that means anything. */
static double
rounded(double v)
{
	char text[32];
	snprintf(text, sizeof text, "%.3g", v);
	return strtod(text, NULL);
}

/* --- verify --- */

struct verified {
	enum face_decision decision;
	enum face_hint hint;
	bool scored;
	double similarity;
	double fmr;
	double capture_ms, embed_ms;
};

static enum code
verify(struct scope *sc, struct face_engine *e, const struct face_picture pictures[2], struct verified *out)
{
	struct engine_capture captures[2];
	float vectors[2][FACE_VECTOR_DIM];
	struct verified v = {.decision = FACE_POOR_CAPTURE};
	int64_t start = clock_mono_ns();
	for (int i = 0; i < 2; i++) {
		TRY(engine_capture(sc, e, pictures[i], &captures[i]));
		if (v.hint == FACE_HINT_NONE)
			v.hint = captures[i].hint;
	}
	v.capture_ms = ms_since(start);
	start = clock_mono_ns();
	if (captures[0].faces > 0 && captures[1].faces > 0) {
		for (int i = 0; i < 2; i++)
			TRY(engine_embed(sc, e, &captures[i].portrait, vectors[i]));
		v.similarity = engine_score(vectors[0], vectors[1]);
		v.fmr = calibration_fmr(&e->calibration, v.similarity);
		v.scored = true;
		if (v.hint == FACE_HINT_NONE)
			v.decision = engine_decide(e, v.similarity);
		if (v.decision == FACE_UNSURE)
			v.hint = quality_hint_soft(&captures[1].portrait.quality);
	}
	v.embed_ms = ms_since(start);
	*out = v;
	return OK;
}

static enum code
verify_files(struct scope *sc, struct face_options *o, const char *const *paths, json_t **result,
	     enum face_decision *decision)
{
	struct face_picture pictures[2];
	struct face_engine *e;
	struct verified v;
	for (int i = 0; i < 2; i++)
		TRY(read_picture(sc, paths[i], &pictures[i]));
	int64_t start = clock_mono_ns();
	TRY(open_engine(sc, o, &e));
	double open_ms = ms_since(start);
	enum code rc = verify(sc, e, pictures, &v);
	face_engine_close(e);
	TRY(rc);
	json_t *out = json_new_object(sc);
	json_put_text(out, "decision", face_decision_word(v.decision));
	json_put_text(out, "hint", v.hint == FACE_HINT_NONE ? NULL : face_hint_word(v.hint));
	json_put(out, "similarity", v.scored ? json_real(rounded(v.similarity)) : json_null());
	json_put(out, "fmr", v.scored ? json_real(rounded(v.fmr)) : json_null());
	json_t *ms = json_object();
	json_put_real(ms, "open", rounded(open_ms));
	json_put_real(ms, "capture", rounded(v.capture_ms));
	json_put_real(ms, "embed", rounded(v.embed_ms));
	json_put_real(ms, "check", rounded(v.capture_ms + v.embed_ms));
	json_put(out, "ms", ms);
	*result = out;
	*decision = v.decision;
	return OK;
}

static int
run_verify(struct scope *sc, int argc, char **argv)
{
	struct face_options o = {0};
	const struct option_def defs[] = {FACE_OPTIONS(o), FP32_OPTION(o)};
	const char *words[2];
	size_t n;
	json_t *result;
	enum face_decision decision;
	enum code rc = args_parse(sc, argc, argv, defs, COUNT_OF(defs), words, 2, 2, &n);
	if (rc == OK)
		rc = verify_files(sc, &o, words, &result, &decision);
	if (rc != OK)
		return cli_exit(sc, rc);
	int status = cli_print(sc, result);
	return status != EXIT_YES ? status : decision == FACE_MATCH ? EXIT_YES : EXIT_NO;
}

/* --- detect --- */

static json_t *
point_json(struct face_point p)
{
	return json_pack("[f,f]", rounded((double)p.x), rounded((double)p.y));
}

static json_t *
face_json(const struct face_box *f)
{
	json_t *points = json_array();
	for (size_t i = 0; i < 5; i++)
		json_array_append_new(points, point_json(f->points[i]));
	const struct face_quality *q = &f->quality;
	return json_pack("{s:[f,f,f,f],s:f,s:o,s:{s:f,s:f,s:f,s:f,s:f,s:f,s:f,s:f}}", "box", rounded((double)f->left),
			 rounded((double)f->top), rounded((double)f->right), rounded((double)f->bottom), "score",
			 rounded((double)f->score), "points", points, "quality", "eye_distance_px",
			 rounded((double)q->eye_distance_px), "sharpness", rounded((double)q->sharpness), "brightness",
			 rounded((double)q->brightness), "contrast", rounded((double)q->contrast), "yaw_deg",
			 rounded((double)q->yaw_deg), "pitch_deg", rounded((double)q->pitch_deg), "roll_deg",
			 rounded((double)q->roll_deg), "inside", rounded((double)q->inside));
}

static enum code
detect_file(struct scope *sc, struct face_options *o, const char *path, json_t **result, size_t *faces)
{
	struct face_picture picture;
	struct face_engine *e;
	struct face_found found;
	TRY(read_picture(sc, path, &picture));
	TRY(open_engine(sc, o, &e));
	enum code rc = face_analyse(sc, e, picture, &found);
	face_engine_close(e);
	TRY(rc);
	json_t *out = json_new_object(sc);
	json_put_int(out, "width", found.width);
	json_put_int(out, "height", found.height);
	json_put_text(out, "hint", found.hint == FACE_HINT_NONE ? NULL : face_hint_word(found.hint));
	json_t *list = json_array();
	for (size_t i = 0; i < found.n; i++)
		json_array_append_new(list, face_json(&found.faces[i]));
	json_put(out, "faces", list);
	*result = out;
	*faces = found.n;
	return OK;
}

static int
run_detect(struct scope *sc, int argc, char **argv)
{
	struct face_options o = {0};
	const struct option_def defs[] = {FACE_OPTIONS(o), FP32_OPTION(o)};
	const char *words[1];
	size_t n;
	json_t *result;
	enum code rc = args_parse(sc, argc, argv, defs, COUNT_OF(defs), words, 1, 1, &n);
	if (rc == OK)
		rc = detect_file(sc, &o, words[0], &result, &n);
	if (rc != OK)
		return cli_exit(sc, rc);
	int status = cli_print(sc, result);
	return status != EXIT_YES ? status : n > 0 ? EXIT_YES : EXIT_NO;
}

/* --- redact --- */

static enum code
redact_file(struct scope *sc, struct face_options *o, const char *from, const char *to, int64_t side)
{
	struct face_picture picture;
	struct face_engine *e;
	uint8_t *jpeg;
	size_t n;
	TRY(read_picture(sc, from, &picture));
	TRY(open_engine(sc, o, &e));
	enum code rc = face_redact(sc, e, picture, (uint32_t)side, &jpeg, &n);
	face_engine_close(e);
	TRY(rc);
	return file_write(sc, to, jpeg, n, 0644);
}

static int
run_redact(struct scope *sc, int argc, char **argv)
{
	struct face_options o = {0};
	int64_t side = FACE_REDACT_SIDE_MAX;
	const struct option_def defs[] = {FACE_OPTIONS(o), {"--side", OPTION_INT, &side, 64, 4096}};
	const char *words[2];
	size_t n;
	enum code rc = args_parse(sc, argc, argv, defs, COUNT_OF(defs), words, 2, 2, &n);
	if (rc == OK)
		rc = redact_file(sc, &o, words[0], words[1], side);
	return cli_exit(sc, rc);
}

/* --- prepare --- */

static int
run_prepare(struct scope *sc, int argc, char **argv)
{
	static const char *const places[] = {"models/manifest", "share/waybill/models/manifest"};
	struct prepare_options p = {0};
	const struct option_def defs[] = {{"--raw", OPTION_TEXT, &p.raw_dir, 0, 0},
					  {"--out", OPTION_TEXT, &p.out_dir, 0, 0},
					  {"--manifest", OPTION_TEXT, &p.manifest, 0, 0},
					  {"--trust", OPTION_FLAG, &p.trust, 0, 0}};
	const char *words[1];
	size_t n;
	json_t *result;
	enum code rc = args_parse(sc, argc, argv, defs, COUNT_OF(defs), words, 0, 0, &n);
	if (rc == OK && (p.raw_dir == NULL || p.out_dir == NULL))
		rc = fail(sc, E_USAGE, "--raw and --out are needed");
	if (rc == OK && p.manifest == NULL)
		p.manifest = install_find(sc, places, COUNT_OF(places));
	if (rc == OK && p.manifest == NULL)
		rc = fail(sc, E_NOT_FOUND, "models/manifest was not found; say --manifest FILE");
	if (rc == OK)
		rc = model_prepare(sc, &p, &result);
	return rc == OK ? cli_print(sc, result) : cli_exit(sc, rc);
}

/* --- bench --- */

static enum code
bench(struct scope *sc, const struct bench_options *o, const char *report, const char *calibrate, json_t **result)
{
	char *text;
	TRY(bench_run(sc, o, result));
	if (report != NULL) {
		text = bench_page(sc, *result);
		TRY(file_write(sc, report, text, strlen(text), 0644));
	}
	if (calibrate != NULL) {
		TRY(bench_calibrated_manifest(sc, calibrate, *result, &text));
		TRY(file_write(sc, calibrate, text, strlen(text), 0644));
	}
	return OK;
}

/* What the commands on a set of pictures have in common: no words, --images, and models where none are named. */
static enum code
set_options(struct scope *sc, int argc, char **argv, const struct option_def *defs, size_t n_defs, const char **images,
	    const char **models)
{
	const char *words[1];
	size_t n;
	TRY(args_parse(sc, argc, argv, defs, n_defs, words, 0, 0, &n));
	if (*images == NULL)
		return fail(sc, E_USAGE, "--images is needed");
	if (*models == NULL)
		*models = face_models_dir(sc);
	return OK;
}

static int
run_bench(struct scope *sc, int argc, char **argv)
{
	struct bench_options o = {0};
	const char *report = NULL;
	const char *calibrate = NULL;
	const struct option_def defs[] = {{"--images", OPTION_TEXT, &o.images, 0, 0},
					  {"--pairs", OPTION_TEXT, &o.pairs, 0, 0},
					  {"--groups", OPTION_TEXT, &o.groups, 0, 0},
					  {"--report", OPTION_TEXT, &report, 0, 0},
					  {"--calibrate", OPTION_TEXT, &calibrate, 0, 0},
					  FACE_OPTIONS(o),
					  FP32_OPTION(o)};
	json_t *result;
	enum code rc = set_options(sc, argc, argv, defs, COUNT_OF(defs), &o.images, &o.models);
	if (rc == OK)
		rc = bench(sc, &o, report, calibrate, &result);
	return rc == OK ? cli_print(sc, result) : cli_exit(sc, rc);
}

/* --- attacks --- */

static int
run_attacks(struct scope *sc, int argc, char **argv)
{
	struct attack_options o = {0};
	int64_t seed = 1;
	const struct option_def defs[] = {{"--images", OPTION_TEXT, &o.images, 0, 0},
					  {"--pictures", OPTION_INT, &o.pictures, 0, INT32_MAX},
					  {"--seed", OPTION_INT, &seed, 0, INT32_MAX},
					  FACE_OPTIONS(o)};
	json_t *result;
	enum code rc = set_options(sc, argc, argv, defs, COUNT_OF(defs), &o.images, &o.models);
	o.seed = (uint64_t)seed;
	if (rc == OK)
		rc = face_attack_run(sc, &o, &result);
	return rc == OK ? cli_print(sc, result) : cli_exit(sc, rc);
}

/* --- covers --- */

static int
run_covers(struct scope *sc, int argc, char **argv)
{
	struct cover_options o = {0};
	const struct option_def defs[] = {{"--images", OPTION_TEXT, &o.images, 0, 0},
					  {"--pictures", OPTION_INT, &o.pictures, 0, INT32_MAX},
					  FACE_OPTIONS(o)};
	json_t *result;
	enum code rc = set_options(sc, argc, argv, defs, COUNT_OF(defs), &o.images, &o.models);
	if (rc == OK)
		rc = cover_bench(sc, &o, &result);
	return rc == OK ? cli_print(sc, result) : cli_exit(sc, rc);
}

/* --- speed --- */

static enum code
speed_file(struct scope *sc, struct face_options *o, const char *path, int64_t rounds, json_t **result)
{
	struct face_picture picture;
	struct face_engine *e;
	struct face_engine *fp32;
	struct face_options floor = *o;
	struct speed s = {0};
	floor.fp32 = true;
	TRY(read_picture(sc, path, &picture));
	TRY(open_engine(sc, o, &e));
	enum code rc = open_engine(sc, &floor, &fp32);
	if (rc == OK) {
		rc = speed_measure(sc, e, fp32, picture, (int)rounds, &s);
		face_engine_close(fp32);
	}
	const char *precision = engine_precision(e);
	face_engine_close(e);
	TRY(rc);
	json_t *out = json_new_object(sc);
	json_put_real(out, "whole_ms", rounded(s.whole_ms));
	json_put_real(out, "floor_ms", rounded(s.floor_ms));
	json_put_real(out, "ratio", rounded(s.ratio));
	json_put(out, "parts_ms",
		 json_pack("{s:f,s:f,s:f,s:f}", "decode", rounded(s.decode_ms), "detect", rounded(s.detect_ms),
			   "landmarks", rounded(s.landmarks_ms), "embeddings", rounded(s.embeddings_ms)));
	json_put_text(out, "precision", precision);
	json_put_int(out, "rounds", rounds);
	*result = out;
	return OK;
}

static int
run_speed(struct scope *sc, int argc, char **argv)
{
	struct face_options o = {0};
	int64_t rounds = 60;
	const struct option_def defs[] = {FACE_OPTIONS(o), FP32_OPTION(o), {"--rounds", OPTION_INT, &rounds, 5, 10000}};
	const char *words[1];
	size_t n;
	json_t *result;
	enum code rc = args_parse(sc, argc, argv, defs, COUNT_OF(defs), words, 1, 1, &n);
	if (rc == OK)
		rc = speed_file(sc, &o, words[0], rounds, &result);
	return rc == OK ? cli_print(sc, result) : cli_exit(sc, rc);
}

const struct command cli_face_group[] = {
    {"verify", "A.jpg B.jpg [--models DIR] [--runtime LIBRARY] [--fp32]", "do two pictures show one person?",
     run_verify, NULL,
     "Exit 0: match; 1: any other answer. \"fmr\" is how often two different people score this high,\n"
     "for the worst measured group; the decision is made at 1e-4. --fp32: 32-bit floats by ONNX Runtime even where\n"
     "the processor multiplies bfloat16."},
    {"detect", "A.jpg [--models DIR] [--runtime LIBRARY] [--fp32]",
     "boxes, five points and quality of the faces in a picture", run_detect, NULL, NULL},
    {"bench", "--images DIR [--pairs FILE] [--groups FILE] [--report OUT.html] [--calibrate MANIFEST] [--fp32]",
     "accuracy, per-group error rates and a calibration, on pictures of known people", run_bench, NULL,
     "Pairs: \"image_a image_b same\", tab-separated with a header, or LFW's pairs.txt; without --pairs all of\n"
     "them, a folder a person. --calibrate writes what was measured into a manifest of models."},
    {"covers", "--images DIR [--pictures N]", "how often glasses and masks are seen, drawn on and where none are",
     run_covers, NULL, "False alarms on the pictures as they are; hits with dark glasses and masks drawn onto them."},
    {"attacks", "--images DIR [--pictures N] [--seed K]", "prints, replays and splices against the liveness challenge",
     run_attacks, NULL, "Rates as ISO/IEC 30107-3 has them: APCER per kind of attack, BPCER of genuine sequences."},
    {"speed", "A.jpg [--rounds N] [--models DIR] [--fp32]",
     "one check's time over the time of its decode and model runs alone", run_speed, NULL,
     "CPU time of one thread, medians, the two interleaved. The model runs are ONNX Runtime's in 32-bit floats,\n"
     "whatever the check itself uses (\"precision\"; --fp32: the same)."},
    {"redact", "IN.jpg OUT.jpg [--side PIXELS] [--models DIR]", "a copy without faces and without metadata", run_redact,
     NULL, NULL},
    {"serve", "--keys FILE [--listen HOST:PORT] [--children N] [--models DIR]",
     "a stateless recogniser that speaks Amazon Rekognition's JSON 1.1", cli_face_serve, NULL,
     "CompareFaces and DetectFaces, signed with the keys of FILE:\n"
     "{\"keys\":[{\"name\":…,\"access_key\":…,\"secret\":…,\"per_minute\":60}]}\n"
     "Collections and searches are refused: one-to-many search does not exist here."},
    {"prepare", "--raw DIR --out DIR [--manifest FILE] [--trust]", "make the engine's models from the published files",
     run_prepare, NULL, "--trust takes whatever hashes come out; without it a hash not in the manifest is refused."},
    {0},
};

/* --- the child of a server --- */

static void
handle(struct scope *sc, void *arg, const uint8_t *request, size_t n, uint8_t **answer, size_t *answer_n)
{
	face_wire_handle(sc, arg, request, n, answer, answer_n);
}

static void
handle_door(struct scope *sc, void *arg, const uint8_t *request, size_t n, uint8_t **answer, size_t *answer_n)
{
	door_handle(sc, arg, request, n, answer, answer_n);
}

static enum code
serve_parent(struct scope *sc, struct face_options *o, workers_handler *handler, size_t request_max)
{
	struct face_engine *e;
	TRY(open_engine(sc, o, &e));
	struct worker_limits limits = {
	    .memory_bytes = (size_t)256 << 20, .cpu_s = 20, .request_max = request_max, .read_only = o->models};
	enum code rc = workers_child_serve(sc, &limits, handler, e);
	face_engine_close(e);
	return rc;
}

static int
be_child(struct scope *sc, int argc, char **argv, workers_handler *handler, size_t request_max)
{
	struct face_options o = {0};
	const struct option_def defs[] = {FACE_OPTIONS(o)};
	const char *words[1];
	size_t n;
	enum code rc = args_parse(sc, argc, argv, defs, COUNT_OF(defs), words, 0, 0, &n);
	if (rc == OK)
		rc = serve_parent(sc, &o, handler, request_max);
	/* The sandbox is shut: nothing that libraries do at exit can be done. */
	_exit(cli_exit(sc, rc));
}

int
cli_face_child(struct scope *sc, int argc, char **argv)
{
	return be_child(sc, argc, argv, handle, FACE_WIRE_REQUEST_MAX);
}

int
cli_face_door_child(struct scope *sc, int argc, char **argv)
{
	return be_child(sc, argc, argv, handle_door, DOOR_REQUEST_MAX);
}
