import CMatIO
import Foundation
import Synchronization

/// A real matrix of a MAT file, by the name and the shape it must have.
struct MATMatrix: Sendable {
  let name: String
  let rows: Int
  let columns: Int
}

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

  private static func readLocked(_ url: URL, _ wanted: [MATMatrix]) throws(DatasetError) -> [[Float]] {
    MatIOLog.begin()
    guard let file = Mat_Open(url.path, Int32(MAT_ACC_RDONLY.rawValue)) else {
      throw .malformed(path: url.path, reason: "it is no MAT file that can be opened\(MatIOLog.suffix)")
    }
    defer { Mat_Close(file) }
    var shapes = [(name: String, shape: Shape)]()
    while let variable = Mat_VarReadNextInfo(file) {
      if let name = variable.pointee.name {
        shapes.append((printable(String(cString: name)), Shape(variable.pointee)))
      }
      Mat_VarFree(variable)
    }
    var result = [[Float]]()
    for matrix in wanted {
      guard let shape = shapes.first(where: { $0.name == matrix.name })?.shape else {
        let names = shapes.map { "'\($0.name)'" }
        let needed = wanted.map { "'\($0.name)'" }.joined(separator: " and ")
        throw .malformed(
          path: url.path,
          reason: "the variable '\(matrix.name)' is missing: it needs \(needed) and holds "
            + (names.isEmpty ? "none that can be read" : names.joined(separator: ", ")) + MatIOLog.suffix)
      }
      guard shape.isReal(matrix) else {
        throw .malformed(
          path: url.path,
          reason: "the variable '\(matrix.name)' is \(shape), not a real matrix of \(matrix.rows) x "
            + "\(matrix.columns) numbers of class single or double")
      }
      result.append(try values(of: matrix, in: file, url))
    }
    return result
  }

  private static func values(
    of matrix: MATMatrix, in file: OpaquePointer, _ url: URL
  ) throws(DatasetError) -> [Float] {
    MatIOLog.begin()
    let variable = Mat_VarReadInfo(file, matrix.name)
    defer { Mat_VarFree(variable) }
    let count = matrix.rows * matrix.columns
    guard
      let variable, Shape(variable.pointee).isReal(matrix),
      Mat_VarReadDataAll(file, variable) == 0, MatIOLog.isEmpty,
      let data = variable.pointee.data,
      variable.pointee.nbytes == count * Int(variable.pointee.data_size)
    else {
      throw .malformed(
        path: url.path, reason: "the values of the variable '\(matrix.name)' are damaged\(MatIOLog.suffix)")
    }
    if variable.pointee.class_type == MAT_C_SINGLE {
      return Array(UnsafeBufferPointer(start: data.assumingMemoryBound(to: Float.self), count: count))
    }
    let doubles = UnsafeBufferPointer(start: data.assumingMemoryBound(to: Double.self), count: count)
    return doubles.map { Float($0) }
  }
}

/// A name from a file without what could command a terminal.
private func printable(_ name: String) -> String {
  String(
    name.map { character in
      character.isLetter || character.isNumber || character == "_" ? character : "?"
    })
}

/// A variable's class and dimensions, as a file claims them.
private struct Shape: CustomStringConvertible {
  let classType: matio_classes
  let isComplex: Bool
  let dimensions: [Int]

  init(_ variable: matvar_t) {
    classType = variable.class_type
    isComplex = variable.isComplex != 0
    guard let start = variable.dims, variable.rank > 0, variable.rank <= 64 else {
      dimensions = []
      return
    }
    dimensions = UnsafeBufferPointer(start: start, count: Int(variable.rank)).map { Int(clamping: $0) }
  }

  func isReal(_ matrix: MATMatrix) -> Bool {
    (classType == MAT_C_SINGLE || classType == MAT_C_DOUBLE) && !isComplex
      && dimensions == [matrix.rows, matrix.columns]
  }

  var description: String {
    let names = [
      "empty", "cell", "struct", "object", "char", "sparse", "double", "single", "int8", "uint8", "int16",
      "uint16", "int32", "uint32", "int64", "uint64", "function", "opaque",
    ]
    let index = Int(classType.rawValue)
    let size =
      dimensions.isEmpty ? "without dimensions" : dimensions.map(String.init).joined(separator: " x ")
    return "\(isComplex ? "complex, " : "")\(size), of class "
      + (names.indices.contains(index) ? names[index] : "\(index)")
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
