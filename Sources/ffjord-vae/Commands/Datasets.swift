import ArgumentParser
import Foundation
import ImageDatasets
import Synchronization

struct Datasets: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Lists, fetches and checks datasets.",
    discussion: """
      Files are looked for in --data-dir, then in $FFJORD_VAE_DATA, then in Datasets/ of the current directory.
      """,
    subcommands: [List.self, Fetch.self, Check.self], defaultSubcommand: List.self)

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Says which datasets are known, and where they are.")

    @Option(help: ArgumentHelp("Where datasets are looked for first.", valueName: "dir"))
    var dataDir: String?

    func run() throws {
      try Failure.reporting {
        for status in try DatasetStatus.all(
          locator: DatasetLocator(dataDirectory: dataDir), isVerified: false)
        {
          print(Datasets.heading(status))
          for file in status.files { print(Datasets.place(file)) }
        }
      }
    }
  }

  struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Verifies the checksums of datasets, and that they can be read.")

    @Argument(help: "The datasets. (default: all that are there)")
    var names: [String] = []

    @Option(help: ArgumentHelp("Where datasets are looked for first.", valueName: "dir"))
    var dataDir: String?

    @OptionGroup var memory: MemoryOptions

    func run() throws {
      try Failure.reporting {
        let locator = DatasetLocator(dataDirectory: dataDir)
        for name in names.isEmpty ? DatasetCatalog.names : names {
          let description = try DatasetCatalog.description(named: name, memoryLimit: memory.limit)
          let status = try DatasetStatus(of: description, locator: locator)
          print(Datasets.heading(status))
          for file in status.files { print(Datasets.place(file)) }
          guard status.isAvailable else {
            if names.contains(name) { _ = try locator.locateAll(description) }
            continue
          }
          let loaded = try DatasetLoader.load(name: name, locator: locator, memoryLimit: memory.limit) { account in
            for line in account.split(separator: "\n") { print("  \(line)") }
          }
          for file in loaded.origins?.ignored ?? [] { print("  passed over: \(file)") }
          for remark in loaded.origins?.remarks ?? [] { print("  \(remark)") }
          for split in DatasetSplit.allCases {
            let images = loaded[split]
            print(
              "  \(split.rawValue): \(images.count) images of \(images.height)x\(images.width), mean "
                + Double(images.mean).fixed(5))
          }
        }
      }
    }
  }

  struct Fetch: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Downloads a dataset from its published address and verifies it.")

    @Argument(help: "The dataset.")
    var name: String

    @Option(help: ArgumentHelp("Where it goes. (default: $FFJORD_VAE_DATA, else Datasets)", valueName: "dir"))
    var dataDir: String?

    @Flag(help: "Replace a file that is there but is not known.")
    var replace = false

    func run() async throws {
      try await Failure.reporting {
        let description = try DatasetCatalog.description(named: name)
        guard !description.isDrawn else {
          print("\(name) is drawn by the program itself: there is nothing to fetch")
          return
        }
        let locator = DatasetLocator(dataDirectory: dataDir)
        let lastShown = Mutex(Int64(-1))
        let urls = try await DatasetFetcher().fetch(
          description, into: locator.downloadDirectory, isReplacing: replace
        ) { bytes, total in
          // A line at each percent on a terminal; without a terminal, silence until it is done.
          let percent = total.map { $0 > 0 ? bytes * 100 / $0 : 0 } ?? bytes >> 20
          let isNew = lastShown.withLock { last in
            defer { last = percent }
            return last != percent
          }
          guard Terminal.isInteractive, isNew else { return }
          let megabytes = (Double(bytes) / 1e6).fixed(1)
          let bar = total.map { Terminal.bar(Double(bytes) / Double(max($0, 1)), width: 24) + " " } ?? ""
          Terminal.draw("fetching \(bar)\(megabytes) MB")
        }
        Terminal.clearLine()
        for url in urls { print("\(url.relativePath): verified") }
      }
    }
  }

  fileprivate static func heading(_ status: DatasetStatus) -> String {
    let counts = status.counts
    return "\(status.name): \(status.summary) (\(counts.train)/\(counts.validation)/\(counts.test))"
  }

  fileprivate static func place(_ file: DatasetStatus.File) -> String {
    guard let found = file.found else {
      return "  not here; looked for \(file.searched.map(\.relativePath).joined(separator: ", "))\n"
        + "  download: \(file.address.absoluteString)"
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
