import ArgumentParser
import Runs
import Training

/// How `train` trains several runs, one after another, that differ only in their seeds.
extension Train {
  /// The folder of one of several runs.
  static func path(_ folder: String, seed: UInt64) -> String {
    // A shell completes folders with a slash behind them.
    let folder = folder.count > 1 && folder.hasSuffix("/") ? String(folder.dropLast()) : folder
    return "\(folder)-seed\(seed)"
  }

  func train(_ seeds: [UInt64]) throws {
    let (folder, trainer) = try options.resume.map { ($0, try goingOn($0, seeds)) } ?? beginning(seeds)
    var stop: StopSignal?
    for (index, seed) in seeds.enumerated() {
      Terminal.logger.info("seed \(seed): run \(index + 1) of \(seeds.count)")
      do {
        var (run, lock) = try trainer(seed)
        let signal = stop ?? Self.stopSignal()
        stop = signal
        let ending = try withExtendedLifetime(lock) {
          try Self.train(&run, title: "seed \(seed)", resumption: resumption(of: folder, seeds), signal)
        }
        if ending == .interrupted { return }
      } catch {
        let left = Array(seeds[(index + 1)...])
        if !left.isEmpty, seeds.contains(where: { RunDirectory(Self.path(folder, seed: $0)).holdsRun }) {
          Terminal.logger.warning("seed \(seed) failed; the others go on with: \(resumption(of: folder, left))")
        }
        throw error
      }
      if stop?.isRequested == true, index + 1 < seeds.count {
        Terminal.logger.info("stopped after seed \(seed); go on with: \(resumption(of: folder, seeds))")
        return
      }
    }
    let paths = seeds.map { Terminal.quoted(Self.path(folder, seed: $0)) }.joined(separator: " ")
    Terminal.logger.info(
      """
      next: for run in \(paths); do ffjord-vae evaluate "$run"; done
            ffjord-vae compare \(paths)
      """)
  }

  /// The command that goes on with runs, for as long as was asked for.
  private func resumption(of folder: String, _ seeds: [UInt64]) -> String {
    let lengths = [("--epochs", optimization.epochs), ("--steps", optimization.steps)].compactMap { name, value in
      options.resume == nil ? nil : value.map { " \(name) \($0)" }
    }
    return "ffjord-vae train --resume \(Terminal.quoted(folder)) --seeds "
      + seeds.map(String.init).joined(separator: ",") + lengths.joined()
  }

  private typealias Run = (Trainer, RunLock)

  /// The folder that new runs are named after, and how each begins. None begins where one of them would find another run
  /// in its place.
  private func beginning(_ seeds: [UInt64]) throws -> (folder: String, (UInt64) throws -> Run) {
    let (configuration, initial) = try newConfiguration()
    let folder = output(for: configuration)
    let occupied = seeds.map { Self.path(folder, seed: $0) }.filter { RunDirectory($0).holdsRun }
    if !options.overwrite, let first = occupied.first {
      throw ValidationError(
        "--seeds: \(first) already holds a run. Go on with '\(resumption(of: folder, seeds))', choose another --output, or "
          + "replace the runs with --overwrite")
    }
    return (
      folder,
      { seed in
        var configuration = configuration
        configuration.seed = seed
        return try begin(configuration, initial, in: Self.path(folder, seed: seed))
      }
    )
  }

  /// How each of several runs goes on. One that has not begun has the configuration of the first that has.
  private func goingOn(_ folder: String, _ seeds: [UInt64]) throws -> (UInt64) throws -> Run {
    try checkResumption()
    var begun: [(seed: UInt64, path: String, configuration: TrainingConfiguration)] = []
    for seed in seeds {
      let path = Self.path(folder, seed: seed)
      // What is damaged is said when its turn comes.
      do {
        begun.append((seed, path, try RunSummary(RunDirectory(path), onDamage: { _ in }).configuration))
      } catch RunError.missingRun {}
    }
    guard let first = begun.first else {
      throw RunError.missingRun(path: Self.path(folder, seed: seeds[0]), reason: "no run of these seeds has begun")
    }
    for run in begun {
      var configuration = run.configuration
      (configuration.epochs, configuration.steps) = (first.configuration.epochs, first.configuration.steps)
      guard configuration.seed == run.seed, configuration.differsOnlyInSeed(from: first.configuration) else {
        throw ValidationError(
          "--seeds: \(run.path) must be the run of seed \(run.seed), and like \(first.path) in all else. Go on with each run "
            + "alone")
      }
    }
    return { seed in
      let path = Self.path(folder, seed: seed)
      if begun.contains(where: { $0.seed == seed }) { return try resumed(path) }
      var configuration = first.configuration
      configuration.seed = seed
      let lock = try RunDirectory(path).create(isReplacing: false)
      return (try beginning(&configuration, in: RunDirectory(path)), lock)
    }
  }
}
