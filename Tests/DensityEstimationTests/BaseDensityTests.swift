import Autodiff
import DensityEstimation
import Foundation
import NeuralNetworks
import Tensors
import Testing

@Suite struct BaseDensityTests {
  @Test func `the standard normal density is the product of its dimensions'`() {
    let z = Variable(Tensor([0, 1, -2, 0.5] as [Double], shape: [2, 2]))
    let pass = DensityPass(ParameterSet().constants)
    let expected = [1.0, 4.25].map { -0.5 * $0 - log(2 * .pi) }
    let found = StandardNormal().logDensity(z, pass).value.doubles()
    for (a, b) in zip(found, expected) { #expect(abs(a - b) < 1e-14) }
    #expect(StandardNormal().sample(z, pass).value == z.value)
  }
}
