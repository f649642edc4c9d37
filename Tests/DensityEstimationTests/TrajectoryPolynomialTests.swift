import Autodiff
@testable import DensityEstimation
import TestSupport
import Tensors
import Testing

@Suite struct TrajectoryPolynomialTests {
  @Test(arguments: [1, 2, 3]) func aPolynomialOfTheDegreeHasNoResidual(_ degree: Int) {
    let polynomial = TrajectoryPolynomial(degree: degree, weight: 1)
    let times = [0, 0.1, 0.35, 0.6, 0.9, 1]
    let coefficients = normals([degree + 1, 2], 4)
    func state(_ t: Double, _ extra: Double = 0) -> Variable {
      let value = (0...degree).reduce([extra, 0.0]) { sum, power in
        let factor = (0..<power).reduce(1.0) { product, _ in product * t }
        return [sum[0] + factor * coefficients[power, 0], sum[1] + factor * coefficients[power, 1]]
      }
      return Variable(Tensor(value, shape: [1, 2]))
    }
    #expect(abs(polynomial.residual(times.map { state($0) }, at: times).value.scalar) < 1e-20)
    // One point off by one: what is left of it is its diagonal number of the projection.
    let moved = times.enumerated().map { state($1, $0 == 2 ? 1 : 0) }
    let diagonal = TrajectoryPolynomial.residualProjection(times, degree: degree)[2][2]
    #expect(diagonal > 0 && diagonal < 1)
    #expect(abs(polynomial.residual(moved, at: times).value.scalar - diagonal / 12) < 1e-12)
  }

  @Test func timesThatLieTogetherStillProject() {
    let projection = TrajectoryPolynomial.residualProjection([0, 0.5, 0.5 + 1e-12, 1], degree: 2)
    #expect(projection.allSatisfy { $0.allSatisfy { $0.isFinite && abs($0) <= 1 + 1e-9 } })
  }
}
