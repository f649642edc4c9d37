import CKernels

/// Numbers of 16 bits with the exponents of single precision and 8 bits of mantissa: the upper half of a float.
package enum BFloat16 {
  /// Rounds single-precision numbers to the nearest, ties to even, as products in mixed numerics take them.
  package static func round(_ count: Int, _ numbers: UnsafeRawPointer, into halves: UnsafeMutableRawPointer) {
    guard count > 0 else { return }
    guard let kernels = ProductFactors.bfloat16.kernels else { preconditionFailure("bfloat16: no kernels") }
    kernels.convert(0, count, numbers.assumingMemoryBound(to: Float.self), halves)
  }

  /// The single-precision numbers that bfloat16 ones are.
  package static func widen(_ count: Int, _ halves: UnsafeRawPointer, into numbers: UnsafeMutableRawPointer) {
    let (halves, bits) = (halves.assumingMemoryBound(to: UInt16.self), numbers.assumingMemoryBound(to: UInt32.self))
    for index in 0..<count { bits[index] = UInt32(halves[index]) << 16 }
  }
}
