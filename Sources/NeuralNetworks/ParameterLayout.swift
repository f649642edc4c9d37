/// What a model is made of, in name alone: the names and shapes of its parameters, and how large the tensors are that its
/// layers keep besides. So a model can be weighed, and a file's tensors held against it, before memory is taken for it.
public struct ParameterLayout: Sendable {
  /// The parameters, in the order of the ``ParameterSet`` that a builder makes.
  public private(set) var parameters: [Parameter] = []
  /// How many numbers all parameters hold together; the greatest `Int` where that does not count them.
  public private(set) var count = 0
  /// The same of constant tensors, such as masks.
  public private(set) var constantCount = 0

  /// Further names of parameters: those under which the published model has one tensor more than once.
  public private(set) var otherNames: [String] = []

  /// All names, further ones included.
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

  /// What is wrong with tensors of these shapes, as far as they are to be the parameters: each missing or misshaped one.
  ///
  /// - Parameter prefix: What stands before a parameter's name in that of its tensor.
  public func validationErrors(under prefix: String = "", of shape: (_ name: String) -> [Int]?) -> [String] {
    parameters.compactMap { parameter in
      let name = prefix + parameter.name
      guard let found = shape(name) else { return "\(name) \(parameter.shape) is missing" }
      return found == parameter.shape ? nil : "\(name) is \(found), not \(parameter.shape)"
    }
  }
}
