import ArgumentParser
import Foundation
import ImageDatasets
import Inference
import NormalizingFlows
import Runs
import Tensors

extension OutlierScore: ExpressibleByArgument {}

struct Score: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Scores images, low for those unlike the training images, and measures how well outliers are found.",
    discussion: """
      The file's format follows its name. .safetensors holds elbo, reconstruction and kl, each [images], and the scores of \
      other methods; .npy the scores alone; .csv a row for each image. Of your own images, .csv and .safetensors have the \
      file, and the label where folders are classes. Several samples give a steadier score. An image so far from the \
      training images that the model takes it to infinity has a bound of -inf.

      With --against, other images are scored as well, the test images of a dataset or all of your own, and two figures are \
      printed: AUROC, the probability that an image of the dataset scores above one of the others, and the average \
      precision with which the others are found. All scores are in nats. typicality needs the run's validation images, \
      likelihood-ratio another model.

        ffjord-vae score Checkpoints/first --output scores.csv
        ffjord-vae score Checkpoints/first --against noise --picture strange.png
        ffjord-vae score mnist --method bound --method complexity --against omniglot
      """)

  @Argument(help: .checkpoint, completion: .checkpoint)
  var checkpoint: String

  @OptionGroup(title: "Score") var method: MethodOptions
  @OptionGroup(title: "Score") var others: OtherImageOptions
  @OptionGroup(title: "Model") var parameters: ParameterOptions
  @OptionGroup(title: "Bound") var bound: BoundOptions
  @OptionGroup(title: "Output") var files: FileOptions
  @OptionGroup(title: "Output") var results: ResultOptions
  @OptionGroup(title: "Output") var messages: MessageOptions
  @OptionGroup var input: ImageOptions
  @OptionGroup(title: "Data") var extent: LimitOptions
  @OptionGroup(title: "Machine") var compute: ComputeOptions

  /// What a score is.
  struct MethodOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Score (default: bound); repeatable", valueName: "kind"))
    var method: [OutlierScore] = []

    @Option(
      help: ArgumentHelp("Model that likelihood-ratio divides by", valueName: "checkpoint"), completion: .checkpoint)
    var background: String?

    /// The methods, each once.
    var all: [OutlierScore] {
      method.isEmpty ? [.bound] : OutlierScore.allCases.filter(method.contains)
    }

    func validate() throws {
      let (isAsked, method) = (all.contains(.likelihoodRatio), OutlierScore.likelihoodRatio.rawValue)
      if isAsked, background == nil { throw ValidationError("--method \(method) needs --background CHECKPOINT") }
      if !isAsked, background != nil { throw ValidationError("--background needs --method \(method)") }
    }
  }

  /// What images are ranked against.
  struct OtherImageOptions: ParsableArguments {
    @Option(
      help: ArgumentHelp("Other images: noise, inverted or a dataset; repeatable", valueName: "name"),
      completion: .otherImages)
    var against: [String] = []

    /// Those that are not made of the model's own images.
    var datasets: [String] { against.filter { OutOfDistributionImages(rawValue: $0) == nil } }

    /// Whether there are a person's own images among them.
    var haveOwn: Bool { datasets.contains { !DatasetCatalog.isKnown($0) } }
  }

  /// How the bound is estimated.
  struct BoundOptions: ParsableArguments {
    @OptionGroup var estimate: DivergenceOptions

    @Option(help: ArgumentHelp("Posterior samples per image, averaged", .count))
    var samples = 1

    @OptionGroup var random: SeedOptions

    func validate() throws { try check("--samples", samples, in: 1...) }
  }

  /// What is written.
  struct FileOptions: ParsableArguments {
    @Option(
      help: ArgumentHelp(".safetensors, .npy or .csv to write", valueName: "file"),
      completion: .file(extensions: ["safetensors", "npy", "csv"]))
    var output: String?

    @Option(
      help: ArgumentHelp("PNG of the strangest images", valueName: "file"), completion: .file(extensions: ["png"]))
    var picture: String?

    @Option(help: ArgumentHelp("Images in the picture", .count))
    var count = 24

    func validate() throws { try check("--count", count, in: 1...10_000) }

    /// Checks where files are to go, before time is spent on what goes in.
    func checkPlaces() throws {
      if let output { try checkOutput(output, endingIn: ArrayFile.allCases.map { ".\($0.rawValue)" }) }
      if let picture { try checkOutput(picture, endingIn: [".png"], option: "--picture") }
    }
  }

  private var seed: UInt64 { bound.random.seed }

  func run() throws {
    try Failure.reporting {
      messages.apply()
      compute.apply()
      try files.checkPlaces()
      let trained = try readModel(checkpoint, parameters: parameters.choice, memory: input.memory)
      let dataset = input.source.dataset
      let isOwn = dataset.map { !DatasetCatalog.isKnown($0) } ?? false
      let chosen = try images(dataset, input.split, trained, isPrepared: isOwn || !others.haveOwn)
      for (file, option) in [(files.output, "--output"), (files.picture, "--picture")] {
        let others = others.against.map { DatasetCatalog.lastingName(for: $0) }
        if let file { try checkOutput(file, isApartFrom: [chosen.place] + others, option: option) }
      }
      let scorer = try scorer(trained)
      let own = try scorer.score(chosen, name: dataset ?? chosen.dataset)
      if let output = files.output {
        try chosen.warnOfLostNames(in: output)
        try own.write(to: output, texts: chosen.texts)
        Terminal.logger.info(
          "\(output): ELBO of \(Terminal.count(chosen.images.count, "image")) in nats, mean \(own.result.bounds.finiteMean?.fixed(3) ?? "-")"
        )
      }
      let against = try others.against.map { name in
        if let kind = OutOfDistributionImages(rawValue: name) {
          return try scorer.score(
            kind.images(from: chosen.images, seed: seed), polarity: chosen.polarity, name: name, split: nil)
        }
        let isOwn = !DatasetCatalog.isKnown(name)
        return try scorer.score(images(name, isOwn ? .all : .test, trained, isPrepared: isOwn), name: name)
      }
      if let picture = files.picture {
        let strangest = StrangestImages(files.count, of: own, against)
        try strangest.drawn(by: scorer.evaluator).write(to: URL(filePath: picture))
        Terminal.logger.info("\(picture): \(strangest.words)")
      }
      let result = ScoreResult(own, against, by: scorer.methods)
      if results.json {
        print(try result.resultJSON())
      } else if !against.isEmpty || files.output == nil && files.picture == nil {
        print(result.table)
      }
    }
  }

  private func images(
    _ dataset: String?, _ split: ImageSelection, _ trained: TrainedModel, isPrepared: Bool
  ) throws -> ChosenImages {
    try input.images(dataset, split, for: trained.state, seed: seed, limit: extent.limit, isPrepared: isPrepared)
  }

  private func evaluator(_ trained: TrainedModel) -> Evaluator {
    trained.evaluator(divergence: bound.estimate.divergence, seed: seed)
  }

  /// The methods, made ready: with the mean bound of validation images, and with the background.
  private func scorer(_ trained: TrainedModel) throws -> Scorer {
    var scorer = Scorer(evaluator: evaluator(trained), samples: bound.samples)
    for kind in method.all {
      switch kind {
      case .bound: scorer.methods.append(.bound)
      case .complexity: scorer.methods.append(.complexity)
      case .typicality:
        let usual = try images(nil, .validation, trained, isPrepared: !others.haveOwn && input.source.dataset == nil)
        let mean = try scorer.bounds(of: usual.images, "validation images").bounds.finiteMean
        scorer.methods.append(.typicality(of: mean ?? 0))
      case .likelihoodRatio:
        guard let path = method.background else { continue }
        let background = try readModel(path, parameters: parameters.choice, memory: input.memory)
        try requireSameImages(background, trained)
        scorer.methods.append(.likelihoodRatio(over: evaluator(background), name: path, samples: bound.samples))
      }
    }
    return scorer
  }

  /// Checks that a background takes the same images.
  private func requireSameImages(_ background: TrainedModel, _ trained: TrainedModel) throws(RunError) {
    func words(_ model: TrainedModel) -> String {
      let configuration = model.configuration.model
      return
        "\(configuration.likelihood.likelihood.pixels == .binary ? "binary" : "grey") images of "
        + "\(configuration.imageHeight)x\(configuration.imageWidth)"
    }
    guard words(background) != words(trained) else { return }
    throw .invalidConfiguration(
      "--background must take \(words(trained)) as the model does, got a model of \(words(background))")
  }
}
