import Tensors
import Testing

@Suite struct DescriptionTests {
  @Test func `numbers are aligned, in brackets for each axis`() {
    let a = Tensor([1, -2.5, 10, 0] as [Float], shape: [2, 2])
    #expect("\(a)" == "[[ 1.0000, -2.5000],\n [10.0000,  0.0000]] shape [2, 2], float32")
    let cube = Tensor([1.0, 2, 3, 4], shape: [2, 1, 2])
    #expect("\(cube)" == "[[[1.0000, 2.0000]],\n\n [[3.0000, 4.0000]]] shape [2, 1, 2], float64")
  }

  @Test func `a single number, and none, are shown too`() {
    #expect("\(Tensor(2.5))" == "2.5000 shape [], float32")
    #expect("\(Tensor(zeros: [0]))" == "[] shape [0], float32")
  }

  @Test func `very large and very small numbers have exponents`() {
    #expect("\(Tensor([1e-7, 1] as [Float], shape: [2]))" == "[1.0000e-07, 1.0000e+00] shape [2], float32")
    #expect("\(Tensor([2e9, .infinity], shape: [2]))" == "[2.0000e+09,        inf] shape [2], float64")
  }

  @Test func `of a large tensor, the ends of its axes are shown`() {
    let a = Tensor((0..<2000).map { Double($0) }, shape: [2000])
    #expect(
      "\(a)"
        == "[   0.0000,    1.0000,    2.0000, ..., 1997.0000, 1998.0000, 1999.0000] shape [2000], float64")
    let lines = "\(Tensor(zeros: [1000, 4]))".split(separator: "\n")
    #expect(lines.count == 7 && lines[3] == " ...," && lines[1] == " [0.0000, 0.0000, 0.0000, 0.0000],")
  }
}
