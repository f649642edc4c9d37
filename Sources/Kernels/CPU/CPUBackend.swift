import Tensors

/// Arithmetic by oneDNN and by vector kernels: the operations of a processor without more, and what those with more
/// build on.
package protocol CPUArithmetic: Backend {}

/// oneDNN's products, and vector kernels for AVX2, AVX-512 and any other processor.
package struct CPUBackend: CPUArithmetic {
  package let name = "CPU"
  package let isAvailable = true

  package init() {}
}
