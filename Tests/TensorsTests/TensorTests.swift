import Foundation
import Tensors
import Testing

@Suite struct TensorTests {
  private func ramp(_ shape: [Int]) -> Tensor {
    Tensor((0..<shape.reduce(1, *)).map { Double($0) }, shape: shape)
  }

  private func write(_ value: Double, at index: Int, of tensor: inout Tensor) {
    tensor.withMutableBytes { $0.bindMemory(to: Double.self)[index] = value }
  }

  @Test func `writing to a copy leaves the original as it was`() {
    let original = ramp([2, 3])
    var copy = original
    write(100, at: 4, of: &copy)
    #expect(original.doubles() == [0, 1, 2, 3, 4, 5])
    #expect(copy.doubles() == [0, 1, 2, 3, 100, 5])
  }

  @Test func `writing to the original leaves copies, reshapes and views as they were`() {
    var original = ramp([4, 2])
    let copy = original
    let flat = original.reshaped([8])
    let view = original.leading(1..<3)
    write(100, at: 2, of: &original)
    #expect(copy.doubles()[2] == 2)
    #expect(flat.doubles()[2] == 2)
    #expect(view.doubles() == [2, 3, 4, 5])
    #expect(original.doubles()[2] == 100)
  }

  @Test func `writing to a view writes to its own part only`() {
    let original = ramp([4, 2])
    var view = original.leading(1..<3)
    write(100, at: 0, of: &view)
    #expect(view.doubles() == [100, 3, 4, 5])
    #expect(original.doubles() == [0, 1, 2, 3, 4, 5, 6, 7])
  }

  @Test func `a view that outlives its tensor is written in place, at its offset`() {
    var tensor = ramp([4, 2])
    tensor = tensor.leading(2..<4)
    write(100, at: 1, of: &tensor)
    #expect(tensor.doubles() == [4, 100, 6, 7])
    #expect(tensor.leading(1..<2).doubles() == [6, 7])
  }

  @Test func `views share memory until written, and a sole owner writes without copying`() {
    var tensor = ramp([4, 2])
    let address = tensor.address
    #expect(tensor.reshaped([8]).address == address)
    #expect(tensor.leading(1..<4).address == address + 2 * 8)
    write(100, at: 0, of: &tensor)
    #expect(tensor.address == address)
    let copy = tensor
    write(200, at: 0, of: &tensor)
    #expect(tensor.address != address)
    #expect(copy.address == address)
  }

  @Test func `adding a tensor to itself doubles it`() {
    var tensor = ramp([3])
    tensor.add(tensor)
    #expect(tensor.doubles() == [0, 2, 4])
    tensor.add(tensor.leading(0..<3), scale: -0.5)
    #expect(tensor.doubles() == [0, 1, 2])
  }

  @Test func `views of views add their offsets`() {
    let tensor = ramp([4, 3, 2]).leading(1..<4).leading(1..<3)
    #expect(tensor.shape == [2, 3, 2])
    #expect(tensor.doubles() == (12..<24).map { Double($0) })
    #expect(tensor.reshaped([6, 2]).leading(1..<2).doubles() == [14, 15])
    #expect(tensor.leading(1..<1).count == 0)
  }

  @Test func `conversion rounds to single precision and is exact back`() {
    let numbers = [0.1, -1e10, 1e-30, 16_777_217, .infinity]
    let single = Tensor(numbers, shape: [5]).converted(to: .float32)
    #expect(single.elementType == .float32)
    #expect(single.floats() == numbers.map { Float($0) })
    #expect(single.converted(to: .float64).doubles() == numbers.map { Double(Float($0)) })
    #expect(single.doubles() == single.converted(to: .float64).doubles())
    #expect(Tensor([Double.nan], shape: [1]).converted(to: .float32).floats()[0].isNaN)
  }

  @Test(arguments: ElementType.allCases)
  func `tensors are made as asked`(_ type: ElementType) {
    #expect(Tensor(zeros: [2, 3], type).doubles() == [0, 0, 0, 0, 0, 0])
    #expect(Tensor(repeating: 2.5, shape: [3], type).doubles() == [2.5, 2.5, 2.5])
    #expect(Tensor(7, type).scalar == 7)
    #expect(Tensor(7, type).shape == [])
    #expect(Tensor(zeros: [3, 0, 2], type).doubles() == [])
    let bytes: [UInt8] = Array(repeating: 0, count: 2 * type.byteCount)
    #expect(bytes.withUnsafeBytes { Tensor(copying: $0, shape: [2], type) }.doubles() == [0, 0])
  }

  @Test func `zeros are zeros in memory that was used before`() {
    for _ in 0..<3 {
      var tensor = Tensor(zeros: [1000], .float64)
      #expect(tensor.sumOfSquares() == 0)
      write(1, at: 999, of: &tensor)
    }
  }

  @Test func `the first number that is not finite is found wherever it is`() {
    for count in [1, 7, 256, 257, 1000] {
      for type in ElementType.allCases {
        #expect(Tensor(repeating: 3e38, shape: [count], type).firstNonFinite == nil)
        for index in Set([0, count / 2, count - 1]) {
          for bad in [Double.nan, .infinity, -.infinity] {
            var numbers = [Double](repeating: 1e30, count: count)
            numbers[index] = bad
            numbers[count - 1] = bad
            #expect(Tensor(numbers, shape: [count]).converted(to: type).firstNonFinite == index)
          }
        }
      }
    }
  }
}
