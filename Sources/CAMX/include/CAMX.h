// Matrix products on the processor's matrix tiles (AMX, bfloat16), for processors that have them: where ck_has_tiles
// says no, none of these functions may be called.
//
// A float32 number is split into a high and a low bfloat16 half. With two parts, a product is high x high + high x low +
// low x high, accumulated in float32: an error of at most 5e-5 of a product's magnitude; in a sum of 512 products, 1e-6
// of the sum of magnitudes at most. That is three times the work of one part, which is plain bfloat16: at most 8e-3 of a
// product's magnitude. A number too large to be rounded to bfloat16, or infinite, makes the results that it enters not a
// number. The results depend neither on the number of threads nor on how many rows or columns are asked for at once.

#ifndef CAMX_INCLUDE_H
#define CAMX_INCLUDE_H

#include <CKernels.h>

#pragma clang assume_nonnull begin

/// c = alpha op(a) op(b) + beta c, and + bias in the first rows; op transposes where asked. Row-major.
typedef struct {
  long rows, columns, inner;
  int parts;  ///< 1: bfloat16; 2: about float32
  float alpha, beta;
  const float *a;
  long a_leading;
  bool a_transposed;
  const float *_Nullable b;
  long b_leading;
  bool b_transposed;
  const void *_Nullable packed;  ///< b packed by ck_tile_pack, instead of b
  const float *_Nullable bias;   ///< [columns]
  long biased_rows;
  float *c;
  long c_leading;
} ck_tile_product;

/// The bytes of workspace, 64-byte aligned, that ck_tile_multiply needs on so many threads.
size_t ck_tile_workspace(const ck_tile_product *product, int threads);
void ck_tile_multiply(const ck_tile_product *product, void *workspace, int threads);
/// A product whose operands' rows in memory lie anywhere: row i of a (transposed, the i-th along the reduction) begins at
/// a[i], and row k of b at b[k].
void ck_tile_multiply_lines(const ck_tile_product *product, const float *_Nonnull const *_Nonnull a,
                            const float *_Nonnull const *_Nonnull b, void *workspace, int threads);

/// The part of a product whose rows are [components, images] that belongs to images begin..<end, on the calling thread; a is
/// not transposed.
void ck_tile_multiply_images(const ck_tile_product *product, long images, long begin, long end, void *workspace);
/// The bytes of workspace, 64-byte aligned, that it needs for so many images.
size_t ck_tile_images_workspace(const ck_tile_product *product, long images, long count);

/// The bytes, 64-byte aligned, of a packed matrix [inner, columns].
size_t ck_tile_packed_size(int parts, long inner, long columns);
/// Packs op(b) [inner, columns] for many products.
void ck_tile_pack(int parts, const float *b, long leading, bool transposed, long inner, long columns, void *packed,
                  int threads);

/// The gradient of a convolution's weights [output channels, input channels, kernel height, kernel width], from the
/// input [batch, height, width, channels] and the output's cotangent of the same kind. Channels are best multiples of
/// 32: they are padded to that.
typedef struct {
  long batch, input_height, input_width, input_channels, output_height, output_width, output_channels;
  long kernel_height, kernel_width, stride, padding;
  int parts;  ///< 1: bfloat16; 2: about float32
  const float *input, *output;
  float *weights;
} ck_tile_convolution;

/// Whether the kernel is small enough: at most 64 taps.
bool ck_tile_convolution_fits(const ck_tile_convolution *convolution);
/// The bytes of workspace, 64-byte aligned, that ck_tile_convolution_weights needs on so many threads.
size_t ck_tile_convolution_workspace(const ck_tile_convolution *convolution, int threads);
void ck_tile_convolution_weights(const ck_tile_convolution *convolution, void *workspace, int threads);

/// Rows begin..<end of x [rows, count] as bfloat16, for a library's products: with one part rounded, [rows, count]; with
/// two as the high, low and again high halves, [rows, 3 count]. Against weights of which ck_tile_split has made high, high
/// and low halves, one product of three times the depth is the product of two parts.
void ck_tile_halves(int parts, long begin, long end, long count, const float *x, void *y);
/// Rows begin..<end of x [rows, count] as high, high and low halves, still float32: [rows, 3 count]
void ck_tile_split(long begin, long end, long count, const float *x, float *y);

/// An update (see ck_update) of weights [outputs, inputs] with the gradient g^T x, formed in passing:
/// g [batch, outputs], x [batch, inputs].
typedef struct {
  long outputs, inputs, batch;
  int parts;
  const float *g, *x;
  float *parameters, *first_moments, *second_moments;
  ck_update update;
} ck_tile_update;

/// The bytes of workspace, 64-byte aligned, that ck_tile_update_step needs on so many threads.
size_t ck_tile_update_workspace(const ck_tile_update *step, int threads);
void ck_tile_update_step(const ck_tile_update *step, void *workspace, int threads);

/// A layer's weights for one image, transposed, [outputs, inputs]: W^T + (U V)^T, where W^T has rows `leading` apart, and
/// U [inputs, rank] and V [rank, outputs] are row-major. Without U and V, the rank is 0.
typedef struct {
  long inputs, outputs, rank;
  const float *weight;
  long leading;
  const float *_Nullable u, *_Nullable v;
} ck_tile_layer;

/// Three layers one after another, as rows times M_1 [latent, first], M_2 [first, second], M_3 [second, latent].
typedef struct {
  ck_tile_layer layers[3];
} ck_tile_form;

/// The bytes of workspace, 64-byte aligned, that ck_tile_pack_form needs.
size_t ck_tile_form_workspace(const ck_tile_form *form);
/// Packs C = M_2^T o (M_3 M_1), [second, first], as pack_form of ck_single_table does. On the calling thread.
void ck_tile_pack_form(const ck_tile_form *form, void *workspace, void *packed);

#pragma clang assume_nonnull end

#endif
