import Kernels
import NeuralNetworks
import Tensors

extension Precision {
  /// The bytes of a number of the hypernetwork's output, or of its cotangent, on its way between ranks: in mixed precision it
  /// is rounded to bfloat16.
  package var sentByteCount: Int { self == .mixed ? 2 : 4 }
}

/// Numbers as ranks send them; the memory stays where it is as long as this value is kept.
struct SentNumbers {
  let precision: Precision
  let count: Int
  /// The numbers; in mixed precision two to a float.
  private let storage: Tensor

  private init(_ storage: Tensor, count: Int, _ precision: Precision) {
    (self.storage, self.count, self.precision) = (storage, count, precision)
  }

  /// Room for numbers that come.
  init(room count: Int, _ precision: Precision) {
    let storage = Tensor(uninitialized: [(count * precision.sentByteCount + 3) / 4], .float32)
    self.init(storage, count: count, precision)
  }

  /// The numbers of a single-precision tensor; its own memory where they are not rounded.
  init(_ tensor: Tensor, _ precision: Precision) {
    guard precision == .mixed else {
      self.init(tensor, count: tensor.count, precision)
      return
    }
    self.init(room: tensor.count, precision)
    let numbers = tensor.address
    Compute.parallel(count, cost: 1) { begin, end in pack(end - begin, of: numbers + 4 * begin, at: begin) }
    withExtendedLifetime(tensor) {}
  }

  /// Blocks of a matrix's columns, one after another, each `[rows, its columns]`.
  init(_ matrix: Tensor, dividingColumns blocks: [Range<Int>], _ precision: Precision) {
    self.init(room: matrix.count, precision)
    let numbers = matrix.address
    forEachPiece(blocks) { pack($2, of: numbers + 4 * $0, at: $1) }
    withExtendedLifetime(matrix) {}
  }

  /// The matrix, `[rows, columns]`, of which these numbers are blocks of columns, one after another.
  func joiningColumns(_ blocks: [Range<Int>]) -> Tensor {
    let columns = blocks.last?.upperBound ?? 0
    let matrix = Tensor(uninitialized: [count / max(columns, 1), columns], .float32)
    forEachPiece(blocks) { unpack($2, at: $1, into: matrix.freshAddress + 4 * $0) }
    return matrix
  }

  /// The numbers in single precision.
  var tensor: Tensor {
    guard precision == .mixed else { return storage }
    let result = Tensor(uninitialized: [count], .float32)
    Compute.parallel(count, cost: 1) { begin, end in
      unpack(end - begin, at: begin, into: result.freshAddress + 4 * begin)
    }
    return result
  }

  /// What is sent.
  var bytes: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: storage.address, count: count * precision.sentByteCount)
  }

  /// Where what comes is written.
  var freshBytes: UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(start: storage.freshAddress, count: count * precision.sentByteCount)
  }

  /// Calls `body`, on any thread, with each piece of a row: its places in the matrix and in the blocks, and its length.
  private func forEachPiece(
    _ blocks: [Range<Int>], _ body: (_ inMatrix: Int, _ inBlocks: Int, _ count: Int) -> Void
  ) {
    let columns = blocks.last?.upperBound ?? 0
    let rows = count / max(columns, 1)
    Compute.parallel(rows, cost: columns) { begin, end in
      for row in begin..<end {
        for block in blocks {
          body(row * columns + block.lowerBound, rows * block.lowerBound + row * block.count, block.count)
        }
      }
    }
  }

  private func pack(_ number: Int, of numbers: UnsafeRawPointer, at place: Int) {
    let to = storage.freshAddress + place * precision.sentByteCount
    guard precision == .mixed else { return to.copyMemory(from: numbers, byteCount: 4 * number) }
    BFloat16.round(number, numbers, into: to)
  }

  private func unpack(_ number: Int, at place: Int, into numbers: UnsafeMutableRawPointer) {
    let from = storage.address + place * precision.sentByteCount
    guard precision == .mixed else { return numbers.copyMemory(from: from, byteCount: 4 * number) }
    BFloat16.widen(number, UnsafeRawPointer(from), into: numbers)
  }
}
