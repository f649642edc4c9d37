import COneDNN
import Synchronization

/// Convolutions through oneDNN: of single-precision numbers, or of bfloat16 ones with sums and results in single precision.
///
/// Images are nhwc; weights go in the format that the primitive prefers, so they are reordered on the way in (or out,
/// for their gradient): they are small. Primitives are made once for each shape and kept.
enum ConvolutionLibrary {
  enum Direction: Hashable {
    case forward, backwardInput, backwardWeights
  }

  /// Where the numbers are: input, weights and output, of which the direction produces one.
  struct Addresses: @unchecked Sendable {
    let input: UnsafeRawPointer
    let weights: UnsafeRawPointer
    let output: UnsafeRawPointer
  }

  /// What is multiplied.
  enum Factors: Hashable {
    case float32, bfloat16

    var dataType: dnnl_data_type_t { self == .float32 ? dnnl_f32 : dnnl_bf16 }
  }

  private struct Key: Hashable {
    let direction: Direction
    let shape: ConvolutionShape
    let factors: Factors
  }

  /// Everything oneDNN, behind one lock: its stream runs one primitive at a time anyhow.
  private struct State: ~Copyable {
    var engine: dnnl_engine_t?
    var stream: dnnl_stream_t?
    var primitives: [Key: PreparedConvolution] = [:]

    mutating func start() {
      guard engine == nil else { return }
      check(dnnl_engine_create(&engine, dnnl_cpu, 0), "engine")
      check(dnnl_stream_create(&stream, engine, dnnl_stream_default_flags.rawValue), "stream")
    }
  }

  private static let state = Mutex(State())

  /// Runs one of the three products in single precision; the result is whichever tensor the direction produces.
  static func run(
    _ direction: Direction, _ shape: ConvolutionShape, input: Tensor, weights: Tensor, output: Tensor
  ) {
    Instrument.count(
      operations: shape.operations,
      bytes: (input.count + weights.count + output.count) * input.elementType.byteCount)
    run(
      direction, shape, .float32,
      Addresses(input: input.address, weights: weights.address, output: output.address))
    withExtendedLifetime((input, weights, output)) {}
  }

  /// Runs one of the three products. Weights, and what the direction produces, are in single precision; the image that it
  /// takes consists of `factors`.
  static func run(
    _ direction: Direction, _ shape: ConvolutionShape, _ factors: Factors, _ addresses: Addresses
  ) {
    state.withLock { state in
      state.start()
      let key = Key(direction: direction, shape: shape, factors: factors)
      let primitive: PreparedConvolution
      if let known = state.primitives[key] {
        primitive = known
      } else {
        primitive = PreparedConvolution(direction, shape, factors, state.engine)
        state.primitives[key] = primitive
      }
      primitive.execute(addresses, engine: state.engine, stream: state.stream)
    }
  }

  static func check(_ status: dnnl_status_t, _ what: String) {
    precondition(status == dnnl_success, "oneDNN: \(what) failed with status \(status.rawValue)")
  }
}

/// One convolution primitive for one shape, with the reorder of its weights.
///
/// Used only under the library's lock; its oneDNN objects live as long as the process.
private final class PreparedConvolution: @unchecked Sendable {
  private let direction: ConvolutionLibrary.Direction
  private var primitive: dnnl_primitive_t?
  private var reorder: dnnl_primitive_t?
  private var inputLayout = dnnl_memory_desc_t()
  private var outputLayout = dnnl_memory_desc_t()
  private var weightLayout = dnnl_memory_desc_t()
  private var plainWeightLayout = dnnl_memory_desc_t()
  private let weightBuffer: TensorStorage

  init(
    _ direction: ConvolutionLibrary.Direction, _ shape: ConvolutionShape, _ factors: ConvolutionLibrary.Factors,
    _ engine: dnnl_engine_t?
  ) {
    self.direction = direction
    let check = ConvolutionLibrary.check
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
    check(dnnl_primitive_desc_create(&forward, &description, nil, engine, nil), "convolution")
    var chosen = forward
    switch direction {
    case .forward: break
    case .backwardInput:
      check(
        dnnl_convolution_backward_data_desc_init(
          &description, dnnl_convolution_direct, &inputLayout, &anyWeights, &outputLayout, strides, before,
          after), "transposed convolution")
      check(dnnl_primitive_desc_create(&chosen, &description, nil, engine, forward), "transposed convolution")
    case .backwardWeights:
      check(
        dnnl_convolution_backward_weights_desc_init(
          &description, dnnl_convolution_direct, &inputLayout, &anyWeights, nil, &outputLayout, strides,
          before,
          after), "convolution's weight gradient")
      check(
        dnnl_primitive_desc_create(&chosen, &description, nil, engine, forward),
        "convolution's weight gradient")
    }
    check(dnnl_primitive_create(&primitive, chosen), "convolution")
    let query = direction == .backwardWeights ? dnnl_query_diff_weights_md : dnnl_query_weights_md
    if let layout = dnnl_primitive_desc_query_md(chosen, query, 0) { weightLayout = layout.pointee }
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
    check(dnnl_primitive_create(&reorder, reorderDescription), "reorder")
    dnnl_primitive_desc_destroy(reorderDescription)
    if chosen != forward { dnnl_primitive_desc_destroy(chosen) }
    dnnl_primitive_desc_destroy(forward)
  }

  func execute(
    _ addresses: ConvolutionLibrary.Addresses, engine: dnnl_engine_t?, stream: dnnl_stream_t?
  ) {
    func memory(_ layout: dnnl_memory_desc_t, _ address: UnsafeRawPointer) -> dnnl_memory_t? {
      var layout = layout
      var memory: dnnl_memory_t?
      ConvolutionLibrary.check(
        dnnl_memory_create(&memory, &layout, engine, UnsafeMutableRawPointer(mutating: address)), "memory")
      return memory
    }
    let x = memory(inputLayout, addresses.input)
    let y = memory(outputLayout, addresses.output)
    let plain = memory(plainWeightLayout, addresses.weights)
    let preferred = memory(weightLayout, UnsafeRawPointer(weightBuffer.pointer))
    defer { for m in [x, y, plain, preferred] { dnnl_memory_destroy(m) } }

    func run(_ primitive: dnnl_primitive_t?, _ arguments: [dnnl_exec_arg_t]) {
      ConvolutionLibrary.check(
        dnnl_primitive_execute(primitive, stream, Int32(arguments.count), arguments), "execution")
    }
    let intoPreferred = [
      dnnl_exec_arg_t(arg: DNNL_ARG_FROM, memory: plain),
      dnnl_exec_arg_t(arg: DNNL_ARG_TO, memory: preferred),
    ]
    switch direction {
    case .forward:
      run(reorder, intoPreferred)
      run(
        primitive,
        [
          dnnl_exec_arg_t(arg: DNNL_ARG_SRC, memory: x),
          dnnl_exec_arg_t(arg: DNNL_ARG_WEIGHTS, memory: preferred),
          dnnl_exec_arg_t(arg: DNNL_ARG_DST, memory: y),
        ])
    case .backwardInput:
      run(reorder, intoPreferred)
      run(
        primitive,
        [
          dnnl_exec_arg_t(arg: DNNL_ARG_DIFF_SRC, memory: x),
          dnnl_exec_arg_t(arg: DNNL_ARG_WEIGHTS, memory: preferred),
          dnnl_exec_arg_t(arg: DNNL_ARG_DIFF_DST, memory: y),
        ])
    case .backwardWeights:
      run(
        primitive,
        [
          dnnl_exec_arg_t(arg: DNNL_ARG_SRC, memory: x),
          dnnl_exec_arg_t(arg: DNNL_ARG_DIFF_WEIGHTS, memory: preferred),
          dnnl_exec_arg_t(arg: DNNL_ARG_DIFF_DST, memory: y),
        ])
      run(
        reorder,
        [
          dnnl_exec_arg_t(arg: DNNL_ARG_FROM, memory: preferred),
          dnnl_exec_arg_t(arg: DNNL_ARG_TO, memory: plain),
        ])
    }
    ConvolutionLibrary.check(dnnl_stream_wait(stream), "stream")
  }
}
