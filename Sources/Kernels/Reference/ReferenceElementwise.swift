import Foundation
import Tensors

extension ReferenceBackend {
  package func elementwise(_ f: ElementwiseFunction, _ x: Tensor, tangents: Int) -> (y: Tensor, kept: Tensor?) {
    let (numbers, stride) = (x.doubles(), x.count / (1 + tangents))
    let y = numbers.indices.map { at in
      let jet = f.jet(numbers[at % stride])
      return at < stride ? jet.value : jet.first * numbers[at]
    }
    return (Tensor(y, shape: x.shape).converted(to: x.elementType), nil)
  }

  package func elementwisePullback(_ f: ElementwiseFunction, _ g: Tensor, _ x: Tensor, kept: Tensor?, tangents: Int)
    -> Tensor
  {
    let (numbers, cotangents, stride) = (x.doubles(), g.doubles(), x.count / (1 + tangents))
    var gx = [Double](repeating: 0, count: x.count)
    for at in 0..<stride {
      let jet = f.jet(numbers[at])
      gx[at] = jet.first * cotangents[at]
      for component in 1..<(1 + tangents) {
        gx[at] += jet.second * cotangents[component * stride + at] * numbers[component * stride + at]
        gx[component * stride + at] = jet.first * cotangents[component * stride + at]
      }
    }
    return Tensor(gx, shape: x.shape).converted(to: x.elementType)
  }

  package func product(_ a: Tensor, tangents ka: Int, _ b: Tensor, tangents kb: Int, shape: [Int]) -> Tensor {
    let (x, y, stride) = (a.doubles(), b.doubles(), a.count / (1 + ka))
    let c = (0..<shape.product).map { at -> Double in
      let (component, i) = (at / stride, at % stride)
      guard component > 0 else { return x[i] * y[i] }
      return (component <= kb ? x[i] * y[at] : 0) + (component <= ka ? x[at] * y[i] : 0)
    }
    return Tensor(c, shape: shape).converted(to: a.elementType)
  }

  package func productPullback(_ g: Tensor, shape: [Int], tangents ka: Int, with b: Tensor, tangents kb: Int) -> Tensor
  {
    let (cotangents, y) = (g.doubles(), b.doubles())
    let stride = shape.product / (1 + ka)
    let ga = (0..<shape.product).map { at -> Double in
      let i = at % stride
      guard at < stride else { return cotangents[at] * y[i] }
      return (0..<(1 + kb)).reduce(0.0) { $0 + cotangents[$1 * stride + i] * y[$1 * stride + i] }
    }
    return Tensor(ga, shape: shape).converted(to: g.elementType)
  }

  package func gate(_ x: Tensor, bias: Tensor?) -> Tensor {
    let (numbers, width) = (biased(x, bias), x.shape.last ?? 0)
    let channels = width / 2
    let y = (0..<(x.count / 2)).map { at in
      let first = at / channels * width + at % channels
      return numbers[first] * ElementwiseFunction.sigmoid.jet(numbers[first + channels]).value
    }
    return Tensor(y, shape: x.shape.dropLast() + [channels]).converted(to: x.elementType)
  }

  package func gatePullback(_ g: Tensor, _ x: Tensor, bias: Tensor?) -> (x: Tensor, bias: Tensor?) {
    let (numbers, width, cotangents) = (biased(x, bias), x.shape.last ?? 0, g.doubles())
    let channels = width / 2
    var gx = [Double](repeating: 0, count: x.count)
    var sums = [Double](repeating: 0, count: width)
    for at in cotangents.indices {
      let first = at / channels * width + at % channels
      let gate = ElementwiseFunction.sigmoid.jet(numbers[first + channels])
      gx[first] = gate.value * cotangents[at]
      gx[first + channels] = numbers[first] * gate.first * cotangents[at]
      sums[at % channels] += gx[first]
      sums[at % channels + channels] += gx[first + channels]
    }
    return (
      Tensor(gx, shape: x.shape).converted(to: x.elementType),
      bias.map { _ in Tensor(sums, shape: [width]).converted(to: x.elementType) }
    )
  }

  private func biased(_ x: Tensor, _ bias: Tensor?) -> [Double] {
    guard let bias = bias?.doubles() else { return x.doubles() }
    return x.doubles().enumerated().map { $1 + bias[$0 % bias.count] }
  }

  package func apply(_ update: ParameterUpdate, gradient: Tensor, to state: inout ParameterState) {
    apply(update, gradient.doubles(), to: &state)
  }

  package func apply(
    _ update: ParameterUpdate, g: Tensor, x: Tensor, _ numerics: Numerics, to state: inout ParameterState
  ) {
    var gradient = Tensor(zeros: state.parameters.shape, .float64)
    add(OuterProductSum([(g, x)], outputs: g.shape[1], inputs: x.shape[1]), .full, to: &gradient)
    apply(update, gradient.doubles(), to: &state)
  }

  private func apply(_ update: ParameterUpdate, _ gradient: [Double], to state: inout ParameterState) {
    let type = state.parameters.elementType
    var (p, m, v) = (state.parameters.doubles(), state.firstMoments.doubles(), state.secondMoments.doubles())
    let (b1, b2) = (update.firstDecay, update.secondDecay)
    for i in p.indices {
      let g = update.gradientScale * gradient[i] + update.weightDecay * p[i]
      m[i] = b1 * m[i] + (1 - b1) * g
      switch update.rule {
      case .adamax:
        v[i] = max(b2 * v[i], abs(g) + update.epsilon)
        p[i] -= update.rate * m[i] / v[i]
      case .adam:
        v[i] = b2 * v[i] + (1 - b2) * g * g
        p[i] -= update.rate * m[i] / (v[i].squareRoot() * update.rootCorrection + update.epsilon)
      }
    }
    let shape = state.parameters.shape
    state.parameters = Tensor(p, shape: shape).converted(to: type)
    state.firstMoments = Tensor(m, shape: shape).converted(to: type)
    state.secondMoments = Tensor(v, shape: shape).converted(to: type)
  }
}

extension ElementwiseFunction {
  /// f(x), f'(x) and f''(x).
  fileprivate func jet(_ x: Double) -> (value: Double, first: Double, second: Double) {
    let s = 1 / (1 + Foundation.exp(-x))
    switch self {
    case .softplus: return (max(x, 0) + Foundation.log1p(Foundation.exp(-abs(x))), s, s * (1 - s))
    case .sigmoid: return (s, s * (1 - s), s * (1 - s) * (1 - 2 * s))
    case .tanh:
      let y = Foundation.tanh(x)
      return (y, 1 - y * y, -2 * y * (1 - y * y))
    case .relu: return (max(x, 0), x > 0 ? 1 : 0, 0)
    case .elu:
      let e = Foundation.exp(min(x, 0))
      return x > 0 ? (x, 1, 0) : (Foundation.expm1(x), e, e)
    case .swish:
      let ds = s * (1 - s)
      return (x * s, s + x * ds, 2 * ds + x * ds * (1 - 2 * s))
    case .exp:
      let y = Foundation.exp(x)
      return (y, y, y)
    case .log: return (Foundation.log(x), 1 / x, -1 / (x * x))
    case .sqrt:
      let y = x.squareRoot()
      return (y, 0.5 / y, -0.25 / (x * y))
    case .square: return (x * x, 2 * x, 2)
    case .reciprocal: return (1 / x, -1 / (x * x), 2 / (x * x * x))
    case .sin: return (Foundation.sin(x), Foundation.cos(x), -Foundation.sin(x))
    case .cos: return (Foundation.cos(x), -Foundation.sin(x), -Foundation.cos(x))
    }
  }
}
