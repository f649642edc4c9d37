import Autodiff
import Tensors
import Testing

@Suite struct TapeTests {
  @Test func `a constant has a gradient of zero`() {
    let tape = Tape()
    let (x, constant) = (
      tape.variable(Tensor([2] as [Float], shape: [1])), Variable(Tensor([3] as [Float], shape: [1]))
    )
    let gradients = tape.gradients(of: (x * constant).sum(), withRespectTo: [x, constant])
    #expect(gradients.map { $0.floats() } == [[3], [0]])
  }

  // A process that ends can only be tested in another one, which earlier compilers do not start.
  #if compiler(>=6.2)
    @Test func `a variable of another tape is refused`() async {
      await #expect(processExitsWith: .failure) {
        let (tape, other) = (Tape(), Tape())
        let x = tape.variable(Tensor([2] as [Float], shape: [1]))
        _ = tape.gradients(of: x.sum(), withRespectTo: [other.variable(x.value)])
      }
    }

    @Test func `an operation's result is refused`() async {
      await #expect(processExitsWith: .failure) {
        let tape = Tape()
        let y = tape.variable(Tensor([2] as [Float], shape: [1])).applying(.square)
        _ = tape.gradients(of: y.sum(), withRespectTo: [y])
      }
    }

    @Test func `a tape that has been consumed is refused`() async {
      await #expect(processExitsWith: .failure) {
        let tape = Tape()
        let x = tape.variable(Tensor([2] as [Float], shape: [1]))
        let y = x.sum()
        for _ in 0..<2 { _ = tape.gradients(of: y, withRespectTo: [x]) }
      }
    }
  #endif
}
