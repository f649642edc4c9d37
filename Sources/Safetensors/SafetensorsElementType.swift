/// The type of a tensor's elements; the raw value is the format's name for it.
///
/// The order of the cases is the order in which the reference implementation lays tensors out: widest first, so
/// that every tensor starts at a multiple of its element's size. Eight-bit and narrower floating-point types and
/// complex numbers, which the format knows too, are not read.
///
/// Source: <https://github.com/huggingface/safetensors>, `Dtype`.
public enum SafetensorsElementType: String, Sendable, Hashable, CaseIterable {
  case uint64 = "U64"
  case int64 = "I64"
  case float64 = "F64"
  case float32 = "F32"
  case uint32 = "U32"
  case int32 = "I32"
  case bfloat16 = "BF16"
  case float16 = "F16"
  case uint16 = "U16"
  case int16 = "I16"
  case int8 = "I8"
  case uint8 = "U8"
  case bool = "BOOL"

  /// The bytes that one element takes.
  public var byteCount: Int {
    switch self {
    case .uint64, .int64, .float64: 8
    case .float32, .uint32, .int32: 4
    case .bfloat16, .float16, .uint16, .int16: 2
    case .int8, .uint8, .bool: 1
    }
  }

  /// The place in the layout: tensors of a lower rank come first in a file.
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

/// A Swift type whose values are the elements of a tensor, bit for bit.
///
/// `Bool` is not one: a file may hold any byte, and only 0 and 1 are values of `Bool`.
public protocol SafetensorsElement: BitwiseCopyable, Sendable {
  /// The element type that a tensor of such values has.
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
