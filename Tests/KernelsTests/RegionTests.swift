import CKernels
import Foundation
import Synchronization
import Tensors
import Testing

/// Regions over threads, in the ways in which they meet.
@Suite struct RegionTests {
  /// How often each of some items is visited.
  private func visits(_ count: Int, _ body: (Int) -> Void = { _ in }) -> [Int] {
    [Int](unsafeUninitializedCapacity: count) { buffer, initialized in
      buffer.initialize(repeating: 0)
      nonisolated(unsafe) let buffer = buffer
      Compute.parallel(count, cost: 1 << 20) { begin, end in
        for i in begin..<end {
          body(i)
          buffer[i] += 1
        }
      }
      initialized = count
    }
  }

  @Test(arguments: [1, 2, 5])
  func `a region within a region covers every item once`(threads: Int) {
    Compute.with(threads: threads) {
      let inner = Mutex<[[Int]]>([])
      let outer = visits(20) { _ in
        let visits = visits(50)
        inner.withLock { $0.append(visits) }
      }
      #expect(outer == Array(repeating: 1, count: 20))
      inner.withLock { #expect($0 == Array(repeating: Array(repeating: 1, count: 50), count: 20)) }
    }
  }

  @Test func `regions of several threads at once cover every item once`() async {
    await withTaskGroup(of: Bool.self) { group in
      for _ in 0..<4 {
        group.addTask {
          Compute.with(threads: 3) { (0..<500).allSatisfy { _ in visits(30) == Array(repeating: 1, count: 30) } }
        }
      }
      for await isRight in group { #expect(isRight) }
    }
  }

  @Test func `regions that follow one another see what the last one wrote`() {
    Compute.with(threads: 3) {
      var values = [Int](repeating: 0, count: 64)
      for _ in 0..<20_000 {
        values.withUnsafeMutableBufferPointer { buffer in
          nonisolated(unsafe) let buffer = buffer
          // Turned around each time, so that threads read what others wrote.
          let before = Array(buffer)
          Compute.parallel(64, cost: 1 << 12) { begin, end in
            for i in begin..<end { buffer[i] = before[63 - i] + 1 }
          }
        }
      }
      #expect(values == Array(repeating: 20_000, count: 64))
    }
  }

  /// Each thread counts itself, and after the barrier all of them see all counts; again and again.
  @Test(arguments: [1, 2, 4])
  func `the threads of a team wait for one another`(threads: Int) {
    final class Counts: Sendable {
      let threads = Atomic<Int>(0), arrived = Atomic<Int>(0), early = Atomic<Int>(0)
    }
    var counts = Counts()
    let body: @convention(c) (UnsafeMutableRawPointer?, Int32, Int32) -> Void = { context, _, threads in
      guard let context else { return }
      let counts = Unmanaged<Counts>.fromOpaque(context).takeUnretainedValue()
      counts.threads.store(Int(threads), ordering: .sequentiallyConsistent)
      for round in 1...200 {
        counts.arrived.add(1, ordering: .sequentiallyConsistent)
        ck_barrier()
        if counts.arrived.load(ordering: .sequentiallyConsistent) < round * Int(threads) {
          counts.early.add(1, ordering: .sequentiallyConsistent)
        }
        ck_barrier()
      }
    }
    // While another test has the threads, a team is its caller alone.
    for _ in 0..<10_000 {
      counts = Counts()
      ck_team(Int32(threads), Unmanaged.passUnretained(counts).toOpaque(), body)
      #expect(counts.early.load(ordering: .sequentiallyConsistent) == 0)
      if counts.threads.load(ordering: .sequentiallyConsistent) == threads { break }
      usleep(1000)
    }
    #expect(counts.arrived.load(ordering: .sequentiallyConsistent) == 200 * threads)
  }
}
