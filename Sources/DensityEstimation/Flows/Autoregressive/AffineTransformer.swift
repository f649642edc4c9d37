import Autodiff
import Foundation
import Tensors

/// The transformer of masked autoregressive flows, z = (x - mu) exp(-alpha): for noise z, x is Gaussian with mean mu
/// and standard deviation exp(alpha).
///
///     log dz/dx = -alpha
///
/// The conditioner computes [mu, alpha]. Papamakarios et al. 2017, section 3.
public struct AffineTransformer: MonotoneTransformer {
  /// Two: mu and alpha.
  public var numbers: Int { 2 }

  /// The transformer.
  public init() {}

  /// z and log dz/dx.
  public func callAsFunction(
    _ x: Variable, _ numbers: Variable, _ weights: [Variable]
  ) -> (z: Variable, logSlope: Variable) {
    let parts = numbers.permuted([1, 0])
    let mean = parts.sliced(axis: 0, start: 0, length: 1).reshaped(x.shape)
    let logSlope = -parts.sliced(axis: 0, start: 1, length: 1).reshaped(x.shape)
    return ((x - mean) * logSlope.applying(.exp), logSlope)
  }

  /// x = z exp(alpha) + mu.
  public func inverse(_ z: Tensor, _ numbers: Tensor, _ weights: [Tensor]) -> Tensor {
    z * numbers.column(1).map { exp($0) } + numbers.column(0)
  }
}

/// The transformer of shifts, z = x + m, which leaves volumes as they are: log dz/dx = 0. The conditioner computes m.
public struct ShiftTransformer: MonotoneTransformer {
  /// One: m.
  public var numbers: Int { 1 }

  /// The transformer.
  public init() {}

  /// z and log dz/dx.
  public func callAsFunction(
    _ x: Variable, _ numbers: Variable, _ weights: [Variable]
  ) -> (z: Variable, logSlope: Variable) {
    (x + numbers.reshaped(x.shape), Variable(Tensor(zeros: x.shape, x.value.elementType)))
  }

  /// x = z - m.
  public func inverse(_ z: Tensor, _ numbers: Tensor, _ weights: [Tensor]) -> Tensor { z - numbers.column(0) }
}
