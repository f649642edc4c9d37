#include "product_vectors.h"

#if defined(__x86_64__)
#define CK_INSTRUCTIONS "avx512f,avx512bw,avx512vl,avx512dq,avx2,fma,bmi2"
#define CK_TARGET __attribute__((always_inline, target(CK_INSTRUCTIONS)))

#include "product_vectors_avx512.h"

CK_TARGET static inline ck_words along(long count, const float *x) { return (ck_words)load(count, x); }
CK_TARGET static inline ck_numbers dot(ck_numbers sum, ck_words x, ck_words y) {
  return (ck_numbers)_mm512_fmadd_ps((__m512)x, (__m512)y, (__m512)sum);
}

#pragma clang attribute push(__attribute__((target(CK_INSTRUCTIONS))), apply_to = function)
#define ISA avx512_f32
#define CK_DEPTH 1
#define CK_LOAD load
#define CK_STORE store
#define CK_ALONG along
#define CK_ACROSS(count, x, next) ((void)(next), along(count, x))
#define CK_DOT dot
#include "product.inc"
#pragma clang attribute pop
#endif
