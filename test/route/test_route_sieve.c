/* The sieve against its rules, one neighbour after the other, with and without wide registers. */
#include "unit.h"

#include "base/prng.h"
#include "route/route_sieve.h"

#define NODES 200

static int32_t
number(struct prng *prng)
{
	return (int32_t)prng_below(prng, 1000);
}

/* Some on no route, as the state leaves them. */
static void
scatter(struct node *node, struct prng *prng)
{
	for (int32_t i = 0; i < NODES; i++) {
		bool out = prng_below(prng, 10) == 0;
		node[i] = (struct node){.arc = number(prng),
					.leave = out ? FAR_TIME : number(prng),
					.arc_in = number(prng),
					.late = out ? -FAR_TIME : number(prng)};
	}
}

static void
must_be(const struct near_arc *found, int32_t n, const struct near_arc *wanted, int32_t n_wanted)
{
	assert_int_equal(n, n_wanted);
	for (int32_t i = 0; i < n; i++) {
		assert_int_equal(found[i].node, wanted[i].node);
		assert_int_equal(found[i].arc, wanted[i].arc);
	}
}

static void
must_obey(const struct node *node, const struct near_arc *near, int32_t n, const struct sieve *x)
{
	struct sieved wanted = {.n_behind = 0};
	struct sieved found[2];
	for (int32_t i = 0; i < n && near[i].node >= 0; i++) {
		const struct node *y = &node[near[i].node];
		int32_t arc = near[i].arc;
		if (arc - y->arc <= x->more && y->leave + arc <= x->close)
			wanted.behind[wanted.n_behind++] = near[i];
		if (arc - y->arc_in <= x->more && x->done + arc <= y->late)
			wanted.ahead[wanted.n_ahead++] = near[i];
	}
	sieve_near(node, near, n, x, &found[0]);
	sieve_near_portable(node, near, n, x, &found[1]);
	for (int i = 0; i < 2; i++) {
		must_be(found[i].behind, found[i].n_behind, wanted.behind, wanted.n_behind);
		must_be(found[i].ahead, found[i].n_ahead, wanted.ahead, wanted.n_ahead);
	}
}

static void
who_is_left_obeys_the_rules(void **state)
{
	(void)state;
	static struct node node[NODES];
	struct prng prng;
	prng_seed(&prng, 1);
	for (int round = 0; round < 2000; round++) {
		struct near_arc near[SIEVE_MOST];
		int32_t n = (int32_t)prng_below(&prng, SIEVE_MOST + 1);
		scatter(node, &prng);
		for (int32_t i = 0; i < n; i++)
			near[i] = (struct near_arc){(int32_t)prng_below(&prng, NODES), number(&prng)};
		for (int32_t i = (int32_t)prng_below(&prng, 100); round % 3 == 0 && i < n; i++)
			near[i].node = NO_NODE;
		int32_t more = round % 5 == 0 ? 1 << 30 : number(&prng);
		must_obey(node, near, n, &(struct sieve){more, number(&prng), number(&prng)});
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(who_is_left_obeys_the_rules),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
