/* room: chain */
/* What a broken server may send to the signing process, and what a log may be
 * asked for: a question, then the name of a resource. */
#include "chain/chain_sign.h"
#include "chain/chain_tree.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct scope sc;
	struct random r;
	scope_init(&sc);
	random_init_os(&r);
	static const char key[] = "waybill-signing-key/1\norigin fuzz.example\n"
				  "seed 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n";
	struct sign_desk d = {.state_fd = -1, .size = 3};
	uint8_t answer[SIGN_ANSWER_MAX];
	if (signing_key_read(&sc, key, sizeof key - 1, &d.key) != OK)
		abort();
	size_t n = sign_answer(&sc, &d, data, size, answer);
	if (n < 41 || n > SIGN_ANSWER_MAX || d.size < 3)
		abort();
	struct tile_name t;
	const char *path = scope_strndup(&sc, (const char *)data, size);
	if (tile_parse(path, &t) && strcmp(tile_path(&sc, t), path) != 0)
		abort();
	scope_release(&sc);
	return 0;
}
