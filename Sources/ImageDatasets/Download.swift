import Foundation
import Synchronization

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

/// A blocking transfer from an address into an open file.
final class Download: NSObject, URLSessionDataDelegate, Sendable {
  private struct State {
    var received: Int64 = 0
    var total: Int64?
    /// Why the transfer was abandoned, other than a failure of the network.
    var refusal: String?
    var failure: String?
  }

  private let address: URL
  private let target: FileHandle
  private let timeout: Double
  private let progress: DatasetFetcher.Progress?
  private let state = Mutex(State())
  private let finished = DispatchSemaphore(value: 0)

  init(from address: URL, into target: FileHandle, timeout: Double, progress: DatasetFetcher.Progress?) {
    self.address = address
    self.target = target
    self.timeout = timeout
    self.progress = progress
  }

  /// Transfers everything and closes the file; returns why that failed, or nil.
  func run() -> String? {
    let configuration = URLSessionConfiguration.ephemeral
    configuration.timeoutIntervalForRequest = timeout
    let session = URLSession(configuration: configuration, delegate: self, delegateQueue: nil)
    session.dataTask(with: address).resume()
    finished.wait()
    session.finishTasksAndInvalidate()
    let outcome = state.withLock { $0 }
    if let reason = outcome.refusal ?? outcome.failure {
      try? target.close()
      return reason
    }
    if let total = outcome.total, outcome.received != total {
      try? target.close()
      return "the connection ended after \(outcome.received) of \(total) bytes"
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
    if let error {
      let reason = error.localizedDescription
      state.withLock { $0.failure = reason }
    }
    finished.signal()
  }
}
