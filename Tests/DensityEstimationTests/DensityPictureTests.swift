@testable import DensityEstimation
import FileTestSupport
import Foundation
import ImageDatasets
import Randomness
import Tensors
import Testing

/// Heat maps, histograms, panels and their files.
@Suite struct DensityPictureTests {
  private static let withPillow = Python(importing: "PIL.Image", of: "Pillow")
  private let directory = try! TemporaryDirectory()

  private let brightest = UInt8(ColorMap.shadeCount - 1)

  @Test func lightnessOfColoursRisesEvenly() {
    let colors = ColorMap.palette.prefix(ColorMap.shadeCount)
    #expect(ColorMap.palette.count == 256)
    #expect(colors.first == .init(red: 0x44, green: 0x01, blue: 0x54))
    #expect(colors.last == .init(red: 0xFD, green: 0xE7, blue: 0x25))
    // CIE L*, of sRGB.
    let lightness = colors.map { color in
      let linear = [color.red, color.green, color.blue].map { channel in
        let c = Double(channel) / 255
        return c <= 0.04045 ? c / 12.92 : pow((c + 0.055) / 1.055, 2.4)
      }
      return 116 * cbrt(0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]) - 16
    }
    let mean = (lightness[253] - lightness[0]) / 253
    for place in stride(from: 11, to: 254, by: 11) {
      #expect(abs((lightness[place] - lightness[place - 11]) / 11 - mean) < 0.35 * mean, "at \(place)")
    }
  }

  @Test func heatMapsHaveTheLeastRowAtTheBottom() {
    let picture = DensityPicture.heatMap(values: [0, -.infinity, .nan, log(0.5), -30, 0], columns: 2)
    #expect((picture.height, picture.width) == (3, 2))
    #expect(picture.shades == [0, brightest, ColorMap.paper, UInt8((0.5 * 253).rounded()), brightest, 0])
    let logarithmic = DensityPicture.heatMap(values: [0, -5, -10, -20], columns: 2, shading: .logDensity(span: 10))
    #expect(logarithmic.shades == [0, 0, brightest, UInt8((0.5 * 253).rounded())])
  }

  @Test func aSingleCellDoesNotDarkenAllOthers() {
    var values = [Double](repeating: 1, count: 400)
    values[7] = 9
    let picture = DensityPicture.heatMap(values: values, columns: 20)
    #expect(picture.shades.allSatisfy { $0 == brightest })
    let nothing = DensityPicture.heatMap(values: [-.infinity, -.infinity], columns: 2)
    #expect(nothing.shades == [0, 0])
  }

  @Test func histogramsCountPointsOfTheGridsCells() {
    let grid = DensityPicture.gridPoints(side: 4, within: -2...2)
    #expect(grid.floats().prefix(4) == [-1.5, -1.5, -0.5, -1.5] && grid.floats().suffix(2) == [1.5, 1.5])
    let points: [Float] = [-1.5, -1.5, -1.2, -1.9, 1.5, 1.5, 5, 0, .nan, 0, 0.5, -2.1]
    let picture = DensityPicture.histogram(of: Tensor(points, shape: [6, 2]), side: 4, within: -2...2)
    var expected = [UInt8](repeating: 0, count: 16)
    (expected[12], expected[3]) = (brightest, UInt8((0.5 * 253).rounded()))
    #expect(picture.shades == expected)
    // A density and its own points look alike.
    let toy = ToyDensity.eightGaussians
    let side = 40
    let sampled = DensityPicture.histogram(
      of: toy.points(400_000, RandomStream(seed: 1, purpose: .test)), side: side)
    let places = DensityPicture.gridPoints(side: side).doubles()
    let exact = DensityPicture.heatMap(
      values: (0..<side * side).compactMap { toy.exactLogDensity(places[2 * $0], places[2 * $0 + 1]) }, columns: side)
    let differences = zip(sampled.shades, exact.shades).map { abs(Double($0) - Double($1)) }
    #expect(differences.reduce(0, +) / Double(side * side) < 6)
  }

  private func gradient(_ side: Int, turned: Bool = false) -> DensityPicture {
    DensityPicture(
      height: side, width: side,
      shades: (0..<side * side).map { UInt8((turned ? $0 / side : $0 % side) * 253 / (side - 1)) })
  }

  @Test func panelsStandSideBySideUnderTheirLabels() {
    let panels = [
      DensityPicture.Panel("data", gradient(100)), .init("a very long label that is cut", gradient(100, turned: true)),
    ]
    let picture = DensityPicture.panels(panels)
    #expect((picture.height, picture.width) == (16 + 24 + 100 + 16, 16 + 2 * 116))
    func shade(_ row: Int, _ column: Int) -> UInt8 { picture.shades[row * picture.width + column] }
    #expect(shade(40, 16) == 0 && shade(40, 115) == brightest && shade(40, 132) == 0 && shade(139, 132) == brightest)
    #expect(shade(0, 0) == ColorMap.paper && shade(60, 120) == ColorMap.paper && shade(155, 50) == ColorMap.paper)
    // Each label has ink, in the middle above its picture, and nowhere else.
    for (left, width) in [(16, 100), (132, 100)] {
      let ink = (16..<32).flatMap { row in (left..<left + width).filter { shade(row, $0) == ColorMap.ink } }
      #expect(ink.count > 100)
      let middle = Double(ink.min() ?? 0) / 2 + Double(ink.max() ?? 0) / 2
      #expect(abs(middle - Double(left) - 50) < 8)
    }
    let inked = picture.shades.indices.filter { picture.shades[$0] == ColorMap.ink }
    #expect(inked.allSatisfy { (16..<32).contains($0 / picture.width) })
    let stacked = DensityPicture.panels(
      [.init("", gradient(10)), .init("", gradient(10)), .init("", gradient(10))], columns: 2)
    #expect((stacked.height, stacked.width) == (16 + 2 * 26, 16 + 2 * 26))
    #expect(DensityPicture.panels([.init("größer\n", gradient(100))]).height == 156)
    #expect(gradient(3).enlarged(by: 2).shades.prefix(12) == [0, 0, 126, 126, 253, 253, 0, 0, 126, 126, 253, 253])
  }

  @Test func filesHoldTheColours() throws {
    let picture = gradient(30)
    try picture.write(to: directory.file("g.png"))
    let read = try PNGImage(contentsOf: directory.file("g.png"))
    #expect(
      (read.height, read.width) == (30, 30) && read.pixels[0] < read.pixels[15] && read.pixels[15] < read.pixels[29])
    #expect(try directory.names() == ["g.png"])
    let error = thrown(PNGError.self) { try picture.write(to: directory.file("none/g.png")) }
    #expect(error?.category == .inputOutput)
  }

  @Test(.enabled(if: withPillow.isHere, "\(withPillow.lack)")) func pillowReadsTheSamePicture() throws {
    let picture = DensityPicture.panels([.init("data", gradient(100))])
    try picture.write(to: directory.file("p.png"))
    try Animation.write(
      frames: [DensityPicture.panels([.init("noise", gradient(100, turned: true))]), picture], delay: 0.05,
      lastDelay: 1.5, to: directory.file("p.gif"))
    let script = """
      import sys; from PIL import Image
      for name in ('p.png', 'p.gif'):
        image = Image.open(sys.argv[1] + '/' + name)
        frames, delays = getattr(image, 'n_frames', 1), []
        for k in range(frames):
          image.seek(k); delays.append(image.info.get('duration'))
        open(sys.argv[1] + '/' + name + '.rgb', 'wb').write(image.convert('RGB').tobytes())
        print(image.size, frames, delays, image.info.get('loop'))
      """
    let (status, output) = try Self.withPillow.run(script, [directory.url.path])
    try #require(status == 0, "\(output)")
    #expect(output.split(separator: "\n").last.map(String.init) == "(132, 156) 2 [50, 1500] 0", "\(output)")
    let colors = picture.shades.flatMap { shade -> [UInt8] in
      let color = ColorMap.palette[Int(shade)]
      return [color.red, color.green, color.blue]
    }
    for name in ["p.png.rgb", "p.gif.rgb"] { #expect(try [UInt8](Data(contentsOf: directory.file(name))) == colors) }
  }
}
