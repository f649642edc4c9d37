import ArgumentParser
import Runs

/// Images of a split by their indices, counted from zero: `3,17,4`.
struct ImageIndices: ExpressibleByArgument {
  let indices: [Int]

  init?(argument: String) {
    let numbers = argument.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
    indices = numbers.compactMap { $0 }
    guard indices.count == numbers.count, indices.allSatisfy({ $0 >= 0 }), indices.count <= 1000 else { return nil }
  }

  /// The indices, where a split has all of them.
  ///
  /// - Throws: ``RunError/invalidConfiguration(_:)`` where it has not.
  func checked(_ total: Int, option: String) throws(RunError) -> [Int] {
    guard let index = indices.first(where: { $0 >= total }) else { return indices }
    throw .invalidConfiguration("\(option) must be 0…\(total - 1), got \(index): the split has \(total) images")
  }
}
