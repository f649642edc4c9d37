// The vector instructions (AVX-512, with BF16) that the kernels on matrix tiles use, in plain C: the same names, the
// same results.

#ifndef CAMX_VECTOR_INTRINSICS_EMULATED_H
#define CAMX_VECTOR_INTRINSICS_EMULATED_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Vectors pass between functions of one file only: that each compiler passes them in its own way does not matter.
#pragma clang diagnostic ignored "-Wpsabi"

// Kernels unroll and specialize their loops: with the emulation inlined everywhere, they would take a minute to
// compile.
#define CK_EMULATED static inline __attribute__((noinline))

typedef float __m512 __attribute__((vector_size(64)));
typedef long long __m512i __attribute__((vector_size(64)));
typedef uint16_t __m512bh __attribute__((vector_size(64)));
typedef long long __m256i __attribute__((vector_size(32)));
typedef uint16_t __m256bh __attribute__((vector_size(32)));
typedef uint16_t __mmask16;

typedef uint16_t ck_emulated_words __attribute__((vector_size(64)));
typedef uint16_t ck_emulated_half_words __attribute__((vector_size(32)));
typedef uint32_t ck_emulated_doublewords __attribute__((vector_size(64)));

/// What a processor refuses ends the program.
static inline void ck_emulated_fault(const char *what) {
  fprintf(stderr, "emulated instruction: %s\n", what);
  abort();
}

static inline void ck_emulated_check_alignment(const void *at) {
  if ((uintptr_t)at & 63) ck_emulated_fault("the address is not a multiple of 64 bytes");
}

// Constants.

CK_EMULATED __m512 _mm512_setzero_ps(void) { return (__m512){0}; }
CK_EMULATED __m512i _mm512_setzero_si512(void) { return (__m512i){0}; }

CK_EMULATED __m512 _mm512_set1_ps(float number) {
  __m512 result = {0};
  for (int i = 0; i < 16; i++) result[i] = number;
  return result;
}

CK_EMULATED __m512i _mm512_set1_epi32(int number) {
  ck_emulated_doublewords result = {0};
  return (__m512i)(result + (uint32_t)number);
}

CK_EMULATED __m512i ck_emulated_reversed(const short words[32]) {
  ck_emulated_words result = {0};
  for (int i = 0; i < 32; i++) result[i] = (uint16_t)words[31 - i];
  return (__m512i)result;
}
#define _mm512_set_epi16(...) ck_emulated_reversed((const short[32]){__VA_ARGS__})

// Memory. What a mask leaves out is not touched.

CK_EMULATED __m512 _mm512_loadu_ps(const void *from) {
  __m512 result;
  memcpy(&result, from, sizeof result);
  return result;
}

CK_EMULATED void _mm512_storeu_ps(void *to, __m512 numbers) { memcpy(to, &numbers, sizeof numbers); }

CK_EMULATED __m512 _mm512_maskz_loadu_ps(__mmask16 mask, const void *from) {
  __m512 result = {0};
  for (int i = 0; i < 16; i++)
    if (mask >> i & 1) result[i] = ((const float *)from)[i];
  return result;
}

CK_EMULATED void _mm512_mask_storeu_ps(void *to, __mmask16 mask, __m512 numbers) {
  for (int i = 0; i < 16; i++)
    if (mask >> i & 1) ((float *)to)[i] = numbers[i];
}

CK_EMULATED void _mm256_mask_storeu_epi16(void *to, __mmask16 mask, __m256i words) {
  for (int i = 0; i < 16; i++)
    if (mask >> i & 1) ((uint16_t *)to)[i] = ((ck_emulated_half_words)words)[i];
}

CK_EMULATED __m512 _mm512_load_ps(const void *from) {
  ck_emulated_check_alignment(from);
  return _mm512_loadu_ps(from);
}

CK_EMULATED __m512i _mm512_load_si512(const void *from) { return (__m512i)_mm512_load_ps(from); }

CK_EMULATED void _mm512_store_ps(void *to, __m512 numbers) {
  ck_emulated_check_alignment(to);
  _mm512_storeu_ps(to, numbers);
}

CK_EMULATED void _mm512_store_si512(void *to, __m512i numbers) { _mm512_store_ps(to, (__m512)numbers); }
CK_EMULATED void _mm512_stream_ps(void *to, __m512 numbers) { _mm512_store_ps(to, numbers); }
CK_EMULATED void _mm512_stream_si512(void *to, __m512i numbers) { _mm512_store_si512(to, numbers); }
CK_EMULATED void _mm_sfence(void) {}

// Arithmetic.

CK_EMULATED __m512 _mm512_add_ps(__m512 a, __m512 b) { return a + b; }
CK_EMULATED __m512 _mm512_sub_ps(__m512 a, __m512 b) { return a - b; }
CK_EMULATED __m512 _mm512_mul_ps(__m512 a, __m512 b) { return a * b; }

CK_EMULATED __m512i _mm512_add_epi32(__m512i a, __m512i b) {
  return (__m512i)((ck_emulated_doublewords)a + (ck_emulated_doublewords)b);
}
CK_EMULATED __m512i _mm512_srli_epi32(__m512i a, unsigned count) {
  return (__m512i)((ck_emulated_doublewords)a >> count);
}
CK_EMULATED __m512i _mm512_and_si512(__m512i a, __m512i b) { return a & b; }
CK_EMULATED __m512i _mm512_or_si512(__m512i a, __m512i b) { return a | b; }

CK_EMULATED __m256i _mm512_cvtepi32_epi16(__m512i a) {
  return (__m256i)__builtin_convertvector((ck_emulated_doublewords)a, ck_emulated_half_words);
}

/// Rounded to bfloat16, ties to even; denormal numbers become zeros, whatever the settings of the processor.
CK_EMULATED uint16_t ck_emulated_bfloat16(float number) {
  uint32_t bits;
  memcpy(&bits, &number, sizeof bits);
  const uint32_t magnitude = bits & 0x7fffffff;
  if (magnitude < 0x00800000) return (uint16_t)(bits >> 16 & 0x8000);
  if (magnitude > 0x7f800000) return (uint16_t)(bits >> 16 | 0x0040);
  return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

CK_EMULATED __m256bh _mm512_cvtneps_pbh(__m512 a) {
  __m256bh result = {0};
  for (int i = 0; i < 16; i++) result[i] = ck_emulated_bfloat16(a[i]);
  return result;
}

/// The second argument's numbers first.
CK_EMULATED __m512bh _mm512_cvtne2ps_pbh(__m512 a, __m512 b) {
  __m512bh result = {0};
  for (int i = 0; i < 32; i++) result[i] = ck_emulated_bfloat16(i < 16 ? b[i] : a[i - 16]);
  return result;
}

// Order.

CK_EMULATED __m512i _mm512_permutexvar_epi16(__m512i order, __m512i a) {
  ck_emulated_words result = {0};
  for (int i = 0; i < 32; i++) result[i] = ((ck_emulated_words)a)[((ck_emulated_words)order)[i] & 31];
  return (__m512i)result;
}

CK_EMULATED __m512i _mm512_permutex2var_epi16(__m512i a, __m512i order, __m512i b) {
  ck_emulated_words result = {0};
  for (int i = 0; i < 32; i++) {
    const int at = ((ck_emulated_words)order)[i];
    result[i] = (at & 32 ? (ck_emulated_words)b : (ck_emulated_words)a)[at & 31];
  }
  return (__m512i)result;
}

CK_EMULATED __m512i _mm512_unpacklo_epi32(__m512i a, __m512i b) {
  return (__m512i)__builtin_shufflevector((ck_emulated_doublewords)a, (ck_emulated_doublewords)b, 0, 16, 1, 17, 4, 20,
                                          5, 21, 8, 24, 9, 25, 12, 28, 13, 29);
}
CK_EMULATED __m512i _mm512_unpackhi_epi32(__m512i a, __m512i b) {
  return (__m512i)__builtin_shufflevector((ck_emulated_doublewords)a, (ck_emulated_doublewords)b, 2, 18, 3, 19, 6, 22,
                                          7, 23, 10, 26, 11, 27, 14, 30, 15, 31);
}
CK_EMULATED __m512i _mm512_unpacklo_epi64(__m512i a, __m512i b) {
  return __builtin_shufflevector(a, b, 0, 8, 2, 10, 4, 12, 6, 14);
}
CK_EMULATED __m512i _mm512_unpackhi_epi64(__m512i a, __m512i b) {
  return __builtin_shufflevector(a, b, 1, 9, 3, 11, 5, 13, 7, 15);
}

/// Quarters: the first two from a, the last two from b, each by two bits of `order`.
CK_EMULATED __m512i _mm512_shuffle_i32x4(__m512i a, __m512i b, int order) {
  __m512i result = {0};
  for (int i = 0; i < 8; i++) result[i] = (i < 4 ? a : b)[2 * (order >> i / 2 * 2 & 3) + i % 2];
  return result;
}

#endif
