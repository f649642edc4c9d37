import Tensors
import Testing

@Suite struct OperatorTests {
  private func tensor(_ numbers: [Double], _ shape: [Int], _ type: ElementType) -> Tensor {
    Tensor(numbers, shape: shape).converted(to: type)
  }

  @Test(arguments: ElementType.allCases)
  func `arithmetic is elementwise`(_ type: ElementType) {
    let (a, b) = (tensor([1, -2, 3, 4], [2, 2], type), tensor([2, 4, -8, 0.5], [2, 2], type))
    #expect((a + b).doubles() == [3, 2, -5, 4.5])
    #expect((a - b).doubles() == [-1, -6, 11, 3.5])
    #expect((a * b).doubles() == [2, -8, -24, 2])
    #expect((a / b).doubles() == [0.5, -0.5, -0.375, 8])
    #expect((-a).doubles() == [-1, 2, -3, -4])
    #expect((2 * a).doubles() == [2, -4, 6, 8] && a * 2 == 2 * a && (a / 2).doubles() == [0.5, -1, 1.5, 2])
    #expect((a + 1).doubles() == [2, -1, 4, 5] && 1 + a == a + 1 && (a - 1).doubles() == [0, -3, 2, 3])
    #expect((1 - a).doubles() == [0, 3, -2, -3] && (4 / b).doubles() == [2, 1, -0.5, 8])
    #expect(a.map { $0 * $0 }.doubles() == [1, 4, 9, 16])
    #expect((a + b).shape == [2, 2] && (a * b).elementType == type && a.map { $0 }.elementType == type)
  }

  @Test(arguments: ElementType.allCases)
  func `tensors are equal in shape, type and numbers`(_ type: ElementType) {
    let a = tensor([0, 1, 2, 3], [2, 2], type)
    #expect(a == tensor([-0.0, 1, 2, 3], [2, 2], type))
    #expect(a != tensor([0, 1, 2, 4], [2, 2], type))
    #expect(a != a.reshaped([4]))
    #expect(a != a.converted(to: type == .float32 ? .float64 : .float32))
    #expect(tensor([.nan], [1], type) != tensor([.nan], [1], type))
    #expect(a.leading(1..<2) == tensor([2, 3], [1, 2], type))
  }

  @Test(arguments: ElementType.allCases)
  func `subscripts read and write one number, and a copy keeps its own`(_ type: ElementType) {
    var a = tensor([0, 1, 2, 3, 4, 5], [2, 3], type)
    let before = a
    #expect(a[0, 2] == 2 && a[1, 0] == 3)
    a[1, 2] = -7
    #expect(a.doubles() == [0, 1, 2, 3, 4, -7] && before[1, 2] == 5)
    #expect(a.row(1) == tensor([3, 4, -7], [3], type) && a.row(1)[2] == -7)
    #expect(Tensor(3, type)[] == 3)
  }

  @Test(arguments: ElementType.allCases)
  func `sums and means name their axis`(_ type: ElementType) {
    let a = tensor((0..<24).map { Double($0) }, [2, 3, 4], type)
    for axis in 0..<3 {
      let sums = a.sum(axis: axis)
      #expect(sums == a.sum(axis: axis - 3))
      #expect(sums.shape == a.shape.enumerated().filter { $0.offset != axis }.map(\.element))
      let means = a.mean(axis: axis) - sums.map { $0 / Double(a.shape[axis]) }
      #expect(means.sumOfSquares() < 1e-10)
    }
    #expect(a.sum(axis: 0)[1, 2] == a[0, 1, 2] + a[1, 1, 2])
    #expect(a.sum(axis: 1)[1, 3] == a[1, 0, 3] + a[1, 1, 3] + a[1, 2, 3])
    #expect(a.sum(axis: 2)[0, 1] == 4 + 5 + 6 + 7)
    #expect(a.sum() == 276 && a.mean() == 11.5)
  }
}
