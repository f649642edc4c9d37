#include "emulated.h"
#include "../../Sources/CAMX/tile_product.c"
