import Runs
import Testing

@testable import DensityEstimation

@Suite struct DensityMemoryTests {
  private let mnist = ImageShape(height: 28, width: 28)

  private func published(_ kind: DensityDataset.Kind, _ dimensions: Int) -> DensityConfiguration {
    var configuration = DensityConfiguration.published(kind, name: "data", dimensions: dimensions, flows: [.ffjord])
    configuration.dimensions = dimensions
    if case .images(let shape) = kind { configuration.image = shape }
    return configuration
  }

  @Test func `the divergence is exact for few dimensions, and that of training for many`() {
    #expect(published(.points, 2).evaluationDivergence == .exact)
    #expect(published(.table, 43).evaluationDivergence == .exact)
    #expect(published(.table, 65).evaluationDivergence == .gaussian)
    #expect(published(.images(mnist), 784).evaluationDivergence == .rademacher)
  }

  @Test func `a batch of an evaluation is as large as memory allows`() {
    let images = published(.images(mnist), 784)
    #expect(images.evaluationBatchSize(.rademacher) == 500)
    // 785 rows of 28 x 28 pixels with 64 channels take 158 MB, three times.
    #expect(images.evaluationBatchSize(.exact) == 4)
    #expect(images.evaluationMemory(.exact, batchSize: 4).byteCount < 2_000_000_000)
    #expect(published(.table, 43).evaluationBatchSize(.exact) == 500)
    // A single sample may take more, which is then refused or tried.
    let large = published(.images(ImageShape(height: 280, width: 280)), 78400)
    #expect(large.evaluationBatchSize(.exact) == 1)
  }

  @Test func `activations of training grow with the batch, the widths and what is kept`() {
    func activations(_ change: (inout DensityConfiguration) -> Void) -> Int {
      var configuration = published(.images(mnist), 784)
      change(&configuration)
      let parts = configuration.trainingMemory(samples: nil).parts
      return parts.filter { $0.name.hasPrefix("activations") }.reduce(0) { $0 + $1.byteCount }
    }
    let least = activations { _ in }
    #expect(activations { $0.batchSize *= 2 } == 2 * least)
    #expect(activations { $0.blocks *= 2 } == 2 * least)
    #expect(activations { $0.hidden = [128, 128, 128] } > 19 * least / 10)
    // One scale has two blocks of whole images; of many, each has two before it squeezes images and two after.
    #expect(activations { $0.isMultiscale = false } < least)
    let fixed = activations { ($0.solver, $0.solverSteps, $0.gradient) = ("rk4", 20, .direct) }
    let checkpointed = activations { ($0.solver, $0.solverSteps, $0.gradient) = ("rk4", 20, .checkpointed) }
    #expect(fixed == 20 * checkpointed)
    #expect(activations { ($0.batchSize, $0.hidden) = (1 << 20, [Int](repeating: 65536, count: 64)) } > 1 << 60)
  }

  @Test func `a batch is no larger than the data, and flows of rows have no channels`() {
    var table = published(.table, 43)
    table.batchSize = 1_000_000
    #expect(table.trainingMemory(samples: 50).byteCount < table.trainingMemory(samples: nil).byteCount / 1000)
    var maf = DensityConfiguration.published(.images(mnist), name: "mnist", dimensions: 784, flows: [.maf])
    (maf.dimensions, maf.image) = (784, mnist)
    #expect(!maf.isMultiscale)
    // Five blocks of 512 units: two numbers each, and what comes out.
    let activations = maf.trainingMemory(samples: nil).parts.last
    #expect(activations?.byteCount == 4 * 200 * 5 * (784 + 2 * 512))
  }

  @Test func `parameters and moments are counted where they are not there yet`() {
    let configuration = published(.table, 43)
    let count = DensityModel.layout(configuration).parameters.count
    let (all, rest) = (
      configuration.trainingMemory(samples: nil), configuration.trainingMemory(samples: nil, isStateHeld: true)
    )
    #expect(all.byteCount - rest.byteCount == 12 * count)
  }

  @Test func `a run that does not fit is refused with both numbers`() throws {
    var configuration = DensityConfiguration()
    (configuration.batchSize, configuration.solver, configuration.solverSteps) = (1_000_000, "rk4", 100_000)
    (configuration.dimensions) = 2
    let error = #expect(throws: RunError.self) {
      try configuration.trainingMemory(samples: nil).require(for: "training")
    }
    guard case .notEnoughMemory(let message, let needed, let available)? = error else {
      Issue.record("not refused for memory")
      return
    }
    #expect(needed > available)
    #expect(message.contains("activations of 1000000 samples"))
  }
}
