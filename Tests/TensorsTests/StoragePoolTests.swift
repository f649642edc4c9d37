import Testing

@testable import Tensors

@Suite(.serialized) struct StoragePoolTests {
  @Test func `a size class holds the request, and wastes at most an eighth`() {
    for bytes in Array(0...5000) + (12...30).flatMap({ [1 << $0 - 1, 1 << $0, 1 << $0 + 1] }) {
      let size = StoragePool.sizeClass(bytes)
      #expect(size >= bytes)
      #expect(size % StoragePool.alignment == 0)
      #expect(bytes <= 1024 ? size - bytes <= 64 : Double(size) <= 1.125 * Double(bytes) + 1)
      #expect(StoragePool.sizeClass(size) == size)
    }
  }

  @Test func `memory given back is used again`() {
    // An unusual size, so that no other test takes it.
    let count = 123_456
    let address = Tensor(uninitialized: [count], .float64).address
    #expect(Tensor(uninitialized: [count], .float64).address == address)
    let held = Tensor(uninitialized: [count], .float64)
    #expect(Tensor(uninitialized: [count], .float64).address != held.address)
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
