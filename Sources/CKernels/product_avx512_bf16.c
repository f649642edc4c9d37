#include "product_vectors.h"

#if defined(__x86_64__)
#define CK_INSTRUCTIONS "avx512f,avx512bw,avx512vl,avx512dq,avx512bf16,avx2,fma,bmi2"
#define CK_TARGET __attribute__((always_inline, target(CK_INSTRUCTIONS)))

#include "product_vectors_avx512.h"

// None of them where `count` is not positive.
CK_TARGET static inline ck_numbers load_some(long count, const float *x) {
  return count <= 0 ? (ck_numbers){0} : load(count, x);
}
// Pairs of neighbours, of which `count` numbers are there.
CK_TARGET static inline ck_words along(long count, const float *x) {
  const ck_numbers upper = count > 16 ? load_some(count - 16, x + 16) : (ck_numbers){0};
  return (ck_words)_mm512_cvtne2ps_pbh((__m512)upper, (__m512)load_some(count, x));
}
// Pairs of numbers one below the other; zeros below the last row.
CK_TARGET static inline ck_words across(long count, const float *x, const float *next) {
  const ck_words halves = (ck_words)_mm512_cvtne2ps_pbh(
      next ? (__m512)load_some(count, next) : _mm512_setzero_ps(), (__m512)load_some(count, x));
  const __m512i order = _mm512_set_epi16(
      31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23, 7, 22, 6, 21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
  return (ck_words)_mm512_permutexvar_epi16(order, (__m512i)halves);
}
CK_TARGET static inline ck_numbers dot(ck_numbers sum, ck_words x, ck_words y) {
  return (ck_numbers)_mm512_dpbf16_ps((__m512)sum, (__m512bh)x, (__m512bh)y);
}

#pragma clang attribute push(__attribute__((target(CK_INSTRUCTIONS))), apply_to = function)
#define ISA avx512_bf16
#define CK_DEPTH 2
#define CK_LOAD load_some
#define CK_STORE store
#define CK_ALONG along
#define CK_ACROSS across
#define CK_DOT dot
#include "product.inc"
#pragma clang attribute pop
#endif
