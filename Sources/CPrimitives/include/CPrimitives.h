#ifndef CPRIMITIVES_H
#define CPRIMITIVES_H

#include <stdbool.h>
#include <stddef.h>

// oneDNN's convolutions and matrix product, behind one interface for its versions 2 and 3.
//
// Any thread may call these functions, and several at once. A call works on as many threads as OpenMP gives the calling
// one; a convolution is executed on as many as it was created for.

/// How a call ended: zero is success, all else a status of oneDNN.
typedef int cp_status;

/// Whether a call failed for want of memory.
bool cp_status_is_out_of_memory(cp_status status);

/// oneDNN's name for a status.
const char *cp_status_name(cp_status status);

/// The product of a convolution that is formed. Images are nhwc, and each is given its factors and its result:
///
/// | | image | other | result |
/// |---|---|---|---|
/// | forward | input | weights | output |
/// | backward input | cotangent of the output | weights | cotangent of the input |
/// | backward weights | input | cotangent of the output | cotangent of the weights |
typedef enum { CP_FORWARD, CP_BACKWARD_INPUT, CP_BACKWARD_WEIGHTS } cp_direction;

/// The type of the factors; sums and results are in single precision.
typedef enum { CP_FLOAT32, CP_BFLOAT16 } cp_factors;

/// The sizes of a convolution. `padding` is that before the first row and column; that after the last follows from the
/// rest.
typedef struct {
  long batch;
  long input_height, input_width, input_channels;
  long output_height, output_width, output_channels;
  long kernel_height, kernel_width;
  long stride, padding;
} cp_convolution_shape;

/// A convolution made ready for one direction, shape and type of factors.
///
/// Weights, or their cotangent, are taken and given in the format that suits it best.
typedef struct cp_convolution cp_convolution;

/// Makes a convolution ready. Returns NULL where that fails, and says in `status` why.
cp_convolution *cp_convolution_create(
    cp_direction direction, const cp_convolution_shape *shape, cp_factors factors, cp_status *status);

void cp_convolution_destroy(cp_convolution *convolution);

/// Bytes of the weights, or of their cotangent, in the convolution's format.
size_t cp_convolution_weight_bytes(const cp_convolution *convolution);

/// Bytes of memory that a call of `cp_convolution_execute` or `cp_convolution_reorder` works in.
size_t cp_convolution_scratchpad_bytes(const cp_convolution *convolution);

/// Brings plain weights [output channels, input channels, kernel height, kernel width], in single precision, into the
/// convolution's format; or, where it is backward weights, their cotangent out of that format.
cp_status cp_convolution_reorder(const cp_convolution *convolution, const void *from, void *to, void *scratchpad);

/// Forms the product of `image` and `other`; `cp_direction` says which those are.
cp_status cp_convolution_execute(
    const cp_convolution *convolution, const void *image, const void *other, void *result, void *scratchpad);

/// c = alpha op(a) op(b) + beta c in single precision, for `rows` x `inner` times `inner` x `columns`. Matrices are
/// row-major, their rows `leading` numbers apart; `op` transposes where asked.
cp_status cp_matrix_product(
    bool transpose_a, bool transpose_b, long rows, long columns, long inner, float alpha, const float *a,
    long leading_a, const float *b, long leading_b, float beta, float *c, long leading_c);

#endif
