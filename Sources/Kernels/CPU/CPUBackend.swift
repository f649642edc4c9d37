import CKernels
import Tensors

/// Arithmetic by oneDNN and by vector kernels: the operations of a processor without more, and what those with more
/// build on.
package protocol CPUArithmetic: Backend {
  /// What products of such numerics multiply.
  func factors(_ numerics: Numerics) -> ProductFactors
}

/// The type of what a product of single-precision numbers multiplies; its sums are in single precision.
package enum ProductFactors: Sendable {
  case float32, bfloat16

  /// Our kernels' products of such factors; nothing where a library's are taken.
  var kernels: ck_product_table? {
    ck_product_kernels(self == .bfloat16 ? CK_FACTORS_BFLOAT16 : CK_FACTORS_FLOAT32)?.pointee
  }

  /// The name of a matrix's packed form. It is a literal, since interpolating one takes as long as a small product.
  var panels: String { self == .bfloat16 ? "bfloat16 panels" : "float32 panels" }

  /// As ``Profiler`` counts them.
  var lowPrecisionProducts: Int { self == .bfloat16 ? 1 : 0 }
}

extension CPUArithmetic {
  package func factors(_ numerics: Numerics) -> ProductFactors { .float32 }
}

/// oneDNN's products, and vector kernels for AVX2, AVX-512 and any other processor.
package struct CPUBackend: CPUArithmetic {
  package let name = "CPU"
  package let isAvailable = true

  package init() {}
}
