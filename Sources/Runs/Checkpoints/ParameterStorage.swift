import Foundation
import Safetensors
import Tensors

/// The type in which a file stores parameters. In memory they are always in single precision.
public enum ParameterStorage: String, Sendable, CaseIterable {
  /// IEEE 754 single precision: 24 bits of mantissa.
  case float32
  /// The range of single precision with 8 bits of mantissa.
  case bfloat16
  /// IEEE 754 half precision: 11 bits of mantissa, up to 65504.
  case float16

  var elementType: SafetensorsElementType {
    switch self {
    case .float32: .float32
    case .bfloat16: .bfloat16
    case .float16: .float16
    }
  }

  /// A tensor to be written in this type, rounded to nearest, ties to even.
  ///
  /// - Throws: ``RunError/unwritable(path:reason:)`` for a number beyond the type's range.
  package func stored(_ name: String, _ tensor: Tensor, path: String) throws(RunError) -> SafetensorsTensor {
    if self == .float16, let large = tensor.floats().first(where: { abs($0) >= 65520 }) {
      throw .unwritable(
        path: path, reason: "\(name) has \(large), and float16 ends at 65504; store it as bfloat16 or float32")
    }
    return SafetensorsTensor(name: name, elementType: elementType, shape: tensor.shape) { consume in
      switch self {
      case .float32: try tensor.withBytes { try consume($0) }
      case .bfloat16: try tensor.floats().map(Self.bfloat16).withUnsafeBytes(consume)
      case .float16: try tensor.floats().map { Float16($0).bitPattern }.withUnsafeBytes(consume)
      }
    }
  }

  /// A stored tensor, converted to single precision; nil for a type in which parameters are not stored.
  package static func widened(_ bytes: UnsafeRawBufferPointer, shape: [Int], _ type: SafetensorsElementType) -> Tensor?
  {
    func numbers(_ widen: (UInt16) -> Float) -> Tensor {
      let values = (0..<bytes.count / 2).map { widen(bytes.loadUnaligned(fromByteOffset: 2 * $0, as: UInt16.self)) }
      return Tensor(values, shape: shape)
    }
    switch type {
    case .float32: return Tensor(copying: bytes, shape: shape, .float32)
    case .bfloat16: return numbers { Float(bitPattern: UInt32($0) << 16) }
    case .float16: return numbers { Float(Float16(bitPattern: $0)) }
    default: return nil
    }
  }

  /// The upper 16 bits of a number, rounded; NaN stays NaN.
  private static func bfloat16(_ x: Float) -> UInt16 {
    let bits = x.bitPattern
    if x.isNaN { return UInt16(truncatingIfNeeded: bits >> 16) | 0x40 }
    return UInt16(truncatingIfNeeded: (bits + 0x7FFF + (bits >> 16 & 1)) >> 16)
  }
}
