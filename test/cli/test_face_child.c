/* The face child as a server has it: this binary again, models loaded, sandbox shut. */
#include "../face/samples.h"

#include "base/clock.h"
#include "base/random.h"
#include "cli/cli_face.h"
#include "face/face_wire.h"
#include "workers/workers.h"

static struct workers *
open_children(struct scope *sc)
{
	static char self[4096];
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
	assert_true(n > 0);
	self[n] = '\0';
	const char *argv[] = {self, "face-child", "--models", sample_models(sc), NULL};
	struct workers_config config = {.argv = argv,
					.children = 1,
					.queue_max = 4,
					.request_max = FACE_WIRE_REQUEST_MAX,
					.answer_max = FACE_WIRE_ANSWER_MAX,
					.start_ms = 30000};
	struct workers *w = NULL;
	assert_ok(sc, workers_open(sc, &config, &w));
	assert_ok(sc, workers_ready(sc, w, 30000));
	return w;
}

static enum code
enrol(struct scope *sc, struct workers *w, const void *bytes, size_t n, struct face_enrolled *out)
{
	uint8_t *request;
	uint8_t *answer;
	size_t len;
	struct face_picture p = {bytes, n};
	TRY(face_wire_enrol_request(sc, &p, 1, &request, &len));
	TRY(workers_call(sc, w, request, len, clock_mono_ms() + 30000, &answer, &len));
	return face_wire_enrol_answer(sc, answer, len, out);
}

static void
bad_pictures_get_precise_answers_and_the_child_lives(void **state)
{
	(void)state;
	struct scope sc;
	scope_init(&sc);
	struct workers *w = open_children(&sc);
	struct face_enrolled e;
	uint8_t *photo;
	size_t n;
	assert_ok(&sc, file_read(&sc, sample_photo(&sc, 3), FACE_PICTURE_BYTES_MAX, &photo, &n));
	assert_int_equal(enrol(&sc, w, "Dear sir or madam", 17, &e), E_INVALID);
	assert_string_equal(sc.err.message, "this is neither a JPEG nor a PNG");
	assert_int_equal(enrol(&sc, w, photo, n / 2, &e), E_INVALID);
	assert_ok(&sc, enrol(&sc, w, photo, n, &e));
	assert_int_equal(e.hint, FACE_HINT_ONE_PERSON);
	struct workers_stats stats;
	workers_stats(w, &stats);
	assert_int_equal(stats.deaths, 0);
	assert_int_equal(stats.starts, 1);
	workers_close(w);
	scope_release(&sc);
}

static void
a_doorstep_photo_comes_back_without_faces(void **state)
{
	(void)state;
	struct scope sc;
	scope_init(&sc);
	struct workers *w = open_children(&sc);
	struct face_picture p;
	uint8_t *photo;
	uint8_t *request;
	uint8_t *answer;
	const uint8_t *jpeg;
	size_t n;
	assert_ok(&sc, file_read(&sc, sample_photo(&sc, 3), FACE_PICTURE_BYTES_MAX, &photo, &p.n));
	p.bytes = photo;
	assert_ok(&sc, face_wire_redact_request(&sc, p, 800, &request, &n));
	assert_ok(&sc, workers_call(&sc, w, request, n, clock_mono_ms() + 30000, &answer, &n));
	assert_ok(&sc, face_wire_redact_answer(&sc, answer, n, &jpeg, &n));
	struct face_enrolled e;
	assert_ok(&sc, enrol(&sc, w, jpeg, n, &e));
	assert_int_equal(e.hint, FACE_HINT_NO_FACE);
	workers_close(w);
	scope_release(&sc);
}

int
main(int argc, char **argv)
{
	struct random r;
	random_init_os(&r);
	if (argc > 1 && strcmp(argv[1], "face-child") == 0) {
		struct scope sc;
		scope_init(&sc);
		return cli_face_child(&sc, argc - 1, argv + 1);
	}
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(bad_pictures_get_precise_answers_and_the_child_lives),
	    cmocka_unit_test(a_doorstep_photo_comes_back_without_faces),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
