import FileTestSupport
import Foundation
import Testing

/// Standard error and standard output that are closed, full or without a reader: work goes on without the first, and the
/// second is an error.
@Suite(.serialized, .enabled(if: FileManager.default.fileExists(atPath: "/dev/full"), "needs /dev/full"))
struct StandardStreamTests {
  let directory = try! TemporaryDirectory()

  enum Stream: CaseIterable {
    case closed, full, unread
  }

  /// Runs the program with a stream that takes nothing; returns its status, that of a shell for a signal, and what it
  /// wrote to the other stream.
  private func run(_ arguments: [String], _ stream: Stream, is number: Int32) throws -> (status: Int32, other: String) {
    let unread = Pipe()
    try unread.fileHandleForReading.close()
    let redirection =
      switch stream {
      case .closed: "\(number)>&-"
      case .full: "\(number)>/dev/full"
      case .unread: ""
      }
    let handle = stream == .unread ? unread.fileHandleForWriting : nil
    let outcome = try Program.start(
      arguments, through: ["/bin/sh", "-c", "\"$@\" \(redirection)", "sh", Program.url.get().path],
      in: directory.url, output: number == STDOUT_FILENO ? handle : nil, error: number == STDERR_FILENO ? handle : nil
    ).wait()
    #expect(!outcome.isCrash)
    return (outcome.status, number == STDOUT_FILENO ? outcome.standardError : outcome.standardOutput)
  }

  @Test(arguments: Stream.allCases)
  func `training goes on without standard error, to the same bits`(stream: Stream) throws {
    let outcome = try run(TinyRun.train("run", "--epochs", "2"), stream, is: STDERR_FILENO)
    #expect(outcome.status == 0)
    try TinyRun.expectSame(directory.file("run"), TinyRun.shared.get())
  }

  @Test(arguments: Stream.allCases)
  func `failures keep their exit codes without standard error`(stream: Stream) throws {
    #expect(try run(["train", "--epochs", "0", "--output", "run"], stream, is: STDERR_FILENO).status == 64)
    #expect(try run(["train", "--colour", "red"], stream, is: STDERR_FILENO).status == 64)
    #expect(try run(["evaluate", "none"], stream, is: STDERR_FILENO).status == 66)
    #expect(try directory.names() == [])
  }

  @Test(arguments: Stream.allCases)
  func `results that cannot be written are an error of output`(stream: Stream) throws {
    let run = try TinyRun.shared.get().path
    for arguments in [
      ["evaluate", run, "--limit", "5", "--json"], ["inspect", run, "--json"], ["inspect", run], ["compare", run],
      ["score", run, "--limit", "5", "--output", "scores.csv", "--against", "noise"], ["datasets", "list"],
      ["datasets", "fetch", "glyphs"], ["--help"], ["train", "--help"], ["help", "evaluate"], ["--version"],
    ] {
      let outcome = try self.run(arguments, stream, is: STDOUT_FILENO)
      #expect(outcome.status == 74, "\(arguments): \(outcome)")
      #expect(outcome.other.contains("cannot write to standard output"), "\(arguments): \(outcome)")
    }
    // What failed before has its own code.
    #expect(try self.run(["evaluate", "none"], stream, is: STDOUT_FILENO).status == 66)
  }
}
