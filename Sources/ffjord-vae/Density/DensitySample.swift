import ArgumentParser
import DensityEstimation
import Files
import Foundation
import ImageDatasets
import Randomness
import Runs
import Tensors

struct DensitySample: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sample",
    abstract: "Samples from a density model.",
    discussion: """
      Points and table rows go to a .npy or .csv file, tables in their original units. Images go to a .png, or as rows of \
      grey levels (0 to 255) to a .npy or .csv file.

        ffjord-vae density sample Checkpoints/pinwheel --output points.npy
      """)

  @Argument(help: "Checkpoint, or folder of a run (its best)", completion: .checkpoint)
  var checkpoint: String

  @OptionGroup(title: "Output") var target: TargetOptions
  @OptionGroup(title: "Output") var random: SeedOptions
  @OptionGroup(title: "Output") var messages: MessageOptions
  @OptionGroup(title: "Machine") var compute: ComputeOptions
  @OptionGroup(title: "Machine") var memory: MemoryOptions

  /// The samples, and where they go.
  struct TargetOptions: ParsableArguments {
    @Option(
      help: ArgumentHelp(".npy, .csv or .png to write", valueName: "file"),
      completion: .file(extensions: ["npy", "csv", "png"]))
    var output: String

    @Option(help: ArgumentHelp("Number of samples", .count))
    var count = 64

    func validate() throws { try check("--count", count, in: 1...10_000_000) }
  }

  private var output: String { target.output }
  private var count: Int { target.count }

  func run() throws {
    try Failure.reporting(isDensity: true) {
      messages.apply()
      compute.apply()
      let (model, state, _, remarks) = try DensityRun.model(at: checkpoint, memoryLimit: memory.limit)
      Terminal.warn(of: remarks)
      let image = state.configuration.image
      try checkOutput(output, endingIn: image == nil ? [".npy", ".csv"] : [".png", ".npy", ".csv"])
      try checkOutput(output, isApartFrom: [state.configuration.dataset])
      let sampler = DensitySampler(model, state)
      let samples = try sampler.samples(count, seed: random.seed)
      if let image, output.lowercased().hasSuffix(".png") {
        let pictures = GreyImages(
          height: image.height, width: image.width, pixels: samples.floats().map { min(max($0, 0), 1) })
        let columns = max(1, Int(Double(count).squareRoot().rounded(.up)))
        try ImageGrid.images(pictures, columns: columns).write(to: URL(filePath: output))
      } else {
        try write(rows(samples, state), columns: state.columns)
      }
      Terminal.logger.info("\(output): \(Terminal.count(count, "sample"))")
    }
  }

  /// Samples as rows of the data: tables in their units, images in levels of grey.
  private func rows(_ samples: Tensor, _ state: DensityState) -> Tensor {
    if let standardization = state.standardization { return standardization.restored(samples) }
    guard state.configuration.image != nil else { return samples }
    // A level g was spread over g / 256 to (g + 1) / 256.
    return Tensor(samples.floats().map { min(max((256 * $0).rounded(.down), 0), 255) }, shape: samples.shape)
  }

  private func write(_ rows: Tensor, columns: [String]?) throws {
    guard output.lowercased().hasSuffix(".csv") else {
      return try ArrayFile.write([("samples", rows)], to: output)
    }
    let width = rows.shape[1]
    let numbers = rows.elementType == .float32 ? rows.floats().map { "\($0)" } : rows.doubles().map { "\($0)" }
    let heading = (columns ?? (0..<width).map { "x\($0)" }).map(ArrayFile.field).joined(separator: ",")
    let lines = (0..<rows.shape[0]).map { row in
      numbers[(row * width)..<((row + 1) * width)].joined(separator: ",")
    }
    let text = ([heading] + lines).joined(separator: "\n") + "\n"
    try AtomicFile.write(to: URL(filePath: output)) { try $0.write(Data(text.utf8)) }
  }
}
