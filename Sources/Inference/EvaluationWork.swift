import Synchronization

/// What a rank's evaluators have done.
package final class EvaluationWork: Sendable {
  private let count = Atomic(0)

  package init() {}

  /// The images that went through the posterior, each as often as it was sampled.
  package var images: Int { count.load(ordering: .relaxed) }

  func add(images: Int) { count.add(images, ordering: .relaxed) }
}
