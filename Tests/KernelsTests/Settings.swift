import Randomness
import Tensors

/// What the process computes with, for the time of a closure.
enum Settings {
  /// The closure's result on so many threads of an instruction set; nil where the processor lacks it.
  static func with<Result>(
    _ set: Compute.InstructionSet, threads: Int, _ body: () throws -> Result
  ) rethrows -> Result? {
    let before = (Compute.instructionSet, Compute.threads)
    defer {
      Compute.use(before.0)
      Compute.threads = before.1
    }
    guard Compute.use(set) else { return nil }
    Compute.threads = threads
    return try body()
  }

  /// The closure's results on one, two and three threads of each instruction set that the processor has.
  static func everywhere<Result>(
    _ body: () throws -> Result
  ) rethrows -> [(set: Compute.InstructionSet, onThreads: [Result])] {
    try Compute.InstructionSet.allCases.compactMap { set in
      let results = try [1, 2, 3].compactMap { try with(set, threads: $0, body) }
      return results.isEmpty ? nil : (set, results)
    }
  }
}

/// Standard normal numbers, the same ones for the same index.
func normals(_ count: Int, _ index: UInt64) -> [Double] {
  RandomStream(seed: 21, purpose: .test, step: index).normals(0..<count).map { Double($0) }
}

/// Numbers as a tensor in single precision.
func single(_ numbers: [Double], _ shape: [Int]) -> Tensor { Tensor(numbers.map { Float($0) }, shape: shape) }

/// The greatest difference, in parts of the greatest number expected; infinite where a number is not one.
func relativeError(_ result: Tensor, _ expected: [Double]) -> Double {
  let scale = expected.map { abs($0) }.max() ?? 0
  guard result.count == expected.count else { return .infinity }
  return zip(result.doubles(), expected).map { $0.isFinite ? abs($0 - $1) / scale : .infinity }.max() ?? 0
}
