import Files
import Foundation
import ImageDatasets
import Randomness
import Tensors

/// A picture as a density of points in the plane: the darker a pixel beside the lightest one, the more points fall in it,
/// uniformly.
///
/// The longer side spans [-4, 4]. The published code stretches both sides to it, and draws normal noise about a pixel's
/// middle.
struct PictureDensity: Sendable {
  private let height: Int
  private let width: Int
  /// The sum of darkness up to and including each pixel, as a part of all.
  private let cumulative: [Double]

  /// How many bytes a pixel takes: its level, and two copies of its sum.
  private static let bytesPerPixel = 17

  /// The density of a PNG or JPEG file.
  ///
  /// - Throws: `DatasetError.unusableData` for a file that is no picture or of a single shade; `DatasetError.unreadable`;
  ///   `DatasetError.tooLarge`
  init(_ url: URL, memoryLimit: MemoryLimit) throws(DatasetError) {
    func unusable(_ reason: String) -> DatasetError { .unusableData(path: url.path, reason: reason) }
    let picture = try Self.picture(url, memoryLimit)
    (height, width) = (picture.height, picture.width)
    let lightest = picture.pixels.max() ?? 255
    var sum = 0.0
    let sums = picture.pixels.map { pixel in
      sum += Double(lightest - pixel)
      return sum
    }
    let total = sum
    guard total > 0 else { throw unusable("it is of a single shade: points fall where a picture is dark") }
    cumulative = sums.map { $0 / total }
  }

  private static func picture(_ url: URL, _ memoryLimit: MemoryLimit) throws(DatasetError) -> PNGImage {
    let data: Data
    do { data = try Data(contentsOf: url) } catch { throw .unreadable(path: url.path, reason: error.plainReason) }
    let limit = memoryLimit.byteCount(forFileOf: data.count)
    var claim: Int?
    func objection(_ height: Int, _ width: Int) -> String? {
      claim = CheckedSize.product([height, width, bytesPerPixel])
      return (claim ?? .max) > limit ? "it is too large" : nil
    }
    let reason: String
    do {
      let picture =
        JPEGPicture.isOne([UInt8](data.prefix(3)))
        ? try JPEGPicture.decode([UInt8](data), objection: objection).picture
        : try PNGImage(contentsOf: url, objection: objection)
      return picture
    } catch let error as UnusableImages {
      reason = error.reason
    } catch let error as PNGError {
      if case .malformed(_, let words) = error {
        reason = "it is no table (.npy, .npz, .csv) and no PNG or JPEG picture that can be read: \(words)"
      } else {
        reason = "\(error)"
      }
    } catch {
      throw .unreadable(path: url.path, reason: error.plainReason)
    }
    if let claim, claim > limit { throw .tooLarge(path: url.path, claim: claim, limit: limit) }
    throw .unusableData(path: url.path, reason: reason)
  }

  /// Points of the density, `[count, 2]`, each a function of the stream and its place alone.
  func points(_ count: Int, _ stream: RandomStream) -> Tensor {
    let scale = 8 / Double(max(height, width))
    let numbers = (0..<count).flatMap { place -> [Float] in
      let u = stream.uniforms((place << 2)..<((place << 2) + 4)).map { Double($0) }
      // 48 random bits, since a picture may have more pixels than 24 bits can tell apart.
      let pixel = firstPixel(above: u[0] + u[3] * 0x1p-24)
      let (row, column) = (pixel / width, pixel % width)
      let x = (Double(column) + u[1] - Double(width) / 2) * scale
      let y = (Double(height) / 2 - Double(row) - u[2]) * scale
      return [Float(x), Float(y)]
    }
    return Tensor(numbers, shape: [count, 2])
  }

  /// The first pixel up to which more than a part of the darkness lies.
  private func firstPixel(above part: Double) -> Int {
    var (low, high) = (0, cumulative.count - 1)
    while low < high {
      let middle = (low + high) / 2
      if cumulative[middle] > part { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
