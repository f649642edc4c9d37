import Autodiff
import Tensors

/// A handle on one tensor of a ``ParameterSet``.
public struct Parameter: Hashable, Sendable {
  /// Its index in the set.
  let index: Int
  /// Its dotted name, as in the state dict of the published PyTorch model.
  public let name: String
  /// The shape of its tensor.
  public let shape: [Int]
}

/// The parameters of a model: tensors under stable dotted names, in a fixed order.
///
/// Gradients, optimizer and files all use one set. Names and shapes are those of the published PyTorch model.
public struct ParameterSet: Sendable {
  /// The parameters, in the order of the tensors.
  public private(set) var parameters: [Parameter] = []
  /// The tensors, in the order of the parameters.
  public var tensors: [Tensor] = []
  private var places: [String: Int] = [:]

  /// An empty set.
  public init() {}

  /// The number of elements of all tensors.
  public var count: Int { tensors.reduce(0) { $0 + $1.count } }

  /// The parameter of a name, which may be one of ``otherNames``; nil where there is none.
  public subscript(name: String) -> Parameter? { places[name].map { parameters[$0] } }

  /// The tensor of a parameter. A new tensor must be of the same shape.
  public subscript(parameter: Parameter) -> Tensor {
    get { tensors[parameter.index] }
    set {
      precondition(newValue.shape == parameter.shape, "\(parameter.name): shape \(newValue.shape)")
      tensors[parameter.index] = newValue
    }
  }

  /// Further names of parameters that the published model has under several names.
  public private(set) var otherNames: [(name: String, parameter: Parameter)] = []

  /// All names of parameters, including ``otherNames``.
  public var names: [String] { Array(places.keys) }

  /// Gives a parameter one more name, which must not be in use.
  public mutating func share(_ parameter: Parameter, as name: String) {
    precondition(places[name] == nil, "two parameters are called \(name)")
    places[name] = parameter.index
    otherNames.append((name, parameter))
  }

  /// Adds a tensor under a name, which must not be in use.
  public mutating func add(_ name: String, _ tensor: Tensor) -> Parameter {
    precondition(places[name] == nil, "two parameters are called \(name)")
    let parameter = Parameter(index: tensors.count, name: name, shape: tensor.shape)
    places[name] = tensors.count
    parameters.append(parameter)
    tensors.append(tensor)
    return parameter
  }

  /// The same parameters, converted to another element type.
  public func converted(to type: ElementType) -> ParameterSet {
    var result = self
    result.tensors = tensors.map { $0.converted(to: type) }
    return result
  }

  /// The parameters as variables of a tape, with respect to which gradients can be taken.
  public func tracked(on tape: Tape, precision: Precision = .float32) -> BoundParameters {
    BoundParameters(variables: tensors.map { tape.variable($0) }, precision: precision)
  }

  /// The parameters as constants.
  public var constants: BoundParameters { constants(precision: .float32) }

  /// The parameters as constants, for a pass in the given precision.
  public func constants(precision: Precision) -> BoundParameters {
    BoundParameters(variables: tensors.map { Variable($0) }, precision: precision)
  }
}

/// Parameters as variables, for one pass through a model.
public struct BoundParameters {
  /// The variables, in the order of the set.
  public let variables: [Variable]
  /// The precision of the pass.
  public let precision: Precision

  init(variables: [Variable], precision: Precision = .float32) {
    self.variables = variables
    self.precision = precision
  }

  /// The variable of a parameter.
  public subscript(parameter: Parameter) -> Variable { variables[parameter.index] }

  /// The same numbers as constants.
  public var detached: BoundParameters { BoundParameters(variables: variables.map(\.detached), precision: precision) }
}
