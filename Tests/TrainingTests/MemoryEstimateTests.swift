import FileTestSupport
import Files
import Foundation
import Testing
import VariationalAutoencoder

@testable import Runs

/// What a run will need, and what there is.
@Suite struct MemoryEstimateTests {
  private func part(_ estimate: MemoryEstimate, _ name: String) -> Int {
    estimate.parts.filter { $0.name.hasPrefix(name) }.reduce(0) { $0 + $1.byteCount }
  }

  @Test func `parameters, moments, gradients and masks are counted`() throws {
    for kind in PosteriorKind.allCases {
      let configuration = TinyRun.configuration {
        $0.model.flow = kind
        $0.model.maskedWidth = 8
        $0.model.flows = 2
      }
      let state = try TinyRun.state(configuration).state
      let estimate = MemoryEstimate.training(configuration)
      #expect(part(estimate, "parameters") == 4 * state.parameters.count)
      #expect(
        part(estimate, "moments")
          == 4 * (state.optimizer.firstMoments + state.optimizer.secondMoments).reduce(0) { $0 + $1.count })
      #expect(part(estimate, "gradients") >= 4 * state.parameters.count)
      #expect((part(estimate, "masks") > 0) == (kind == .iaf))
      #expect(estimate.byteCount == estimate.parts.reduce(0) { $0 + $1.byteCount })
      let rest = MemoryEstimate.training(configuration, isStateHeld: true)
      #expect(rest.byteCount == part(estimate, "gradients") + part(estimate, "activations"))
    }
  }

  @Test func `activations grow with the batch, the images and the evaluations that are kept`() {
    func activations(_ change: (inout TrainingConfiguration) -> Void) -> Int {
      part(MemoryEstimate.training(TinyRun.configuration(change)), "activations")
    }
    let least = activations { _ in }
    #expect(activations { $0.batchSize = 8 } == 2 * least)
    #expect(activations { $0.model.imageHeight = 64 } > 4 * least)
    #expect(activations { $0.model.hidden = [1000] } > least)
    #expect(activations { $0.model.likelihood = .categorical } > least)
    let (few, limited) = (
      TinyRun.configuration { $0.batchSize = 8 }, TinyRun.configuration { ($0.batchSize, $0.limitTrain) = (8, 4) }
    )
    // No batch has more images than there are.
    #expect(part(MemoryEstimate.training(few, imageCount: 4), "activations") == least)
    #expect(part(MemoryEstimate.training(limited, imageCount: 1000), "activations") == least)
    let fixed = activations {
      $0.solver = "rk4"
      $0.solverSteps = 1000
      $0.model.hidden = [1000]
    }
    let checkpointed = activations {
      $0.solver = "rk4"
      $0.solverSteps = 1000
      $0.model.hidden = [1000]
      $0.gradient = .checkpointed
    }
    #expect(fixed > 100 * checkpointed)
  }

  @Test func `sizes beyond counting are no trap`() {
    let configuration = TinyRun.configuration {
      $0.model.latent = 4096
      $0.model.hidden = [Int](repeating: 65536, count: 100)
      $0.model.blocks = 1000
      $0.model.amortization = .hyper
      $0.batchSize = 100_000
    }
    #expect(MemoryEstimate.training(configuration).byteCount > 1 << 60)
  }

  @Test func `a run that does not fit is refused before it takes memory, with both numbers`() throws {
    let error = runError {
      _ = try TinyRun.state(
        TinyRun.configuration {
          $0.model.hidden = [Int](repeating: 65536, count: 100)
          $0.model.blocks = 1000
        })
    }
    #expect(error?.category == .resources)
    guard case .notEnoughMemory(_, let needed, let available)? = error else {
      Issue.record("not refused for memory")
      return
    }
    #expect(needed > 1 << 50 && available < needed)
    for words in [MemoryLimit.words(needed), MemoryLimit.words(available), "parameters", "moments", "gradients"] {
      #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
    }
  }
}

/// What the system says of memory, from files made for the test.
@Suite struct AvailableMemoryTests {
  let directory = try! TemporaryDirectory()

  private func write(_ path: String, _ text: String) throws {
    let url = directory.url.appending(path: path)
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: url)
  }

  private var memory: AvailableMemory { AvailableMemory(root: directory.url) }

  @Test func `the kernel's estimate counts, with free swap`() throws {
    #expect(memory.system == nil)
    try write("proc/meminfo", "MemTotal:       16000 kB\nMemAvailable:    9000 kB\nSwapFree:  1000 kB\n")
    #expect(memory.system == 10_000 * 1024)
  }

  @Test func `of the control groups above one another the tightest counts, less what can be given back`() throws {
    #expect(memory.controlGroups == nil)
    try write("proc/self/cgroup", "0::/jobs/run\n")
    #expect(memory.controlGroups == nil)
    try write("sys/fs/cgroup/jobs/run/memory.max", "max\n")
    try write("sys/fs/cgroup/jobs/run/memory.current", "700\n")
    #expect(memory.controlGroups == nil)
    try write("sys/fs/cgroup/jobs/memory.max", "1000\n")
    try write("sys/fs/cgroup/jobs/memory.current", "800\n")
    #expect(memory.controlGroups == 200)
    try write("sys/fs/cgroup/jobs/memory.stat", "anon 500\ninactive_file 100\nactive_file 50\n")
    #expect(memory.controlGroups == 350)
    try write("sys/fs/cgroup/jobs/run/memory.max", "750\n")
    #expect(memory.controlGroups == 50)
    try write("sys/fs/cgroup/jobs/run/memory.current", "900\n")
    #expect(memory.controlGroups == 0)
  }

  @Test func `the first version of control groups counts, also where the path is that outside the container`() throws {
    try write("proc/self/cgroup", "7:cpu,cpuacct:/docker/ab\n5:memory:/docker/ab\n")
    try write("sys/fs/cgroup/memory/memory.limit_in_bytes", "5000\n")
    try write("sys/fs/cgroup/memory/memory.usage_in_bytes", "3000\n")
    try write("sys/fs/cgroup/memory/memory.stat", "cache 900\ntotal_inactive_file 400\ntotal_active_file 100\n")
    #expect(memory.controlGroups == 2500)
  }

  @Test func `this machine has some`() throws {
    let byteCount = try #require(AvailableMemory().byteCount)
    #expect(byteCount > 1 << 20)
    #if os(Linux)
      #expect(try #require(AvailableMemory().system) > 1 << 20)
    #endif
  }
}
