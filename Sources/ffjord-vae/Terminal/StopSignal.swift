import Dispatch
import Foundation
import Synchronization

/// Whether somebody asked to stop, for any thread to see.
private final class StopRequest: Sendable {
  let isMade = Atomic(false)
}

/// Hears Ctrl-C (and SIGTERM): the first asks the work to finish its step and save, the second ends the program.
final class StopSignal {
  private let request = StopRequest()
  private let sources: [any DispatchSourceSignal]

  /// - Parameter message: Called at the first signal, on another thread.
  init(message: @escaping @Sendable () -> Void) {
    sources = [SIGINT, SIGTERM].map { number in
      signal(number, SIG_IGN)
      return DispatchSource.makeSignalSource(signal: number, queue: .global())
    }
    for source in sources {
      source.setEventHandler { [request] in
        if request.isMade.exchange(true, ordering: .relaxed) { _exit(130) }
        message()
      }
      source.resume()
    }
  }

  /// Whether somebody asked to stop.
  var isRequested: Bool { request.isMade.load(ordering: .relaxed) }
}
