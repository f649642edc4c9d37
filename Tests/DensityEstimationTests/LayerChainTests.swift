import Autodiff
import DensityEstimation
import NeuralNetworks
import Tensors
import Testing

@Suite struct LayerChainTests {
  @Test func anEmptyChainChangesNothing() throws {
    let x = Variable(Tensor([1, 2, 3, 4] as [Float], shape: [2, 2]))
    let pass = DensityPass(ParameterSet().constants)
    let output = try LayerChain([]).forward(x, pass)
    #expect(output.z.value.floats() == [1, 2, 3, 4])
    #expect(output.logDeterminant.value.floats() == [0, 0])
    #expect(try LayerChain([]).inverse(x, pass).value.floats() == [1, 2, 3, 4])
  }
}
