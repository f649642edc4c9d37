import ImageDatasets
import Inference
import Testing

@Suite struct PosteriorSpreadTests {
  @Test func `the deviation of each pixel is that over the samples`() {
    let samples = [[0, 1, 0.5, 0], [1, 1, 0.5, 0.3]].map { GreyImages(height: 1, width: 2, pixels: $0) }
    let spread = PosteriorSpread(samples)
    #expect(spread.standardDeviation.count == 2)
    for (deviation, expected) in zip(spread.standardDeviation.pixels, [0.5, 0, 0, 0.15] as [Float]) {
      #expect(abs(deviation - expected) < 1e-6)
    }
    #expect(PosteriorSpread([samples[0]]).standardDeviation.pixels == [0, 0, 0, 0])
  }
}
