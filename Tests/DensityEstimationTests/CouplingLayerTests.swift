import DensityEstimation
import Testing

/// The layers of the coupling family, one by one.
@Suite struct CouplingLayerTests {
  static var examples: [ExampleLayer] {
    var examples: [ExampleLayer] = []
    for dimensions in [2, 5] {
      for isSwapped in [false, true] {
        let name = "\(dimensions) dimensions\(isSwapped ? ", swapped" : "")"
        examples.append(
          ExampleLayer("split affine coupling of \(name)", dimensions: dimensions) {
            SplitAffineCoupling("layer", dimensions: dimensions, hidden: [7, 6], isSwapped: isSwapped, in: &$0)
          })
        for mask in CouplingMask.allCases {
          examples += [
            ExampleLayer("affine coupling of \(name), \(mask)", dimensions: dimensions) {
              AffineCoupling(
                "layer", dimensions: dimensions, hidden: [7, 6], mask: mask, isSwapped: isSwapped, in: &$0)
            },
            ExampleLayer("additive coupling of \(name), \(mask), volume-preserving", dimensions: dimensions) {
              AdditiveCoupling(
                "layer", dimensions: dimensions, hidden: [7, 6], mask: mask, isSwapped: isSwapped, in: &$0)
            },
          ]
        }
      }
    }
    let image = ImageShape(height: 4, width: 3, channels: 2)
    for scale in [ImageCoupling.Scale.tanh, .sigmoid] {
      for mask in ImageMask.allCases {
        for isSwapped in [false, true] {
          examples.append(
            ExampleLayer(
              "image coupling, \(scale), \(mask)\(isSwapped ? ", swapped" : "")", dimensions: image.dimensions
            ) {
              ImageCoupling(
                "layer", shape: image, hidden: [5, 4], mask: mask, isSwapped: isSwapped, scale: scale, in: &$0)
            })
        }
      }
    }
    return examples + [
      ExampleLayer("diagonal scaling", dimensions: 4, moving: 0.5) {
        DiagonalScaling("layer", dimensions: 4, in: &$0)
      }
    ]
  }

  @Test(arguments: examples)
  func `the log-determinant is that of the Jacobian`(_ example: ExampleLayer) throws {
    try example.checkLogDeterminant()
  }

  @Test(arguments: examples)
  func `the inverse undoes the layer`(_ example: ExampleLayer) throws { try example.checkInverse() }

  @Test(arguments: examples)
  func `gradients agree with central differences`(_ example: ExampleLayer) throws { try example.checkGradients() }

  /// What is kept is not changed, and what is moved depends on what is kept and on itself alone.
  @Test(arguments: [
    (CouplingMask.alternate, false, [0, 2, 4]), (.alternate, true, [1, 3]), (.channel, false, [0, 1]),
    (.channel, true, [2, 3, 4]),
  ])
  func `a mask keeps the dimensions of its kind`(_ mask: CouplingMask, _ isSwapped: Bool, _ kept: [Int]) throws {
    let example = ExampleLayer("affine coupling", dimensions: 5) {
      AffineCoupling("layer", dimensions: 5, hidden: [6], mask: mask, isSwapped: isSwapped, in: &$0)
    }
    #expect(try example.unchangedDimensions() == kept)
  }

  @Test(arguments: [
    (ImageMask.checkerboard, false, [2, 3, 4, 5]), (.checkerboard, true, [0, 1, 6, 7]),
    (.channel, false, [0, 2, 4, 6]), (.channel, true, [1, 3, 5, 7]),
  ])
  func `a mask keeps the numbers of an image of its kind`(
    _ mask: ImageMask, _ isSwapped: Bool, _ kept: [Int]
  ) throws {
    let shape = ImageShape(height: 2, width: 2, channels: 2)
    let example = ExampleLayer("image coupling", dimensions: 8) {
      ImageCoupling("layer", shape: shape, hidden: [6], mask: mask, isSwapped: isSwapped, in: &$0)
    }
    #expect(try example.unchangedDimensions() == kept)
  }

  /// A network whose last layer is zero, and a scale exp(0).
  @Test func `an image coupling is the identity at first`() throws {
    let shape = ImageShape(height: 4, width: 4, channels: 2)
    let example = ExampleLayer("image coupling", dimensions: 32, moving: 0) {
      ImageCoupling("layer", shape: shape, hidden: [6], mask: .checkerboard, in: &$0)
    }
    #expect(try example.unchangedDimensions() == Array(0..<32))
  }
}
