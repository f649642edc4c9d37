import CGIF
@testable import DensityEstimation
import FileTestSupport
import Files
import Foundation
import Testing

/// Animations as giflib reads them again.
@Suite struct AnimationTests {
  private let directory = try! TemporaryDirectory()

  private func frame(_ shade: UInt8) -> DensityPicture {
    DensityPicture(height: 7, width: 11, shades: (0..<77).map { $0 == Int(shade) ? ColorMap.ink : shade })
  }

  /// A frame of a file.
  private struct Frame: Equatable {
    var shades: [UInt8]
    var delay: Int
  }

  @Test func framesComeBack() throws {
    let shades: [UInt8] = [3, 0, 70, 12, 5]
    let url = directory.file("a.gif")
    try Animation.write(frames: shades.map(frame), delay: 0.04, lastDelay: 2, to: url)
    #expect(try directory.names() == ["a.gif"])
    var code: Int32 = 0
    let file = try #require(DGifOpenFileName(url.path, &code))
    defer { DGifCloseFile(file, &code) }
    try #require(DGifSlurp(file) == GIF_OK)
    let gif = file.pointee
    #expect((gif.SWidth, gif.SHeight, gif.ImageCount) == (11, 7, 5))
    let frames = try (0..<5).map { index in
      var control = GraphicsControlBlock()
      try #require(DGifSavedExtensionToGCB(file, Int32(index), &control) == GIF_OK)
      let raster = UnsafeBufferPointer(start: gif.SavedImages[index].RasterBits, count: 77)
      return Frame(shades: Array(raster), delay: Int(control.DelayTime))
    }
    #expect(frames == shades.enumerated().map { Frame(shades: frame($1).shades, delay: $0 == 4 ? 200 : 4) })
    // Shown without end.
    #expect(try Data(contentsOf: url).range(of: Data("NETSCAPE2.0".utf8) + [3, 1, 0, 0, 0]) != nil)
    let colors = try #require(gif.SColorMap).pointee
    #expect(colors.ColorCount == 256)
    for (place, color) in ColorMap.palette.enumerated() {
      let stored = colors.Colors[place]
      #expect(ColorMap.Color(red: stored.Red, green: stored.Green, blue: stored.Blue) == color)
    }
  }

  @Test func delaysStayWithinWhatFilesHold() throws {
    for (seconds, hundredths) in [(0.0, 2), (0.126, 13), (1e9, 65535)] {
      let url = directory.file("d.gif")
      try Animation.write(frames: [frame(1)], delay: seconds, to: url)
      let bytes = [UInt8](try Data(contentsOf: url))
      // The block: 0x21, 0xF9, 4, flags, and the delay, least byte first.
      let start = try #require(bytes.indices.first { bytes[$0...].starts(with: [0x21, 0xF9, 4]) })
      #expect(Int(bytes[start + 4]) | Int(bytes[start + 5]) << 8 == hundredths)
    }
  }

  @Test func aFileThatCannotBeWrittenIsNamed() throws {
    let url = directory.file("none/a.gif")
    let error = try #require(thrown(FileError.self) { try Animation.write(frames: [frame(1)], delay: 1, to: url) })
    #expect(error.path == url.path && error.category == .inputOutput)
    #expect(try directory.names() == [])
  }
}
