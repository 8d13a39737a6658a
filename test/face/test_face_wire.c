/* The four requests and what happens to everything that is not one. */
#include "unit.h"

#include "base/prng.h"
#include "face/face_wire.h"

static struct face_picture
text_picture(const char *s)
{
	return (struct face_picture){(const uint8_t *)s, strlen(s)};
}

static void
bounds_are_kept_before_anything_is_sent(void **state)
{
	(void)state;
	struct scope sc;
	scope_init(&sc);
	struct face_picture p[6] = {{0}};
	uint8_t *bytes;
	size_t n;
	assert_int_equal(face_wire_enrol_request(&sc, p, 0, &bytes, &n), E_LIMIT);
	assert_int_equal(face_wire_enrol_request(&sc, p, 6, &bytes, &n), E_LIMIT);
	p[0] = (struct face_picture){(const uint8_t *)"", FACE_PICTURE_BYTES_MAX + 1};
	assert_int_equal(face_wire_enrol_request(&sc, p, 1, &bytes, &n), E_LIMIT);
	assert_string_equal(sc.err.reason, "picture-too-large");
	scope_release(&sc);
}

/* Every cut, and one byte more, of a request: refused with a sentence. The engine
 * is never reached, so NULL stands in for it. */
static void
a_request_cut_or_lengthened_is_refused(void **state)
{
	(void)state;
	struct scope sc;
	scope_init(&sc);
	struct face_template t = {.version = 1};
	struct face_picture p[2] = {text_picture("abc"), text_picture("defgh")};
	uint8_t *bytes;
	size_t n;
	assert_ok(&sc, face_wire_check_request(&sc, &t, p, 2, &bytes, &n));
	uint8_t *longer = scope_alloc(&sc, n + 1);
	memcpy(longer, bytes, n);
	for (size_t k = 0; k <= n + 1; k++) {
		uint8_t *answer;
		size_t answer_n;
		struct face_verdict v;
		if (k == n)
			continue;
		face_wire_handle(&sc, NULL, longer, k, &answer, &answer_n);
		assert_true(answer_n > 4);
		assert_int_equal(answer[3], E_INVALID);
		assert_int_not_equal(face_wire_check_answer(&sc, answer, answer_n, &v), OK);
	}
	scope_release(&sc);
}

static void
two_templates_do_not_fit_into_a_request(void **state)
{
	(void)state;
	struct scope sc;
	scope_init(&sc);
	struct face_template t = {.version = 1};
	struct face_picture p = text_picture("abc");
	uint8_t *one;
	size_t n;
	assert_ok(&sc, face_wire_check_request(&sc, &t, &p, 1, &one, &n));
	uint8_t *two = scope_alloc(&sc, n + sizeof t);
	memcpy(two, one, 4 + sizeof t);
	memcpy(two + 4 + sizeof t, one + 4, n - 4);
	uint8_t *answer;
	size_t answer_n;
	face_wire_handle(&sc, NULL, two, n + sizeof t, &answer, &answer_n);
	assert_int_equal(answer[3], E_INVALID);
	scope_release(&sc);
}

/* No operation but four, and no answer has room for a person. */
static void
there_are_four_operations(void **state)
{
	(void)state;
	struct scope sc;
	scope_init(&sc);
	for (int op = 0; op < 256; op++) {
		if (op >= 1 && op <= 4)
			continue;
		uint8_t request[] = {'W', 'F', (uint8_t)op, 1, 0, 0, 0, 0};
		uint8_t *answer;
		size_t n;
		face_wire_handle(&sc, NULL, request, sizeof request, &answer, &n);
		assert_int_equal(answer[3], E_INVALID);
	}
	scope_release(&sc);
}

static void
answers_are_taken_whole_or_not_at_all(void **state)
{
	(void)state;
	struct scope sc;
	scope_init(&sc);
	struct face_verdict v = {.hint = FACE_HINT_LIGHT};
	const uint8_t good[] = {'W', 'A', 2, 0, FACE_MATCH, FACE_HINT_NONE, FACE_FMR_1E5, 0};
	assert_ok(&sc, face_wire_check_answer(&sc, good, sizeof good, &v));
	assert_int_equal(v.decision, FACE_MATCH);
	assert_int_equal(v.band, FACE_FMR_1E5);
	uint8_t bad[9];
	memcpy(bad, good, 8);
	bad[8] = 0;
	assert_int_equal(face_wire_check_answer(&sc, bad, 9, &v), E_CORRUPT);
	assert_int_equal(face_wire_check_answer(&sc, bad, 7, &v), E_CORRUPT);
	for (size_t at = 4; at < 8; at++) {
		memcpy(bad, good, 8);
		bad[at] = 200;
		assert_int_equal(face_wire_check_answer(&sc, bad, 8, &v), E_CORRUPT);
	}
	/* A match at a rate the policy does not allow. */
	memcpy(bad, good, 8);
	bad[6] = FACE_FMR_1E3;
	assert_int_equal(face_wire_check_answer(&sc, bad, 8, &v), E_CORRUPT);
	struct face_enrolled e;
	const uint8_t promised[] = {'W', 'A', 1, 0, FACE_HINT_NONE, 0, 0, 0};
	assert_int_equal(face_wire_enrol_answer(&sc, promised, sizeof promised, &e), E_CORRUPT);
	scope_release(&sc);
}

/* --- a challenge's request --- */

static const struct face_challenge asked = {.asks = {ASK_LEFT, ASK_UP, ASK_RIGHT, ASK_CLOSER}};
static const struct face_challenge lit = {.asks = {ASK_LEFT, ASK_UP, ASK_RIGHT, ASK_CLOSER},
					  .n_lights = CHALLENGE_LIGHTS,
					  .lights = {LIGHT_RED, LIGHT_BLUE, LIGHT_RED, LIGHT_GREEN}};

static enum code
live(struct scope *sc, const struct face_challenge *c, size_t n, uint8_t **bytes, size_t *len)
{
	static const struct face_template t = {.version = 1};
	struct face_picture frames[CHALLENGE_FRAMES_MAX + 1];
	for (size_t i = 0; i < COUNT_OF(frames); i++)
		frames[i] = text_picture("frame");
	return face_wire_live_request(sc, &t, c, frames, n, bytes, len);
}

static int
status_of(struct scope *sc, const uint8_t *request, size_t n)
{
	uint8_t *answer;
	size_t answer_n;
	face_wire_handle(sc, NULL, request, n, &answer, &answer_n);
	assert_true(answer_n >= 4);
	return answer[3];
}

static void
a_challenge_takes_as_many_frames_as_it_asks(void **state)
{
	(void)state;
	struct scope sc;
	scope_init(&sc);
	uint8_t *bytes;
	size_t n;
	for (size_t k = 0; k <= CHALLENGE_FRAMES_MAX + 1; k++) {
		enum code plain = live(&sc, &asked, k, &bytes, &n);
		assert_int_equal(plain, k == 5 ? OK : E_INVALID);
		error_clear(&sc);
		enum code with_lights = live(&sc, &lit, k, &bytes, &n);
		assert_int_equal(with_lights, k == 9 ? OK : E_INVALID);
		error_clear(&sc);
	}
	assert_ok(&sc, live(&sc, &lit, 9, &bytes, &n));
	assert_int_equal(status_of(&sc, bytes, n), E_UNAVAILABLE); /* well-formed, and no engine here */
	for (size_t k = 0; k < n; k++)
		assert_int_equal(status_of(&sc, bytes, k), E_INVALID);
	bytes[3] = 5; /* fewer frames than its lights need */
	assert_int_equal(status_of(&sc, bytes, n), E_INVALID);
	scope_release(&sc);
}

static void
a_frame_is_a_small_picture(void **state)
{
	(void)state;
	struct scope sc;
	scope_init(&sc);
	static const struct face_template t = {.version = 1};
	struct face_picture frames[CHALLENGE_FRAMES] = {{0}};
	uint8_t *bytes;
	size_t n;
	frames[3] = (struct face_picture){scope_alloc(&sc, FACE_FRAME_BYTES_MAX + 1), FACE_FRAME_BYTES_MAX + 1};
	assert_int_equal(face_wire_live_request(&sc, &t, &asked, frames, CHALLENGE_FRAMES, &bytes, &n), E_LIMIT);
	assert_string_equal(sc.err.reason, "picture-too-large");
	error_clear(&sc);
	frames[3].n--;
	assert_ok(&sc, face_wire_live_request(&sc, &t, &asked, frames, CHALLENGE_FRAMES, &bytes, &n));
	/* A child does not trust its parent's bounds either. */
	size_t at = 4 + sizeof t + 8 + 3 * 4;
	uint8_t *longer = scope_alloc(&sc, n + 1);
	memcpy(longer, bytes, n);
	longer[at] = 1;
	assert_int_equal(status_of(&sc, longer, n + 1), E_LIMIT);
	scope_release(&sc);
}

/* Poses and colours that no server draws: an unfair sequence is no request. */
static void
only_drawn_challenges_are_judged(void **state)
{
	(void)state;
	struct scope sc;
	scope_init(&sc);
	uint8_t *bytes;
	size_t n;
	size_t asks = 4 + sizeof(struct face_template);
	static const struct {
		size_t at;
		uint8_t value;
	} changes[] = {{0, ASK_COUNT},	   {0, ASK_UP}, {2, ASK_DOWN},	{3, 255},
		       {4, LIGHT_COLOURS}, {4, 255},	{5, LIGHT_RED}, {7, 255}};
	for (size_t i = 0; i < COUNT_OF(changes); i++) {
		assert_ok(&sc, live(&sc, &lit, 9, &bytes, &n));
		bytes[asks + changes[i].at] = changes[i].value;
		assert_int_equal(status_of(&sc, bytes, n), E_INVALID);
	}
	scope_release(&sc);
}

static void
what_is_not_alive_is_no_match(void **state)
{
	(void)state;
	struct scope sc;
	scope_init(&sc);
	struct face_live_check c;
	uint8_t answer[] = {'W', 'A', 4, 0, FACE_MATCH, FACE_HINT_NONE, FACE_FMR_1E5, LIVE_ALIVE};
	assert_ok(&sc, face_wire_live_answer(&sc, answer, sizeof answer, &c));
	answer[7] = LIVE_FLAT;
	assert_int_equal(face_wire_live_answer(&sc, answer, sizeof answer, &c), E_CORRUPT);
	answer[4] = FACE_POOR_CAPTURE;
	answer[6] = FACE_FMR_ABOVE_1E2;
	error_clear(&sc);
	assert_ok(&sc, face_wire_live_answer(&sc, answer, sizeof answer, &c));
	assert_int_equal(c.live, LIVE_FLAT);
	answer[7] = LIVE_COUNT;
	assert_int_equal(face_wire_live_answer(&sc, answer, sizeof answer, &c), E_CORRUPT);
	scope_release(&sc);
}

static void
the_childs_own_failure_comes_through(void **state)
{
	(void)state;
	struct scope sc;
	scope_init(&sc);
	struct face_verdict v;
	uint8_t answer[] = {'W', 'A', 2, E_LIMIT, 't', 'o', 'o', ' ', 'b', 'i', 'g'};
	assert_int_equal(face_wire_check_answer(&sc, answer, sizeof answer, &v), E_LIMIT);
	assert_string_equal(sc.err.message, "too big");
	scope_release(&sc);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(bounds_are_kept_before_anything_is_sent),
	    cmocka_unit_test(a_request_cut_or_lengthened_is_refused),
	    cmocka_unit_test(two_templates_do_not_fit_into_a_request),
	    cmocka_unit_test(there_are_four_operations),
	    cmocka_unit_test(answers_are_taken_whole_or_not_at_all),
	    cmocka_unit_test(a_challenge_takes_as_many_frames_as_it_asks),
	    cmocka_unit_test(a_frame_is_a_small_picture),
	    cmocka_unit_test(only_drawn_challenges_are_judged),
	    cmocka_unit_test(what_is_not_alive_is_no_match),
	    cmocka_unit_test(the_childs_own_failure_comes_through),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
