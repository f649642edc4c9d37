#include "emulated.h"
#include "tile_instruction.inc"
