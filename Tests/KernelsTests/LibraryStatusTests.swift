import Foundation
import Tensors
import Testing

@testable import Kernels

// Earlier compilers have no tests of a process's end.
#if compiler(>=6.2)
  /// How the program ends where oneDNN cannot do what it is asked.
  @Suite struct LibraryStatusTests {
    @Test func `a convolution that is refused is named, with its sizes and the reason`() async throws {
      let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        // The kernel is larger than the image.
        let shape = ConvolutionShape(input: [1, 2, 3, 16], weights: [8, 16, 5, 5], stride: 1, padding: 0)
        let (x, w) = (Tensor(zeros: shape.inputShape), Tensor(zeros: shape.weightShape))
        _ = CPUBackend().convolution(x, w, shape, .full)
      }
      let message = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
      for part in ["convolution", "[1, 2, 3, 16]", "[8, 16, 5, 5]", "stride 1", "float32", "invalid_arguments"] {
        #expect(message.contains(part), "\(part) in \(message)")
      }
    }

    @Test func `a product that is refused is named, with its sizes and the reason`() async throws {
      let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        // Rows that lie closer together than they are long.
        let (a, b) = (Tensor(zeros: [5, 6]), Tensor(zeros: [6, 7]))
        var c = Tensor(zeros: [5, 7])
        CPUBackend().multiply(
          MatrixView(a, leadingDimension: 2), MatrixView(b), MatrixProduct(rows: 5, columns: 7, inner: 6), into: &c)
      }
      let message = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
      for part in ["product", "[5, 6]", "[6, 7]", "invalid_arguments"] {
        #expect(message.contains(part), "\(part) in \(message)")
      }
    }

    @Test func `memory that oneDNN cannot have ends the program as memory for a tensor does`() async {
      await #expect(processExitsWith: .exitCode(70)) {
        Compute.onMemoryExhaustion { byteCount in exit(byteCount == nil ? 70 : 1) }
        Compute.check(1, "a call that ends with dnnl_out_of_memory")
      }
    }
  }
#endif
