#include "CKernels.h"
#include "CKernelsSingle.h"

#include <math.h>
#include <string.h>

#define ISA portable
#define REAL_IS_FLOAT 1
#include "kernels.inc"
#undef REAL_IS_FLOAT
#define REAL_IS_FLOAT 0
#include "kernels.inc"
