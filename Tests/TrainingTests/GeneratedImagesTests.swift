import Communication
import FileTestSupport
import Testing

@testable import Runs
@testable import Training

/// Generated images train the encoder and the flow, and leave the decoder to the training images.
@Suite struct GeneratedImagesTests {
  let directory = try! TemporaryDirectory()

  /// The gradients of the first step, by parameter: the first moments are a tenth of them.
  private func gradients(_ weight: Double) throws -> [String: [Float]] {
    let configuration = TinyRun.configuration {
      $0.generatedWeight = weight
      $0.steps = 1
    }
    let state = try TinyRun.train(configuration, in: directory.path("\(weight)")).state
    return Dictionary(
      uniqueKeysWithValues: zip(state.parameters.parameters, state.optimizer.firstMoments).map {
        ($0.name, $1.floats())
      })
  }

  @Test func `the decoder's gradient is that of the training images alone, the others' are sums`() throws {
    let (none, one, two) = (try gradients(0), try gradients(1), try gradients(2))
    #expect(none.keys.contains { $0.hasPrefix("p_x_") } && none.keys.contains { $0.hasPrefix("q_am.") })
    for (name, plain) in none {
      let (single, double) = (try #require(one[name]), try #require(two[name]))
      if name.hasPrefix("p_x_") {
        #expect(single == plain && double == plain, "\(name)")
        continue
      }
      let generated = zip(single, plain).map { $0 - $1 }
      let size = generated.map(abs).max() ?? 0
      #expect(size > 0, "\(name)")
      for (difference, generated) in zip(zip(double, plain).map { $0 - $1 }, generated) {
        #expect(abs(difference - 2 * generated) < 1e-4 * (size + (plain.map(abs).max() ?? 0)), "\(name)")
      }
    }
  }

  @Test func `each step has its own images, and parts of a batch are those of the whole`() throws {
    let (model, state) = try TinyRun.state()
    func images(_ step: Int, _ share: BatchShare) -> [Float] {
      GeneratedImages(state.configuration, step: step).images(share, of: model, state.parameters.constants)
        .intensities.floats()
    }
    let first = images(0, BatchShare(of: 8, over: OneRank()))
    #expect(first.allSatisfy { $0 == 0 || $0 == 1 } && first.count == 8 * 64)
    #expect(images(0, BatchShare(of: 8, over: OneRank())) == first)
    #expect(images(0, BatchShare(of: 3, over: OneRank())) == Array(first[..<(3 * 64)]))
    #expect(images(1, BatchShare(of: 8, over: OneRank())) != first)
  }
}
