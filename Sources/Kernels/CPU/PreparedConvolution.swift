import CPrimitives
import Tensors

/// A convolution of one direction and shape that oneDNN has compiled, with the reorder of its weights.
///
/// Several threads may use it at once: what a call works with besides its operands is the call's own.
final class PreparedConvolution: @unchecked Sendable {
  private let convolution: OpaquePointer
  private let name: String
  /// Bytes of the weights, or of their gradient, in oneDNN's format.
  private let weightBytes: Int
  private let scratchBytes: Int

  /// Made to be executed on one thread.
  init(_ direction: ConvolutionLibrary.Direction, _ shape: ConvolutionShape, _ factors: ConvolutionLibrary.Factors) {
    let name = Self.name(direction, shape, factors)
    var sizes = cp_convolution_shape(
      batch: shape.batch, input_height: shape.inputHeight, input_width: shape.inputWidth,
      input_channels: shape.inputChannels, output_height: shape.outputHeight, output_width: shape.outputWidth,
      output_channels: shape.outputChannels, kernel_height: shape.kernelHeight, kernel_width: shape.kernelWidth,
      stride: shape.stride, padding: shape.padding)
    var status: cp_status = 0
    let created = Compute.onOneThread { cp_convolution_create(direction.code, &sizes, factors.code, &status) }
    guard let created else { Compute.end(for: status, "\(name), when made") }
    convolution = created
    self.name = name
    weightBytes = cp_convolution_weight_bytes(created)
    scratchBytes = cp_convolution_scratchpad_bytes(created)
  }

  deinit { cp_convolution_destroy(convolution) }

  private static func name(
    _ direction: ConvolutionLibrary.Direction, _ shape: ConvolutionShape, _ factors: ConvolutionLibrary.Factors
  ) -> String {
    let what =
      switch direction {
      case .forward: "convolution"
      case .backwardInput: "transposed convolution"
      case .backwardWeights: "weight gradient of a convolution"
      }
    return "\(what) between images \(shape.inputShape) and \(shape.outputShape) with weights \(shape.weightShape), "
      + "stride \(shape.stride), padding \(shape.padding), in \(factors)"
  }

  /// Plain weights [out, in, h, w] in oneDNN's format.
  func reordered(_ weights: UnsafeRawPointer) -> TensorStorage {
    let result = TensorStorage(byteCount: weightBytes)
    reorder(weights, to: result.pointer)
    return result
  }

  private func reorder(_ weights: UnsafeRawPointer, to result: UnsafeMutableRawPointer) {
    let scratch = TensorStorage(byteCount: scratchBytes)
    let status = Compute.onOneThread { cp_convolution_reorder(convolution, weights, result, scratch.pointer) }
    Compute.check(status, "\(name), when its weights were reordered")
    withExtendedLifetime(scratch) {}
  }

  /// Writes the product of images and reordered weights, or of images and the output's cotangent in oneDNN's format.
  func execute(_ image: UnsafeRawPointer, _ other: UnsafeRawPointer, into result: UnsafeMutableRawPointer) {
    let scratch = TensorStorage(byteCount: scratchBytes)
    let status = Compute.onOneThread { cp_convolution_execute(convolution, image, other, result, scratch.pointer) }
    Compute.check(status, "\(name), when executed")
    withExtendedLifetime(scratch) {}
  }

  /// Writes the gradient of plain weights, summed over groups of images in their order. Threads share out the groups.
  ///
  /// - Parameters:
  ///   - scratchBytes: What `operands` is given to work in.
  ///   - operands: Where a group's input and output are.
  func sumGradients(
    _ groups: Int, cost: Int, scratchBytes: Int, into gradient: UnsafeMutableRawPointer,
    operands: (_ group: Int, _ scratch: UnsafeMutableRawPointer) -> (input: UnsafeRawPointer, output: UnsafeRawPointer)
  ) {
    let size = weightBytes
    let sums = TensorStorage(byteCount: groups * size)
    Compute.parallel(groups, cost: cost) { begin, end in
      let scratch = TensorStorage(byteCount: scratchBytes)
      for group in begin..<end {
        let (input, output) = operands(group, scratch.pointer)
        execute(input, output, into: sums.pointer + group * size)
      }
      withExtendedLifetime(scratch) {}
    }
    let total = TensorStorage(byteCount: size)
    let (kernels, ones) = (ElementType.float32.kernels, [Double](repeating: 1, count: groups))
    let parts: [UnsafeRawPointer] = (0..<groups).map { UnsafeRawPointer(sums.pointer + $0 * size) }
    Compute.parallel(size / 4, cost: groups) { begin, end in
      kernels.linear_combination(groups, ones, parts, begin, end, total.pointer)
    }
    reorder(total.pointer, to: gradient)
    withExtendedLifetime((sums, total)) {}
  }
}

extension ConvolutionLibrary.Direction {
  fileprivate var code: cp_direction {
    switch self {
    case .forward: CP_FORWARD
    case .backwardInput: CP_BACKWARD_INPUT
    case .backwardWeights: CP_BACKWARD_WEIGHTS
    }
  }
}

extension ConvolutionLibrary.Factors {
  fileprivate var code: cp_factors { self == .float32 ? CP_FLOAT32 : CP_BFLOAT16 }
}
