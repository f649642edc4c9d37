#include "descriptions.h"

#include <stdlib.h>

#if DNNL_VERSION_MAJOR == 2

dnnl_status_t cp_layout_create(
    cp_layout *result, const dnnl_dims_t sizes, dnnl_data_type_t type, dnnl_format_tag_t format) {
  cp_layout layout = malloc(sizeof *layout);
  if (!layout) return dnnl_out_of_memory;
  const dnnl_status_t status = dnnl_memory_desc_init_by_tag(layout, 4, sizes, type, format);
  if (status == dnnl_success)
    *result = layout;
  else
    free(layout);
  return status;
}

void cp_layout_destroy(cp_layout layout) { free(layout); }

dnnl_status_t cp_describe_convolution(
    dnnl_primitive_desc_t *result, cp_direction direction, const cp_operands *o, const cp_window *w,
    dnnl_engine_t engine, const_dnnl_primitive_attr_t attributes, const_dnnl_primitive_desc_t hint) {
  dnnl_convolution_desc_t description;
  dnnl_status_t status = dnnl_invalid_arguments;
  switch (direction) {
    case CP_FORWARD:
      status = dnnl_convolution_forward_desc_init(
          &description, dnnl_forward_training, dnnl_convolution_direct, o->input, o->weights, NULL, o->output,
          w->strides, w->padding_before, w->padding_after);
      break;
    case CP_BACKWARD_INPUT:
      status = dnnl_convolution_backward_data_desc_init(
          &description, dnnl_convolution_direct, o->input, o->weights, o->output, w->strides, w->padding_before,
          w->padding_after);
      break;
    case CP_BACKWARD_WEIGHTS:
      status = dnnl_convolution_backward_weights_desc_init(
          &description, dnnl_convolution_direct, o->input, o->weights, NULL, o->output, w->strides, w->padding_before,
          w->padding_after);
      break;
  }
  return status == dnnl_success ? dnnl_primitive_desc_create(result, &description, attributes, engine, hint) : status;
}

#else

dnnl_status_t cp_layout_create(
    cp_layout *result, const dnnl_dims_t sizes, dnnl_data_type_t type, dnnl_format_tag_t format) {
  return dnnl_memory_desc_create_with_tag(result, 4, sizes, type, format);
}

void cp_layout_destroy(cp_layout layout) {
  if (layout) dnnl_memory_desc_destroy(layout);
}

dnnl_status_t cp_describe_convolution(
    dnnl_primitive_desc_t *result, cp_direction direction, const cp_operands *o, const cp_window *w,
    dnnl_engine_t engine, const_dnnl_primitive_attr_t attributes, const_dnnl_primitive_desc_t hint) {
  // Here a kernel without holes is one dilated by zero.
  const dnnl_dims_t dilations = {0, 0};
  switch (direction) {
    case CP_FORWARD:
      return dnnl_convolution_forward_primitive_desc_create(
          result, engine, dnnl_forward_training, dnnl_convolution_direct, o->input, o->weights, NULL, o->output,
          w->strides, dilations, w->padding_before, w->padding_after, attributes);
    case CP_BACKWARD_INPUT:
      return dnnl_convolution_backward_data_primitive_desc_create(
          result, engine, dnnl_convolution_direct, o->input, o->weights, o->output, w->strides, dilations,
          w->padding_before, w->padding_after, hint, attributes);
    case CP_BACKWARD_WEIGHTS:
      return dnnl_convolution_backward_weights_primitive_desc_create(
          result, engine, dnnl_convolution_direct, o->input, o->weights, NULL, o->output, w->strides, dilations,
          w->padding_before, w->padding_after, hint, attributes);
  }
  return dnnl_invalid_arguments;
}

#endif
