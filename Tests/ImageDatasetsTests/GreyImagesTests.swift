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
}
