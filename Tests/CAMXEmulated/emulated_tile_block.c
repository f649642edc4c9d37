#include "emulated.h"
#include "../../Sources/CAMX/tile_block.c"
