#include "emulated.h"
#include "../../Sources/CAMX/tile_form.c"
