import Foundation
import Randomness
import Tensors
import Testing

@testable import ImageDatasets

@Suite struct GreyImagesTests {
  private let images = GreyImages(
    height: 2, width: 3,
    pixels: [0, 0.25, 0.5, 0.75, 1, 0] + [Float](repeating: 0.5, count: 6) + [1, 1, 1, 0, 0, 0])

  @Test func partsKeepTheirPixels() {
    #expect(images.count == 3)
    #expect(Array(images[2]) == [1, 1, 1, 0, 0, 0])
    let chosen = images.selecting([2, 0, 2])
    #expect(chosen.count == 3)
    #expect(Array(chosen[0]) == Array(images[2]))
    #expect(Array(chosen[1]) == Array(images[0]))
    #expect(images.prefix(2).pixels == Array(images.pixels[..<12]))
    #expect(images.prefix(10) == images)
    #expect(images.prefix(0).count == 0)
    #expect(images.selecting([]).mean == 0)
    #expect(abs(images.mean - (2.5 + 3 + 3) / 18) < 1e-6)
  }

  @Test func binarizationFollowsTheStreamPixelByPixel() {
    let stream = RandomStream(seed: 3, purpose: .test, step: 7)
    let uniforms = stream.uniforms(0..<images.pixels.count)
    let expected = zip(images.pixels, uniforms).map { pixel, uniform -> Float in uniform < pixel ? 1 : 0 }
    #expect(images.binarized(using: stream).pixels == expected)
    #expect(images.binarized(using: stream).isBinary)
    #expect(!images.isBinary)
  }

  @Test func aPartIsBinarizedAsInTheWhole() {
    let stream = RandomStream(seed: 5, purpose: .test)
    let whole = images.binarized(using: stream)
    let part = images.selecting([1, 2]).binarized(using: stream, firstImage: 1)
    #expect(part == whole.selecting([1, 2]))
  }

  @Test func binarizationKeepsTheMean() {
    let grey = GreyImages(height: 100, width: 100, pixels: [Float](repeating: 0.3, count: 100_000))
    let mean = grey.binarized(using: RandomStream(seed: 1, purpose: .test)).mean
    // Five standard deviations of a mean of a hundred thousand draws.
    #expect(abs(mean - 0.3) < 5 * (0.21 / 100_000).squareRoot())
  }

  @Test func levelsStayLevels() throws {
    let levels = (0..<18).map { UInt8(15 * $0) }
    let grey = GreyImages(height: 2, width: 3, levels: levels)
    let same = GreyImages(height: 2, width: 3, pixels: levels.map { Float($0) / 255 })
    #expect(grey.count == 3 && grey.pixels == same.pixels && same.levels == nil)
    #expect((0..<3).allSatisfy { Array(grey[$0]) == Array(same[$0]) })
    #expect(grey.selecting([2, 0]).levels == Array(levels[12...]) + levels[..<6])
    #expect(grey.prefix(1).levels == Array(levels[..<6]))
    #expect(grey.inverted.levels == levels.map { 255 - $0 })
    #expect(GreyImages(joining: [grey, grey]).levels == levels + levels)
    #expect(GreyImages(joining: [grey, same]).pixels == same.pixels + same.pixels)
    #expect(grey.identities == same.identities && grey.mean == same.mean && !grey.isBinary)
    #expect(GreyImages(height: 1, width: 2, levels: [0, 255]).isBinary)
    let stream = RandomStream(seed: 3, purpose: .test, step: 7)
    #expect(grey.binarized(using: stream) == same.binarized(using: stream))
  }

  @Test func `a shift moves an image, and repeats the pixels at its edge`() {
    let stream = RandomStream(seed: 3, purpose: .test, step: 7)
    // A pixel's place, so that a shifted image tells where each came from.
    let one = (0..<35).map { Float($0) / 34 }
    let many = GreyImages(height: 5, width: 7, pixels: Array((0..<900).map { _ in one }.joined()))
    let shifted = many.randomlyShifted(byUpTo: 1, using: stream)
    var counts: [[Int]: Int] = [:]
    for image in 0..<many.count {
      let places = shifted[image].map { Int(($0 * 34).rounded()) }
      // The middle of the image is never from beyond an edge.
      let (down, right) = (2 - places[2 * 7 + 3] / 7, 3 - places[2 * 7 + 3] % 7)
      counts[[down, right], default: 0] += 1
      for (place, source) in places.enumerated() {
        #expect(source / 7 == min(max(place / 7 - down, 0), 4) && source % 7 == min(max(place % 7 - right, 0), 6))
      }
    }
    // Nine shifts, each of a hundred images, within five standard deviations.
    #expect(counts.count == 9 && counts.values.allSatisfy { abs($0 - 100) < 48 }, "\(counts)")
    #expect(counts.keys.joined().allSatisfy { abs($0) <= 1 })
    #expect(many.randomlyShifted(byUpTo: 0, using: stream) == many)
  }

  @Test func `a part is shifted as in the whole, and levels stay levels`() {
    let stream = RandomStream(seed: 5, purpose: .test)
    let levels = GreyImages(height: 3, width: 4, levels: (0..<120).map { UInt8(2 * $0) })
    let whole = levels.randomlyShifted(byUpTo: 2, using: stream)
    #expect(whole.levels != nil && whole != levels)
    #expect(
      levels.selecting(Array(4..<10)).randomlyShifted(byUpTo: 2, using: stream, firstImage: 4)
        == whole.selecting(Array(4..<10)))
  }
}
