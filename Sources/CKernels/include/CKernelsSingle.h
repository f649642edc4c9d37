// Kernels for single precision alone, fused for a solve: beside those of ck_table, which serve both precisions.

#ifndef CKERNELS_SINGLE_INCLUDE_H
#define CKERNELS_SINGLE_INCLUDE_H

#include "CKernels.h"

#pragma clang assume_nonnull begin

/// Low-rank weights of one layer in the order in which products read them. For each image: U transposed [rank, in],
/// V [rank, out], then the bias [out]; every row is padded by zeros to a multiple of 32 numbers. Rows of U and V lie in
/// groups of four, 32 numbers of each in turn; those left over one by one. They are float32, or bfloat16 if `half`, then
/// of each 32 numbers j and j + 16 lie side by side.
typedef struct {
  long in, rank, out;
  bool half;
} ck_packed_low_rank;

/// The least multiple of 32 that is not less.
static inline long ck_padded(long count) { return (count + 31) & ~31L; }

/// Bytes of one image's packed weights, a multiple of 64.
static inline size_t ck_packed_low_rank_size(ck_packed_low_rank l) {
  return (size_t)(l.rank * (ck_padded(l.in) + ck_padded(l.out)) * (l.half ? 2 : 4) + 4 * ck_padded(l.out));
}

/// Matrices of bilinear forms x^T C y in 20 bits a number: each is an integer of 20 bits times a scale, which 32 numbers
/// of two rows each share, so that it is off by at most 2^-20 of the greatest of the 64. A form's sum of many such numbers
/// is off by far less, since the roundings are as often up as down.
///
/// A matrix is blocks of 32 by 32, the blocks of 32 rows one after another, the last padded by zeros. A block is
///
///     the 16 scales, float32, times 2^-12
///     for each 4 rows: for each row, 16 words of 32 bits, word j with the upper 16 bits of the row's integer in column j
///                      in its lower half, and of that in column 16 + j in its upper half;
///                      then 16 words with the lower 4 bits of the integers, of row k at bits 4 k and 16 + 4 k.
enum {
  CK_FORM_BLOCK = 32,
  CK_FORM_BLOCK_BYTES = 64 + 8 * 320,
  CK_FORM_AHEAD = 4096,  ///< bytes that are asked for ahead of their use
};
/// 2^19 - 1
#define CK_FORM_GREATEST 524287.0f

/// Bytes of one packed matrix, a multiple of 64.
static inline size_t ck_packed_form_size(long rows, long columns) {
  return (size_t)(ck_padded(rows) / CK_FORM_BLOCK * (ck_padded(columns) / CK_FORM_BLOCK)) * CK_FORM_BLOCK_BYTES;
}

typedef struct {
  /// Packs the weights of images begin..<end.
  void (*pack_low_rank)(ck_packed_low_rank l, ck_low_rank layer, long begin, long end, const float *weights,
                        void *packed);
  /// For images begin..<end of n: t = x U, y = addend + t V, and + bias in component 0; transposed: t = x V^T,
  /// y = addend + t U^T, without the bias. x [components, n, in], t [components, n, rank], y [components, n, out], with in and out
  /// exchanged if transposed. The addend may be y.
  void (*packed_low_rank)(ck_packed_low_rank l, bool transposed, long components, long n, long begin, long end,
                          const float *x, const void *packed, const float *_Nullable addend, float *t, float *y);
  /// What low_rank_gradient of ck_table does, with sums in another order.
  void (*deferred_low_rank)(ck_low_rank layer, long n, long begin, long end, long terms,
                            const ck_low_rank_term *term, float *gradient);
  /// y = softplus(x), dy = s dx, s = sigmoid(x), for elements begin..<end. An error of at most 4 units in the last place.
  void (*softplus_stack)(long begin, long end, const float *x, const float *dx, float *y, float *dy, float *s);
  /// For cotangents gy, gdy: gx = s gy + s (1 - s) dx gdy, gdx = s gdy.
  void (*softplus_stack_pullback)(long begin, long end, const float *s, const float *dx, const float *gy,
                                  const float *gdy, float *gx, float *gdx);
  /// out = (h + a) sigmoid(g + b) for rows [h, g] of 2 * channels numbers and a bias [a, b].
  void (*biased_gate)(long channels, long begin, long end, const float *hg, const float *bias, float *out);
  /// The cotangent of [h, g] in `biased_gate`, for blocks of CK_GATE_BLOCK rows begin..<end of `rows` rows in all; row i
  /// of `sums` [blocks, 2 * channels] becomes the sum of block i's cotangents, for the bias.
  void (*biased_gate_pullback)(long channels, long rows, long begin, long end, const float *hg, const float *bias,
                               const float *g, float *ghg, float *sums);
  /// Packs the matrix [rows, columns] of the products a_ij b_ij.
  void (*pack_form)(long rows, long columns, const float *a, long a_leading, const float *b, long b_leading,
                    void *packed);
  /// forms[s] = left[s]^T C[s] right[s] for packed matrices [rows, columns], one after another; s in begin..<end
  void (*packed_form)(long rows, long columns, long begin, long end, const float *left, const void *packed,
                      const float *right, float *forms);
} ck_single_table;

#define CK_GATE_BLOCK 256

/// The kernels on the instruction set in use.
const ck_single_table *ck_single_kernels(void);

#pragma clang assume_nonnull end

#endif
