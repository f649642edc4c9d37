import Foundation
import Inference
import Randomness
import Tensors
import TestSupport
import Testing

/// Principal components of vectors whose covariance is known.
@Suite struct PrincipalComponentsTests {
  /// Vectors with deviations 3, 2, 1 and 0.5 along the axes, turned by two rotations, around a mean.
  private func vectors(_ count: Int) -> (Tensor, axes: [[Double]]) {
    let (c, s) = (cos(0.7), sin(0.7))
    let axes = [[c, s, 0, 0], [-s * c, c * c, s, 0], [s * s, -c * s, c, 0], [0, 0, 0, 1]]
    let normals = RandomStream(seed: 3, purpose: .test).normals(0..<4 * count).map { Double($0) }
    let deviations = [3, 2, 1, 0.5]
    var numbers: [Double] = []
    for row in 0..<count {
      for column in 0..<4 {
        var number = 10 * Double(column)
        for axis in 0..<4 { number += deviations[axis] * normals[4 * row + axis] * axes[axis][column] }
        numbers.append(number)
      }
    }
    return (Tensor(numbers, shape: [count, 4]), axes)
  }

  @Test func `directions and shares are those that the vectors were made with`() {
    let (vectors, axes) = vectors(20000)
    let components = PrincipalComponents(of: vectors, count: 4)
    for (direction, axis) in zip(components.directions, axes) {
      let cosine = zip(direction, axis).reduce(0) { $0 + $1.0 * $1.1 }
      #expect(abs(abs(cosine) - 1) < 2e-3)
      #expect(direction.max { abs($0) < abs($1) } ?? 0 > 0)
    }
    let shares: [Double] = [9 / 14.25, 4 / 14.25, 1 / 14.25, 0.25 / 14.25]
    for (share, expected) in zip(components.shares, shares) { #expect(abs(share - expected) < 0.02) }
    #expect(abs(components.shares.reduce(0, +) - 1) < 1e-12)
    let means: [Double] = [0, 10, 20, 30]
    for (mean, expected) in zip(components.mean, means) { #expect(abs(mean - expected) < 0.1) }
  }

  @Test func `coordinates are uncorrelated, with the variances of their shares`() {
    let (vectors, _) = vectors(500)
    let components = PrincipalComponents(of: vectors, count: 4)
    let coordinates = components.coordinates(of: vectors)
    var products = [[Double]](repeating: [0, 0, 0, 0], count: 4)
    for row in coordinates { for i in 0..<4 { for j in 0..<4 { products[i][j] += row[i] * row[j] / 500 } } }
    let total = products[0][0] + products[1][1] + products[2][2] + products[3][3]
    for i in 0..<4 {
      #expect(abs(products[i][i] / total - components.shares[i]) < 1e-10)
      for j in 0..<i { #expect(abs(products[i][j]) < 1e-9 * total) }
    }
    // All directions together keep distances.
    let numbers = vectors.doubles()
    var square = 0.0
    for i in 0..<4 { square += (numbers[i] - components.mean[i]) * (numbers[i] - components.mean[i]) }
    #expect(abs(coordinates[0].reduce(0) { $0 + $1 * $1 } - square) < 1e-9 * square)
  }

  @Test func `one vector, equal vectors and one dimension have components, too`() {
    for vectors in [
      Tensor([1, 2] as [Double], shape: [1, 2]), Tensor(repeating: 3, shape: [5, 2]),
    ] {
      let components = PrincipalComponents(of: vectors, count: 2)
      #expect(components.shares == [0, 0])
      #expect(components.coordinates(of: vectors).flatMap { $0 }.allSatisfy { $0 == 0 })
    }
    let line = Tensor([1, 3] as [Double], shape: [2, 1])
    let components = PrincipalComponents(of: line, count: 1)
    #expect(
      components.directions == [[1]] && components.shares == [1] && components.coordinates(of: line) == [[-1], [1]])
  }
}
