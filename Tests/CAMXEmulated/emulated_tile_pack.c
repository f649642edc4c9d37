#include "emulated.h"
#include "../../Sources/CAMX/tile_pack.c"
