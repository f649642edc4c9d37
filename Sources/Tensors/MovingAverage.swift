import CKernels
import Profiling

extension Tensor {
  /// Moves the tensor, a running average, towards another: average += weight (p - average).
  package mutating func moveAverage(towards p: Tensor, weight: Double) {
    precondition(
      p.shape == shape && p.elementType == elementType, "average \(shape) of numbers \(p.shape)")
    let type = elementType
    Profiler.count(operations: 3 * p.count, bytes: 3 * p.count * type.byteCount)
    withMutableBytes { bytes in
      guard let average = bytes.baseAddress else { return }
      Compute.parallel(p.count, cost: 4) { begin, end in
        type.kernels.move_average(begin, end, weight, p.address, average)
      }
    }
    withExtendedLifetime(p) {}
  }
}
