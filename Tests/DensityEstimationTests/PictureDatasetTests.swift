@testable import DensityEstimation
import FileTestSupport
import Files
import Foundation
import ImageDatasets
import NeuralNetworks
import Randomness
import Tensors
import Testing

/// Pictures as densities, grey images in rows, and what makes levels of grey continuous.
@Suite struct PictureDatasetTests {
  private let directory = try! TemporaryDirectory()

  private var locator: DatasetLocator { DatasetLocator(dataDirectory: directory.url.path, environment: [:]) }

  private func load(_ name: String, memoryLimit: MemoryLimit = .standard) throws -> DensityDataset {
    try DensityDataset.load(name, locator: locator, memoryLimit: memoryLimit)
  }

  private func stream(_ step: UInt64 = 0) -> RandomStream { RandomStream(seed: 2, purpose: .test, step: step) }

  @Test func pointsFallWhereAPictureIsDark() throws {
    // Four columns and two rows; the lightest shade is 250.
    let pixels: [UInt8] = [250, 250, 50, 250, 200, 250, 250, 250]
    try PNGImage(height: 2, width: 4, pixels: pixels).write(to: directory.file("p.png"))
    let data = try load(directory.path("p.png"))
    #expect(data.kind == .points && data.trainingCount == nil && data.dimensions == 2 && data.standardization == nil)
    #expect(data.validation.shape == [10_000, 2] && data.test.shape == [10_000, 2] && data.validation != data.test)
    let points = data.freshPoints(20_000, stream())
    #expect(data.freshPoints(5, stream()) == points.leading(0..<5))
    let numbers = points.doubles()
    var counts = [0, 0]
    var sums = [0.0, 0, 0, 0]
    for point in 0..<20_000 {
      let (x, y) = (numbers[2 * point], numbers[2 * point + 1])
      // The dark pixel is the third of the upper row, the other the first of the lower: each has a side of 2.
      let isDark = x >= 0 && x <= 2 && y >= 0 && y <= 2
      #expect(isDark || (x >= -4 && x <= -2 && y >= -2 && y <= 0))
      counts[isDark ? 0 : 1] += 1
      sums[isDark ? 0 : 2] += x
      sums[isDark ? 1 : 3] += y
    }
    // Darkness 200 beside 50.
    #expect(abs(Double(counts[0]) / 20_000 - 0.8) < 4.5 * (0.16 / 20_000).squareRoot())
    let means = [sums[0], sums[1]].map { $0 / Double(counts[0]) } + [sums[2], sums[3]].map { $0 / Double(counts[1]) }
    #expect(zip(means, [1, 1, -3, -1]).allSatisfy { abs($0 - $1) < 0.05 }, "\(means)")
    #expect(try load(directory.path("p.png")).digest == data.digest)
  }

  @Test func picturesWithoutADensityAreRefused() throws {
    func refusal(_ name: String, _ limit: MemoryLimit = .standard) throws -> DatasetError {
      try #require(thrown(DatasetError.self) { _ = try load(directory.path(name), memoryLimit: limit) })
    }
    try PNGImage(height: 3, width: 3, pixels: [UInt8](repeating: 77, count: 9)).write(to: directory.file("flat.png"))
    let whole = try PNGImage(height: 90, width: 90, pixels: (0..<8100).map { UInt8($0 * 7 % 251) }).encoded()
    try whole.dropLast(whole.count / 2).write(to: directory.file("cut.png"))
    try whole.write(to: directory.file("whole.png"))
    try Data([0xFF, 0xD8, 0xFF, 0, 1]).write(to: directory.file("cut.jpg"))
    for (name, words) in [("flat.png", "single shade"), ("cut.png", "PNG or JPEG"), ("cut.jpg", "no JPEG picture")] {
      let error = try refusal(name)
      #expect(error.category == .badData && "\(error)".contains(words), "\(error)")
    }
    guard case .tooLarge(_, let claim, _) = try refusal("whole.png", MemoryLimit(floor: 0)) else {
      #expect(17 * 8100 < 32 * whole.count, "a picture of \(whole.count) bytes is read, whatever the limit")
      return
    }
    #expect(claim == 17 * 8100)
  }

  // MARK: Images

  private func idx(_ count: Int, side: Int = 4, magic: UInt8 = 3) -> [UInt8] {
    let header: [UInt8] = [0, 0, 8, magic] + [count, side, side].flatMap { [0, 0, UInt8($0 >> 8), UInt8($0 & 255)] }
    return header + (0..<(count * side * side)).map { UInt8(truncatingIfNeeded: ($0 &* 2_654_435_761) >> 7) }
  }

  private func write(_ bytes: [UInt8], _ name: String) throws {
    try Data(bytes).write(to: try directory.place(for: name))
  }

  @Test func greyDigitsAreRowsOfLevels() throws {
    try write(deflated(idx(60), as: .gzip), "mnist/train-images-idx3-ubyte.gz")
    try write(idx(20), "mnist/t10k-images-idx3-ubyte")
    let data = try load("mnist")
    #expect(data.kind == .images(ImageShape(height: 4, width: 4)) && data.dimensions == 16)
    #expect([data.trainingCount, data.validation.shape[0], data.test.shape[0]] == [50, 10, 20])
    let levels = idx(60).dropFirst(16).map { Float($0) }
    #expect(data.trainingBatch(rows: Array(0..<50)).floats() == Array(levels[..<800]))
    #expect(data.validation.floats() == Array(levels[800...]))
    #expect(data.trainingBatch(rows: [3, 1]).floats() == Array(levels[48..<64]) + Array(levels[16..<32]))
  }

  @Test func damagedDigitsAreRefused() throws {
    #expect(thrown(DatasetError.self) { _ = try load("mnist") }?.category == .missingInput)
    try write(idx(20), "mnist/t10k-images-idx3-ubyte")
    let file = "mnist/train-images-idx3-ubyte"
    let damages: [(bytes: [UInt8], says: String)] = [
      (idx(60, magic: 1), "does not begin like images"), (idx(60).dropLast(), "it is cut off: 959 of 960"),
      (idx(60) + [0], "more than the 960 pixels"), (Array(idx(60)[..<9]), "header of 16 bytes is cut off"),
      ([0, 0, 8, 3, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 4], "0 images"), (idx(60, side: 5), "of two sizes"),
      (idx(5), "0 for validation"),
      ([0, 0, 8, 3] + [UInt8](repeating: 255, count: 12) + [1, 2, 3], "claims contents"),
      (deflated(idx(60), as: .gzip).dropLast(9), "gzip"),
    ]
    for damage in damages {
      try write(damage.bytes, file)
      let error = try #require(thrown(DatasetError.self) { _ = try load("mnist") })
      #expect(error.category == .badData && "\(error)".contains(damage.says), "\(error)")
      #expect(!"\(error)".contains("checksum"), "no checksum is known: \(error)")
    }
  }

  @Test func imagesWithASideBeyondTheLimitAreRefused() throws {
    let header = Array(idx(20).prefix(8)) + [0, 0, 0, 1, 0, 0, 0x4E, 0x20]
    let bytes = header + [UInt8](repeating: 1, count: 20 * 20_000)
    for name in ["train-images-idx3-ubyte", "t10k-images-idx3-ubyte"] { try write(bytes, "mnist/\(name)") }
    let error = try #require(thrown(DatasetError.self) { _ = try load("mnist") })
    #expect(error.category == .badData && "\(error)".contains("a side of 20000"), "\(error)")
  }

  @Test func theTestDigitsAreTakenWithoutARemark() throws {
    try write(idx(60), "mnist/train-images-idx3-ubyte")
    try write(idx(20), "mnist/t10k-images-idx3-ubyte")
    let data = try load("mnist")
    let state = DensityState(DensityConfiguration().fitted(to: data), ParameterSet(), buffers: ParameterSet())
    let rows = try DensityDataset.rows(
      of: "mnist", for: state, locator: DatasetLocator(dataDirectory: directory.url.path, environment: [:]))
    #expect(rows.rows == data.test && rows.remarks.isEmpty)
  }

  @Test func blackAndWhiteImagesAreRefused() throws {
    for name in ["glyphs", "omniglot"] {
      let error = try #require(thrown(DatasetError.self) { _ = try load(directory.path(name)) })
      #expect(error.category == .badData && "\(error)".contains("black and white"), "\(error)")
    }
  }

  @Test func picturesOfAFolderAreImages() throws {
    for index in 0..<60 {
      let pixels = (0..<64).map { UInt8(stream(UInt64(index)).words(at: UInt64($0)).x >> 24) }
      try PNGImage(height: 8, width: 8, pixels: pixels).write(to: try directory.place(for: "own/\(index).png"))
    }
    let data = try load(directory.path("own"))
    #expect(data.kind == .images(ImageShape(height: 8, width: 8)) && data.standardization == nil)
    let training = data.trainingBatch(rows: Array(0..<(data.trainingCount ?? 0)))
    let all = Tensor.concatenation([training, data.validation, data.test], axis: 0)
    #expect(all.shape == [60, 64] && all.floats().allSatisfy { $0 == $0.rounded() && $0 >= 0 && $0 <= 255 })
    #expect(Set(all.floats()).count > 200)
  }

  @Test(.enabled(if: RealData.has("mnist/train-images-idx3-ubyte.gz"), "needs FFJORD_VAE_DATA with grey MNIST"))
  func realDigitsAreRead() throws {
    let real = DatasetLocator(dataDirectory: RealData.directory, environment: [:])
    let data = try DensityDataset.load("mnist", locator: real)
    #expect([data.trainingCount, data.validation.shape[0], data.test.shape[0]] == [50_000, 10_000, 10_000])
    // The mean intensity of the training images that is widely quoted.
    let mean = data.trainingBatch(rows: Array(0..<50_000)).sum() + data.validation.sum()
    #expect(abs(mean / (60_000 * 784 * 255) - 0.1307) < 1e-4)
  }

  @Test(.enabled(if: RealData.has("freyfaces/frey_rawface.mat"), "needs FFJORD_VAE_DATA with Frey Faces"))
  func realFacesAreRead() throws {
    let real = DatasetLocator(dataDirectory: RealData.directory, environment: [:])
    let data = try DensityDataset.load(DensityDataset.lastingName(for: "freyfaces:1"), locator: real)
    #expect(data.kind == .images(ImageShape(height: 28, width: 20)) && data.name == "freyfaces:1")
    #expect(data.test.floats().allSatisfy { $0 == $0.rounded() } && Set(data.test.floats()).count > 200)
  }

  // MARK: Dequantization

  @Test(arguments: [1e-6, 0.05]) func imagesComeBackFromTheTransform(_ alpha: Double) {
    let dequantization = ImageDequantization(alpha: alpha)
    let levels = Tensor((0..<512).map { Float($0 % 256) }, shape: [4, 128])
    let noise = stream()
    let (y, logDeterminant) = dequantization.prepared(levels, noise)
    #expect(y.shape == [4, 128] && logDeterminant.shape == [4] && y.isFinite)
    let intensities = dequantization.intensities(y).doubles()
    for (place, x) in intensities.enumerated() {
      let expected = (Double(place % 256) + Double(noise.uniform(at: place))) / 256
      #expect(abs(x - expected) < 2e-6)
    }
    // Noise belongs to a row's place.
    let (part, determinants) = dequantization.prepared(levels.leading(2..<4), noise, firstRow: 2)
    #expect(part == y.leading(2..<4) && determinants == logDeterminant.leading(2..<4))
    #expect(dequantization.prepared(levels, stream(1)).y != y)
  }

  @Test(arguments: [1e-6, 0.05]) func theLogDeterminantIsThatOfTheTransform(_ alpha: Double) {
    let dequantization = ImageDequantization(alpha: alpha)
    let x = [0.02, 0.1, 0.37, 0.5, 0.71, 0.96]
    let step = 1e-3
    let above = dequantization.transformed(x.map { $0 + step }, batch: 1).y.doubles()
    let below = dequantization.transformed(x.map { $0 - step }, batch: 1).y.doubles()
    let expected = zip(above, below).reduce(0) { $0 + log(($1.0 - $1.1) / (2 * step)) }
    #expect(abs(dequantization.transformed(x, batch: 1).logDeterminant.scalar - expected) < 3e-3)
    // logit(0.05 + 0.9 x) at x = 0.5 is 0, with the slope 0.9 / 0.25.
    let middle = ImageDequantization(alpha: 0.05).transformed([0.5], batch: 1)
    #expect(abs(middle.y.scalar) < 1e-7 && abs(middle.logDeterminant.scalar - log(3.6)) < 1e-6)
  }

  @Test func bitsPerDimensionAreThoseOfLevels() {
    let dequantization = ImageDequantization(alpha: 1e-6)
    // A uniform density of intensities is 1, and each level takes 8 bits; twice that density everywhere saves one.
    #expect(dequantization.bitsPerDimension(nats: 0, dimensions: 784) == 8)
    #expect(abs(dequantization.bitsPerDimension(nats: -784 * log(2), dimensions: 784) - 7) < 1e-12)
    #expect(abs(dequantization.bitsPerDimension(nats: -3810.5, dimensions: 784) - 0.98802) < 1e-4)
  }
}
