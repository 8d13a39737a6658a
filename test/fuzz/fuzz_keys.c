/* room: keys */
#include "keys/keys.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct scope sc;
	struct random r;
	struct keys *k = NULL;
	scope_init(&sc);
	random_init_os(&r);
	if (keys_read(&sc, data, size, &k) == OK) {
		uint8_t mac[32];
		key_mac(k, KEY_TOKEN, data, size, mac);
		keys_close(k);
	}
	scope_release(&sc);
	return 0;
}
