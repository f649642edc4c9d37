import Autodiff
import NeuralNetworks
import Tensors
import TestSupport
import Testing

/// The linear layer against its formula in loops.
@Suite struct LinearTests {
  private func layer(_ inputs: Int, _ outputs: Int) -> (layer: Linear, parameters: ParameterSet) {
    var builder = ParameterBuilder(seed: 3)
    let layer = Linear("layer", inputs: inputs, outputs: outputs, in: &builder)
    return (layer, builder.parameters)
  }

  @Test func `it is x W^T + b, with PyTorch's names and shapes`() {
    let (layer, parameters) = layer(7, 5)
    #expect(parameters.parameters.map(\.name) == ["layer.weight", "layer.bias"])
    #expect(layer.weight.shape == [5, 7] && layer.bias.shape == [5])
    let (w, b) = (parameters[layer.weight].doubles(), parameters[layer.bias].doubles())
    let x = normals([4, 7], 1)
    let numbers = x.doubles()
    var expected = [Double]()
    for row in 0..<4 {
      for o in 0..<5 {
        var sum = b[o]
        for i in 0..<7 { sum += numbers[7 * row + i] * w[7 * o + i] }
        expected.append(sum)
      }
    }
    for (type, tolerance) in precisions {
      let y = layer(Variable(x.converted(to: type)), parameters.converted(to: type).constants)
      #expect(y.shape == [4, 5] && y.value.elementType == type)
      #expect(relativeDifference(y.value.doubles(), expected) < tolerance, "\(type)")
    }
  }

  @Test func `leading axes are kept`() {
    let (layer, parameters) = layer(7, 5)
    let x = normals([2, 3, 7], 1)
    let constants = parameters.converted(to: .float64).constants
    let y = layer(Variable(x), constants)
    #expect(y.shape == [2, 3, 5])
    #expect(y.value.doubles() == layer(Variable(x.reshaped([6, 7])), constants).value.doubles())
  }
}
