import CKernels

/// Where and how the arithmetic runs: threads and instruction set.
public enum Compute {
  /// The instruction sets that the kernels are compiled for.
  public enum InstructionSet: UInt32, Sendable, CaseIterable {
    /// What any processor has.
    case portable = 0
    /// AVX2 and FMA.
    case avx2 = 1
    /// AVX-512 (F, BW, DQ, VL).
    case avx512 = 2
    /// AVX-512, and its instructions for products of bfloat16 numbers.
    case avx512bf16 = 3
    /// The same, and matrix tiles for products in bfloat16 parts.
    case amx = 4

    /// Whether products of bfloat16 numbers are faster than those in single precision: what mixed precision gains by.
    public var hasBFloat16: Bool { rawValue >= Self.avx512bf16.rawValue }
  }

  /// The number of threads that arithmetic called from this thread uses. Results do not depend on it.
  public static var threads: Int {
    get { Int(ck_threads()) }
    set { ck_set_threads(Int32(max(1, newValue))) }
  }

  /// The instruction set in use: the processor's best, unless `FFJORD_VAE_ISA` asks for a lesser one.
  public static var instructionSet: InstructionSet {
    InstructionSet(rawValue: ck_current_isa().rawValue) ?? .portable
  }

  /// The result of a closure whose arithmetic uses another instruction set or number of threads; nil where the processor
  /// lacks the instruction set. Other threads of the process keep their own.
  package static func with<Result>(
    _ set: InstructionSet, threads: Int? = nil, _ body: () throws -> Result
  ) rethrows -> Result? {
    let before = (instructionSet, self.threads)
    guard ck_select_isa(ck_isa(set.rawValue)) else { return nil }
    defer {
      _ = ck_select_isa(ck_isa(before.0.rawValue))
      self.threads = before.1
    }
    if let threads { self.threads = threads }
    return try body()
  }

  /// The result of a closure whose arithmetic uses another number of threads.
  package static func with<Result>(threads: Int, _ body: () throws -> Result) rethrows -> Result {
    let before = self.threads
    self.threads = threads
    defer { self.threads = before }
    return try body()
  }

  /// Gives unused pooled memory back to the system.
  public static func releaseMemory() { StoragePool.shared.drain() }

  /// Calls `body` with a library's work kept on the calling thread.
  package static func onOneThread<Result>(_ body: () -> Result) -> Result {
    threads > 1 ? with(threads: 1, body) : body()
  }

  /// Calls `body` with ranges that cover 0..<count, over the threads when the work is worth it.
  ///
  /// - Parameters:
  ///   - count: The number of items.
  ///   - cost: About how many elementary operations one item takes; a region over threads costs about a microsecond.
  ///   - isDivided: Whether a thread's share may come in several ranges, so that another thread can take some of them;
  ///     not where a range costs something itself.
  package static func parallel(
    _ count: Int, cost: Int, isDivided: Bool = true, _ body: (_ begin: Int, _ end: Int) -> Void
  ) {
    let wanted = min(count * max(cost, 1) / 16384, threads)
    guard wanted > 1 else {
      if count > 0 { body(0, count) }
      return
    }
    let pieces = isDivided ? min(count, wanted * min(8, max(1, count * cost / (wanted * 65536)))) : wanted
    withoutActuallyEscaping(body) { body in
      var context = body
      withUnsafeMutablePointer(to: &context) { context in
        ck_parallel(count, pieces, Int32(wanted), context) { context, begin, end in
          context?.assumingMemoryBound(to: ((Int, Int) -> Void).self).pointee(begin, end)
        }
      }
    }
  }
}
