import CMatIO
import Foundation
import Synchronization

/// Reads real matrices from MAT files of level 5 (MATLAB 5 to 7) through the matio library.
///
/// The file is an outsider: its frame is walked before matio sees it, a shape is compared with the expected
/// one before any data is read, and every value is checked by whoever asked for it.
enum MATFile {
  /// The matrices asked for, each `[rows, columns]` with its columns one after another.
  ///
  /// - Throws: ``DatasetError/unreadable(path:reason:)``, ``DatasetError/malformed(path:reason:)``.
  static func read(_ url: URL, _ wanted: [MATMatrix]) throws(DatasetError) -> [[Float]] {
    try MATFrame.check(url)
    // The log of matio is one per process, and so are parts of its state.
    return try matioLock.withLock { _ throws(DatasetError) in try readLocked(url, wanted) }
  }

  /// The variables that a file says it holds, in its order.
  ///
  /// - Throws: ``DatasetError/unreadable(path:reason:)``, ``DatasetError/malformed(path:reason:)``.
  static func variables(_ url: URL) throws(DatasetError) -> [MATVariable] {
    try MATFrame.check(url)
    return try matioLock.withLock { _ throws(DatasetError) in
      let file = try open(url)
      defer { Mat_Close(file) }
      return variables(in: file)
    }
  }

  /// The numbers of one of a file's variables, the first index running fastest.
  ///
  /// - Throws: ``DatasetError/unreadable(path:reason:)``, ``DatasetError/malformed(path:reason:)``.
  static func array(_ url: URL, _ variable: MATVariable) throws(DatasetError) -> NumberArray {
    guard let kind = variable.kind, let count = NumberArray.count(of: variable.dimensions) else {
      throw .malformed(
        path: url.path, reason: "the variable '\(variable.name)' is \(variable), not an array of real numbers"
      )
    }
    try MATFrame.check(url)
    return try matioLock.withLock { _ throws(DatasetError) in
      let file = try open(url)
      defer { Mat_Close(file) }
      let values = try values(of: variable.name, count: count, in: file, url) { $0.kind == kind }
      return NumberArray(
        shape: variable.dimensions, isFirstIndexFastest: true, kind: kind, values: values)
    }
  }

  private static func open(_ url: URL) throws(DatasetError) -> OpaquePointer {
    MatIOLog.begin()
    guard let file = Mat_Open(url.path, Int32(MAT_ACC_RDONLY.rawValue)) else {
      throw .malformed(path: url.path, reason: "it is no MAT file that can be opened\(MatIOLog.suffix)")
    }
    return file
  }

  private static func variables(in file: OpaquePointer) -> [MATVariable] {
    var variables = [MATVariable]()
    while let variable = Mat_VarReadNextInfo(file) {
      if let variable = MATVariable(variable.pointee) { variables.append(variable) }
      Mat_VarFree(variable)
    }
    return variables
  }

  private static func readLocked(_ url: URL, _ wanted: [MATMatrix]) throws(DatasetError) -> [[Float]] {
    let file = try open(url)
    defer { Mat_Close(file) }
    let variables = variables(in: file)
    var result = [[Float]]()
    for matrix in wanted {
      guard let variable = variables.first(where: { $0.name == matrix.name }) else {
        let names = variables.map { "'\($0.name)'" }
        let needed = wanted.map { "'\($0.name)'" }.joined(separator: " and ")
        throw .malformed(
          path: url.path,
          reason: "the variable '\(matrix.name)' is missing: it needs \(needed) and holds "
            + (names.isEmpty ? "none that can be read" : names.joined(separator: ", ")) + MatIOLog.suffix)
      }
      guard variable.matches(matrix) else {
        throw .malformed(
          path: url.path,
          reason: "the variable '\(matrix.name)' is \(variable), not a real matrix of \(matrix.rows) x "
            + "\(matrix.columns) numbers of class "
            + (matrix.element == .byte ? "uint8, single or double" : "single or double"))
      }
      result.append(
        try values(of: matrix.name, count: matrix.rows * matrix.columns, in: file, url) {
          $0.matches(matrix)
        })
    }
    return result
  }

  private static func values(
    of name: String, count: Int, in file: OpaquePointer, _ url: URL, where isRight: (MATVariable) -> Bool
  ) throws(DatasetError) -> [Float] {
    MatIOLog.begin()
    let variable = Mat_VarReadInfo(file, name)
    defer { Mat_VarFree(variable) }
    guard
      let variable, let claimed = MATVariable(variable.pointee), isRight(claimed),
      NumberArray.count(of: claimed.dimensions) == count,
      Mat_VarReadDataAll(file, variable) == 0, MatIOLog.isEmpty,
      let data = variable.pointee.data,
      variable.pointee.nbytes == count * Int(variable.pointee.data_size)
    else {
      throw .malformed(
        path: url.path, reason: "the values of the variable '\(name)' are damaged\(MatIOLog.suffix)")
    }
    let bytes = UnsafeRawBufferPointer(start: data, count: Int(variable.pointee.nbytes))
    func numbers<Number>(_ convert: (Number) -> Float) -> [Float] {
      bytes.bindMemory(to: Number.self).map(convert)
    }
    return switch claimed.classType {
    case MAT_C_DOUBLE: numbers { Float($0 as Double) }
    case MAT_C_SINGLE: numbers { $0 as Float }
    case MAT_C_INT8: numbers { Float($0 as Int8) }
    case MAT_C_UINT8: numbers { Float($0 as UInt8) }
    case MAT_C_INT16: numbers { Float($0 as Int16) }
    case MAT_C_UINT16: numbers { Float($0 as UInt16) }
    case MAT_C_INT32: numbers { Float($0 as Int32) }
    case MAT_C_UINT32: numbers { Float($0 as UInt32) }
    case MAT_C_INT64: numbers { Float($0 as Int64) }
    case MAT_C_UINT64: numbers { Float($0 as UInt64) }
    default: preconditionFailure("MATFile: a variable of no numbers")
    }
  }
}

private let matioLock = Mutex<Void>(())

/// What matio has to say goes here instead of to the standard error, and from here into an error's reason.
///
/// Its own log function would end the process on an error; a function given to it keeps it from that.
private enum MatIOLog {
  private static let messages = Mutex<[String]>([])

  private static let install: Void = {
    _ = Mat_LogInitFunc("ffjord-vae") { _, message in
      guard let message else { return }
      let text = String(cString: message).trimmingCharacters(in: .whitespacesAndNewlines)
      MatIOLog.messages.withLock { if $0.count < 8 { $0.append(text) } }
    }
  }()

  static func begin() {
    install
    messages.withLock { $0.removeAll() }
  }

  static var isEmpty: Bool { messages.withLock { $0.isEmpty } }

  /// The first message in brackets, or nothing.
  static var suffix: String { messages.withLock { $0.first.map { " (\($0))" } ?? "" } }
}
