#include "product_vectors.h"

// Vectors are passed to functions of this file only, all inlined: how they would be passed does not matter.
#pragma clang diagnostic ignored "-Wpsabi"

// The bits of x rounded to bfloat16, to the nearest, ties to even; what is not a number must not become infinite.
static inline unsigned rounded(float x) {
  unsigned bits;
  memcpy(&bits, &x, 4);
  return x == x ? (bits + 0x7fff + (bits >> 16 & 1)) >> 16 : 0x7fc0;
}

static inline ck_numbers load(long count, const float *x) {
  ck_numbers y = {0};
  if (count > 0) memcpy(&y, x, 4 * (size_t)(count < 16 ? count : 16));
  return y;
}
static inline void store(long count, float *x, ck_numbers y) { memcpy(x, &y, 4 * (size_t)(count < 16 ? count : 16)); }
static inline ck_words along(long count, const float *x) {
  ck_words y = {0};
  for (long i = 0; i < 32 && i < count; i++) y[i / 2] |= rounded(x[i]) << (16 * (i % 2));
  return y;
}
static inline ck_words across(long count, const float *x, const float *next) {
  ck_words y = {0};
  for (long i = 0; i < 16 && i < count; i++) y[i] = rounded(x[i]) | (next ? rounded(next[i]) << 16 : 0);
  return y;
}
static inline ck_numbers dot(ck_numbers sum, ck_words x, ck_words y) {
  const ck_words upper = (ck_words){0} - 0x10000;
  sum += (ck_numbers)(x << 16) * (ck_numbers)(y << 16);
  return sum + (ck_numbers)(x & upper) * (ck_numbers)(y & upper);
}

#define ISA portable_bf16
#define CK_DEPTH 2
#define CK_LOAD load
#define CK_STORE store
#define CK_ALONG along
#define CK_ACROSS across
#define CK_DOT dot
#include "product.inc"
