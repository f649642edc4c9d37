#include "emulated.h"
#include "../../Sources/CAMX/tiles.h"

_Thread_local ck_emulated_tiles ck_thread_tiles;
