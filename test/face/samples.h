/* What tests of faces need and may be absent: published models, sample photographs. */
#ifndef TEST_FACE_SAMPLES_H
#define TEST_FACE_SAMPLES_H

#include "unit.h"

#include <unistd.h>

#include "base/file.h"
#include "face/face.h"
#include "face/install.h"
#include "face/model_prepare.h"
#include "face/picture.h"

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

/* The people of the six photographs with their surroundings as DIR/p<i>/1.jpg, one folder each; how many. */
static inline size_t
sample_people(struct scope *sc, struct face_engine *e, const char *dir)
{
	size_t n = 0;
	for (int photo = 1; photo <= 6; photo++) {
		uint8_t *bytes;
		size_t len;
		struct picture p;
		struct face_found found;
		assert_ok(sc, file_read(sc, sample_photo(sc, photo), FACE_PICTURE_BYTES_MAX, &bytes, &len));
		assert_ok(sc, picture_decode(sc, bytes, len, 0, &p));
		assert_ok(sc, face_analyse(sc, e, (struct face_picture){bytes, len}, &found));
		for (size_t i = 0; i < found.n; i++) {
			const struct face_box *f = &found.faces[i];
			int reach = (int)(f->right - f->left);
			int x = (int)(f->left + f->right) / 2;
			int y = (int)(f->top + f->bottom) / 2;
			struct rectangle r = {x - reach, y - reach, x + reach, y + reach};
			struct picture print;
			uint8_t *jpeg;
			if (r.left < 0 || r.top < 0 || r.right > p.width || r.bottom > p.height)
				continue;
			assert_ok(sc, picture_part(sc, &p, r, 1, &print));
			assert_ok(sc, picture_encode(sc, &print, 92, &jpeg, &len));
			char *person = scope_printf(sc, "%s/p%zu", dir, n++);
			assert_ok(sc, file_make_dirs(sc, person, 0700));
			assert_ok(sc, file_write(sc, path_join(sc, person, "1.jpg"), jpeg, len, 0600));
		}
	}
	return n;
}

static inline void
sample_people_gone(struct scope *sc, const char *dir, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char *person = scope_printf(sc, "%s/p%zu", dir, i);
		unlink(path_join(sc, person, "1.jpg"));
		rmdir(person);
	}
	rmdir(dir);
}

#endif
