import Autodiff
import Foundation
import NeuralNetworks
import Tensors

/// An invertible linear map of the dimensions, or of the channels of each pixel: a 1x1 convolution.
///
///     z = W x    W = P L (U + diag(sign exp(s)))        log |det dz/dx| = pixels * sum of s
///
/// P is a permutation, and sign are signs; both stay as they began. L is lower triangular with ones on its diagonal, U
/// strictly upper triangular. The inverse solves triangular systems, in double precision.
///
/// The published code has a dense W in its experiments on toys and tables, initially the identity. In this form a map that
/// begins there has no permutation and only positive signs, so that its leading minors stay positive.
///
/// Kingma and Dhariwal 2018 (Glow), section 3.2.
public struct InvertibleLinear: DensityLayer {
  /// What W is at first.
  public enum Start: Sendable {
    /// The identity.
    case identity
    /// A random rotation.
    case rotation
  }

  /// The number of features: dimensions, or channels.
  public let features: Int
  private let triangles: Parameter
  private let logScale: Parameter
  private let permutation: Parameter
  private let sign: Parameter
  private let masks: (lower: Tensor, upper: Tensor, identity: Tensor)

  /// Adds the layer's parameters to a builder.
  ///
  /// They are `name.lower_upper` `[features, features]`, with L below its diagonal, U above, and a diagonal that is not
  /// used, and `name.log_scale` `[features]`, which is s. Buffers are `name.permutation` `[features]`, the row of L (U +
  /// diag) that each row of W is, and `name.sign` `[features]`.
  ///
  /// - Parameters:
  ///   - name: The layer's name.
  ///   - features: The number of features: dimensions of a row, or channels of a pixel, which are last.
  ///   - start: What W is at first.
  ///   - builder: What makes the parameters and buffers.
  public init(_ name: String, features: Int, start: Start = .identity, in builder: inout DensityBuilder) {
    self.features = features
    let n = features
    func add(
      _ part: String, _ shape: [Int], to builder: inout ParameterBuilder,
      _ number: (_ factors: LowerUpperFactors, _ index: Int) -> Double
    ) -> Parameter {
      builder.computed("\(name).\(part)", shape, key: name) { stream in
        let factors =
          start == .rotation
          ? LowerUpperFactors(ofRotation: n, stream)
          : LowerUpperFactors(
            count: n, numbers: (0..<(n * n)).map { $0 / n == $0 % n ? 1 : 0 }, order: Array(0..<n))
        return (0..<shape.reduce(1, *)).map { Float(number(factors, $0)) }
      }
    }
    triangles = add("lower_upper", [n, n], to: &builder.parameters) { factors, i in
      i / n == i % n ? 0 : factors.numbers[i]
    }
    logScale = add("log_scale", [n], to: &builder.parameters) { factors, i in log(abs(factors.numbers[i * (n + 1)])) }
    permutation = add("permutation", [n], to: &builder.buffers) { factors, i in
      Double(factors.order.firstIndex(of: i) ?? i)
    }
    sign = add("sign", [n], to: &builder.buffers) { factors, i in factors.numbers[i * (n + 1)] < 0 ? -1 : 1 }
    func mask(_ holds: (_ row: Int, _ column: Int) -> Bool) -> Tensor {
      builder.parameters.constant([n, n]) { (0..<(n * n)).map { holds($0 / n, $0 % n) ? 1 : 0 } }
    }
    masks = (mask { $0 > $1 }, mask { $0 < $1 }, mask { $0 == $1 })
  }

  /// Whether the permutation is one, and whether the signs are.
  public func problem(with buffers: ParameterSet) -> String? {
    guard buffers[permutation].doubles().sorted() == (0..<features).map(Double.init) else {
      return "\(permutation.name) is no permutation of 0…\(features - 1)"
    }
    return buffers[sign].doubles().allSatisfy { abs($0) == 1 } ? nil : "\(sign.name) has numbers other than 1 and -1"
  }

  /// The row of L (U + diag) that each row of W is.
  private func rows(_ pass: DensityPass) -> [Int] { pass.buffers[permutation].doubles().map { Int($0) } }

  /// W^T, `[features, features]`.
  private func transposedWeight(_ pass: DensityPass) -> Variable {
    let both = pass.parameters[triangles]
    let type = both.value.elementType
    func constant(_ tensor: Tensor) -> Variable { Variable(tensor.converted(to: type)) }
    let identity = constant(masks.identity)
    let diagonal = pass.parameters[logScale].applying(.exp) * constant(pass.buffers[sign])
    let lower = both * constant(masks.lower) + identity
    let upper = both * constant(masks.upper) + identity.scalingColumns(by: diagonal)
    let product = Variable.matrixProduct(lower, upper).permuted([1, 0])
    let rows = rows(pass)
    return rows == Array(0..<features) ? product : product.selectingColumns(rows)
  }

  /// Multiplies by W.
  public func forward(_ x: Variable, _ pass: DensityPass) -> LayerOutput {
    let pixels = x.shape[1] / features
    let z = Variable.matrixProduct(x.reshaped([x.shape[0] * pixels, features]), transposedWeight(pass))
    let logDeterminant = Double(pixels) * pass.parameters[logScale].sum()
    return LayerOutput(z: z.reshaped(x.shape), logDeterminant: logDeterminant.broadcast(over: x.shape[0]))
  }

  /// Solves W x = z.
  public func inverse(_ z: Variable, _ pass: DensityPass) -> Variable {
    let n = features
    var numbers = pass.parameters[triangles].value.doubles()
    for (i, s) in pass.parameters[logScale].value.doubles().enumerated() { numbers[i * (n + 1)] = exp(s) }
    for (i, sign) in pass.buffers[sign].doubles().enumerated() { numbers[i * (n + 1)] *= sign }
    var order = rows(pass)
    for (row, from) in rows(pass).enumerated() { order[from] = row }
    let x = LowerUpperFactors(count: n, numbers: numbers, order: order).solve(z.value.doubles())
    return Variable(Tensor(x, shape: z.shape).converted(to: z.value.elementType))
  }
}
