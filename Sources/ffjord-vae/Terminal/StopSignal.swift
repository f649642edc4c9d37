import Dispatch
import Foundation
import Synchronization

/// Whether somebody asked to stop, for any thread to see.
private final class StopRequest: Sendable {
  let isMade = Atomic(false)
  /// Whether a person asked, or a program: not a terminal that was closed.
  let isAsked = Atomic(false)
}

/// Hears Ctrl-C, SIGTERM and the end of the terminal (SIGHUP): the first asks the work to finish its step and save, and
/// a second Ctrl-C or SIGTERM ends the program.
final class StopSignal {
  private let request = StopRequest()
  private let sources: [any DispatchSourceSignal]

  /// - Parameter message: Called at the first signal, on another thread.
  init(message: @escaping @Sendable () -> Void) {
    // Under nohup the end of the terminal is to be ignored.
    let numbers = [SIGINT, SIGTERM] + (Self.isIgnored(SIGHUP) ? [] : [SIGHUP])
    sources = numbers.map { number in
      signal(number, SIG_IGN)
      return DispatchSource.makeSignalSource(signal: number, queue: .global())
    }
    for (number, source) in zip(numbers, sources) {
      source.setEventHandler { [request] in
        // A shell may say twice that the terminal is gone.
        if number != SIGHUP, request.isAsked.exchange(true, ordering: .relaxed) { _exit(130) }
        if !request.isMade.exchange(true, ordering: .relaxed) { message() }
      }
      source.resume()
    }
  }

  /// Whether somebody asked to stop.
  var isRequested: Bool { request.isMade.load(ordering: .relaxed) }

  private static func isIgnored(_ number: Int32) -> Bool {
    // The handler is read by setting one; signals of this kind come from people, seldom in this moment.
    let handler = signal(number, SIG_IGN)
    return unsafeBitCast(handler, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
  }
}
