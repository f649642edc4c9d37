import COneDNN
import Tensors

/// One convolution primitive for one shape, with the reorder of its weights.
///
/// Its oneDNN objects live as long as the process. Several threads may execute it at once: what it works with besides its
/// operands is each execution's own. Its weights are reordered under the library's lock.
final class PreparedConvolution: @unchecked Sendable {
  private let direction: ConvolutionLibrary.Direction
  private let engine: dnnl_engine_t?
  private var primitive: dnnl_primitive_t?
  private var reorderPrimitive: dnnl_primitive_t?
  private var inputLayout = dnnl_memory_desc_t()
  private var outputLayout = dnnl_memory_desc_t()
  private var weightLayout = dnnl_memory_desc_t()
  private var plainWeightLayout = dnnl_memory_desc_t()
  private var scratchLayout = dnnl_memory_desc_t()
  private var scratchBytes = 0
  private let weightBuffer: TensorStorage

  /// Made to be executed on one thread.
  init(
    _ direction: ConvolutionLibrary.Direction, _ shape: ConvolutionShape, _ factors: ConvolutionLibrary.Factors,
    _ engine: dnnl_engine_t?
  ) {
    self.direction = direction
    self.engine = engine
    let check = ConvolutionLibrary.check
    let threads = Compute.threads
    Compute.threads = 1
    defer { Compute.threads = threads }
    var attributes: dnnl_primitive_attr_t?
    check(dnnl_primitive_attr_create(&attributes), "attributes")
    check(dnnl_primitive_attr_set_scratchpad_mode(attributes, dnnl_scratchpad_mode_user), "attributes")
    defer { dnnl_primitive_attr_destroy(attributes) }
    func layout(_ sizes: [Int], _ tag: dnnl_format_tag_t, _ type: dnnl_data_type_t) -> dnnl_memory_desc_t {
      var description = dnnl_memory_desc_t()
      let dims = sizes.map { dnnl_dim_t($0) }
      check(dnnl_memory_desc_init_by_tag(&description, 4, dims, type, tag), "memory layout")
      return description
    }
    let factor = factors.dataType
    let inputShape = [shape.batch, shape.inputChannels, shape.inputHeight, shape.inputWidth]
    let outputShape = [shape.batch, shape.outputChannels, shape.outputHeight, shape.outputWidth]
    inputLayout = layout(inputShape, dnnl_nhwc, direction == .backwardInput ? dnnl_f32 : factor)
    outputLayout = layout(outputShape, dnnl_nhwc, direction == .forward ? dnnl_f32 : factor)
    plainWeightLayout = layout(shape.weightShape, dnnl_oihw, dnnl_f32)
    var anyWeights = layout(
      shape.weightShape, dnnl_format_tag_any, direction == .backwardWeights ? dnnl_f32 : factor)

    let stride = dnnl_dim_t(shape.stride)
    let strides = [stride, stride]
    let before = [dnnl_dim_t(shape.padding), dnnl_dim_t(shape.padding)]
    let after = [
      dnnl_dim_t(
        (shape.outputHeight - 1) * shape.stride + shape.kernelHeight - shape.inputHeight - shape.padding),
      dnnl_dim_t(
        (shape.outputWidth - 1) * shape.stride + shape.kernelWidth - shape.inputWidth - shape.padding),
    ]
    var description = dnnl_convolution_desc_t()
    // The backward primitives ask for the forward one as a hint: one that takes what they take.
    var hintInput = direction == .forward ? inputLayout : layout(inputShape, dnnl_nhwc, factor)
    var hintWeights = layout(shape.weightShape, dnnl_format_tag_any, factor)
    check(
      dnnl_convolution_forward_desc_init(
        &description, dnnl_forward_training, dnnl_convolution_direct, &hintInput, &hintWeights, nil,
        &outputLayout, strides, before, after), "convolution")
    var forward: dnnl_primitive_desc_t?
    check(dnnl_primitive_desc_create(&forward, &description, attributes, engine, nil), "convolution")
    var chosen = forward
    switch direction {
    case .forward: break
    case .backwardInput:
      check(
        dnnl_convolution_backward_data_desc_init(
          &description, dnnl_convolution_direct, &inputLayout, &anyWeights, &outputLayout, strides, before,
          after), "transposed convolution")
      check(
        dnnl_primitive_desc_create(&chosen, &description, attributes, engine, forward), "transposed convolution")
    case .backwardWeights:
      check(
        dnnl_convolution_backward_weights_desc_init(
          &description, dnnl_convolution_direct, &inputLayout, &anyWeights, nil, &outputLayout, strides,
          before,
          after), "convolution's weight gradient")
      check(
        dnnl_primitive_desc_create(&chosen, &description, attributes, engine, forward),
        "convolution's weight gradient")
    }
    check(dnnl_primitive_create(&primitive, chosen), "convolution")
    let query = direction == .backwardWeights ? dnnl_query_diff_weights_md : dnnl_query_weights_md
    if let layout = dnnl_primitive_desc_query_md(chosen, query, 0) { weightLayout = layout.pointee }
    if let layout = dnnl_primitive_desc_query_md(chosen, dnnl_query_scratchpad_md, 0) {
      scratchLayout = layout.pointee
      scratchBytes = dnnl_memory_desc_get_size(&scratchLayout)
    }
    weightBuffer = TensorStorage(byteCount: dnnl_memory_desc_get_size(&weightLayout))

    var reorderDescription: dnnl_primitive_desc_t?
    if direction == .backwardWeights {
      check(
        dnnl_reorder_primitive_desc_create(
          &reorderDescription, &weightLayout, engine, &plainWeightLayout, engine, nil), "reorder")
    } else {
      check(
        dnnl_reorder_primitive_desc_create(
          &reorderDescription, &plainWeightLayout, engine, &weightLayout, engine, nil), "reorder")
    }
    check(dnnl_primitive_create(&reorderPrimitive, reorderDescription), "reorder")
    dnnl_primitive_desc_destroy(reorderDescription)
    if chosen != forward { dnnl_primitive_desc_destroy(chosen) }
    dnnl_primitive_desc_destroy(forward)
  }

  private func memory(_ layout: dnnl_memory_desc_t, _ address: UnsafeRawPointer) -> dnnl_memory_t? {
    var layout = layout
    var memory: dnnl_memory_t?
    ConvolutionLibrary.check(
      dnnl_memory_create(&memory, &layout, engine, UnsafeMutableRawPointer(mutating: address)), "memory")
    return memory
  }

  private func run(_ primitive: dnnl_primitive_t?, _ arguments: [Int32: dnnl_memory_t?]) {
    var stream: dnnl_stream_t?
    ConvolutionLibrary.check(
      dnnl_stream_create(&stream, engine, dnnl_stream_default_flags.rawValue), "stream")
    let list = arguments.map { dnnl_exec_arg_t(arg: $0.key, memory: $0.value) }
    let status = Compute.onOneThread { dnnl_primitive_execute(primitive, stream, Int32(list.count), list) }
    ConvolutionLibrary.check(status, "execution")
    ConvolutionLibrary.check(dnnl_stream_wait(stream), "stream")
    dnnl_stream_destroy(stream)
    for memory in arguments.values { dnnl_memory_destroy(memory) }
  }

  /// Brings plain weights [out, in, h, w] into the primitive's format, or their gradient out of it.
  func reorder(_ weights: UnsafeRawPointer) {
    let plain = memory(plainWeightLayout, weights)
    let preferred = memory(weightLayout, UnsafeRawPointer(weightBuffer.pointer))
    let (from, to) = direction == .backwardWeights ? (preferred, plain) : (plain, preferred)
    run(reorderPrimitive, [DNNL_ARG_FROM: from, DNNL_ARG_TO: to])
  }

  /// The product of the operands and the reordered weights.
  func execute(input: UnsafeRawPointer, output: UnsafeRawPointer) {
    execute(input: input, output: output, weights: weightBuffer.pointer)
  }

  /// The product of the operands and weights in the primitive's format; or their gradient, in that format.
  private func execute(input: UnsafeRawPointer, output: UnsafeRawPointer, weights: UnsafeMutableRawPointer) {
    let (x, y) = (memory(inputLayout, input), memory(outputLayout, output))
    let weights = memory(weightLayout, UnsafeRawPointer(weights))
    let scratch = TensorStorage(byteCount: scratchBytes)
    let scratchMemory = memory(scratchLayout, UnsafeRawPointer(scratch.pointer))
    let operands: [Int32: dnnl_memory_t?] =
      switch direction {
      case .forward: [DNNL_ARG_SRC: x, DNNL_ARG_WEIGHTS: weights, DNNL_ARG_DST: y]
      case .backwardInput: [DNNL_ARG_DIFF_SRC: x, DNNL_ARG_WEIGHTS: weights, DNNL_ARG_DIFF_DST: y]
      case .backwardWeights: [DNNL_ARG_SRC: x, DNNL_ARG_DIFF_WEIGHTS: weights, DNNL_ARG_DIFF_DST: y]
      }
    run(primitive, operands.merging([DNNL_ARG_SCRATCHPAD: scratchMemory]) { $1 })
    withExtendedLifetime(scratch) {}
  }

  /// Writes the gradient of plain weights, summed over groups of images in their order. Threads share out the groups.
  ///
  /// - Parameter operands: Where a group's input and output are.
  func sumGradients(
    _ groups: Int, cost: Int, into gradient: UnsafeRawPointer,
    operands: (Int) -> (input: UnsafeRawPointer, output: UnsafeRawPointer)
  ) {
    let size = dnnl_memory_desc_get_size(&weightLayout)
    let sums = TensorStorage(byteCount: groups * size)
    Compute.parallel(groups, cost: cost) { begin, end in
      for group in begin..<end {
        let (input, output) = operands(group)
        execute(input: input, output: output, weights: sums.pointer + group * size)
      }
    }
    let (kernels, ones) = (ElementType.float32.kernels, [Double](repeating: 1, count: groups))
    let parts: [UnsafeRawPointer] = (0..<groups).map { UnsafeRawPointer(sums.pointer + $0 * size) }
    Compute.parallel(size / 4, cost: groups) { begin, end in
      kernels.linear_combination(groups, ones, parts, begin, end, weightBuffer.pointer)
    }
    withExtendedLifetime(sums) {}
    reorder(gradient)
  }
}
