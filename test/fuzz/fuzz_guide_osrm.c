/* room: guide
 *
 * Any bytes as the answer of an OSRM server: refused, or a table and paths in which every number
 * is one that a drive can have. The first byte says which of its answers it is. */
#include "guide_answer.h"

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	guide_answer_check(&guide_osrm, bytes, n);
	return 0;
}
