import Files
import Foundation

/// An error about a file: which file, what is wrong with it, where, and what to do about it.
public struct SafetensorsError: Error, Sendable, Hashable {
  /// The kind of failure, for a caller that turns errors into exit codes.
  public enum Category: Sendable, Hashable {
    /// The file is there but is not what it should be, or what was to be written cannot be expressed.
    case badData
    /// The file is not there.
    case missingInput
    /// The system refused: permissions, a full disk, a failing device.
    case inputOutput
    /// There is too little memory.
    case resources
  }

  /// What is wrong, and where.
  public enum Problem: Sendable, Hashable {
    /// The file cannot be opened or read.
    case file(FileError.Problem)
    /// The first bytes are neither those of a safetensors file nor those of a zstd frame.
    case unrecognized(String)
    /// The file ends too early, within what is `expected`. `offset` counts uncompressed bytes from the start.
    case truncated(offset: Int, expected: String)
    /// The JSON header is wrong at byte `offset` of the header.
    case header(String, offset: Int)
    /// A tensor's description is wrong, or does not fit with the others.
    case tensor(name: String, String)
    /// The zstd frame is damaged; `offset` counts bytes of the compressed file and is where reading stopped.
    case frame(String, offset: Int)
    /// Bytes follow the end of the last tensor (or of the frame) at byte `offset` of the file.
    case trailingBytes(offset: Int)
    /// The file has no tensor of this name.
    case noSuchTensor(name: String)
    /// A tensor's elements are not of the type asked for.
    case wrongElementType(name: String, expected: SafetensorsElementType, found: SafetensorsElementType)
    /// The contents to be written are invalid: a duplicate name, a tensor that provides too few bytes.
    case unwritable(String)
    /// A part of the file claims this many bytes of memory, and a file of its size may take no more than `limit`.
    case beyondLimit(String, byteCount: Int, limit: Int)
    /// Memory for this many bytes could not be allocated.
    case outOfMemory(byteCount: Int)
  }

  /// The file.
  public let path: String
  /// What is wrong with it.
  public let problem: Problem

  /// An error about a file.
  public init(path: String, problem: Problem) {
    self.path = path
    self.problem = problem
  }

  /// The kind of failure.
  public var category: Category {
    switch problem {
    case .file(.missing): .missingInput
    case .file: .inputOutput
    case .outOfMemory: .resources
    default: .badData
    }
  }
}

extension SafetensorsError: CustomStringConvertible, LocalizedError {
  /// The file, the problem, the place and the remedy, in a sentence or two.
  public var description: String { "\(path): \(whatIsWrong) \(remedy)" }

  /// The same text as ``description``.
  public var errorDescription: String? { description }

  /// The problem alone: a phrase without a full stop, for use within a sentence.
  public var reason: String { String(whatIsWrong.dropLast()) }

  private var whatIsWrong: String {
    switch problem {
    case .file(let problem):
      problem.reason + "."
    case .unrecognized(let reason):
      "it is not a safetensors file: \(reason)."
    case .truncated(let offset, let expected):
      "it ends after \(offset) bytes (uncompressed), within \(expected)."
    case .header(let reason, let offset):
      "the header is invalid at its byte \(offset): \(reason)."
    case .tensor(let name, let reason):
      "tensor \(quoted(name)): \(reason)."
    case .frame(let reason, let offset):
      "the zstd frame is damaged at or before byte \(offset) of the file: \(reason)."
    case .trailingBytes(let offset):
      "unexpected bytes follow the end of the data at byte \(offset)."
    case .noSuchTensor(let name):
      "it holds no tensor named \(quoted(name))."
    case .wrongElementType(let name, let expected, let found):
      "tensor \(quoted(name)) has elements of type \(found.rawValue), not \(expected.rawValue)."
    case .unwritable(let reason):
      "it was not written: \(reason)."
    case .beyondLimit(let part, let byteCount, let limit):
      "\(part) would take \(MemoryLimit.words(byteCount)) of memory, and \(MemoryLimit.words(limit)) is the limit "
        + "for a file of its size."
    case .outOfMemory(let byteCount):
      "there is no memory for \(byteCount) bytes."
    }
  }

  private var remedy: String {
    switch problem {
    case .file(let problem):
      problem.remedy
    case .unrecognized:
      "Name a safetensors file, plain or compressed by zstd."
    case .truncated, .frame, .trailingBytes:
      "Restore the file from a copy or write it anew."
    case .header, .tensor:
      "Write the file anew with a tool that follows the safetensors format."
    case .noSuchTensor:
      "List the names that the file holds, and check that it comes from the same model."
    case .wrongElementType:
      "Ask for the type that the file holds, or convert the file."
    case .unwritable:
      "Mend what is to be written; the previous file is intact."
    case .beyondLimit:
      "If the file is what it should be, raise the limit on memory."
    case .outOfMemory:
      "Close other programs, or use a machine with more memory."
    }
  }

  /// A name in a readable form: cut to 200 characters, with control characters escaped.
  private func quoted(_ name: String) -> String {
    let readable = name.prefix(200).debugDescription
    return name.count > 200 ? readable + "..." : readable
  }
}
