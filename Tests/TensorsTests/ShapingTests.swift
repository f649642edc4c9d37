import Tensors
import Testing

@Suite struct ShapingTests {
  private func ramp(_ shape: [Int], _ type: ElementType = .float64) -> Tensor {
    Tensor((0..<shape.reduce(1, *)).map { Double($0) }, shape: shape).converted(to: type)
  }

  /// The multi-index of a flat index, and back.
  private func indices(_ flat: Int, _ shape: [Int]) -> [Int] {
    var (rest, result) = (flat, [Int]())
    for size in shape.reversed() {
      result.insert(rest % size, at: 0)
      rest /= size
    }
    return result
  }

  private func flat(_ indices: [Int], _ shape: [Int]) -> Int {
    zip(indices, shape).reduce(0) { $0 * $1.1 + $1.0 }
  }

  /// Every order of 0..<count.
  private func orders(_ count: Int) -> [[Int]] {
    guard count > 0 else { return [[]] }
    return orders(count - 1).flatMap { rest in
      (0...rest.count).map { Array(rest[..<$0]) + [count - 1] + Array(rest[$0...]) }
    }
  }

  @Test(
    arguments: [[5], [3, 4], [2, 3, 4], [3, 2, 4, 5], [1, 3, 1, 2], [2, 0, 3]], ElementType.allCases)
  func `permuted moves every number to its place, in every order`(_ shape: [Int], _ type: ElementType) {
    let tensor = ramp(shape, type)
    for order in orders(shape.count) {
      let result = tensor.permuted(order)
      #expect(result.shape == order.map { shape[$0] })
      let expected = (0..<tensor.count).map { target in
        var source = [Int](repeating: 0, count: shape.count)
        for (axis, index) in zip(order, indices(target, result.shape)) { source[axis] = index }
        return Double(flat(source, shape))
      }
      #expect(result.doubles() == expected)
    }
  }

  @Test func `permuted of a view begins at the view's first number`() {
    let view = ramp([4, 3, 2]).leading(1..<3)
    #expect(view.permuted([2, 0, 1]).doubles() == [6, 8, 10, 12, 14, 16, 7, 9, 11, 13, 15, 17])
  }

  @Test(arguments: [[6], [4, 3], [3, 4, 5], [2, 3, 2, 4]], ElementType.allCases)
  func `slices hold what lies in them, and side by side make the whole`(_ shape: [Int], _ type: ElementType) {
    let tensor = ramp(shape, type)
    for axis in shape.indices {
      for start in 0..<shape[axis] {
        for length in 0...(shape[axis] - start) {
          let part = tensor.sliced(axis: axis, start: start, length: length)
          let expected = (0..<part.count).map { target in
            var source = indices(target, part.shape)
            source[axis] += start
            return Double(flat(source, shape))
          }
          #expect(part.doubles() == expected)
        }
        let parts = [(0, start), (start, shape[axis] - start)].map {
          tensor.sliced(axis: axis, start: $0.0, length: $0.1)
        }
        let whole = Tensor.concatenation(parts, axis: axis)
        #expect(whole.shape == shape)
        #expect(whole.doubles() == tensor.doubles())
        // The same axes, counted from the end.
        let fromEnd = axis - shape.count
        #expect(Tensor.concatenation(parts, axis: fromEnd).doubles() == whole.doubles())
        #expect(tensor.sliced(axis: fromEnd, start: 0, length: start).doubles() == parts[0].doubles())
      }
    }
  }

  @Test func `replacing a part of a shared tensor leaves the other as it was`() {
    let original = ramp([2, 3])
    var copy = original
    copy.replace(axis: 1, start: 1, with: Tensor([10.0, 20, 30, 40], shape: [2, 2]))
    #expect(copy.doubles() == [0, 10, 20, 3, 30, 40])
    #expect(original.doubles() == [0, 1, 2, 3, 4, 5])
  }
}
