// Matrix products of our own, for single precision and for factors rounded to bfloat16, with sums in single precision.
//
// A processor with AVX512-BF16 multiplies and adds two pairs of bfloat16 numbers where it does one pair of float32 ones.
// Rounding is to the nearest, ties to even; the products of two pairs are added to a sum in an order of the processor's.
// Such instructions take numbers below the least normal one for zeros.

#ifndef CKERNELS_PRODUCT_INCLUDE_H
#define CKERNELS_PRODUCT_INCLUDE_H

#include "CKernels.h"

#pragma clang assume_nonnull begin

/// What products multiply.
typedef enum { CK_FACTORS_FLOAT32, CK_FACTORS_BFLOAT16 } ck_factors;

/// A pair of factors, of which a has `inner` columns and b as many rows.
typedef struct {
  const float *a, *b;
  long inner;
} ck_factor_pair;

/// c = alpha op(a) op(b) + beta c, and + bias in the first rows, for `rows` x `inner` times `inner` x `columns`, none of
/// them 0; `op` transposes where asked. Row-major.
typedef struct {
  long rows, columns, inner;
  float alpha, beta;
  const float *a;
  long a_leading;
  bool a_transposed;
  const float *b;
  long b_leading;
  bool b_transposed;
  /// Instead of a, b and inner: pairs whose products are added up, each factor from a place on.
  const ck_factor_pair *_Nullable pairs;
  long pair_count, a_offset, b_offset;
  /// b as `pack` packed it, of so many columns, of which the product's begin at a multiple of 64.
  const void *_Nullable packed;
  long packed_columns, first_column;
  const float *_Nullable bias;  ///< [columns]
  long biased_rows;
  float *c;
  long c_leading;
} ck_product;

/// An update (see ck_update) of weights [outputs, inputs] with the gradient g^T x, which is formed some rows at a time:
/// g [batch, outputs], x [batch, inputs].
typedef struct {
  long outputs, inputs, batch;
  const float *g, *x;
  float *parameters, *first_moments, *second_moments;
  ck_update update;
} ck_product_update;

/// Rows of weights that an update moves at once.
enum { CK_UPDATE_ROWS = 48 };

/// Products on the calling thread. Workspaces are aligned to 64 bytes.
typedef struct {
  /// Bytes of workspace of `multiply`, whatever the product.
  size_t workspace;
  void (*multiply)(const ck_product *product, void *workspace);
  /// Bytes of a matrix [inner, columns] packed for many products.
  size_t (*packed_bytes)(long inner, long columns);
  /// Packs op(b) [inner, columns]: of its panels of 64 columns, begin..<end.
  void (*pack)(const float *b, long leading, bool transposed, long inner, long columns, long begin, long end,
               void *packed);
  /// Bytes of x packed for updates, and of each thread's workspace of `update`.
  size_t (*packed_inputs)(const ck_product_update *step);
  size_t (*update_workspace)(const ck_product_update *step);
  /// Packs x.
  void (*pack_inputs)(const ck_product_update *step, void *packed);
  /// Updates chunks begin..<end of CK_UPDATE_ROWS rows each.
  void (*update)(const ck_product_update *step, const void *packed, long begin, long end, void *workspace);
  /// y = x as the products take it, for numbers begin..<end.
  void (*convert)(long begin, long end, const float *x, void *y);
  /// The most columns that `weighted_gram` takes at once, and its workspace in bytes.
  long (*norm_columns)(void);
  size_t (*norm_workspace)(long rows);
  /// The sum over pairs of rows i, j of weights_ij (g g^T)_ij, for g [rows, columns] and symmetric weights [rows, rows].
  double (*weighted_gram)(long rows, const float *g, long leading, long columns, const float *weights, void *workspace);
} ck_product_table;

/// The products on the instruction set in use; NULL where there are none in single precision. Those of bfloat16 factors are
/// always there; only where ck_has_bfloat16 says so do they take less time.
const ck_product_table *_Nullable ck_product_kernels(ck_factors factors);
/// Whether the instruction set in use multiplies vectors of bfloat16 numbers.
bool ck_has_bfloat16(void);

#pragma clang assume_nonnull end

#endif
