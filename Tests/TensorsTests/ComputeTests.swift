import Foundation
import Synchronization
import Testing

@testable import Tensors

/// Instruction set and number of threads, changed for a closure.
@Suite struct ComputeTests {
  private struct Settings: Equatable, Sendable {
    let set = Compute.instructionSet
    let threads = Compute.threads
  }

  /// What another thread has.
  private func elsewhere() -> Settings {
    let found = Mutex<Settings?>(nil)
    let isDone = DispatchSemaphore(value: 0)
    Thread.detachNewThread {
      found.withLock { $0 = Settings() }
      isDone.signal()
    }
    isDone.wait()
    return found.withLock { $0 } ?? Settings()
  }

  @Test func `a change is of the closure, and of no other thread`() {
    let (before, other) = (Settings(), elsewhere())
    let during = Compute.with(.portable, threads: other.threads + 1) { (here: Settings(), there: elsewhere()) }
    #expect(during?.here.set == .portable && during?.here.threads == other.threads + 1)
    #expect(during?.there == other)
    #expect(Settings() == before)
  }

  @Test func `threads of a region have their caller's instruction set`() {
    let sets = Mutex<[Compute.InstructionSet]>([])
    for set in [Compute.InstructionSet.portable, Compute.instructionSet] {
      sets.withLock { $0 = [] }
      _ = Compute.with(set, threads: 3) {
        Compute.parallel(300, cost: 1 << 20) { _, _ in sets.withLock { $0.append(Compute.instructionSet) } }
      }
      let found = sets.withLock(\.self)
      #expect(found.count >= 3 && found.allSatisfy { $0 == set })
    }
  }

  @Test func `an instruction set that the processor lacks is not used`() {
    // The sets are ordered, and the processor has all up to its best.
    let has = Compute.InstructionSet.allCases.map { set in Compute.with(set) { Compute.instructionSet == set } }
    #expect(has.first == true && has.drop { $0 == true }.allSatisfy { $0 == nil })
  }
}
