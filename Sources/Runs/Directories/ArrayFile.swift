import Files
import Foundation
import Safetensors
import Tensors

/// Files of named arrays for other programs, in the format of the file's extension.
///
/// - `.safetensors`: each array under its name.
/// - `.npy`: one NumPy array; several arrays of one shape `[images, n]` are stacked to `[images, arrays, n]`.
/// - `.csv`: a row for each image, below a header; the columns of an array `[images, n]` are `name_0`, `name_1`, ...
///
/// Texts, one for each image, are columns of a `.csv`. In a `.safetensors` they are arrays of bytes `[images,
/// longest]`: UTF-8, padded with zeros (NumPy's type `S`). An `.npy` does not contain them.
public enum ArrayFile: String, Sendable, CaseIterable {
  /// A format, whose name is the extension.
  case safetensors, npy, csv

  /// The format of a file, by the extension of its path.
  ///
  /// - Throws: ``RunError/invalidConfiguration(_:)`` for another extension.
  public init(path: String) throws(RunError) {
    guard let format = ArrayFile(rawValue: URL(filePath: path).pathExtension.lowercased()) else {
      throw .invalidConfiguration("\(path): the name must end in .safetensors, .npy or .csv")
    }
    self = format
  }

  /// Writes arrays atomically: in single precision, but an .npy file of one array in that array's.
  ///
  /// - Parameters:
  ///   - arrays: Named arrays, each `[images, ...]`.
  ///   - texts: Named texts, one for each image.
  ///   - path: The file.
  /// - Throws: `FileError` where the file cannot be written;
  ///   ``RunError/invalidConfiguration(_:)`` for another extension.
  public static func write(
    _ arrays: [(name: String, tensor: Tensor)], texts: [(name: String, values: [String])] = [], to path: String
  ) throws {
    let url = URL(filePath: path)
    switch try ArrayFile(path: path) {
    case .safetensors:
      try SafetensorsWriter.write(
        to: url,
        tensors: arrays.map {
          SafetensorsTensor(name: $0.name, shape: $0.tensor.shape, values: $0.tensor.floats())
        } + texts.map(tensor),
        compression: .none)
    case .npy:
      let stacked = arrays.count == 1 ? arrays[0].tensor : stack(arrays.map(\.tensor))
      try AtomicFile.write(to: url) { sink in
        let isDouble = stacked.elementType == .float64
        try sink.write(Data(NPYHeader.encoded(floatsOfShape: stacked.shape, isDouble: isDouble)))
        try stacked.withBytes { bytes in try sink.write(bytes) }
      }
    case .csv:
      let text = csv(arrays, texts)
      try AtomicFile.write(to: url) { sink in try sink.write(Data(text.utf8)) }
    }
  }

  private static func stack(_ tensors: [Tensor]) -> Tensor {
    let parts = tensors.map { $0.reshaped([$0.shape[0], 1] + $0.shape.dropFirst()) }
    return .concatenation(parts, axis: 1)
  }

  private static func tensor(_ text: (name: String, values: [String])) -> SafetensorsTensor {
    let bytes = text.values.map { Array($0.utf8) }
    let longest = max(1, bytes.map(\.count).max() ?? 0)
    return SafetensorsTensor(
      name: text.name, shape: [bytes.count, longest],
      values: bytes.flatMap { $0 + [UInt8](repeating: 0, count: longest - $0.count) })
  }

  /// A field of a CSV file, quoted where necessary (RFC 4180).
  package static func field(_ text: String) -> String {
    let isPlain = text.unicodeScalars.allSatisfy { !"\",\r\n".unicodeScalars.contains($0) }
    return isPlain ? text : "\"" + text.replacingOccurrences(of: "\"", with: "\"\"") + "\""
  }

  private static func csv(
    _ arrays: [(name: String, tensor: Tensor)], _ texts: [(name: String, values: [String])]
  ) -> String {
    let widths = arrays.map { $0.tensor.shape.dropFirst().reduce(1, *) }
    let heading =
      zip(arrays, widths).flatMap { array, width in
        array.tensor.rank == 1 ? [array.name] : (0..<width).map { "\(array.name)_\($0)" }
      }
    let numbers = arrays.map { $0.tensor.floats() }
    let images = arrays.first?.tensor.shape[0] ?? 0
    var lines = [(["image"] + texts.map(\.name) + heading).joined(separator: ",")]
    for image in 0..<images {
      let row = zip(numbers, widths).flatMap { numbers, width in
        numbers[(image * width)..<((image + 1) * width)].map { "\($0)" }
      }
      lines.append((["\(image)"] + texts.map { field($0.values[image]) } + row).joined(separator: ","))
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
