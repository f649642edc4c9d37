import CKernels

/// The type of a tensor's numbers.
///
/// Models train in `float32`. `float64` runs the same code for what needs more digits: derivatives against finite
/// differences, reference solves.
public enum ElementType: String, Sendable, CaseIterable {
  /// Single precision: `Float`.
  case float32
  /// Double precision: `Double`.
  case float64

  /// Bytes of one number.
  @inlinable public var byteCount: Int { self == .float32 ? 4 : 8 }

  package var kernels: ck_table {
    @inline(__always) get { ck_kernels(self == .float32 ? CK_FLOAT32 : CK_FLOAT64).pointee }
  }
}

/// A Swift type that tensors hold.
public protocol TensorScalar: BinaryFloatingPoint, Sendable {
  /// The element type of tensors that hold this type.
  static var elementType: ElementType { get }
}

extension Float: TensorScalar {
  /// Single precision.
  public static var elementType: ElementType { .float32 }
}

extension Double: TensorScalar {
  /// Double precision.
  public static var elementType: ElementType { .float64 }
}
