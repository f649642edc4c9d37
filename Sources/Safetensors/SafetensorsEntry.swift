import Files

/// What a header says about one tensor: its name, its shape, and where its bytes lie.
public struct SafetensorsEntry: Sendable, Hashable {
  /// The tensor's name, unique in its file.
  public let name: String
  /// The type of the elements.
  public let elementType: SafetensorsElementType
  /// The lengths of the dimensions, outermost first; empty for a scalar. Elements lie in row-major order.
  public let shape: [Int]
  /// The bytes of the tensor, counted from the end of the header.
  public let byteRange: Range<Int>

  /// An entry as given; ``SafetensorsHeader`` is what checks that entries fit together.
  public init(name: String, elementType: SafetensorsElementType, shape: [Int], byteRange: Range<Int>) {
    self.name = name
    self.elementType = elementType
    self.shape = shape
    self.byteRange = byteRange
  }

  /// The bytes that the tensor takes.
  public var byteCount: Int { byteRange.count }

  /// The number of elements: 1 for a scalar.
  public var elementCount: Int { byteRange.count / elementType.byteCount }

  /// The bytes that a tensor of this shape takes; nil where a length is negative or the product overflows.
  ///
  /// The product is taken dimension by dimension, as the reference implementation does, so an overflow is one
  /// even where a later dimension is zero.
  static func byteCount(elementType: SafetensorsElementType, shape: [Int]) -> Int? {
    CheckedSize.product(shape + [elementType.byteCount])
  }
}
