import Autodiff
import NeuralNetworks
import NormalizingFlows
import Tensors

/// The end time T of a continuous flow, which may be trained.
///
/// A trained T is the square of a parameter, `name.sqrt_end_time` of shape [], as in the published code: it stays
/// positive.
struct EndTime: Sendable {
  private let fixed: Double
  private let root: Parameter?

  /// - Parameters:
  ///   - name: The flow's name.
  ///   - time: T, or its initial value.
  ///   - isTrained: Whether it is trained.
  ///   - builder: What makes the parameters.
  init(_ name: String, _ time: Double, isTrained: Bool, in builder: inout ParameterBuilder) {
    fixed = time
    root = isTrained ? builder.constant("\(name).sqrt_end_time", [], time.squareRoot()) : nil
  }

  /// T for the given parameters.
  func value(_ parameters: BoundParameters) -> Double {
    guard let root else { return fixed }
    let number = parameters[root].value.scalar
    return number * number
  }

  /// The results of a solve from 0 to T, as functions of T too.
  ///
  /// A longer solve goes on with the velocity at its end, dz(T)/dT = f(T, z(T)), and so do all components of its state.
  ///
  /// - Parameters:
  ///   - components: The components of the state at T, each `[batch, ...]`.
  ///   - parameters: The parameters.
  ///   - derivatives: Their derivatives with respect to the time at T, in the same order; only called where T is trained
  ///     and gradients are wanted.
  func dependence(
    of components: [Variable], _ parameters: BoundParameters, derivatives: () -> [Tensor]
  ) -> [Variable] {
    guard let root, parameters[root].isTracked else { return components }
    let parameter = parameters[root]
    let slope = 2 * parameter.value.scalar
    let type = parameter.value.elementType
    return zip(components, derivatives()).map { component, derivative in
      .record(component.value, of: [component, parameter]) { g in
        let product = zip(g.doubles(), derivative.doubles()).reduce(0) { $0 + $1.0 * $1.1 }
        return [g, Tensor([slope * product], shape: []).converted(to: type)]
      }
    }
  }
}
