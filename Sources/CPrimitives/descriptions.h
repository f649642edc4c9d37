// What versions 2 and 3 of oneDNN do differently: memory descriptors, which are values in one and handles in the other,
// and how a convolution is described. All else is the same for both.

#ifndef CPRIMITIVES_DESCRIPTIONS_H
#define CPRIMITIVES_DESCRIPTIONS_H

#include <dnnl.h>

#include "CPrimitives.h"

#if DNNL_VERSION_MAJOR < 2
#error "oneDNN 2 or 3 is needed"
#endif

/// A memory descriptor, as functions of oneDNN take it.
#if DNNL_VERSION_MAJOR == 2
typedef dnnl_memory_desc_t *cp_layout;
typedef const dnnl_memory_desc_t *cp_const_layout;
#else
typedef dnnl_memory_desc_t cp_layout;
typedef const_dnnl_memory_desc_t cp_const_layout;
#endif

/// A layout with four axes of the given sizes.
dnnl_status_t cp_layout_create(
    cp_layout *result, const dnnl_dims_t sizes, dnnl_data_type_t type, dnnl_format_tag_t format);

void cp_layout_destroy(cp_layout layout);

/// Where a convolution's operands lie: its input, weights and output, or the cotangent of one of them.
typedef struct {
  cp_layout input, weights, output;
} cp_operands;

/// How the kernel moves over an image: its steps, and the zeros around the image, both as [rows, columns].
typedef struct {
  dnnl_dims_t strides, padding_before, padding_after;
} cp_window;

/// Describes a convolution.
///
/// @param hint The forward convolution whose derivative it is; NULL where it is the forward one.
dnnl_status_t cp_describe_convolution(
    dnnl_primitive_desc_t *result, cp_direction direction, const cp_operands *operands, const cp_window *window,
    dnnl_engine_t engine, const_dnnl_primitive_attr_t attributes, const_dnnl_primitive_desc_t hint);

#endif
