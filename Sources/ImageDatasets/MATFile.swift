import Files
import Foundation

/// The variables of a MAT file of level 5 (MATLAB 5 to 7), and the numbers of those that are real matrices.
///
/// The file is not trusted. Opening it reads the beginning of each element: class, dimensions and name. Numbers are
/// read only for the variables that are asked for, and only if the element holds exactly as many as its dimensions
/// say. Of cells, structures and the like, only the dimensions are read. The matio library is not used, because it
/// allocates memory for whatever a file claims, and leaves numbers uninitialized where an element is too short.
///
/// Source: "MAT-File Format", MathWorks, chapter 1.
struct MATFile {
  /// The named variables, in the file's order.
  let variables: [MATVariable]
  private let path: String
  private let data: Data
  private let isLittleEndian: Bool

  /// Opens a file and lists its variables.
  ///
  /// - Throws: ``DatasetError/unreadable(path:reason:)``, ``DatasetError/malformed(path:reason:)``.
  init(_ url: URL) throws(DatasetError) {
    path = url.path
    do {
      data = try Data(contentsOf: url, options: .mappedIfSafe)
    } catch {
      throw .unreadable(path: url.path, reason: error.plainReason)
    }
    do throws(MATProblem) {
      isLittleEndian = try MATFrame.isLittleEndian(data)
      var variables = [MATVariable]()
      for element in try MATFrame.elements(data, isLittleEndian: isLittleEndian) {
        var reader = try MATElementReader(data, element, isLittleEndian: isLittleEndian)
        let variable = try reader.variable(element)
        if !variable.name.isEmpty { variables.append(variable) }
      }
      self.variables = variables
    } catch {
      throw .malformed(path: path, reason: error.reason)
    }
  }

  /// The numbers of the wanted matrices, each `[rows, columns]` in column-major order.
  ///
  /// - Throws: ``DatasetError/unreadable(path:reason:)``, ``DatasetError/malformed(path:reason:)``.
  static func read(_ url: URL, _ wanted: [MATMatrix]) throws(DatasetError) -> [[Float]] {
    let file = try MATFile(url)
    var result = [[Float]]()
    for matrix in wanted {
      guard let variable = file.variables.first(where: { $0.name == matrix.name }) else {
        let names = file.variables.map { "'\($0.name)'" }
        let needed = wanted.map { "'\($0.name)'" }.joined(separator: " and ")
        throw .malformed(
          path: url.path,
          reason: "the variable '\(matrix.name)' is missing: it needs \(needed) and holds "
            + (names.isEmpty ? "none" : names.joined(separator: ", ")))
      }
      guard variable.matches(matrix) else {
        throw .malformed(
          path: url.path,
          reason: "the variable '\(matrix.name)' is \(variable), not a real matrix of \(matrix.rows) x "
            + "\(matrix.columns) numbers of class "
            + (matrix.element == .byte ? "uint8, single or double" : "single or double"))
      }
      // The dimensions are those of a known dataset, so that no further limit is needed.
      result.append(try file.array(variable, memoryLimit: MemoryLimit(floor: .max)).values)
    }
    return result
  }

  /// The numbers of a matrix that a file may hold, in column-major order; nil where it does not, or not as it should.
  static func readIfUsable(_ url: URL, _ matrix: MATMatrix) -> [Float]? {
    try? read(url, [matrix]).first
  }

  /// The numbers of a variable, in column-major order.
  ///
  /// - Throws: ``DatasetError/malformed(path:reason:)``, ``DatasetError/tooLarge(path:claim:limit:)``.
  func array(_ variable: MATVariable, memoryLimit: MemoryLimit) throws(DatasetError) -> NumberArray<Float> {
    guard let kind = variable.kind else {
      throw .malformed(
        path: path, reason: "the variable '\(variable.name)' is \(variable), not an array of real numbers")
    }
    let count = CheckedSize.product(variable.dimensions)
    try ArrayMemory.check(count, path: path, fileSize: data.count, memoryLimit)
    do throws(MATProblem) {
      var reader = try MATElementReader(data, variable.element, isLittleEndian: isLittleEndian)
      _ = try reader.variable(variable.element)
      return NumberArray(
        shape: variable.dimensions, isFirstIndexFastest: true, kind: kind, values: try reader.numbers(count ?? 0))
    } catch {
      throw .malformed(path: path, reason: "the variable '\(variable.name)': \(error.reason)")
    }
  }
}

/// What is wrong with a MAT file, in words.
struct MATProblem: Error {
  let reason: String

  init(_ reason: String) {
    self.reason = reason
  }
}
