#include <stdlib.h>

#include "descriptions.h"

struct cp_convolution {
  cp_direction direction;
  dnnl_engine_t engine;
  dnnl_primitive_t primitive, reorder;
};

/// oneDNN's names of a convolution's operands.
typedef struct {
  int image, other, result;
} operand_names;

static operand_names names_of_operands(cp_direction direction) {
  switch (direction) {
    case CP_FORWARD: return (operand_names){DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DST};
    case CP_BACKWARD_INPUT: return (operand_names){DNNL_ARG_DIFF_DST, DNNL_ARG_WEIGHTS, DNNL_ARG_DIFF_SRC};
    case CP_BACKWARD_WEIGHTS: return (operand_names){DNNL_ARG_SRC, DNNL_ARG_DIFF_DST, DNNL_ARG_DIFF_WEIGHTS};
  }
}

/// Where the primitive has an operand, by oneDNN's name of it; the primitive's own.
static cp_const_layout layout_of(dnnl_primitive_t primitive, int name) {
  const_dnnl_primitive_desc_t description;
  if (dnnl_primitive_get_primitive_desc(primitive, &description) != dnnl_success) return NULL;
  return dnnl_primitive_desc_query_md(description, dnnl_query_exec_arg_md, name);
}

// MARK: - Creation

/// Layouts of the operands, images as nhwc and weights in any format.
static dnnl_status_t make_operands(
    cp_operands *o, const cp_convolution_shape *s, dnnl_data_type_t input, dnnl_data_type_t weights,
    dnnl_data_type_t output) {
  const dnnl_dims_t input_sizes = {s->batch, s->input_channels, s->input_height, s->input_width};
  const dnnl_dims_t weight_sizes = {s->output_channels, s->input_channels, s->kernel_height, s->kernel_width};
  const dnnl_dims_t output_sizes = {s->batch, s->output_channels, s->output_height, s->output_width};
  dnnl_status_t status = cp_layout_create(&o->input, input_sizes, input, dnnl_nhwc);
  if (!status) status = cp_layout_create(&o->weights, weight_sizes, weights, dnnl_format_tag_any);
  if (!status) status = cp_layout_create(&o->output, output_sizes, output, dnnl_nhwc);
  return status;
}

static void destroy_operands(cp_operands *o) {
  cp_layout_destroy(o->input);
  cp_layout_destroy(o->weights);
  cp_layout_destroy(o->output);
}

static cp_window window_of(const cp_convolution_shape *s) {
  return (cp_window){
      .strides = {s->stride, s->stride},
      .padding_before = {s->padding, s->padding},
      .padding_after = {
          (s->output_height - 1) * s->stride + s->kernel_height - s->input_height - s->padding,
          (s->output_width - 1) * s->stride + s->kernel_width - s->input_width - s->padding,
      }};
}

static dnnl_status_t make_primitive(
    cp_convolution *c, const cp_convolution_shape *shape, dnnl_data_type_t factor,
    const_dnnl_primitive_attr_t attributes) {
  const cp_direction direction = c->direction;
  const dnnl_data_type_t sum = dnnl_f32;
  const cp_window window = window_of(shape);
  cp_operands operands = {0}, derivative = {0};
  dnnl_primitive_desc_t forward = NULL, backward = NULL;
  // A derivative asks for the forward convolution as a hint: one that takes what it takes.
  dnnl_status_t status = make_operands(&operands, shape, factor, factor, direction == CP_FORWARD ? sum : factor);
  if (!status)
    status = cp_describe_convolution(&forward, CP_FORWARD, &operands, &window, c->engine, attributes, NULL);
  if (!status && direction != CP_FORWARD) {
    status = make_operands(
        &derivative, shape, direction == CP_BACKWARD_INPUT ? sum : factor,
        direction == CP_BACKWARD_WEIGHTS ? sum : factor, factor);
    if (!status)
      status = cp_describe_convolution(&backward, direction, &derivative, &window, c->engine, attributes, forward);
  }
  if (!status) status = dnnl_primitive_create(&c->primitive, backward ? backward : forward);
  if (backward) dnnl_primitive_desc_destroy(backward);
  if (forward) dnnl_primitive_desc_destroy(forward);
  destroy_operands(&derivative);
  destroy_operands(&operands);
  return status;
}

static cp_const_layout weight_layout(const cp_convolution *c) {
  const operand_names names = names_of_operands(c->direction);
  return layout_of(c->primitive, c->direction == CP_BACKWARD_WEIGHTS ? names.result : names.other);
}

static dnnl_status_t make_reorder(
    cp_convolution *c, const cp_convolution_shape *s, const_dnnl_primitive_attr_t attributes) {
  const dnnl_dims_t sizes = {s->output_channels, s->input_channels, s->kernel_height, s->kernel_width};
  const cp_const_layout preferred = weight_layout(c);
  cp_layout plain = NULL;
  dnnl_primitive_desc_t description = NULL;
  dnnl_status_t status = cp_layout_create(&plain, sizes, dnnl_f32, dnnl_oihw);
  if (!status)
    status = c->direction == CP_BACKWARD_WEIGHTS
                 ? dnnl_reorder_primitive_desc_create(&description, preferred, c->engine, plain, c->engine, attributes)
                 : dnnl_reorder_primitive_desc_create(&description, plain, c->engine, preferred, c->engine, attributes);
  if (!status) status = dnnl_primitive_create(&c->reorder, description);
  if (description) dnnl_primitive_desc_destroy(description);
  cp_layout_destroy(plain);
  return status;
}

/// Makes the engine and the primitives.
static dnnl_status_t fill(cp_convolution *c, const cp_convolution_shape *shape, cp_factors factors) {
  // With a scratchpad of each call's own, several threads may execute a primitive at once.
  dnnl_primitive_attr_t attributes = NULL;
  dnnl_status_t status = dnnl_engine_create(&c->engine, dnnl_cpu, 0);
  if (!status) status = dnnl_primitive_attr_create(&attributes);
  if (!status) status = dnnl_primitive_attr_set_scratchpad_mode(attributes, dnnl_scratchpad_mode_user);
  if (!status) status = make_primitive(c, shape, factors == CP_BFLOAT16 ? dnnl_bf16 : dnnl_f32, attributes);
  if (!status) status = make_reorder(c, shape, attributes);
  if (attributes) dnnl_primitive_attr_destroy(attributes);
  return status;
}

cp_convolution *cp_convolution_create(
    cp_direction direction, const cp_convolution_shape *shape, cp_factors factors, cp_status *status) {
  cp_convolution *c = calloc(1, sizeof *c);
  if (!c) {
    *status = dnnl_out_of_memory;
    return NULL;
  }
  c->direction = direction;
  *status = fill(c, shape, factors);
  if (*status == dnnl_success) return c;
  cp_convolution_destroy(c);
  return NULL;
}

void cp_convolution_destroy(cp_convolution *c) {
  if (c->reorder) dnnl_primitive_destroy(c->reorder);
  if (c->primitive) dnnl_primitive_destroy(c->primitive);
  if (c->engine) dnnl_engine_destroy(c->engine);
  free(c);
}

size_t cp_convolution_weight_bytes(const cp_convolution *c) { return dnnl_memory_desc_get_size(weight_layout(c)); }

size_t cp_convolution_scratchpad_bytes(const cp_convolution *c) {
  const size_t execution = dnnl_memory_desc_get_size(layout_of(c->primitive, DNNL_ARG_SCRATCHPAD));
  const size_t reorder = dnnl_memory_desc_get_size(layout_of(c->reorder, DNNL_ARG_SCRATCHPAD));
  return execution > reorder ? execution : reorder;
}

// MARK: - Execution

/// An operand of a primitive: oneDNN's name of it, and where it is.
typedef struct {
  int name;
  const void *address;
} operand;

enum { MOST_OPERANDS = 4 };

static dnnl_status_t execute(dnnl_primitive_t primitive, dnnl_engine_t engine, int count, const operand *operands) {
  dnnl_exec_arg_t arguments[MOST_OPERANDS] = {{0}};
  dnnl_stream_t stream = NULL;
  dnnl_status_t status = dnnl_stream_create(&stream, engine, dnnl_stream_default_flags);
  for (int i = 0; i < count && !status; i++) {
    arguments[i].arg = operands[i].name;
    status = dnnl_memory_create(
        &arguments[i].memory, layout_of(primitive, operands[i].name), engine, (void *)operands[i].address);
  }
  if (!status) status = dnnl_primitive_execute(primitive, stream, count, arguments);
  if (!status) status = dnnl_stream_wait(stream);
  for (int i = 0; i < count; i++)
    if (arguments[i].memory) dnnl_memory_destroy(arguments[i].memory);
  if (stream) dnnl_stream_destroy(stream);
  return status;
}

cp_status cp_convolution_reorder(const cp_convolution *c, const void *from, void *to, void *scratchpad) {
  const operand operands[] = {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}, {DNNL_ARG_SCRATCHPAD, scratchpad}};
  return execute(c->reorder, c->engine, 3, operands);
}

cp_status cp_convolution_execute(
    const cp_convolution *c, const void *image, const void *other, void *result, void *scratchpad) {
  const operand_names names = names_of_operands(c->direction);
  const operand operands[] = {
      {names.image, image}, {names.other, other}, {names.result, result}, {DNNL_ARG_SCRATCHPAD, scratchpad}};
  return execute(c->primitive, c->engine, 4, operands);
}
