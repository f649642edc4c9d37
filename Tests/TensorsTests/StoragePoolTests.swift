import Testing

@testable import Tensors

@Suite struct StoragePoolTests {
  @Test func `a size class holds the request, and wastes at most an eighth`() {
    for bytes in Array(0...5000) + (12...30).flatMap({ [1 << $0 - 1, 1 << $0, 1 << $0 + 1] }) {
      let size = StoragePool.sizeClass(bytes)
      #expect(size >= bytes)
      #expect(size % StoragePool.alignment == 0)
      #expect(bytes <= 1024 ? size - bytes <= 64 : Double(size) <= 1.125 * Double(bytes) + 1)
      #expect(StoragePool.sizeClass(size) == size)
    }
  }

  // In a pool of its own: the one of all tensors is used by every test that runs beside this one.
  @Test func `memory given back is used again, for its size class`() {
    let pool = StoragePool(limit: 1 << 20)
    let first = pool.allocate(4096)
    pool.release(first, 4096)
    #expect(pool.keptBytes == 4096)
    let other = pool.allocate(8192)
    #expect(pool.keptBytes == 4096)
    #expect(pool.allocate(4096) == first)
    #expect(pool.keptBytes == 0)
    pool.release(first, 4096)
    pool.release(other, 8192)
    #expect(pool.keptBytes == 12288)
    pool.drain()
    #expect(pool.keptBytes == 0)
  }

  @Test func `memory beyond the limit goes back to the system`() {
    let pool = StoragePool(limit: 10_000)
    let blocks = (0..<3).map { _ in pool.allocate(4096) }
    for block in blocks { pool.release(block, 4096) }
    #expect(pool.keptBytes == 8192)
  }

  @Test func `memory is aligned, large blocks to huge pages`() {
    for count in [1, 100, 1000, 1 << 20] {
      let tensor = Tensor(uninitialized: [count], .float64)
      #expect(Int(bitPattern: tensor.address) % (count < 1 << 20 ? 64 : 2 << 20) == 0)
    }
  }

  @Test func `releasing memory leaves tensors as they were`() {
    let held = Tensor([1.0, 2, 3], shape: [3])
    _ = Tensor(zeros: [1000], .float64)
    Compute.releaseMemory()
    #expect(held.doubles() == [1, 2, 3])
    #expect(Tensor(zeros: [1000], .float64).sumOfSquares() == 0)
  }
}
