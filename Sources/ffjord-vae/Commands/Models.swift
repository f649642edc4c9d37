import ArgumentParser
import Foundation
import ImageDatasets
import Runs

struct Models: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Lists, fetches and locates trained models.",
    discussion: """
      A model's name stands for its checkpoint in every command: 'ffjord-vae sample omniglot --output samples.png'. A file \
      or a run's folder of the same name comes first.

      Models are looked for in $\(ModelCatalog.environmentVariable), then in Checkpoints/ of the current directory, of its \
      package, and of the package that the program was built in. A folder of models has a list, \(ModelFolder.listName), and \
      a card for each model: data, recipe, results, licence of the data.

        ffjord-vae models list
        ffjord-vae models fetch omniglot --from ../models
      """,
    subcommands: [List.self, Fetch.self, Path.self], defaultSubcommand: List.self)

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Lists the models with their test results.",
      discussion: """
          ffjord-vae models list
        """)

    @OptionGroup(title: "Output") var result: ResultOptions

    func run() throws {
      try Failure.reporting {
        let catalog = ModelCatalog()
        let models = try catalog.models()
        if let folder = try catalog.namedWithoutList() {
          Terminal.logger.warning(
            "$\(ModelCatalog.environmentVariable) names \(folder.path.visible()), which has no \(ModelFolder.listName)")
        }
        if result.json {
          print(try models.map { Entry($0.model, in: $0.folder) }.resultJSON())
          return
        }
        guard !models.isEmpty else {
          let searched = catalog.directories.map { "  \($0.path)" }.joined(separator: "\n")
          print(
            "No folder of models was found. Looked for \(ModelFolder.listName) in\n\(searched)\n"
              + "$\(ModelCatalog.environmentVariable) names another folder.")
          return
        }
        print(Self.table(models))
      }
    }

    private static func table(_ models: [(model: ShippedModel, folder: ModelFolder)]) -> String {
      var table = TextTable(columns: [
        ("model", .left), ("dataset", .left), ("-ELBO, test", .right), ("", .left), ("MB", .right), ("file", .left),
      ])
      var folders: [String] = []
      for (_, folder) in models where !folders.contains(folder.url.path) {
        folders.append(folder.url.path)
        let here = models.filter { $0.folder.url.path == folder.url.path }
        let rows = here.map { row($0.model, in: $0.folder) }
        table.groups.append((folder.url.path, rows))
      }
      return table.text
    }

    private static func row(_ model: ShippedModel, in folder: ModelFolder) -> [TextTable.Cell] {
      let figure = model.test.map { "\($0.mean) ±\($0.standardError)" } ?? "-"
      return [
        TextTable.Cell(model.name), TextTable.Cell(model.dataset), TextTable.Cell(figure),
        TextTable.Cell(model.test?.unit ?? ""), TextTable.Cell((Double(model.bytes) / 1e6).fixed(1)),
        TextTable.Cell(folder.hasFile(of: model) ? model.file : "not here"),
      ]
    }
  }

  struct Fetch: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Copies or downloads models and verifies their SHA-256 digests.",
      discussion: """
        The files go into the folder of the list that names them. Where the list has no source to fetch from, --from names one.

          ffjord-vae models fetch omniglot --from ../models
        """)

    @Argument(help: ArgumentHelp("Names of models", valueName: "name"), completion: .model)
    var names: [String]

    @OptionGroup(title: "Source") var source: SourceOptions
    @OptionGroup(title: "Output") var messages: MessageOptions

    /// Where files come from.
    struct SourceOptions: ParsableArguments {
      @Option(
        help: ArgumentHelp("Folder or https:// address with the files", valueName: "source"), completion: .directory)
      var from: String?

      @Flag(help: "Replace a file whose contents differ")
      var replace = false
    }

    func run() async throws {
      try await Failure.reporting {
        messages.apply()
        let catalog = ModelCatalog()
        for name in names {
          let (model, folder) = try catalog.requiredModel(named: name)
          guard let place = source.from ?? folder.source else {
            throw ValidationError(
              "--from SOURCE: \(folder.url.appending(path: ModelFolder.listName).path) names no source to fetch from; "
                + "give a folder or an https:// address that has \(model.file)")
          }
          let progress = DownloadProgress()
          let url = try await ModelFetcher().fetch(model, into: folder, from: place, isReplacing: source.replace) {
            progress.report($0, of: $1)
          }
          Terminal.clearLine()
          print("\(url.path): verified")
        }
      }
    }
  }

  struct Path: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Prints the path of a model's checkpoint.",
      discussion: """
          ffjord-vae models path omniglot
        """)

    @Argument(help: "Name of the model", completion: .model)
    var name: String

    func run() throws {
      try Failure.reporting {
        let catalog = ModelCatalog()
        _ = try catalog.requiredModel(named: name)
        if let file = try catalog.file(named: name) { print(file.path) }
      }
    }
  }

  /// A model as `--json` prints it.
  private struct Entry: Encodable {
    let model: ShippedModel
    let path: String
    let isHere: Bool
    let card: String

    init(_ model: ShippedModel, in folder: ModelFolder) {
      self.model = model
      (path, card) = (folder.file(of: model).path, folder.card(of: model).path)
      isHere = folder.hasFile(of: model)
    }

    private enum CodingKeys: String, CodingKey {
      case path, card
      case isHere = "is_here"
    }

    func encode(to encoder: any Encoder) throws {
      try model.encode(to: encoder)
      var values = encoder.container(keyedBy: CodingKeys.self)
      try values.encode(path, forKey: .path)
      try values.encode(card, forKey: .card)
      try values.encode(isHere, forKey: .isHere)
    }
  }
}
