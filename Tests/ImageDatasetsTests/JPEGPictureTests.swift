import Foundation
import Randomness
import Tensors
import Testing

@testable import ImageDatasets

@Suite struct JPEGPictureTests {
  /// A smooth picture, which JPEG keeps within a few shades.
  private func smooth(_ height: Int, _ width: Int) -> [UInt8] {
    (0..<height * width).map { UInt8(255 * ($0 / width + $0 % width) / (height + width)) }
  }

  private func refusal(_ bytes: Data) -> String {
    do throws(UnusableImages) {
      _ = try JPEGPicture.decode([UInt8](bytes)) { _, _ in nil }
      return "read"
    } catch {
      return error.reason
    }
  }

  @Test(arguments: [false, true]) func greyPicturesAreReadNearlyAsTheyWere(isProgressive: Bool) throws {
    let pixels = smooth(30, 41)
    let data = JPEGWriter.encode(pixels, height: 30, width: 41, isProgressive: isProgressive)
    let (picture, isColour) = try JPEGPicture.decode([UInt8](data)) { _, _ in nil }
    #expect((picture.height, picture.width) == (30, 41) && !isColour)
    #expect(zip(picture.pixels, pixels).allSatisfy { abs(Int($0) - Int($1)) <= 3 })
  }

  @Test func coloursBecomeTheirLuminance() throws {
    let red = (0..<16 * 16).flatMap { _ in [255, 0, 0] as [UInt8] }
    let data = JPEGWriter.encode(red, height: 16, width: 16, components: 3)
    let (picture, isColour) = try JPEGPicture.decode([UInt8](data)) { _, _ in nil }
    #expect(isColour && picture.pixels.allSatisfy { abs(Int($0) - 76) <= 2 })
  }

  @Test(arguments: [false, true]) func truncatedFilesAreRefusedWhereverTheyEnd(isProgressive: Bool) throws {
    let whole = JPEGWriter.encode(smooth(24, 24), height: 24, width: 24, quality: 90, isProgressive: isProgressive)
    // The last two bytes only say that it ends.
    for length in 0..<whole.count - 2 {
      let text = refusal(whole.prefix(length))
      #expect(text.contains("no JPEG picture that can be read whole"), "\(length) of \(whole.count): \(text)")
    }
  }

  @Test func damagedFilesEndInAnErrorOrInAPicture() {
    let whole = JPEGWriter.encode(smooth(24, 24), height: 24, width: 24, quality: 90)
    let stream = RandomStream(seed: 15, purpose: .test)
    var refused = 0
    for trial in 0..<2000 {
      var damaged = whole
      let words = stream.words(at: UInt64(trial))
      for word in [words[0], words[1]] { damaged[Int(word) % whole.count] = UInt8(word >> 24) }
      refused += refusal(damaged) == "read" ? 0 : 1
    }
    #expect(refused > 500)
  }

  @Test func claimsBeyondTheFileAreRefusedBeforeMemoryIsTaken() throws {
    var claim = JPEGWriter.encode(smooth(16, 16), height: 16, width: 16)
    // The frame's header: marker, length, 8 bits, then height and width.
    let frame = try #require(claim.firstRange(of: Data([0xFF, 0xC0, 0x00, 0x0B, 0x08])))
    claim.replaceSubrange(frame.upperBound..<frame.upperBound + 4, with: [0xFF, 0x00, 0xFF, 0x00])
    #expect(refusal(claim).contains("65280 x 65280 pixels, more than a file of \(claim.count) bytes can hold"))
  }

  @Test func anObjectionComesFirst() {
    let data = JPEGWriter.encode(smooth(16, 20), height: 16, width: 20)
    let error = #expect(throws: UnusableImages.self) {
      try JPEGPicture.decode([UInt8](data)) { height, width in "\(height * width)" }
    }
    #expect(error?.reason == "it is 16 x 20: 320")
  }
}
