import Foundation
import Synchronization

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

/// A transfer from an address into an open file.
final class Download: NSObject, URLSessionDataDelegate, Sendable {
  private struct State {
    var received: Int64 = 0
    var total: Int64?
    /// Why the transfer was abandoned, other than a failure of the network.
    var refusal: String?
    var failure: String?
    /// Who waits for the end.
    var waiting: CheckedContinuation<Void, Never>?
  }

  private let address: URL
  private let target: FileHandle
  private let timeout: Double
  private let progress: DatasetFetcher.Progress?
  private let state = Mutex(State())

  init(from address: URL, into target: FileHandle, timeout: Double, progress: DatasetFetcher.Progress?) {
    self.address = address
    self.target = target
    self.timeout = timeout
    self.progress = progress
  }

  /// Transfers everything and closes the file; returns why that failed, or nil.
  func run() async -> String? {
    let configuration = URLSessionConfiguration.ephemeral
    configuration.timeoutIntervalForRequest = timeout
    let session = URLSession(configuration: configuration, delegate: self, delegateQueue: nil)
    let task = session.dataTask(with: address)
    await withCheckedContinuation { continuation in
      state.withLock { $0.waiting = continuation }
      task.resume()
    }
    session.finishTasksAndInvalidate()
    let (received, total, reason) = state.withLock { ($0.received, $0.total, $0.refusal ?? $0.failure) }
    if let reason {
      try? target.close()
      return reason
    }
    if let total, received != total {
      try? target.close()
      return "the connection ended after \(received) of \(total) bytes"
    }
    do {
      try target.synchronize()
      try target.close()
    } catch {
      return "the file could not be stored: \(error.plainReason)"
    }
    return nil
  }

  func urlSession(
    _ session: URLSession, dataTask: URLSessionDataTask, didReceive response: URLResponse,
    completionHandler: @escaping (URLSession.ResponseDisposition) -> Void
  ) {
    if let status = (response as? HTTPURLResponse)?.statusCode, !(200..<300).contains(status) {
      state.withLock { $0.refusal = "the server answered with status \(status)" }
      completionHandler(.cancel)
      return
    }
    let length = response.expectedContentLength
    state.withLock { $0.total = length >= 0 ? length : nil }
    completionHandler(.allow)
  }

  func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
    do {
      try target.write(contentsOf: data)
    } catch {
      let reason = error.plainReason
      state.withLock { $0.refusal = "the file could not be stored: \(reason)" }
      dataTask.cancel()
      return
    }
    let (received, total) = state.withLock { state in
      state.received += Int64(data.count)
      return (state.received, state.total)
    }
    progress?(received, total)
  }

  func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
    let reason = error?.localizedDescription
    let waiting = state.withLock { state in
      state.failure = reason
      return state.waiting.take()
    }
    waiting?.resume()
  }
}
