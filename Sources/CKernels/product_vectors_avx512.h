// Vectors of 16 numbers in single precision, of which `count` are in memory, with AVX-512. For files that define CK_TARGET.

#ifndef CKERNELS_PRODUCT_VECTORS_AVX512_H
#define CKERNELS_PRODUCT_VECTORS_AVX512_H

#include "product_vectors.h"

#include <immintrin.h>

CK_TARGET static inline ck_numbers load(long count, const float *x) {
  return count >= 16 ? *(const ck_numbers *)x : (ck_numbers)_mm512_maskz_loadu_ps((__mmask16)((1u << count) - 1), x);
}
CK_TARGET static inline void store(long count, float *x, ck_numbers y) {
  if (count >= 16)
    *(ck_numbers *)x = y;
  else
    _mm512_mask_storeu_ps(x, (__mmask16)((1u << count) - 1), (__m512)y);
}

#endif
