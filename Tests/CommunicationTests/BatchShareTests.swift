import Communication
import Tensors
import Testing

@Suite struct BatchShareTests {
  /// A rank among others that sends nothing.
  private struct SilentRank: Communicator {
    let rank: Int
    let size: Int
    var sentByteCount: Int { 0 }
    func broadcast(_ bytes: UnsafeMutableRawBufferPointer, from root: Int) {}
    func allGather(_ own: UnsafeRawBufferPointer, into all: UnsafeMutableRawBufferPointer, byteCounts: [Int]) {}
    func beginAllToAll(
      _ sent: UnsafeRawBufferPointer, sentByteCounts: [Int], into received: UnsafeMutableRawBufferPointer,
      receivedByteCounts: [Int], numberByteCount: Int
    ) throws(CommunicationError) -> Exchange {
      throw CommunicationError(operation: "exchange", reason: "nobody is there")
    }
    func abort(_ error: CommunicationError) -> Never { fatalError(error.description) }
  }

  @Test(arguments: 1...9, 1...8)
  func `parts cover a batch in order, and differ by one at most`(images: Int, ranks: Int) {
    let shares = (0..<ranks).map { BatchShare(of: images, over: SilentRank(rank: $0, size: ranks)) }
    guard images >= ranks, ranks > 1 else {
      #expect(shares.allSatisfy { !$0.isSplit && $0.places == 0..<images })
      return
    }
    #expect(shares.flatMap { Array($0.places) } == Array(0..<images))
    let counts = shares.map(\.count)
    #expect((counts.max() ?? 0) - (counts.min() ?? 0) <= 1)
    #expect(shares.allSatisfy { $0.counts == counts })
  }

  @Test func `the page's code`() {
    let (communicator, squares) = (OneRank(), 2.0)
    let share = BatchShare(of: 100, over: communicator)
    let own = Array(share.places)  // 0 to 49 on the first of two ranks
    let norm = share.sum([squares])  // the same number on all ranks
    #expect(own == Array(0..<100) && norm == [squares])
  }

  @Test func `one rank has what it gave`() {
    let share = BatchShare(of: 3, over: OneRank())
    let rows = Tensor([1, 2, 3] as [Float], shape: [3, 1])
    #expect(share.gathered(rows) == rows)
    #expect(share.gathered([[1, 2, 3]]) == [[1, 2, 3]])
    #expect(OneRank().sum([2]) == [2] && OneRank().allGather([4, 5]) == [[4, 5]])
  }
}
