#include "tile_instruction.inc"
