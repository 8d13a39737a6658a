#include "route/route_search.h"

const struct move route_moves[] = {
    {"strings", 1000, move_strings},
    {"close", 5, move_close},
    {"tails", 1000, move_tails},
    {"open", 30, move_open},
    {0},
};
