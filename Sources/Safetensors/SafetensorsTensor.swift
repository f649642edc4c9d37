/// A tensor to be written: its entry in the header, and a closure that provides its bytes.
///
/// ```swift
/// let scale = SafetensorsTensor(name: "scale", values: [1.5, 2.5] as [Float])
/// let weight = SafetensorsTensor(name: "weight", elementType: .float32, shape: [512, 512]) { body in
///   try storage.withUnsafeBytes(body)
/// }
/// ```
public struct SafetensorsTensor {
  /// The tensor's name, unique in its file.
  public let name: String
  /// The type of the elements.
  public let elementType: SafetensorsElementType
  /// The lengths of the dimensions, outermost first; empty for a scalar.
  public let shape: [Int]
  /// Provides the bytes, little-endian elements in row-major order, in one or several calls of its argument.
  ///
  /// It is called once per file written, so that the bytes can be computed on demand. The writer rethrows its errors.
  public let withBytes: (_ body: (UnsafeRawBufferPointer) throws -> Void) throws -> Void

  /// A tensor whose bytes a closure provides, without a copy.
  public init(
    name: String, elementType: SafetensorsElementType, shape: [Int],
    withBytes: @escaping (_ body: (UnsafeRawBufferPointer) throws -> Void) throws -> Void
  ) {
    self.name = name
    self.elementType = elementType
    self.shape = shape
    self.withBytes = withBytes
  }

  /// A tensor of the elements of an array; without a shape, a vector.
  ///
  /// - Precondition: The product of the shape is the number of values.
  public init<Element: SafetensorsElement>(name: String, shape: [Int]? = nil, values: [Element]) {
    let shape = shape ?? [values.count]
    precondition(
      shape.reduce(1, *) == values.count,
      "SafetensorsTensor \(name): shape \(shape) for \(values.count) values")
    self.init(name: name, elementType: Element.safetensorsElementType, shape: shape) { body in
      try values.withUnsafeBytes(body)
    }
  }
}
