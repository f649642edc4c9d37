#include "tile_numbers.h"

#if CK_TILES

// Sixteen at a time; the tail of a row by masks. Reads 4 and writes 2 or 6 bytes a number: memory-bound, 85 % of the
// bandwidth of copying as many bytes.
CK_TILE_TARGET static void halves_of_row(int parts, long count, const float *x, unsigned short *y) {
  for (long i = 0; i < count; i += 16) {
    const __mmask16 mask = first_lanes(count - i);
    const __m512 numbers = _mm512_maskz_loadu_ps(mask, x + i);
    if (parts == 1) {
      _mm256_mask_storeu_epi16(y + i, mask, (__m256i)_mm512_cvtneps_pbh(numbers));
      continue;
    }
    const __m512i high = high_half(numbers);
    const __m256i upper = _mm512_cvtepi32_epi16(_mm512_srli_epi32(high, 16));
    const __m256i lower = (__m256i)_mm512_cvtneps_pbh(_mm512_sub_ps(numbers, (__m512)high));
    _mm256_mask_storeu_epi16(y + i, mask, upper);
    _mm256_mask_storeu_epi16(y + count + i, mask, lower);
    _mm256_mask_storeu_epi16(y + 2 * count + i, mask, upper);
  }
}

CK_TILE_TARGET void ck_tile_halves(int parts, long begin, long end, long count, const float *x, void *y) {
  unsigned short *to = y;
  if (parts == 1) {
    halves_of_row(1, (end - begin) * count, x + begin * count, to + begin * count);
    return;
  }
  for (long row = begin; row < end; row++) halves_of_row(2, count, x + row * count, to + 3 * row * count);
}

CK_TILE_TARGET void ck_tile_split(long begin, long end, long count, const float *x, float *y) {
  for (long row = begin; row < end; row++) {
    const float *from = x + row * count;
    float *to = y + 3 * row * count;
    for (long i = 0; i < count; i += 16) {
      const __mmask16 mask = first_lanes(count - i);
      const __m512 numbers = _mm512_maskz_loadu_ps(mask, from + i), high = (__m512)high_half(numbers);
      _mm512_mask_storeu_ps(to + i, mask, high);
      _mm512_mask_storeu_ps(to + count + i, mask, high);
      _mm512_mask_storeu_ps(to + 2 * count + i, mask, _mm512_sub_ps(numbers, high));
    }
  }
}

#else

void ck_tile_halves(int parts, long begin, long end, long count, const float *x, void *y) { __builtin_trap(); }
void ck_tile_split(long begin, long end, long count, const float *x, float *y) { __builtin_trap(); }

#endif
