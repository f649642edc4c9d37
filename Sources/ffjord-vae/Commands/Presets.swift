import ArgumentParser
import ImageDatasets
import Runs
import VariationalAutoencoder

struct Presets: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Lists the settings of each preset.",
    discussion: """
      Each row is an option of 'train' with its value in each preset. Some values depend on the dataset and the posterior.

        ffjord-vae presets --dataset omniglot
        ffjord-vae presets --dataset mnist --flow iaf
      """)

  @OptionGroup(title: "Model") var model: ModelKindOptions
  @OptionGroup(title: "Output") var results: ResultOptions

  /// What the settings are for.
  struct ModelKindOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Dataset, or path of own images", valueName: "name"), completion: .dataset)
    var dataset = DatasetCatalog.standard().rawValue

    @Option(help: ArgumentHelp("Posterior", valueName: "kind"))
    var flow = ModelConfiguration().flow
  }

  func run() throws {
    try Failure.reporting {
      let (dataset, flow) = (model.dataset, model.flow)
      if DatasetCatalog.known(dataset) == nil { _ = try DatasetCatalog.description(named: dataset) }
      let presets = Preset.allCases.map { ($0.rawValue, $0.configuration(dataset: dataset, flow: flow)) }
      if results.json {
        print(try Dictionary(uniqueKeysWithValues: presets).resultJSON())
      } else {
        print(Self.table(presets, flow).text)
      }
    }
  }

  private static func table(_ presets: [(String, TrainingConfiguration)], _ flow: PosteriorKind) -> TextTable {
    var table = TextTable(columns: [("option", .left)] + presets.map { ($0.0, .right) })
    table.groups = Setting.all(for: flow).map { title, settings in
      (
        title,
        settings.map { setting in
          [TextTable.Cell(setting.option)] + presets.map { TextTable.Cell(setting.text($0.1)) }
        }
      )
    }
    return table
  }
}
