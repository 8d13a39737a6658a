/* What tests of faces need and may be absent: published models, sample photographs. */
#ifndef TEST_FACE_SAMPLES_H
#define TEST_FACE_SAMPLES_H

#include "unit.h"

#include <unistd.h>

#include "base/file.h"
#include "face/install.h"
#include "face/model_prepare.h"

/* ONNX Runtime keeps some bytes of its own until the process ends. */
const char *__lsan_default_suppressions(void);
const char *
__lsan_default_suppressions(void)
{
	return "leak:libonnxruntime";
}

#define RAW_MODELS ".cache/deps/models/raw"

/* The prepared models, made from the published files once for all tests; skips
 * the test, saying why, where those are absent. */
static inline const char *
sample_models(struct scope *sc)
{
	static const char *const raw[] = {RAW_MODELS};
	static const char *const manifest[] = {"models/manifest"};
	char self[4096];
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
	assert_true(n > 0);
	self[n] = '\0';
	*strrchr(self, '/') = '\0';
	struct prepare_options p = {.raw_dir = install_find(sc, raw, 1),
				    .out_dir = path_join(sc, self, "test-models"),
				    .manifest = install_find(sc, manifest, 1)};
	if (p.raw_dir == NULL || !file_exists(path_join(sc, p.raw_dir, "fr_detect.onnx"))) {
		print_message("skipped: no published models in %s; `./dev setup` fetches them\n", RAW_MODELS);
		skip();
	}
	json_t *done;
	assert_ok(sc, model_prepare(sc, &p, &done));
	return p.out_dir;
}

/* One of the six group photographs of npm's @vladmandic/face-api. */
static inline const char *
sample_photo(struct scope *sc, int i)
{
	const char *path = scope_printf(sc, ".cache/deps/faces/sample%d.jpg", i);
	const char *found = install_find(sc, &path, 1);
	if (found == NULL) {
		print_message("skipped: no sample photographs in .cache/deps/faces; `./dev setup` fetches them\n");
		skip();
	}
	return found;
}

#endif
