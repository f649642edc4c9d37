import Tensors
import Testing

/// The search for numbers that are not finite.
@Suite struct FiniteNumbersTests {
  @Test func `a validation error is told with its value and its place`() {
    #expect(
      Tensor([1, 2, .nan, -.infinity, 5, 6] as [Float], shape: [2, 3]).validationError == "[2, 3] is nan at [0, 2]")
    #expect(
      Tensor([1, 2, 3, -.infinity, 5, 6] as [Double], shape: [3, 2]).validationError == "[3, 2] is -inf at [1, 1]")
    #expect(Tensor([.infinity] as [Float], shape: []).validationError == "[] is inf at []")
    for tensor in [Tensor([.greatestFiniteMagnitude, -0.0] as [Float], shape: [2]), Tensor(zeros: [0, 3])] {
      #expect(tensor.validationError == nil && tensor.isFinite)
    }
  }

  @Test func `the first wrong one of many numbers is found, wherever it stands`() {
    let (rows, columns) = (1000, 301)
    let finite = [Float](repeating: 1, count: rows * columns)
    #expect(Tensor(finite, shape: [rows, columns]).isFinite)
    for place in [0, 255, 256, 16384, 150_499, rows * columns - 1] {
      var numbers = finite
      numbers[place] = .nan
      numbers[rows * columns - 1] = .nan
      #expect(
        Tensor(numbers, shape: [rows, columns]).validationError
          == "[\(rows), \(columns)] is nan at [\(place / columns), \(place % columns)]")
    }
  }
}
