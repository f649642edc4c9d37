import Files
import Foundation
import ImageDatasets

/// Images in the IDX format of MNIST's published files, which may be compressed by gzip.
///
/// A header of four numbers of four bytes, big-endian: 2051, the numbers of images, of rows and of columns; then a byte for
/// each pixel.
enum IDXFile {
  private static let magic = 2051
  private static let headerLength = 16

  /// The images of a file: their sizes, and all levels of grey, row-major.
  ///
  /// - Throws: `DatasetError.unreadable`, `DatasetError.malformed`, `DatasetError.tooLarge`
  static func read(
    _ url: URL, memoryLimit: MemoryLimit
  ) throws(DatasetError) -> (height: Int, width: Int, levels: [UInt8]) {
    let size = (try? FileManager.default.attributesOfItem(atPath: url.path)[.size] as? Int) ?? 0
    var header: [UInt8] = []
    var levels: [UInt8] = []
    var shape: (count: Int, height: Int, width: Int)?
    try FileBytes.read(url) { bytes throws(DatasetError) in
      var rest = bytes[...]
      if shape == nil {
        let missing = headerLength - header.count
        header += rest.prefix(missing)
        rest = rest.dropFirst(missing)
        guard header.count == headerLength else { return }
        shape = try self.shape(header, url, size, memoryLimit)
      }
      guard let shape else { return }
      levels += rest
      let expected = shape.count * shape.height * shape.width
      if levels.count > expected {
        throw .malformed(path: url.path, reason: "more than the \(expected) pixels follow that its header names")
      }
    }
    guard let shape else { throw .malformed(path: url.path, reason: "its header of 16 bytes is cut off") }
    let expected = shape.count * shape.height * shape.width
    guard levels.count == expected else {
      throw .malformed(path: url.path, reason: "it is cut off: \(levels.count) of \(expected) pixels are there")
    }
    return (shape.height, shape.width, levels)
  }

  private static func shape(
    _ header: [UInt8], _ url: URL, _ size: Int, _ memoryLimit: MemoryLimit
  ) throws(DatasetError) -> (count: Int, height: Int, width: Int) {
    let numbers = (0..<4).map { k in header[(4 * k)..<(4 * k + 4)].reduce(0) { $0 << 8 | Int($1) } }
    guard numbers[0] == magic else {
      throw .malformed(path: url.path, reason: "it does not begin like images in IDX format")
    }
    guard numbers[1...].allSatisfy({ $0 > 0 }) else {
      throw .malformed(path: url.path, reason: "its header names \(numbers[1]) images of \(numbers[2])x\(numbers[3])")
    }
    try ArrayMemory.check(CheckedSize.product(Array(numbers[1...])), path: url.path, fileSize: size, memoryLimit)
    return (numbers[1], numbers[2], numbers[3])
  }
}
