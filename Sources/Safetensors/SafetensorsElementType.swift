/// The type of a tensor's elements; the raw value is the format's name of it.
///
/// The cases are in the order in which the reference implementation lays tensors out: widest first, so that every
/// tensor starts at a multiple of its element's size. The format's floating-point types of eight bits or fewer and its
/// complex numbers are not read.
///
/// Source: <https://github.com/huggingface/safetensors>, `Dtype`.
public enum SafetensorsElementType: String, Sendable, Hashable, CaseIterable {
  /// Unsigned integers of 64 bits.
  case uint64 = "U64"
  /// Signed integers of 64 bits.
  case int64 = "I64"
  /// IEEE 754 double precision.
  case float64 = "F64"
  /// IEEE 754 single precision.
  case float32 = "F32"
  /// Unsigned integers of 32 bits.
  case uint32 = "U32"
  /// Signed integers of 32 bits.
  case int32 = "I32"
  /// The upper 16 bits of single precision: 8 bits of mantissa, the leading one included.
  case bfloat16 = "BF16"
  /// IEEE 754 half precision.
  case float16 = "F16"
  /// Unsigned integers of 16 bits.
  case uint16 = "U16"
  /// Signed integers of 16 bits.
  case int16 = "I16"
  /// Signed integers of 8 bits.
  case int8 = "I8"
  /// Unsigned integers of 8 bits.
  case uint8 = "U8"
  /// Truth values of one byte each: 0 or 1.
  case bool = "BOOL"

  /// The size of an element in bytes.
  public var byteCount: Int {
    switch self {
    case .uint64, .int64, .float64: 8
    case .float32, .uint32, .int32: 4
    case .bfloat16, .float16, .uint16, .int16: 2
    case .int8, .uint8, .bool: 1
    }
  }

  /// The rank in the file's layout: tensors of a lower rank come first.
  var layoutRank: Int {
    switch self {
    case .uint64: 0
    case .int64: 1
    case .float64: 2
    case .float32: 3
    case .uint32: 4
    case .int32: 5
    case .bfloat16: 6
    case .float16: 7
    case .uint16: 8
    case .int16: 9
    case .int8: 10
    case .uint8: 11
    case .bool: 12
    }
  }
}

/// A Swift type with the memory layout of an element type.
///
/// `Bool` is not one: a file may hold any byte, and only 0 and 1 are values of `Bool`.
public protocol SafetensorsElement: BitwiseCopyable, Sendable {
  /// The element type of a tensor of such values.
  static var safetensorsElementType: SafetensorsElementType { get }
}

#if _endian(big)
  #error("Safetensors files are little-endian; this module copies their bytes as they are.")
#endif

extension UInt64: SafetensorsElement {
  /// U64.
  public static var safetensorsElementType: SafetensorsElementType { .uint64 }
}

extension Int64: SafetensorsElement {
  /// I64.
  public static var safetensorsElementType: SafetensorsElementType { .int64 }
}

extension Double: SafetensorsElement {
  /// F64.
  public static var safetensorsElementType: SafetensorsElementType { .float64 }
}

extension Float: SafetensorsElement {
  /// F32.
  public static var safetensorsElementType: SafetensorsElementType { .float32 }
}

extension UInt32: SafetensorsElement {
  /// U32.
  public static var safetensorsElementType: SafetensorsElementType { .uint32 }
}

extension Int32: SafetensorsElement {
  /// I32.
  public static var safetensorsElementType: SafetensorsElementType { .int32 }
}

extension UInt16: SafetensorsElement {
  /// U16.
  public static var safetensorsElementType: SafetensorsElementType { .uint16 }
}

extension Int16: SafetensorsElement {
  /// I16.
  public static var safetensorsElementType: SafetensorsElementType { .int16 }
}

extension Int8: SafetensorsElement {
  /// I8.
  public static var safetensorsElementType: SafetensorsElementType { .int8 }
}

extension UInt8: SafetensorsElement {
  /// U8.
  public static var safetensorsElementType: SafetensorsElementType { .uint8 }
}
