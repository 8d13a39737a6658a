#include "route/route_search.h"

const struct move route_moves[] = {
    {"strings", 1000, false, move_strings}, {"close", 5, false, move_close}, {"tails", 1000, false, move_tails},
    {"open", 30, false, move_open},	    {"trade", 30, true, move_trade}, {0},
};
