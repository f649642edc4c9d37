import CKernels
import Foundation
import Kernels
import Tensors
import TestSupport
import Testing

/// y^T C x with C = M_2^T o (M_3 M_1), against its definition in double precision.
@Suite struct TraceFormTests {
  struct Example: CustomTestStringConvertible, Sendable {
    let (latent, first, second, rank): (Int, Int, Int, Int)
    var testDescription: String { "\(latent)-\(first)-\(second)-\(latent), rank \(rank)" }
  }

  static let examples = [
    (1, 1, 1, 1), (5, 4, 6, 2), (3, 32, 32, 20), (64, 33, 70, 33), (40, 100, 47, 1), (33, 31, 65, 0),
    (64, 130, 200, 20),
  ].map { Example(latent: $0.0, first: $0.1, second: $0.2, rank: $0.3) }

  private static let images = 3

  /// The layers of all images, one after another, and what keeps them alive: shared W^T [out, 1 + in] and own U, V; or
  /// own W [in, out].
  private struct Layers {
    let sizes: [(inputs: Int, outputs: Int)]
    let rank: Int
    let isOwn: Bool
    let matrices: [[Double]]
    let us: [[Double]]
    let vs: [[Double]]
    let type: ElementType
    private let tensors: [(matrix: Tensor, own: Tensor)]

    init(_ e: Example, isOwn: Bool, _ type: ElementType) {
      let sizes = [(inputs: e.latent, outputs: e.first), (e.first, e.second), (e.second, e.latent)]
      let (rank, n) = (isOwn ? 0 : e.rank, TraceFormTests.images)
      func draws(_ l: Int, _ count: Int, _ scale: Double, _ kind: UInt64) -> [Double] {
        normals(count, kind + UInt64(l)).map { Double(Float($0 * scale)) }
      }
      func tensor(_ numbers: [Double]) -> Tensor { Tensor(numbers, shape: [numbers.count]).converted(to: type) }
      var (matrices, us, vs) = ([[Double]](), [[Double]](), [[Double]]())
      for (l, (inputs, outputs)) in sizes.enumerated() {
        let scale = 1 / Double(inputs).squareRoot()
        matrices.append(draws(l, outputs * (isOwn ? n * inputs : 1 + inputs), scale, 10))
        us.append(draws(l, n * inputs * rank, scale, 20))
        vs.append(draws(l, n * outputs * rank, 0.3, 30))
      }
      tensors = sizes.enumerated().map { l, size in
        let (inputs, outputs) = size
        let (factors, bias): ([Double], [Double]) = (normals(2 * outputs, 40), normals(outputs, 40))
        func part(_ numbers: [Double], _ s: Int, _ count: Int) -> [Double] {
          Array(numbers[(s * count)..<((s + 1) * count)])
        }
        if isOwn {
          let rows = (0..<n).flatMap { s -> [Double] in factors + part(matrices[l], s, inputs * outputs) }
          return (tensor([0]), Tensor(rows, shape: [n, (inputs + 2) * outputs]).converted(to: type))
        }
        let rows = (0..<n).flatMap { s -> [Double] in
          part(us[l], s, inputs * rank) + part(vs[l], s, outputs * rank) + bias
        }
        return (
          Tensor(matrices[l], shape: [outputs, 1 + inputs]).converted(to: type),
          Tensor(rows, shape: [n, (inputs + outputs) * rank + outputs]).converted(to: type)
        )
      }
      (self.sizes, self.rank, self.isOwn, self.type) = (sizes, rank, isOwn, type)
      (self.matrices, self.us, self.vs) = (matrices, us, vs)
    }

    /// What TraceForms takes.
    func weights(_ image: Int) -> [LayerWeights] {
      zip(sizes, tensors).map { size, tensors in
        if isOwn {
          // A row of per-sample weights, of which a bias and the time's weights are no part of M.
          return LayerWeights(
            PerSampleAffineLayout(inputs: size.inputs, outputs: size.outputs, offset: 0), tensors.own, sample: image)
        }
        let layout =
          rank == 0
          ? nil : LowRankLayout(inputs: size.inputs, rank: rank, outputs: size.outputs, offset: 0)
        return LayerWeights(
          inputs: size.inputs, outputs: size.outputs, shared: tensors.matrix,
          lowRank: layout.map { ($0, tensors.own, image) })
      }
    }

    /// M of a layer, by its definition.
    func whole(_ l: Int, _ image: Int, _ i: Int, _ o: Int) -> Double {
      let (inputs, outputs) = sizes[l]
      if isOwn { return matrices[l][(image * inputs + i) * outputs + o] }
      return (0..<rank).reduce(matrices[l][o * (1 + inputs) + 1 + i]) { sum, r in
        sum + us[l][(image * inputs + i) * rank + r] * vs[l][(image * rank + r) * outputs + o]
      }
    }

    /// C of an image, row by row.
    func expected(_ image: Int) -> [[Double]] {
      let (latent, first, second) = (sizes[0].inputs, sizes[0].outputs, sizes[1].outputs)
      let m1 = (0..<latent).map { d in (0..<first).map { whole(0, image, d, $0) } }
      let m3 = (0..<second).map { j in (0..<latent).map { whole(2, image, j, $0) } }
      return (0..<second).map { j in
        (0..<first).map { i in
          whole(1, image, i, j) * (0..<latent).reduce(0.0) { $0 + m3[j][$1] * m1[$1][i] }
        }
      }
    }
  }

  @Test(arguments: examples, [false, true])
  func `forms are what their definition says`(_ e: Example, isOwn: Bool) {
    // Slopes of activations: positive, of about the same size.
    let x = normals(Self.images * e.first, 1).map { 0.5 + 0.1 * $0 }
    let y = normals(Self.images * e.second, 2).map { 0.5 + 0.1 * $0 }
    for type in [ElementType.float64, .float32] {
      let layers = Layers(e, isOwn: isOwn, type)
      let (left, right) = (
        Tensor(y, shape: [Self.images, e.second]).converted(to: type),
        Tensor(x, shape: [Self.images, e.first]).converted(to: type)
      )
      // The sums, and the roots of the sums of the squares of what they add up.
      let expected = (0..<Self.images).map { s -> (sum: Double, magnitude: Double) in
        let matrix = layers.expected(s)
        var (sum, squares) = (0.0, 0.0)
        for j in 0..<e.second {
          for i in 0..<e.first {
            let term = y[s * e.second + j] * matrix[j][i] * x[s * e.first + i]
            sum += term
            squares += term * term
          }
        }
        return (sum, squares.squareRoot())
      }
      let runs = Compute.onEveryInstructionSet {
        TraceForms(type, count: Self.images, layers: layers.weights).values(left, right).doubles()
      }
      for (set, results) in runs {
        let tolerance = type == .float64 ? 1e-13 : set == .amx ? 5e-5 : 1e-5
        for (result, (sum, magnitude)) in zip(results[0], expected) {
          #expect(abs(result - sum) <= tolerance * magnitude, "\(type) on \(set)")
        }
        for other in results.dropFirst() { #expect(other == results[0], "\(type) on \(set)") }
      }
    }
  }

  @Test(arguments: examples)
  func `a matrix that all images share is C itself`(_ e: Example) {
    let layers = Layers(Example(latent: e.latent, first: e.first, second: e.second, rank: 0), isOwn: false, .float64)
    let matrix = TraceForms.matrix(.float64, layers.weights(0))
    #expect(matrix.shape == [e.second, e.first])
    #expect(relativeDifference(matrix, layers.expected(0).flatMap { $0 }) < 1e-14)
  }

  @Test func `each number is off by no more than its scale says`() throws {
    // Forms with unit vectors are single numbers of C; neighbors differ by up to six orders of magnitude.
    let (rows, columns) = (37, 45)
    let a = normals(rows * columns, 4).enumerated().map { Float($1 * pow(10, Double($0 % 7))) }
    let ones = [Float](repeating: 1, count: rows * columns)
    for set in Compute.InstructionSet.allCases {
      let wrong = Compute.with(set, threads: 1) { () -> Int in
        let matrix = Packed(a, ones, rows, columns)
        var wrong = 0
        for i in 0..<rows {
          for j in 0..<columns {
            var greatest: Float = 0
            for row in i / 2 * 2..<min(i / 2 * 2 + 2, rows) {
              for column in j / 32 * 32..<min(j / 32 * 32 + 32, columns) {
                greatest = max(greatest, abs(a[row * columns + column]))
              }
            }
            let number = matrix.form(unit(i, rows), unit(j, columns))
            // Half a step, and what single precision rounds on the way there and back.
            if Double(abs(number - a[i * columns + j])) > Double(greatest) * 0x1p-20 * 1.25 { wrong += 1 }
          }
        }
        return wrong
      }
      #expect(wrong ?? 0 == 0, "\(set)")
    }
  }

  @Test(arguments: [Float.nan, .infinity, -.infinity])
  func `what is not finite is not lost`(_ number: Float) {
    let (rows, columns) = (35, 40)
    for place in [0, 39, 34 * 40 + 1, 35 * 40 - 1] {
      for set in Compute.InstructionSet.allCases {
        let form = Compute.with(set, threads: 1) { () -> Float in
          var a = [Float](repeating: 1, count: rows * columns)
          a[place] = number
          let ones = [Float](repeating: 1, count: rows * columns)
          return Packed(a, ones, rows, columns).form(
            [Float](repeating: 1, count: rows), [Float](repeating: 1, count: columns))
        }
        #expect(!(form ?? .nan).isFinite, "\(place) on \(set)")
      }
    }
  }

  @Test func `zeros and numbers next to none add up to nothing`() {
    for number in [Float(0), 1e-38, .leastNonzeroMagnitude] {
      let ones = [Float](repeating: 1, count: 64)
      for set in Compute.InstructionSet.allCases {
        let form = Compute.with(set, threads: 1) {
          Packed([Float](repeating: number, count: 64), ones, 8, 8).form(Array(ones[..<8]), Array(ones[..<8]))
        }
        #expect(abs(form ?? 0) <= 64 * number, "\(number) on \(set)")
      }
    }
  }

  /// A matrix of products of numbers, packed.
  private final class Packed {
    let (rows, columns): (Int, Int)
    let storage: TensorStorage

    init(_ a: [Float], _ b: [Float], _ rows: Int, _ columns: Int) {
      (self.rows, self.columns) = (rows, columns)
      storage = TensorStorage(byteCount: ck_packed_form_size(rows, columns))
      ck_single_kernels().pointee.pack_form(rows, columns, a, columns, b, columns, storage.pointer)
    }

    func form(_ left: [Float], _ right: [Float]) -> Float {
      var form: Float = 0
      ck_single_kernels().pointee.packed_form(rows, columns, 0, 1, left, storage.pointer, right, &form)
      return form
    }
  }

  private func unit(_ i: Int, _ count: Int) -> [Float] { (0..<count).map { $0 == i ? 1 : 0 } }
}
