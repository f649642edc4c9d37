import Foundation
import Runs
import Tensors
import Training

/// What `train` says before and after the epochs.
extension Train {
  static func describe(_ trainer: Trainer) {
    let configuration = trainer.state.configuration
    let model = configuration.model
    let counts = trainer.imageCounts
    Terminal.logger.info(
      """
      \(configuration.dataset): \(counts.training) images to train on, \(counts.validation) to validate
      model: \(trainer.state.parameters.count) parameters, latent \(model.latent), \(model.posteriorSummary)
      run: \(trainer.directory.url.path), \(Terminal.count(trainer.stepsPerEpoch, "step")) per epoch, \
      \(Terminal.count(Compute.threads, "thread")), \(Compute.instructionSet), \(configuration.precision.rawValue)
      """)
    if trainer.communicator.isShared { Terminal.logger.info("\(words(trainer.stepTraffic, configuration.batchSize))") }
    if configuration.precision == .mixed, !Compute.instructionSet.hasBFloat16 {
      Terminal.logger.notice(
        """
        this processor has no instructions for bfloat16 (AVX512-BF16 or AMX) in use: mixed precision is carried out in \
        float32 here, no faster
        """)
    }
    if let initial = configuration.initialCheckpoint, trainer.state.progress.step == 0 {
      Terminal.logger.info(
        """
        begins with \(trainer.hasNewFlow ? "the encoder and decoder" : "the parameters") of \
        \(Terminal.quoted(initial))\(trainer.hasNewFlow ? " and a new flow" : "")
        """)
    }
    let step = trainer.state.progress.step
    guard step > 0 else { return }
    let limit = configuration.steps == trainer.totalSteps ? "--steps" : "--epochs"
    // Another length than before makes another schedule.
    let schedule = configuration.schedule == .cosine ? ", where the cosine of the learning rate ends" : ""
    Terminal.logger.info(
      step < trainer.totalSteps
        ? "going on after step \(step) of \(trainer.totalSteps)\(schedule)"
        : "all \(trainer.totalSteps) steps are done already; raise \(limit) to go on")
  }

  private static func words(_ traffic: StepTraffic, _ batchSize: Int) -> String {
    let held =
      traffic.dividedCount > 0
      ? "\((Double(traffic.dividedCount) / 1e6).fixed(1)) million numbers of the hypernetwork divided by rows"
      : "all parameters on each"
    return "ranks: \(traffic.ranks), each with its part of a batch of \(batchSize); \(held); "
      + "about \((Double(traffic.expectedBytes) / 1e6).fixed(1)) MB sent a rank and step"
  }

  /// What was sent between ranks.
  static func reportTraffic(_ trainer: Trainer) {
    guard trainer.communicator.isShared, trainer.sent.steps > 0 else { return }
    let megabytes = Double(trainer.sent.bytes) / Double(trainer.sent.steps) / 1e6
    Terminal.logger.info("rank 0 sent \(megabytes.fixed(1)) MB per step")
  }

  /// - Parameter resumption: The command that goes on with a run that was interrupted.
  static func report(
    _ ending: Trainer.Ending, _ state: TrainingState, _ directory: RunDirectory, resumption: String
  ) {
    switch ending {
    case .complete:
      Terminal.logger.info(
        "done after \(Terminal.count(state.progress.step, "step")), \(Terminal.duration(state.progress.totalSeconds))"
      )
    case .stoppedEarly(let bestEpoch):
      Terminal.logger.info(
        "stopped: no better bound since epoch \(bestEpoch), for \(state.configuration.patience) epochs")
    case .interrupted:
      Terminal.logger.info("stopped after step \(state.progress.step); go on with: \(resumption)")
      return
    }
    if let best = state.progress.bestNegativeELBO, let epoch = state.progress.bestEpoch,
      FileManager.default.fileExists(atPath: directory.best.path)
    {
      Terminal.logger.info(
        "best validation -ELBO \(best.fixed(2)) nats, epoch \(epoch): \(directory.best.relativePath)",
        metadata: [Terminal.emphasis: "best"])
    }
  }

  /// Says what can be done with a run that is trained.
  ///
  /// - Parameter path: Its folder, quoted for a shell.
  static func sayWhatIsNext(_ path: String) {
    Terminal.logger.info(
      """
      next: ffjord-vae evaluate \(path)
            ffjord-vae reconstruct \(path) --output reconstructions.png
      """)
  }
}
