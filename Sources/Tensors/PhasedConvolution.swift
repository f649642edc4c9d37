// The transposed convolution of a stride s: input pixel s i + p, of phase p, receives from output pixel i + d the weight
// at s (b_p - d) + r_p, where p + padding = s b_p + r_p, for every d for which there is one. That is a convolution of the
// output, of stride one, whose kernel is the span of d. All phases together are one convolution with s^2 times the input's
// channels: for a kernel of 5 and a stride of 2, 9 times 4 products instead of 25, a third of them with zeros; but the
// library's convolutions are several times faster than its transposed ones of a stride. In two halves, with three times
// the channels, that is no gain over the library's transposed convolution in single precision.

/// The transposed convolution of a stride as one convolution, whose channels are the phases'.
struct PhasedConvolution {
  private let original: ConvolutionShape
  /// For each phase and place of the phases' kernel, the place in the original's; nothing where there is none.
  private let (rowTaps, columnTaps): ([[Int?]], [[Int?]])
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
    (rowTaps, columnTaps) = (rows.taps, columns.taps)
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
  func callAsFunction(_ output: Tensor, _ weights: Tensor, _ precision: ProductPrecision) -> Tensor {
    let phases = Tensor(uninitialized: shape.outputShape, .float32)
    HalvesConvolution.run(.forward, shape, precision, taking: output, phased(weights), into: phases)
    let (s, rows) = (original.stride, shape.batch * shape.outputHeight)
    return phases.reshaped([rows, shape.outputWidth, s, s * original.inputChannels]).permuted([0, 2, 1, 3])
      .reshaped(original.inputShape)
  }

  /// Weights [out, in, h, w] as those of the phases, [s s in, out, h', w'].
  private func phased(_ weights: Tensor) -> Tensor {
    let result = Tensor(uninitialized: shape.weightShape, .float32)
    let (inputs, outputs) = (original.inputChannels, original.outputChannels)
    let (size, phasedSize) = (original.kernelHeight * original.kernelWidth, shape.kernelHeight * shape.kernelWidth)
    Compute.parallel(rowTaps.count * inputs, cost: columnTaps.count * outputs * phasedSize) { begin, end in
      let from = weights.address.assumingMemoryBound(to: Float.self)
      let to = result.freshAddress.assumingMemoryBound(to: Float.self)
      for item in begin..<end {
        let (rowPhase, input) = (item / inputs, item % inputs)
        for (columnPhase, columns) in columnTaps.enumerated() {
          // The places that each of the phase's taps has in the original's kernel.
          let places = rowTaps[rowPhase].flatMap { row in
            columns.map { column in
              row.flatMap { row in column.map { row * original.kernelWidth + $0 } }
            }
          }
          let channel = (rowPhase * columnTaps.count + columnPhase) * inputs + input
          for output in 0..<outputs {
            let (source, target) = ((output * inputs + input) * size, (channel * outputs + output) * phasedSize)
            for (tap, place) in places.enumerated() { to[target + tap] = place.map { from[source + $0] } ?? 0 }
          }
        }
      }
    }
    withExtendedLifetime(weights) {}
    return result
  }
}
