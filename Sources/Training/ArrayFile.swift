import Foundation
import Safetensors
import Tensors

/// Named arrays on disk for other programs, in the format that the file's extension names.
///
/// - `.safetensors`: each array under its name.
/// - `.npy`: one NumPy array; several arrays of one shape `[images, n]` are stacked to `[images, arrays, n]`.
/// - `.csv`: a row for each image, with a heading; the columns of an array `[images, n]` are `name_0`, `name_1`, ...
public enum ArrayFile: String, Sendable, CaseIterable {
  case safetensors, npy, csv

  /// The format of a path.
  ///
  /// - Throws: ``TrainingError/invalidConfiguration(_:)`` for another extension.
  public init(path: String) throws(TrainingError) {
    guard let format = ArrayFile(rawValue: URL(filePath: path).pathExtension.lowercased()) else {
      throw .invalidConfiguration("\(path): the name must end in .safetensors, .npy or .csv")
    }
    self = format
  }

  /// Writes arrays in single precision, whose first axis is the image, atomically.
  ///
  /// - Throws: ``SafetensorsError`` where the file cannot be written.
  public static func write(_ arrays: [(name: String, tensor: Tensor)], to path: String) throws {
    let url = URL(filePath: path)
    switch try ArrayFile(path: path) {
    case .safetensors:
      try SafetensorsWriter.write(
        to: url,
        tensors: arrays.map {
          SafetensorsTensor(name: $0.name, shape: $0.tensor.shape, values: $0.tensor.floats())
        },
        compression: .none)
    case .npy:
      let stacked = arrays.count == 1 ? arrays[0].tensor : stack(arrays.map(\.tensor))
      try AtomicFile.write(to: url) { sink in
        try sink.write(Data(npyHeader(shape: stacked.shape)))
        try stacked.withBytes { bytes in try sink.write(bytes) }
      }
    case .csv:
      let text = csv(arrays)
      try AtomicFile.write(to: url) { sink in try sink.write(Data(text.utf8)) }
    }
  }

  private static func stack(_ tensors: [Tensor]) -> Tensor {
    let parts = tensors.map { $0.reshaped([$0.shape[0], 1] + $0.shape.dropFirst()) }
    return .concatenation(parts, axis: 1)
  }

  /// The header of NumPy's format, version 1.0: magic, length, a dictionary padded to 64 bytes.
  private static func npyHeader(shape: [Int]) -> [UInt8] {
    let sizes = shape.map(String.init).joined(separator: ", ") + (shape.count == 1 ? "," : "")
    var dictionary = "{'descr': '<f4', 'fortran_order': False, 'shape': (\(sizes)), }"
    let padding = 64 - (10 + dictionary.utf8.count + 1) % 64
    dictionary += String(repeating: " ", count: padding % 64) + "\n"
    let length = dictionary.utf8.count
    return [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(length & 0xFF), UInt8(length >> 8)]
      + Array(dictionary.utf8)
  }

  private static func csv(_ arrays: [(name: String, tensor: Tensor)]) -> String {
    let widths = arrays.map { $0.tensor.shape.dropFirst().reduce(1, *) }
    let heading =
      zip(arrays, widths).flatMap { array, width in
        array.tensor.rank == 1 ? [array.name] : (0..<width).map { "\(array.name)_\($0)" }
      }
    let numbers = arrays.map { $0.tensor.floats() }
    let images = arrays.first?.tensor.shape[0] ?? 0
    var lines = ["image," + heading.joined(separator: ",")]
    for image in 0..<images {
      let row = zip(numbers, widths).flatMap { numbers, width in
        numbers[(image * width)..<((image + 1) * width)].map { "\($0)" }
      }
      lines.append("\(image)," + row.joined(separator: ","))
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
