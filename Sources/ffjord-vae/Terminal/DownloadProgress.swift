import Synchronization

/// Progress of a download, drawn again at each percent; without a terminal, silence until it is done.
final class DownloadProgress: Sendable {
  private let lastShown = Mutex(Int64(-1))

  func report(_ bytes: Int64, of total: Int64?) {
    let percent = total.map { $0 > 0 ? bytes * 100 / $0 : 0 } ?? bytes >> 20
    let isNew = lastShown.withLock { last in
      defer { last = percent }
      return last != percent
    }
    guard Terminal.showsProgress, isNew else { return }
    let megabytes = (Double(bytes) / 1e6).fixed(1)
    let bar = total.map { Terminal.bar(Double(bytes) / Double(max($0, 1)), width: 24) + " " } ?? ""
    Terminal.draw("fetching \(bar)\(megabytes) MB")
  }
}
