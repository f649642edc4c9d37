#include "emulated.h"
#include "../../Sources/CAMX/tile_walk.c"
