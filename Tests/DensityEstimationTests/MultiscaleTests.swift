import Autodiff
import DensityEstimation
import NeuralNetworks
import TestSupport
import Tensors
import Testing

@Suite struct MultiscaleTests {
  private let pass = DensityPass(ParameterSet().constants)

  /// Numbers 0, 1, ... in each of two rows, the second negative.
  private func counting(_ dimensions: Int) -> Variable {
    let numbers = (0..<dimensions).map { Float($0) }
    return Variable(Tensor(numbers + numbers.map { -$0 }, shape: [2, dimensions]))
  }

  @Test func `a squeeze orders the channels as published`() {
    let squeeze = Squeeze(ImageShape(height: 2, width: 4, channels: 2))
    #expect(squeeze.output == ImageShape(height: 1, width: 2, channels: 8))
    let output = squeeze.forward(counting(16), pass)
    // The first pixel has channel 0 of the square's four pixels, then channel 1 of them.
    let expected: [Float] = [0, 2, 8, 10, 1, 3, 9, 11, 4, 6, 12, 14, 5, 7, 13, 15]
    #expect(output.z.value.floats() == expected + expected.map { -$0 })
    #expect(output.logDeterminant.value.floats() == [0, 0])
    #expect(squeeze.inverse(output.z, pass).value.floats() == counting(16).value.floats())
  }

  @Test func `scales are those of the published code`() {
    func scales(_ height: Int, _ width: Int) -> Int {
      Multiscale.scales(of: ImageShape(height: height, width: width))
    }
    #expect(scales(28, 28) == 3 && scales(32, 32) == 4 && scales(28, 20) == 3 && scales(8, 8) == 2)
    #expect(scales(7, 7) == 1 && scales(4, 4) == 1 && scales(2, 16) == 1)
  }

  @Test func `parts are factored out in the published order`() throws {
    var places: [String] = []
    let layer = Multiscale(ImageShape(height: 4, width: 4, channels: 1), scales: 2) { place in
      places.append("\(place.scale) \(place.part) \(place.shape.height)x\(place.shape.width)x\(place.shape.channels)")
      return []
    }
    #expect(places == ["0 beforeSqueeze 4x4x1", "0 afterSqueeze 2x2x4", "1 last 2x2x2"])
    let z = try layer.forward(counting(16), pass).z
    // Of each 2x2 square, the lower two pixels are factored out first, and the upper two remain.
    let expected: [Float] = [4, 5, 6, 7, 12, 13, 14, 15, 0, 1, 2, 3, 8, 9, 10, 11]
    #expect(z.value.floats() == expected + expected.map { -$0 })
    #expect(try layer.inverse(z, pass).value == counting(16).value)
  }

  @Test(arguments: [(28, 28, 1), (28, 20, 1), (32, 32, 3), (12, 12, 2), (9, 9, 1)])
  func `dimensions are conserved, and the inverse is exact`(_ height: Int, _ width: Int, _ channels: Int) throws {
    let shape = ImageShape(height: height, width: width, channels: channels)
    let layer = Multiscale(shape) { _ in [] }
    let z = try layer.forward(counting(shape.dimensions), pass).z
    #expect(z.shape == [2, shape.dimensions])
    #expect(z.value.doubles().prefix(shape.dimensions).sorted() == (0..<shape.dimensions).map { Double($0) })
    #expect(try layer.inverse(z, pass).value == counting(shape.dimensions).value)
  }
}
