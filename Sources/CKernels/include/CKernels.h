// Numerical kernels that a compiler vectorizes well and a matrix library does not offer.
//
// Every kernel works on a range [begin, end) of its outermost index and is single-threaded: the caller splits the
// range over threads (ck_parallel). Each is compiled three times from one source, `kernels.inc`: portable, AVX2 and
// AVX-512; the table for the processor at hand is chosen when first asked for, or by FFJORD_VAE_ISA
// (portable | avx2 | avx512 | avx512bf16 | amx).

#ifndef CKERNELS_H
#define CKERNELS_H

#include <stdbool.h>
#include <stddef.h>

#pragma clang assume_nonnull begin

typedef enum { CK_FLOAT32 = 0, CK_FLOAT64 = 1 } ck_type;
/// CK_AVX512_BF16 has the kernels of CK_AVX512, and products of bfloat16 numbers besides (CKernelsProduct.h). CK_AMX has
/// all these, and matrix tiles, which are what CAMX is for.
typedef enum { CK_PORTABLE = 0, CK_AVX2 = 1, CK_AVX512 = 2, CK_AVX512_BF16 = 3, CK_AMX = 4 } ck_isa;

/// Elementwise functions with their first and second derivatives.
typedef enum {
  CK_SOFTPLUS, CK_SIGMOID, CK_TANH, CK_RELU, CK_ELU, CK_SWISH, CK_EXP, CK_LOG, CK_SQRT, CK_SQUARE, CK_RECIPROCAL,
  CK_SIN, CK_COS
} ck_function;

/// The greatest rank of low-rank weights.
#define CK_MAX_RANK 256

/// The layout of one image's low-rank layer inside its flow weights: U [in, rank], V [rank, out], bias [out], all
/// row-major, at these offsets (in elements); image s begins at s * stride.
typedef struct {
  long in, rank, out, stride, u, v, bias;
} ck_low_rank;

/// One update of parameters p against their gradient g, which is first taken as gradient_scale * g + weight_decay * p.
typedef enum {
  /// Adamax (Kingma and Ba 2015, section 7.1): m = b1 m + (1 - b1) g, v = max(b2 v, |g| + epsilon), p -= rate m / v
  CK_ADAMAX,
  /// Adam (the same, algorithm 1): m as above, v = b2 v + (1 - b2) g^2, p -= rate m / (sqrt(v) root_correction + epsilon)
  CK_ADAM
} ck_update_rule;
typedef struct {
  ck_update_rule rule;
  /// rate: the learning rate over 1 - b1^step. root_correction: 1 over the root of 1 - b2^step.
  double rate, first_decay, second_decay, epsilon, root_correction, gradient_scale, weight_decay;
} ck_update;

/// One deferred contribution to the gradient of low-rank weights.
/// x [components, n, in], xu [components, n, rank], g [components, n, out], gv [components, n, rank]; `scale` multiplies it.
typedef struct {
  const void *x, *xu, *g, *gv;
  long components;
  double scale;
} ck_low_rank_term;

typedef struct {
  /// y[0] = f(x[0]) and y[i] = f'(x[0]) x[i], i = 1...tangents, components `stride` apart; elements begin..<end.
  void (*jet)(ck_function f, long tangents, long stride, long begin, long end, const void *x, void *y);
  /// y = f(x), derivative = f'(x)
  void (*value_and_derivative)(ck_function f, long begin, long end, const void *x, void *y,
                               void *derivative);
  /// The cotangent of x for the cotangent g of y in `jet`.
  void (*jet_pullback)(ck_function f, long tangents, long stride, long begin, long end, const void *x,
                       const void *g, void *gx);
  /// c[0] = a[0] b[0], c[i] = a[0] b[i] + a[i] b[0]; a has `ka` tangents, b has `kb`, each 0 or the same number.
  void (*product_jet)(long ka, long kb, long stride, long begin, long end, const void *a, const void *b, void *c);
  /// The cotangent of a for the cotangent g of c in `product_jet`.
  void (*product_jet_pullback)(long ka, long kb, long stride, long begin, long end, const void *b, const void *g,
                               void *ga);
  /// y = sum of coefficient * term
  void (*linear_combination)(long terms, const double *coefficients, const void *_Nonnull const *_Nonnull inputs,
                             long begin, long end, void *y);
  /// Sum over the range of (sum of coefficient * derivative / (atol + rtol max(|before|, |after|)))^2
  double (*error_squares)(long terms, const double *coefficients, const void *_Nonnull const *_Nonnull derivatives,
                          const void *before, const void *after, double atol, double rtol, long begin, long end);
  /// out = h * sigmoid(g) for rows [h, g] of 2 * channels numbers
  void (*gate)(long channels, long begin, long end, const void *hg, void *out);
  /// the cotangent of [h, g] in `gate`
  void (*gate_pullback)(long channels, long begin, long end, const void *hg, const void *g, void *ghg);
  /// y[row] += scale * x for rows of `columns` numbers
  void (*add_row)(long columns, long begin, long end, double scale, const void *x, void *y);
  /// sums[c] += scale * sum over `rows` rows of x[row][c], for columns begin..<end
  void (*column_sum)(long rows, long columns, long begin, long end, double scale, const void *x, void *sums);
  /// sums[row] = sum of the row, accumulated in double precision
  void (*row_sum)(long columns, long begin, long end, const void *x, void *sums);
  /// dots[row] = a[row] . b[row], accumulated in double precision
  void (*row_dot)(long columns, long begin, long end, const void *a, const void *b, void *dots);
  /// forms[s] = left[s]^T matrix[s] right[s] for matrices [rows, columns], one after another; s in begin..<end
  void (*bilinear_form)(long rows, long columns, long begin, long end, const void *left, const void *matrix,
                        const void *right, void *forms);
  /// out[row] = log of the sum of exp(row)
  void (*log_sum_exp)(long columns, long begin, long end, const void *x, void *out);
  /// y[row] = s[row] exp(x[row] - shift[row])
  void (*scaled_exp)(long columns, long begin, long end, const void *s, const void *shift, const void *x, void *y);
  /// y[row] = s[row] * x[row]
  void (*scale_rows)(long columns, long begin, long end, const void *s, const void *x, void *y);
  /// y[row][c] = s[row]
  void (*broadcast_rows)(long columns, long begin, long end, const void *s, void *y);
  /// y = x permuted: y is contiguous of sizes dims[0..3], index i of it steps strides[i] in x; outermost begin..<end
  void (*permute)(const long *dims, const long *strides, long begin, long end, const void *x, void *y);
  /// For images begin..<end of n: xu = x U, y = addend + xu V, and + bias in component 0. x [components, n, in].
  void (*low_rank)(ck_low_rank layer, long components, long n, long begin, long end, const void *x,
                   const void *weights, const void *_Nullable addend, void *xu, void *y);
  /// For images begin..<end of n: gv = g V^T, gx = gv U^T
  void (*low_rank_pullback)(ck_low_rank layer, long components, long n, long begin, long end, const void *g,
                            const void *weights, void *gv, void *gx);
  /// For images begin..<end of n: gradient of U += x^T gv, of V += xu^T g, of bias += g of component 0; over all terms
  void (*low_rank_gradient)(ck_low_rank layer, long n, long begin, long end, long terms,
                            const ck_low_rank_term *term, void *gradient);
  /// One update of parameters with their first and second moments; see ck_update.
  void (*update)(const ck_update *update, long begin, long end, const void *g, void *p, void *m, void *v);
  /// average += weight (p - average)
  void (*move_average)(long begin, long end, double weight, const void *p, void *average);
  /// sum of squares, in double precision
  double (*sum_squares)(long begin, long end, const void *x);
  /// the index of the first element that is not finite, or -1
  long (*first_not_finite)(long begin, long end, const void *x);
  /// c = alpha a b + beta c for row-major matrices, c [m, n]; transposed where asked; rows begin..<end of c.
  void (*gemm)(bool transpose_a, bool transpose_b, long begin, long end, long n, long k, double alpha,
               const void *a, long lda, const void *b, long ldb, double beta, void *c, long ldc);
} ck_table;

/// The kernels for an element type on the instruction set in use.
const ck_table *ck_kernels(ck_type type);
/// The best instruction set of this processor.
ck_isa ck_detected_isa(void);
/// The instruction set in use by this thread.
ck_isa ck_current_isa(void);
/// Uses another instruction set in calls from this thread, and in the regions that it begins; false where the processor
/// lacks it.
bool ck_select_isa(ck_isa isa);
/// Whether matrix tiles are in use.
bool ck_has_tiles(void);

/// Runs body(context, begin, end) on ranges that together cover [0, count), over at most `threads` threads. There are
/// `pieces` ranges, at least one a thread; a thread that is done takes those that others have left, and all of them those
/// of a thread that has not come in time. Within another region, it is the calling thread's alone.
void ck_parallel(long count, long pieces, int threads, void *_Nullable context,
                 void (*body)(void *_Nullable context, long begin, long end));
/// Runs body(context, me, threads) on each thread of a team of at most `threads`, me = 0..<threads.
void ck_team(int threads, void *_Nullable context,
             void (*body)(void *_Nullable context, int me, int threads));
/// Waits until all threads of the team are here.
void ck_barrier(void);
/// Sets and tells the number of threads for calls from this thread, which is OpenMP's, and so the matrix library's, too.
void ck_set_threads(int threads);
int ck_threads(void);

#pragma clang assume_nonnull end

#include "CKernelsWorkStealing.h"
#include "CKernelsSingle.h"
#include "CKernelsProduct.h"

#endif
