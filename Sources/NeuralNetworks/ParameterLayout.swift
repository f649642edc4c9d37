/// The layout of a model: the names and shapes of its parameters, and the size of its constant tensors.
///
/// From a layout the memory of a model can be estimated, and the tensors of a file can be checked, before memory is
/// taken.
public struct ParameterLayout: Sendable {
  /// The parameters, in the order of the ``ParameterSet`` that a builder makes.
  public private(set) var parameters: [Parameter] = []
  /// The number of elements of all parameters; `Int.max` where it overflows.
  public private(set) var count = 0
  /// The number of elements of all constant tensors, such as masks; `Int.max` where it overflows.
  public private(set) var constantCount = 0

  /// Further names of parameters that the published model has under several names.
  public private(set) var otherNames: [String] = []

  /// All names of parameters, including ``otherNames``.
  public var names: [String] { parameters.map(\.name) + otherNames }

  init() {}

  mutating func add(_ name: String, _ shape: [Int]) -> Parameter {
    let parameter = Parameter(index: parameters.count, name: name, shape: shape)
    parameters.append(parameter)
    count = Self.sum(count, Self.product(shape))
    return parameter
  }

  mutating func addOtherName(_ name: String) { otherNames.append(name) }

  mutating func addConstant(_ shape: [Int]) { constantCount = Self.sum(constantCount, Self.product(shape)) }

  private static func sum(_ a: Int, _ b: Int) -> Int {
    let (sum, isOverflow) = a.addingReportingOverflow(b)
    return isOverflow ? .max : sum
  }

  private static func product(_ shape: [Int]) -> Int {
    shape.reduce(1) {
      let (product, isOverflow) = $0.multipliedReportingOverflow(by: $1)
      return isOverflow ? .max : product
    }
  }

  /// A validation error for each parameter whose tensor is missing or misshaped.
  ///
  /// - Parameters:
  ///   - prefix: The prefix of the tensors' names, before the parameters' names.
  ///   - shape: The shape of the tensor of a name; nil where there is none.
  public func validationErrors(under prefix: String = "", of shape: (_ name: String) -> [Int]?) -> [String] {
    parameters.compactMap { parameter in
      let name = prefix + parameter.name
      guard let found = shape(name) else { return "\(name) \(parameter.shape) is missing" }
      return found == parameter.shape ? nil : "\(name) is \(found), not \(parameter.shape)"
    }
  }
}
