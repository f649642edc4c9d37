import Communication
import NeuralNetworks
import Runs
import Synchronization
import Tensors
import VariationalAutoencoder

/// The ranks that evaluate a trained model together: the leader for whoever asks it, the others for the leader.
public final class EvaluationRanks: Sendable {
  private let communicator: any Communicator
  /// The parameters that the other ranks have.
  private let sent = Mutex<ParameterSet?>(nil)
  private let evaluator = Mutex<Evaluator?>(nil)

  /// The ranks of a job.
  public init(_ communicator: any Communicator) { self.communicator = communicator }

  /// An evaluator whose work all ranks share.
  func sharing(_ evaluator: Evaluator, _ configuration: TrainingConfiguration) -> Evaluator {
    guard communicator.isShared else { return evaluator }
    var shared = evaluator
    shared.communicator = communicator
    shared.callOthers = { [self] evaluator in call(evaluator, configuration) }
    return shared
  }

  /// Brings the other ranks to evaluate, with the evaluator's model.
  private func call(_ evaluator: Evaluator, _ configuration: TrainingConfiguration) {
    sent.withLock { known in
      // The tensors are kept, so that equal addresses are the same numbers.
      let isKnown = known.map { $0.tensors.map(\.address) == evaluator.parameters.tensors.map(\.address) } ?? false
      guard !isKnown else { return }
      communicator.tell(RankTask.model)
      communicator.tell(configuration)
      for tensor in evaluator.parameters.tensors {
        var tensor = tensor
        communicator.share(&tensor)
      }
      known = evaluator.parameters
    }
    communicator.tell(RankTask.evaluation)
  }

  /// Takes the leader's model.
  ///
  /// - Throws: `RunError`
  public func takeModel() throws(RunError) {
    let configuration = communicator.hear(TrainingConfiguration.self)
    var (model, parameters) = VariationalAutoencoder.make(
      configuration.model, seed: 0, solver: try configuration.solverOptions(), gradient: configuration.gradient)
    for index in parameters.tensors.indices { communicator.share(&parameters.tensors[index]) }
    evaluator.withLock { [parameters] in
      var made = Evaluator(configuration, model: model, parameters: parameters)
      made.communicator = communicator
      $0 = made
    }
  }

  /// Takes part in an evaluation by the leader.
  ///
  /// - Returns: How many images this rank has taken through the posterior for it, each as often as it was sampled.
  @discardableResult
  public func evaluate() -> Int {
    guard let evaluator = evaluator.withLock({ $0 }) else { return 0 }
    let before = evaluator.work.images
    evaluator.follow()
    return evaluator.work.images - before
  }
}
