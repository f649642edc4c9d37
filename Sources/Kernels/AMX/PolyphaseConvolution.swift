import Tensors

// The transposed convolution of a stride s: input pixel s i + p, of phase p, receives from output pixel i + d by way of the
// weight at p + padding - s d, for every d for which there is one. That is a convolution of the output, of stride one,
// whose kernel is the span of d. All phases together are one convolution with s^2 times the input's
// channels: for a kernel of 5 and a stride of 2, 9 times 4 products instead of 25, a third of them with zeros; but the
// library's convolutions are several times faster than its transposed ones of a stride. In two halves, with three times
// the channels, that is no gain over the library's transposed convolution in single precision.

/// The transposed convolution of a stride as one convolution, whose channels are the phases'.
struct PolyphaseConvolution {
  private let original: ConvolutionShape
  /// For each phase, row by row, and each place of the phases' kernel, the place in the original's; nothing where there
  /// is none.
  private let places: [[Int?]]
  /// From the original's output to all phases of its input.
  private let shape: ConvolutionShape

  /// - Returns: Nothing if the phases are not all of one size, or not such a convolution's output.
  init?(_ original: ConvolutionShape) {
    let s = original.stride
    guard s > 1, original.inputHeight % s == 0, original.inputWidth % s == 0 else { return nil }
    let rows = Self.taps(original.kernelHeight, stride: s, padding: original.padding)
    let columns = Self.taps(original.kernelWidth, stride: s, padding: original.padding)
    guard rows.first == columns.first, rows.first <= 0 else { return nil }
    shape = ConvolutionShape(
      input: original.outputShape,
      weights: [s * s * original.inputChannels, original.outputChannels, rows.taps[0].count, columns.taps[0].count],
      stride: 1, padding: -rows.first)
    guard shape.outputHeight == original.inputHeight / s, shape.outputWidth == original.inputWidth / s else {
      return nil
    }
    self.original = original
    places = rows.taps.flatMap { rows in
      columns.taps.map { columns in
        rows.flatMap { row in
          columns.map { column in row.flatMap { row in column.map { row * original.kernelWidth + $0 } } }
        }
      }
    }
  }

  /// The least d of any phase, and for each phase the original kernel's place for that d and those that follow.
  private static func taps(_ kernel: Int, stride s: Int, padding: Int) -> (first: Int, taps: [[Int?]]) {
    func place(_ phase: Int, _ d: Int) -> Int? {
      let place = phase + padding - s * d
      return (0..<kernel).contains(place) ? place : nil
    }
    let span = (-kernel...(kernel + padding)).filter { d in (0..<s).contains { place($0, d) != nil } }
    guard let first = span.first, let last = span.last else { return (0, [[]]) }
    return (first, (0..<s).map { phase in (first...last).map { place(phase, $0) } })
  }

  /// The cotangent of the original's input, from that of its output.
  func callAsFunction(_ output: Tensor, _ weights: Tensor) -> Tensor {
    let phases = Tensor(uninitialized: shape.outputShape, .float32)
    Bfloat16Convolution.run(.forward, shape, .bfloat16, taking: output, phased(weights), into: phases)
    let (s, rows) = (original.stride, shape.batch * shape.outputHeight)
    return phases.reshaped([rows, shape.outputWidth, s, s * original.inputChannels]).permuted([0, 2, 1, 3])
      .reshaped(original.inputShape)
  }

  /// Weights [out, in, h, w] as those of the phases, [s s in, out, h', w'].
  private func phased(_ weights: Tensor) -> Tensor {
    let result = Tensor(uninitialized: shape.weightShape, .float32)
    let (inputs, outputs) = (original.inputChannels, original.outputChannels)
    let size = original.kernelHeight * original.kernelWidth
    Compute.parallel(shape.outputChannels, cost: outputs * places[0].count) { begin, end in
      let from = weights.address.assumingMemoryBound(to: Float.self)
      var to = result.freshAddress.assumingMemoryBound(to: Float.self) + begin * outputs * places[0].count
      for channel in begin..<end {
        let (phase, input) = (channel / inputs, channel % inputs)
        for output in 0..<outputs {
          let kernel = from + (output * inputs + input) * size
          for place in places[phase] {
            to.pointee = place.map { kernel[$0] } ?? 0
            to += 1
          }
        }
      }
    }
    withExtendedLifetime(weights) {}
    return result
  }
}
