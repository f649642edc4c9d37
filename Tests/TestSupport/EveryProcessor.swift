import Tensors

extension Compute {
  /// The results of a closure on one, two and three threads, for each instruction set that the processor has.
  package static func onEveryInstructionSet<Result>(
    _ body: () throws -> Result
  ) rethrows -> [(set: InstructionSet, onThreads: [Result])] {
    try InstructionSet.allCases.compactMap { set in
      let results = try [1, 2, 3].compactMap { try with(set, threads: $0, body) }
      return results.isEmpty ? nil : (set, results)
    }
  }
}
