import Files

/// A tensor's entry in a header: its name, its type, its shape, and where its bytes are.
public struct SafetensorsEntry: Sendable, Hashable {
  /// The tensor's name, unique in its file.
  public let name: String
  /// The type of the elements.
  public let elementType: SafetensorsElementType
  /// The lengths of the dimensions, outermost first; empty for a scalar. Elements are in row-major order.
  public let shape: [Int]
  /// The range of the tensor's bytes, counted from the end of the header.
  public let byteRange: Range<Int>

  /// An unchecked entry; ``SafetensorsHeader`` checks that entries fit together.
  public init(name: String, elementType: SafetensorsElementType, shape: [Int], byteRange: Range<Int>) {
    self.name = name
    self.elementType = elementType
    self.shape = shape
    self.byteRange = byteRange
  }

  /// The size of the tensor in bytes.
  public var byteCount: Int { byteRange.count }

  /// The number of elements: 1 for a scalar.
  public var elementCount: Int { byteRange.count / elementType.byteCount }

  /// The size in bytes of a tensor of a shape; nil where a length is negative or the product overflows.
  ///
  /// The product is computed dimension by dimension, as in the reference implementation, so that it can overflow even
  /// where a later dimension is zero.
  static func byteCount(elementType: SafetensorsElementType, shape: [Int]) -> Int? {
    CheckedSize.product(shape + [elementType.byteCount])
  }
}
