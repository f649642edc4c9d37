#include "emulated.h"
#include "../../Sources/CAMX/tile_convolution.c"
