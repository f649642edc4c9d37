// The C library does not say that its streams may be used from any thread, which they may.
@preconcurrency import Foundation

/// The three streams that a program begins with, each of which may be closed, full or without a reader.
enum StandardStreams {
  /// Makes streams safe to use; called before anything else.
  static func prepare() {
    // A reader that went away is an error of the write, not the end of the program.
    signal(SIGPIPE, SIG_IGN)
    // So is a file that would grow beyond the system's limit (ulimit -f).
    signal(SIGXFSZ, SIG_IGN)
    // The next file that is opened would take the place of a closed stream, and messages would be written into it. What
    // stands there instead refuses them.
    for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) < 0 {
      _ = open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY)
    }
  }

  /// Sees that all that was printed was written.
  ///
  /// - Throws: ``StandardOutputError``
  static func finishOutput() throws(StandardOutputError) {
    errno = 0
    let isFlushed = fflush(stdout) == 0
    let reason = errno
    if !isFlushed || ferror(stdout) != 0 { throw StandardOutputError(code: reason) }
  }

  /// Writes bytes as far as the descriptor takes them; what it does not take is dropped.
  static func write(_ text: String, to descriptor: Int32) {
    var text = text
    text.withUTF8 { bytes in
      var done = 0
      while done < bytes.count {
        let count = Foundation.write(descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done)
        if count >= 0 {
          done += count
          continue
        }
        switch errno {
        case EINTR: continue
        case EAGAIN:
          var ready = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
          if poll(&ready, 1, 1000) <= 0 { return }
        default: return
        }
      }
    }
  }
}

/// Results could not be written to standard output.
struct StandardOutputError: Error, CustomStringConvertible {
  /// The system's number for the reason; zero where it is not known.
  let code: Int32

  var description: String {
    let reason = code == 0 ? "" : ": \(String(cString: strerror(code)))"
    return "cannot write to standard output\(reason). Direct it to a file with space, or to a program that reads it."
  }
}
