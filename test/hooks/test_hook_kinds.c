/* The kinds in the code, in the API's shapes and in the documentation are the same words. */
#include "unit.h"

#include "base/file.h"
#include "hooks/hook_rows.h"

static json_t *
words_of_the_api(struct scope *sc)
{
	uint8_t *bytes;
	size_t n;
	json_t *o;
	assert_ok(sc, file_read(sc, "src/api/schema/hooks.json", 1 << 20, &bytes, &n));
	assert_ok(sc, json_parse(sc, bytes, n, &o));
	const json_t *kinds = json_object_get(json_object_get(o, "schemas"), "WebhookKinds");
	json_t *words = json_object_get(json_object_get(kinds, "items"), "enum");
	assert_true(json_array_size(words) > 10);
	return words;
}

static void
every_word_is_known_and_documented(void **state)
{
	(void)state;
	struct scope sc;
	uint8_t *bytes;
	size_t n, i;
	json_t *word;
	const char *list;
	scope_init(&sc);
	json_t *words = words_of_the_api(&sc);
	json_t *ask = json_new_object(&sc);
	json_put(ask, "kinds", json_incref(words));
	assert_ok(&sc, hook_kinds_parse(&sc, ask, false, &list));
	char **known;
	assert_int_equal(text_split(&sc, list, ' ', &known), json_array_size(words));
	assert_ok(&sc, file_read(&sc, "docs/webhooks.md", 1 << 20, &bytes, &n));
	json_array_foreach(words, i, word)
	{
		assert_string_equal(json_string_value(word), known[i]);
		assert_true(hook_kind_for(known[i], false));
		assert_int_equal(hook_kind_for(known[i], true), text_starts(known[i], "shipment"));
		const char *in_the_table = scope_printf(&sc, "| `%s` |", known[i]);
		if (memmem(bytes, n, in_the_table, strlen(in_the_table)) == NULL)
			fail_msg("docs/webhooks.md does not know %s", known[i]);
	}
	assert_false(hook_kind_for("duty.departed", false));
	scope_release(&sc);
}

static void
lists_are_looked_through_by_whole_words(void **state)
{
	(void)state;
	assert_true(hook_wants("duty.opened block.awarded", "duty.opened"));
	assert_true(hook_wants("duty.opened block.awarded", "block.awarded"));
	assert_false(hook_wants("duty.opened block.awarded", "block"));
	assert_false(hook_wants("duty.opened block.awarded", "opened"));
	assert_false(hook_wants("", "duty.opened"));
}

/* Whatever an event says, and whatever state it names. */
static void
events_are_told_apart(void **state)
{
	(void)state;
	static const struct {
		const char *kind, *data, *told;
	} table[] = {
	    {"shipment.state", "{\"state\":\"delivered\"}", "shipment.delivered"},
	    {"shipment.state", "{\"state\":\"created\"}", NULL},
	    {"shipment.state", "{}", NULL},
	    {"shipment.state", "not json", NULL},
	    {"award.made", "{}", "block.awarded"},
	    {"duty.departed", "{}", NULL},
	    {"webhook.off", "{}", NULL},
	    {"webhook.ping", "{}", NULL},
	};
	struct scope sc;
	scope_init(&sc);
	for (size_t i = 0; i < COUNT_OF(table); i++) {
		const struct event e = {.kind = table[i].kind, .data = table[i].data};
		const char *told = hook_kind_of(&sc, &e);
		if (!text_eq(told, table[i].told))
			fail_msg("%s %s is told as %s", table[i].kind, table[i].data, told);
	}
	scope_release(&sc);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_word_is_known_and_documented),
	    cmocka_unit_test(lists_are_looked_through_by_whole_words),
	    cmocka_unit_test(events_are_told_apart),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
