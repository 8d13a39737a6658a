#include "route/route_search.h"

const struct move route_moves[] = {
    {"strings", 1000, move_strings},
    {"close", 0, move_close},
    {0},
};
