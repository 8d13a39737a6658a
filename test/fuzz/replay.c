/* Feeds every file of a corpus directory to LLVMFuzzerTestOneInput: what the
 * fuzzer has found stays tested in every ordinary run. */
#include <dirent.h>

#include "base/file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
main(int argc, char **argv)
{
	DIR *dir = argc == 2 ? opendir(argv[1]) : NULL;
	if (dir == NULL) {
		fprintf(stderr, "usage: %s CORPUS_DIRECTORY\n", argv[0]);
		return 2;
	}
	struct scope sc;
	scope_init(&sc);
	int n = 0;
	for (struct dirent *e = readdir(dir); e != NULL; e = readdir(dir)) {
		if (e->d_name[0] == '.')
			continue;
		uint8_t *bytes;
		size_t size;
		if (file_read(&sc, path_join(&sc, argv[1], e->d_name), (size_t)16 << 20, &bytes, &size) != OK) {
			fprintf(stderr, "%s\n", sc.err.message);
			return 1;
		}
		uint8_t *exact = malloc(size > 0 ? size : 1); /* so that reading one byte past it is seen */
		if (exact == NULL)
			return 1;
		memcpy(exact, bytes, size);
		LLVMFuzzerTestOneInput(exact, size);
		free(exact);
		scope_clear(&sc);
		n++;
	}
	closedir(dir);
	scope_release(&sc);
	printf("%d inputs replayed\n", n);
	return n > 0 ? 0 : 1;
}
