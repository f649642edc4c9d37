import ArgumentParser
import DensityEstimation
import Files
import Foundation
import ImageDatasets
import Runs
import Tensors

struct DensityPlot: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plot",
    abstract: "Draws a density model of two dimensions, and its samples on their way from the noise.",
    discussion: """
      A .png shows data, samples and the density side by side, and below them the samples on their way from the noise to \
      the data. A .gif shows this way as an animation.

        ffjord-vae density plot Checkpoints/pinwheel --output pinwheel.png
        ffjord-vae density plot Checkpoints/pinwheel --output pinwheel.gif
      """)

  @Argument(help: "Checkpoint, or folder of a run (its best)", completion: .checkpoint)
  var checkpoint: String

  @OptionGroup(title: "Picture") var drawing: DrawingOptions
  @OptionGroup(title: "Data") var source: PlaceOptions
  @OptionGroup(title: "Output") var messages: MessageOptions
  @OptionGroup(title: "Machine") var compute: ComputeOptions
  @OptionGroup(title: "Machine") var memory: MemoryOptions

  /// What is drawn, and how large.
  struct DrawingOptions: ParsableArguments {
    @Option(
      help: ArgumentHelp(".png or .gif to write", valueName: "file"), completion: .file(extensions: ["png", "gif"]))
    var output: String

    @Option(help: ArgumentHelp("Samples", .count))
    var count = 20_000

    @Option(help: ArgumentHelp("Cells along a side of the density", .count))
    var side = 120

    @Option(help: ArgumentHelp("Frames of an animation (default: 40)", .count))
    var frames: Int?

    @OptionGroup var random: SeedOptions

    func validate() throws {
      try check("--count", count, in: 100...1_000_000)
      try check("--side", side, in: 10...500)
      try check("--frames", frames, in: 2...500)
    }
  }

  /// Where the data are.
  struct PlaceOptions: ParsableArguments {
    @Option(help: .dataFolder, completion: .directory)
    var dataDir: String?
  }

  func run() throws {
    try Failure.reporting(isDensity: true) {
      messages.apply()
      compute.apply()
      try checkOutput(drawing.output, endingIn: [".png", ".gif"])
      if drawing.frames != nil, !isAnimated { throw ValidationError("--frames is for an animation, a .gif") }
      let (model, state, _, remarks) = try DensityRun.model(at: checkpoint, memoryLimit: memory.limit)
      Terminal.warn(of: remarks)
      guard model.dimensions == 2 else {
        throw RunError.invalidConfiguration(
          "plot draws a plane, and the model has \(Terminal.count(model.dimensions, "dimension")). 'ffjord-vae density sample' draws from it."
        )
      }
      let locator = DatasetLocator(dataDirectory: source.dataDir, recorded: state.configuration.dataDirectory)
      try checkOutput(drawing.output, isApartFrom: [locator.place(ofRecorded: state.configuration.dataset)])
      let data = try DensityDataset.load(for: state, locator: locator, memoryLimit: memory.limit)
      let picture = DensityDrawing(model, state, drawing, data: data.test)
      if isAnimated {
        try picture.writeAnimation(to: URL(filePath: drawing.output))
      } else {
        try picture.writePicture(to: URL(filePath: drawing.output))
      }
      Terminal.logger.info("\(drawing.output): \(state.configuration.dataset.visible()), \(drawing.count) samples")
    }
  }

  private var isAnimated: Bool { drawing.output.lowercased().hasSuffix(".gif") }
}
