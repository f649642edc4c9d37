import FileTestSupport
import Foundation
import Testing

@testable import Safetensors

/// How fast a checkpoint is written and read. Runs where FFJORD_VAE_BENCHMARK is set; asserts only equality.
@Suite struct ThroughputTests {
  @Test(.enabled(if: ProcessInfo.processInfo.environment["FFJORD_VAE_BENCHMARK"] != nil, "a benchmark"))
  func sevenHundredMegabytes() throws {
    let directory = try TemporaryDirectory()
    // Normal numbers, as parameters are, in tensors of 70 MB.
    var random = SplitMix64(seed: 1)
    let count = 17_500_000
    let values = [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
      for index in stride(from: 0, to: count, by: 2) {
        let radius = sqrtf(-2 * logf(Float.random(in: 1e-7..<1, using: &random)))
        let angle = Float.random(in: 0..<(2 * .pi), using: &random)
        buffer[index] = 0.05 * radius * cosf(angle)
        buffer[index + 1] = 0.05 * radius * sinf(angle)
      }
      initialized = count
    }
    let tensors = (0..<10).map { SafetensorsTensor(name: "tensor.\($0)", values: values) }
    let megabytes = Double(10 * 4 * count) / 1e6
    for compression in [SafetensorsCompression.none] + [-5, -1, 1, 3].map({ .zstd(level: $0) }) {
      let url = directory.file()
      let (write, bytes) = try best {
        try SafetensorsWriter.write(to: url, tensors: tensors, compression: compression)
      }
      let (read, _) = try best {
        try SafetensorsFile(url).readTensors { _, bytes in
          #expect(values.withUnsafeBytes { memcmp($0.baseAddress!, bytes.baseAddress!, bytes.count) } == 0)
        }
      }
      let (inspect, _) = try best { try SafetensorsFile(url).entries.count }
      let ratio = Double(bytes) / 1e6 / megabytes
      print(
        String(
          format: "%@: write %.0f MB/s, read %.0f MB/s, header %.2f ms, size %.3f, peak memory %.0f MB",
          "\(compression)", megabytes / write, megabytes / read, inspect * 1e3, ratio,
          Double(peakMemory()) / 1e6))
    }
  }

  private func best<Result>(_ body: () throws -> Result) rethrows -> (seconds: Double, result: Result) {
    var fastest: (Double, Result)?
    for _ in 0..<3 {
      let start = ContinuousClock.now
      let result = try body()
      let elapsed = (ContinuousClock.now - start) / .seconds(1)
      if elapsed < fastest?.0 ?? .infinity { fastest = (elapsed, result) }
    }
    return fastest!
  }
}
