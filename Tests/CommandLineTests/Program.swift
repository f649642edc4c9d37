import FileTestSupport
import Foundation
import Testing

/// The built program, run as a person would run it.
struct Program {
  /// What a run of the program left behind.
  struct Outcome {
    let status: Int32
    /// Whether a signal ended it: a crash.
    let isCrash: Bool
    let standardOutput: String
    let standardError: String

    /// The lines of standard error.
    var messages: [String] { standardError.split(separator: "\n").map(String.init) }
  }

  struct NotFound: Error, CustomStringConvertible {
    let searched: [String]
    var description: String { "no program ffjord-vae in \(searched.joined(separator: ", "))" }
  }

  /// The program beside the tests: SwiftPM puts both in one directory, wherever `--scratch-path` says.
  static let url: Result<URL, NotFound> = {
    let here = ([Bundle.main.executablePath] + CommandLine.arguments.map { $0 }).compactMap { $0 }
      .filter { $0.contains("/") }.map { URL(filePath: $0).standardizedFileURL.resolvingSymlinksInPath() }
    var searched: [String] = []
    for start in here {
      var directory = start.deletingLastPathComponent()
      // A test bundle is a directory on some systems, with the executable further down.
      for _ in 0..<4 {
        let program = directory.appending(path: "ffjord-vae")
        var isDirectory: ObjCBool = false
        if FileManager.default.fileExists(atPath: program.path, isDirectory: &isDirectory),
          !isDirectory.boolValue
        {
          return .success(program)
        }
        searched.append(directory.path)
        directory.deleteLastPathComponent()
      }
    }
    return .failure(NotFound(searched: searched))
  }()

  /// A program that was started and may still run.
  final class Running {
    let process = Process()
    private let output: URL
    private let error: URL

    fileprivate init(
      _ arguments: [String], through shell: [String], _ environment: [String: String], _ directory: URL,
      _ handles: (output: FileHandle?, error: FileHandle?)
    ) throws {
      let files = FileManager.default.temporaryDirectory
      let name = UUID().uuidString
      output = files.appending(path: "\(name).out")
      error = files.appending(path: "\(name).err")
      for file in [output, error] { try Data().write(to: file) }
      process.executableURL = try shell.first.map { URL(filePath: $0) } ?? Program.url.get()
      process.arguments = shell.dropFirst() + arguments
      // Threads that wait for one another are slow where the machine has other work.
      process.environment = environment.merging(["OMP_NUM_THREADS": "1"]) { given, _ in given }
      process.currentDirectoryURL = directory
      process.standardInput = FileHandle.nullDevice
      process.standardOutput = try handles.output ?? FileHandle(forWritingTo: output)
      process.standardError = try handles.error ?? FileHandle(forWritingTo: error)
      try process.run()
    }

    deinit {
      for file in [output, error] { try? FileManager.default.removeItem(at: file) }
    }

    /// What it has written to standard error so far.
    var standardError: String { (try? String(contentsOf: error, encoding: .utf8)) ?? "" }

    func wait() throws -> Outcome {
      // A command that should have been refused may train for days instead: no test waits for that.
      let identifier = process.processIdentifier
      let watchdog = DispatchWorkItem { kill(identifier, SIGKILL) }
      DispatchQueue.global().asyncAfter(deadline: .now() + 240, execute: watchdog)
      process.waitUntilExit()
      watchdog.cancel()
      return Outcome(
        status: process.terminationStatus, isCrash: process.terminationReason == .uncaughtSignal,
        standardOutput: try String(contentsOf: output, encoding: .utf8), standardError: standardError)
    }
  }

  /// Starts the program with an environment that holds little but what is given: no home, no data.
  ///
  /// - Parameters:
  ///   - shell: A program and its first arguments to start instead, which starts this one.
  ///   - output: What standard output goes to, instead of the outcome.
  ///   - error: What standard error goes to, instead of the outcome.
  static func start(
    _ arguments: [String], through shell: [String] = [], environment: [String: String] = [:], in directory: URL,
    output: FileHandle? = nil, error: FileHandle? = nil
  ) throws -> Running {
    try Running(arguments, through: shell, environment, directory, (output, error))
  }

  /// Runs the program to its end.
  static func run(
    _ arguments: [String], environment: [String: String] = [:], in directory: URL
  ) throws -> Outcome {
    try start(arguments, environment: environment, in: directory).wait()
  }

  /// Runs the program, which must succeed; returns what it left behind.
  @discardableResult
  static func succeed(
    _ arguments: [String], environment: [String: String] = [:], in directory: URL,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> Outcome {
    let outcome = try run(arguments, environment: environment, in: directory)
    #expect(
      outcome.status == 0 && !outcome.isCrash, "\(arguments): \(outcome.status)\n\(outcome.standardError)",
      sourceLocation: sourceLocation)
    return outcome
  }

  /// Runs the program, which must fail with the exit code and say all of the words on standard error.
  @discardableResult
  static func fail(
    _ status: Int32, _ arguments: [String], naming words: [String] = [], environment: [String: String] = [:],
    in directory: URL, sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> Outcome {
    let outcome = try run(arguments, environment: environment, in: directory)
    #expect(
      outcome.status == status && !outcome.isCrash,
      "\(arguments): \(outcome.status)\n\(outcome.standardError)", sourceLocation: sourceLocation)
    #expect(outcome.standardOutput == "", sourceLocation: sourceLocation)
    #expect(!outcome.standardError.isEmpty, sourceLocation: sourceLocation)
    // A crash of the runtime or a trace of its stack.
    for word in ["Fatal error", "Swift/", "💣", " at /", "Error Domain", "couldn’t"] {
      #expect(
        !outcome.standardError.contains(word), "\(outcome.standardError)", sourceLocation: sourceLocation)
    }
    for word in words {
      #expect(
        outcome.standardError.contains(word), "no \(word) in: \(outcome.standardError)",
        sourceLocation: sourceLocation)
    }
    return outcome
  }
}
