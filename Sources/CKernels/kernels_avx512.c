#include "CKernels.h"
#include "CKernelsSingle.h"

#include <math.h>
#include <string.h>

#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx2,fma,bmi2"))), apply_to = function)
#define ISA avx512
#define REAL_IS_FLOAT 1
#include "kernels.inc"
#undef REAL_IS_FLOAT
#define REAL_IS_FLOAT 0
#include "kernels.inc"
#pragma clang attribute pop
#endif
