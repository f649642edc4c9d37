import Foundation

/// The file system's refusal to read or write a file: which file, what happened, and what to do about it.
public struct FileError: Error, Sendable, Hashable {
  /// The kind of failure, for a caller that turns errors into exit codes.
  public enum Category: Sendable, Hashable {
    /// The file is not there.
    case missingInput
    /// The system refused: permissions, a full disk, a failing device.
    case inputOutput
  }

  /// What happened.
  public enum Problem: Sendable, Hashable {
    /// There is no such file.
    case missing
    /// A system call failed with this `errno` value while doing `operation`.
    case system(operation: String, code: Int32)
    /// A directory, device or pipe where a regular file is needed.
    case notRegularFile
    /// The name of an open file of a process, such as `/dev/stdout`, where a regular file is needed.
    case openFileName
  }

  /// The file.
  public let path: String
  /// What happened.
  public let problem: Problem

  /// An error about a file.
  public init(path: String, problem: Problem) {
    self.path = path
    self.problem = problem
  }

  /// A system call's failure, from the `errno` value that it left.
  static func system(_ path: String, _ operation: String, code: Int32) -> FileError {
    FileError(path: path, problem: .system(operation: operation, code: code))
  }

  /// The kind of failure.
  public var category: Category { problem == .missing ? .missingInput : .inputOutput }
}

extension FileError: CustomStringConvertible, LocalizedError {
  /// The file, the problem and the remedy, in a sentence or two.
  public var description: String { "\(path): \(problem.reason). \(problem.remedy)" }

  /// The same text as ``description``.
  public var errorDescription: String? { description }

  /// The problem alone: a phrase without a full stop, for use within a sentence.
  public var reason: String { problem.reason }
}

extension FileError.Problem {
  /// The problem: a phrase without a full stop, for use within a sentence.
  public var reason: String {
    switch self {
    case .missing: "there is no such file"
    case .system(let operation, let code):
      "could not \(operation): \(String(cString: strerror(code))) (errno \(code))"
    case .notRegularFile: "is not a regular file"
    case .openFileName:
      "names what is open already, and an output is a file of its own, written whole and then renamed"
    }
  }

  /// What to do about it, in a sentence.
  public var remedy: String {
    switch self {
    case .missing: "Check the path."
    case .system(_, let code):
      switch code {
      case ENOSPC, EDQUOT: "Free some space, or write elsewhere; the previous file is intact."
      case EACCES, EPERM, EROFS: "Check the permissions of the file and of its directory."
      case ENOENT, ENOTDIR: "Check that the directory exists."
      case EMFILE, ENFILE: "Close some files, or raise the limit on open files."
      case EIO: "Check the disk."
      default: "Check the path and the file system."
      }
    case .notRegularFile, .openFileName: "Name a regular file."
    }
  }
}
