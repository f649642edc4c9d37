import Autodiff
import Foundation
import NeuralNetworks
import Tensors
import TestSupport
import Testing

/// The gated convolution against loops over every pixel, channel and kernel position.
@Suite struct GatedConvolutionTests {
  struct Case: CustomTestStringConvertible {
    let shape: GatedConvolution.Shape
    let height: Int
    let width: Int
    /// [height, width] of the result
    let result: [Int]
    var testDescription: String {
      "\(height)x\(width), \(shape.inputs) to \(shape.outputs), kernel \(shape.kernel), stride "
        + "\(shape.stride), padding \(shape.padding)\(shape.isTransposed ? ", transposed" : "")"
    }
  }

  private static func transposed(
    _ inputs: Int, _ outputs: Int, kernel: [Int], stride: Int = 1, padding: Int = 2, outputPadding: [Int] = [0, 0]
  ) -> GatedConvolution.Shape {
    GatedConvolution.Shape(
      inputs, outputs, kernel: kernel, stride: stride, padding: padding, isTransposed: true,
      outputPadding: outputPadding)
  }

  /// Every kind of layer of the encoder and the decoder, for images of 28x28 and 28x20, with few channels.
  static let cases = [
    Case(
      shape: .init(1, 4, kernel: [5, 5], padding: 2), height: 28, width: 20, result: [28, 20]),
    Case(
      shape: .init(3, 4, kernel: [5, 5], stride: 2, padding: 2), height: 28, width: 28, result: [14, 14]),
    Case(
      shape: .init(3, 5, kernel: [5, 5], stride: 2, padding: 2), height: 14, width: 10, result: [7, 5]),
    Case(shape: .init(4, 6, kernel: [7, 7]), height: 7, width: 7, result: [1, 1]),
    Case(shape: .init(4, 6, kernel: [7, 5]), height: 7, width: 5, result: [1, 1]),
    Case(shape: transposed(6, 3, kernel: [7, 7], padding: 0), height: 1, width: 1, result: [7, 7]),
    Case(shape: transposed(6, 3, kernel: [7, 5], padding: 0), height: 1, width: 1, result: [7, 5]),
    Case(shape: transposed(3, 4, kernel: [5, 5]), height: 7, width: 5, result: [7, 5]),
    Case(
      shape: transposed(4, 2, kernel: [5, 5], stride: 2, outputPadding: [1, 1]), height: 7, width: 5,
      result: [14, 10]),
    Case(
      shape: transposed(4, 4, kernel: [5, 5], stride: 2, outputPadding: [1, 1]), height: 14, width: 14,
      result: [28, 28]),
  ]

  /// A plain convolution of one image [height, width, in] with weights [out, in, kh, kw], or a transposed
  /// one with weights [in, out, kh, kw].
  private func convolved(
    _ x: [Double], _ example: Case, _ weight: [Double], _ bias: [Double]
  ) -> [Double] {
    let s = example.shape
    let (height, width) = (example.result[0], example.result[1])
    var y = (0..<(height * width)).flatMap { _ in bias }
    // Each input pixel, kernel position and result pixel that meet.
    func meet(_ small: (Int, Int), _ large: (Int, Int), _ kernel: (Int, Int)) {
      let (input, output) = s.isTransposed ? (small, large) : (large, small)
      for i in 0..<s.inputs {
        for o in 0..<s.outputs {
          let channel = s.isTransposed ? i * s.outputs + o : o * s.inputs + i
          y[(output.0 * width + output.1) * s.outputs + o] +=
            x[(input.0 * example.width + input.1) * s.inputs + i]
            * weight[(channel * s.kernel[0] + kernel.0) * s.kernel[1] + kernel.1]
        }
      }
    }
    let (large, small) =
      s.isTransposed
      ? (example.result, [example.height, example.width]) : ([example.height, example.width], example.result)
    for row in 0..<small[0] {
      for column in 0..<small[1] {
        for kr in 0..<s.kernel[0] {
          for kc in 0..<s.kernel[1] {
            let at = (row * s.stride - s.padding + kr, column * s.stride - s.padding + kc)
            guard (0..<large[0]).contains(at.0), (0..<large[1]).contains(at.1) else { continue }
            meet((row, column), at, (kr, kc))
          }
        }
      }
    }
    return y
  }

  @Test(arguments: cases)
  func `it is h sigmoid(g)`(_ example: Case) throws {
    let s = example.shape
    var builder = ParameterBuilder(seed: 3)
    let layer = GatedConvolution("layer", s, in: &builder)
    let parameters = builder.parameters
    let channels = s.isTransposed ? [s.inputs, s.outputs] : [s.outputs, s.inputs]
    func numbers(_ name: String, _ shape: [Int]) throws -> [Double] {
      let parameter = try #require(parameters["layer.\(name)"])
      #expect(parameter.shape == shape)
      return parameters[parameter].doubles()
    }
    let h = (try numbers("h.weight", channels + s.kernel), try numbers("h.bias", [s.outputs]))
    let g = (try numbers("g.weight", channels + s.kernel), try numbers("g.bias", [s.outputs]))
    #expect(h.0 != g.0 && parameters.parameters.count == 4)

    let x = normals([2, example.height, example.width, s.inputs], 1)
    let expected = (0..<2).flatMap { image in
      let pixels = x.leading(image..<(image + 1)).doubles()
      return zip(convolved(pixels, example, h.0, h.1), convolved(pixels, example, g.0, g.1))
        .map { $0 / (1 + exp(-$1)) }
    }
    for (type, tolerance) in precisions {
      let y = layer(Variable(x.converted(to: type)), parameters.converted(to: type).constants)
      #expect(y.shape == [2] + example.result + [s.outputs])
      #expect(relativeDifference(y.value.doubles(), expected) < tolerance, "\(type)")
    }
  }
}
