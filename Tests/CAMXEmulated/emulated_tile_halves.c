#include "emulated.h"
#include "../../Sources/CAMX/tile_halves.c"
