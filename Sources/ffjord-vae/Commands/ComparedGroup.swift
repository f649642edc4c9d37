import Files
import Runs
import VariationalAutoencoder

/// A run under the name that tells it from the others.
struct ComparedRun {
  let name: String
  let summary: RunSummary
}

/// What is one row of a comparison, and one curve: a run, or several that differ only in their seeds.
struct ComparedGroup {
  let name: String
  /// The runs, in the order of their seeds.
  let runs: [ComparedRun]

  /// A run alone.
  init(_ run: ComparedRun) { (name, runs) = (run.name, [run]) }

  private init(_ runs: [ComparedRun]) {
    self.runs = runs.sorted { $0.summary.configuration.seed < $1.summary.configuration.seed }
    name = Self.commonName(runs.map(\.name))
  }

  /// Runs in groups of those that differ only in their seeds. A run that is given twice stays apart.
  static func folding(_ runs: [ComparedRun]) -> [ComparedGroup] {
    var groups: [[ComparedRun]] = []
    for run in runs {
      let configuration = run.summary.configuration
      let index = groups.firstIndex { group in
        configuration.differsOnlyInSeed(from: group[0].summary.configuration)
          && !group.contains { $0.summary.configuration.seed == configuration.seed }
      }
      if let index { groups[index].append(run) } else { groups.append([run]) }
    }
    return groups.map { ComparedGroup($0) }
  }

  /// What names have in common, with a star for what they have not: seed-* for seed-1 and seed-2.
  static func commonName(_ names: [String]) -> String {
    guard let first = names.first, names.count > 1 else { return names.first ?? "" }
    func common(_ names: [[Character]]) -> [Character] {
      let length = names[0].indices.first { index in
        names.contains { $0.count <= index || $0[index] != names[0][index] }
      }
      // Numbers that begin alike, such as 1 and 10, differ as a whole.
      return Array(names[0][..<(length ?? names[0].count)].reversed().drop(while: \.isWholeNumber).reversed())
    }
    let beginning = common(names.map(Array.init))
    let rest = names.map { Array($0.dropFirst(beginning.count).reversed()) }
    let end = common(rest).reversed()
    return beginning.isEmpty && end.isEmpty ? "\(first), …" : String(beginning) + "*" + String(end)
  }

  var isSeveral: Bool { runs.count > 1 }

  /// The first run, which has all settings of the others but for the seed.
  var first: RunSummary { runs[0].summary }

  /// The dataset and the unit of figures: what must be the same where figures are compared.
  var kind: String { "\(first.configuration.dataset.visible()) [\(first.unit.rawValue)]" }

  /// A figure over the runs that have it.
  func statistics(_ figure: (RunSummary) -> Double?) -> SeedStatistics? {
    SeedStatistics(runs.compactMap { figure($0.summary) })
  }

  /// By dataset and unit, then by the best bound; those without one come last.
  func precedes(_ other: ComparedGroup) -> Bool {
    if kind != other.kind { return kind < other.kind }
    func bound(_ group: ComparedGroup) -> Double { group.statistics { $0.best?.negativeELBO }?.mean ?? .infinity }
    return bound(self) < bound(other)
  }

  /// The posterior with its sizes, in few words: the flows, times the size of each.
  var posterior: String {
    let model = first.configuration.model
    guard model.flow != .none else { return model.posteriorSummary }
    return "\(model.flow.rawValue) \(model.posterior.label(model))"
  }
}
