#include "emulated.h"
#include "../../Sources/CAMX/tile_update.c"
