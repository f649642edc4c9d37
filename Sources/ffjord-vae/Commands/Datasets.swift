import ArgumentParser
import Foundation
import ImageDatasets

struct Datasets: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Lists, fetches and checks datasets.",
    discussion: """
      Files are looked for in --data-dir, then in $FFJORD_VAE_DATA, then in Datasets/ of the current directory.

        ffjord-vae datasets list
        ffjord-vae datasets fetch omniglot
      """,
    subcommands: [List.self, Fetch.self, Check.self], defaultSubcommand: List.self)

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Lists the known datasets, and where their files are.",
      discussion: """
          ffjord-vae datasets list --data-dir ~/data
        """)

    @OptionGroup(title: "Data") var place: PlaceOptions

    func run() throws {
      try Failure.reporting {
        let locator = DatasetLocator(dataDirectory: place.dataDir)
        let listed = try DatasetCatalog.all.map {
          (description: $0, status: try DatasetStatus(of: $0, locator: locator, isVerified: false))
        }
        print(Datasets.table(listed).text)
        let missing = listed.map(\.status).filter { !$0.isAvailable }
        if !missing.isEmpty { print("\n" + Datasets.remedy(missing, locator)) }
      }
    }
  }

  struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Verifies the checksums of datasets, and that they can be read.",
      discussion: """
          ffjord-vae datasets check omniglot
          ffjord-vae datasets check photographs/
        """)

    @Argument(help: "Datasets, or paths of own images (default: all here)", completion: .dataset)
    var names: [String] = []

    @OptionGroup(title: "Data") var place: PlaceOptions
    @OptionGroup(title: "Machine") var memory: MemoryOptions

    func run() throws {
      try Failure.reporting {
        let locator = DatasetLocator(dataDirectory: place.dataDir)
        var failures: [any Error] = []
        // A damaged one is no reason to check no others.
        for name in names.isEmpty ? DatasetCatalog.names : names {
          do { try check(name, locator) } catch { failures.append(Failure.reported(error)) }
        }
        if let first = failures.first { throw first }
      }
    }

    private func check(_ name: String, _ locator: DatasetLocator) throws {
      let description = try DatasetCatalog.description(named: name, memoryLimit: memory.limit)
      let status = try DatasetStatus(of: description, locator: locator)
      print(Datasets.heading(status))
      for file in status.files { print(Datasets.place(file)) }
      guard status.isAvailable else {
        if names.contains(name) { _ = try locator.locateAll(description) }
        return
      }
      let loaded = try DatasetLoader.load(name: name, locator: locator, memoryLimit: memory.limit) { account in
        for line in account.split(separator: "\n") { print("  \(line)") }
      }
      for file in loaded.origins?.ignored ?? [] { print("  passed over: \(file)") }
      for remark in loaded.origins?.remarks ?? [] { print("  \(remark)") }
      for split in DatasetSplit.allCases {
        let images = loaded[split]
        print(
          "  \(split.rawValue): \(Terminal.count(images.count, "image")) of \(images.height)x\(images.width), mean "
            + Double(images.mean).fixed(5))
      }
    }
  }

  struct Fetch: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Downloads a dataset from its published address and verifies it.",
      discussion: """
          ffjord-vae datasets fetch omniglot --data-dir ~/data
        """)

    @Argument(help: "Name of the dataset", completion: .knownDataset)
    var name: String

    @OptionGroup(title: "Output") var target: TargetOptions
    @OptionGroup(title: "Output") var messages: MessageOptions

    /// Where files go.
    struct TargetOptions: ParsableArguments {
      @Option(
        help: ArgumentHelp("Folder (default: $FFJORD_VAE_DATA or Datasets)", valueName: "dir"),
        completion: .directory)
      var dataDir: String?

      @Flag(help: "Replace a file whose contents differ")
      var replace = false
    }

    func run() async throws {
      try await Failure.reporting {
        messages.apply()
        let description = try DatasetCatalog.description(named: name)
        guard !description.isDrawn else {
          print("\(name) is drawn by the program itself: there is nothing to fetch")
          return
        }
        let locator = DatasetLocator(dataDirectory: target.dataDir)
        let progress = DownloadProgress()
        let urls = try await DatasetFetcher().fetch(
          description, into: locator.downloadDirectory, isReplacing: target.replace
        ) { progress.report($0, of: $1) }
        Terminal.clearLine()
        for url in urls { print("\(url.relativePath): verified") }
      }
    }
  }

  /// Where datasets are.
  struct PlaceOptions: ParsableArguments {
    @Option(help: .dataFolder, completion: .directory)
    var dataDir: String?
  }

  fileprivate static func table(_ listed: [(description: DatasetDescription, status: DatasetStatus)]) -> TextTable {
    var table = TextTable(columns: [
      ("dataset", .left), ("train", .right), ("validation", .right), ("test", .right), ("size", .right),
      ("pixels", .left), ("files", .left),
    ])
    let rows = listed.map { description, status in
      let counts = status.counts
      return [
        status.name, "\(counts.train)", "\(counts.validation)", "\(counts.test)",
        "\(description.height)x\(description.width)", status.pixels.rawValue, files(status),
      ].map { TextTable.Cell($0) }
    }
    table.groups = [("", rows)]
    return table
  }

  /// Where a dataset's files are, in a few words.
  private static func files(_ status: DatasetStatus) -> String {
    if status.files.isEmpty { return "drawn by the program" }
    let found = status.files.compactMap(\.found)
    guard found.count == status.files.count, let first = found.first else {
      return found.isEmpty ? "not here" : "\(found.count) of \(status.files.count) here"
    }
    let size = (Double(status.files.compactMap(\.byteCount).reduce(0, +)) / 1e6).fixed(1)
    return found.count == 1
      ? "\(first.relativePath), \(size) MB"
      : "\(found.count) in \(first.deletingLastPathComponent().relativePath), \(size) MB"
  }

  /// How to come by datasets that are not here.
  fileprivate static func remedy(_ missing: [DatasetStatus], _ locator: DatasetLocator) -> String {
    let folders = locator.directories.map { "  \($0.path)" }
    let width = missing.map(\.name.count).max() ?? 0
    let files = missing.flatMap { status in
      status.files.filter { $0.found == nil }
        .map { "  \(status.name.padding(toLength: width, withPad: " ", startingAt: 0))  \($0.address.absoluteString)" }
    }
    return
      (["Fetch what is not here with 'ffjord-vae datasets fetch NAME', or put these files"] + files
      + ["in one of these folders"] + folders).joined(separator: "\n")
  }

  fileprivate static func heading(_ status: DatasetStatus) -> String {
    let counts = status.counts
    return "\(status.name): \(status.summary) (\(counts.train)/\(counts.validation)/\(counts.test))"
  }

  fileprivate static func place(_ file: DatasetStatus.File) -> String {
    guard let found = file.found else {
      return
        (["  not here: \(file.address.absoluteString)", "  looked for"] + file.searched.map { "    \($0.relativePath)" })
        .joined(separator: "\n")
    }
    let state =
      switch file.verdict {
      case .published?: "the published file"
      case .rebuilt(let origin)?: "known: \(origin)"
      case .unknown?: "UNKNOWN: its checksum is none of the known ones"
      case nil: "not verified; see 'ffjord-vae datasets check'"
      }
    return "  \(found.relativePath), \((Double(file.byteCount ?? 0) / 1e6).fixed(1)) MB, \(state)"
  }
}
