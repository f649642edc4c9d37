import CAMX
import FileTestSupport
import Testing

/// Products whose operands' rows lie anywhere, and those of some images: number by number those of the plain product, whose
/// own tests are beside this.
@Suite struct ScatteredProductTests {
  private func multiply(_ functions: TileFunctions, _ product: ck_tile_product, threads: Int32) {
    var product = product
    withWorkspace(functions.workspace(&product, threads)) { functions.multiply(&product, $0, threads) }
  }

  struct Lines: CustomTestStringConvertible, Sendable {
    let (rows, columns, inner): (Int, Int, Int)
    let (first, second): (Bool, Bool)
    let parts: Int32
    var testDescription: String {
      "\(rows)x\(inner)\(first ? "^T" : "") \(inner)x\(columns)\(second ? "^T" : ""), \(parts) parts"
    }
  }

  static let lines: [Lines] = {
    func line(_ size: (Int, Int, Int), _ first: Bool, _ second: Bool, _ parts: Int32) -> Lines {
      Lines(rows: size.0, columns: size.1, inner: size.2, first: first, second: second, parts: parts)
    }
    let sizes: [(Int, Int, Int)] = [(1, 1, 1), (33, 20, 65), (40, 100, 70), (17, 50, 700)]
    let long = (18, 20, 8300)
    var examples = [line(long, true, false, 1), line(long, false, true, 1)]
    for size in sizes {
      for parts: Int32 in [1, 2] {
        for (first, second) in [(true, false), (true, true), (false, false), (false, true)] {
          examples.append(line(size, first, second, parts))
        }
      }
    }
    return examples
  }()

  /// A matrix whose rows lie in another order, one number apart.
  private final class Scattered {
    let memory: Memory
    let lines: [UnsafePointer<Float>]

    init(_ numbers: [Float], width: Int) {
      let count = numbers.count / width
      var places = Array(0..<count)
      var random = SplitMix64(seed: 9)
      places.shuffle(using: &random)
      let memory = Memory(byteCount: 4 * count * (width + 1))
      for (i, number) in numbers.enumerated() { memory.floats[places[i / width] * (width + 1) + i % width] = number }
      lines = places.map { UnsafePointer(memory.floats + $0 * (width + 1)) }
      self.memory = memory
    }
  }

  private func multiplyLines(
    _ functions: TileFunctions, _ e: Lines, _ threads: Int32
  ) -> (plain: [Float], lines: [Float]) {
    let (x, y) = (draws(e.rows * e.inner, 1), draws(e.inner * e.columns, 2))
    let (widthOfA, widthOfB) = (e.first ? e.rows : e.inner, e.second ? e.inner : e.columns)
    let (a, b) = (Scattered(x, width: widthOfA), Scattered(y, width: widthOfB))
    let (plainA, plainB) = (Memory(x), Memory(y))
    let before = draws(e.rows * e.columns, 3)
    let (c, plainC) = (Memory(before), Memory(before))
    var product = ck_tile_product(
      rows: e.rows, columns: e.columns, inner: e.inner, parts: e.parts, alpha: 0.75, beta: 1, a: plainA.floats,
      a_leading: widthOfA, a_transposed: e.first, b: UnsafePointer(plainB.floats), b_leading: widthOfB,
      b_transposed: e.second, packed: nil, bias: nil, biased_rows: 0, c: plainC.floats, c_leading: e.columns)
    multiply(functions, product, threads: threads)
    product.a = a.lines[0]
    product.b = b.lines[0]
    product.c = c.floats
    withWorkspace(functions.workspace(&product, threads)) {
      functions.multiplyLines(&product, a.lines, b.lines, $0, threads)
    }
    #expect(c.isIntact)
    withExtendedLifetime((plainA, plainB, a, b)) {}
    return (plainC.numbers, c.numbers)
  }

  @Test(arguments: lines) func `rows may lie anywhere`(_ e: Lines) {
    for threads: Int32 in [1, 2, 3] {
      let results = multiplyLines(.emulated, e, threads)
      #expect(results.lines.bits == results.plain.bits, "\(threads) threads")
    }
  }

  @Test(.needsTiles, arguments: lines) func `on the processor as emulated`(_ e: Lines) {
    let emulated = multiplyLines(.emulated, e, 1).lines
    #expect(multiplyLines(.processor, e, 2).lines.bits == emulated.bits)
  }

  struct Images: CustomTestStringConvertible, Sendable {
    let (components, images, columns, inner): (Int, Int, Int, Int)
    let isPacked: Bool
    let (parts, beta): (Int32, Float)
    var testDescription: String {
      "[\(components), \(images)] rows of \(inner), \(columns) columns, \(parts) parts\(isPacked ? ", packed" : "")"
    }
  }

  /// With the last, so long that only some images are taken at once.
  static let images: [Images] = {
    let sizes: [(Int, Int, Int, Int, Float)] = [
      (1, 1, 1, 1, 0), (2, 5, 40, 33, 1), (1, 40, 33, 64, 0.5), (3, 17, 64, 40, 0), (2, 21, 100, 20, 1),
      (3, 25, 20, 2000, 0.5),
    ]
    var examples = [Images]()
    for (components, images, columns, inner, beta) in sizes {
      for parts: Int32 in [1, 2] {
        for isPacked in [false, true] {
          examples.append(
            Images(
              components: components, images: images, columns: columns, inner: inner, isPacked: isPacked, parts: parts,
              beta: beta
            ))
        }
      }
    }
    return examples
  }()

  private func multiplyImages(_ functions: TileFunctions, _ e: Images) -> (plain: [Float], images: [[Float]]) {
    let rows = e.components * e.images
    let (a, b) = (Memory(draws(rows * e.inner, 1)), Memory(draws(e.inner * e.columns, 2)))
    let bias = Memory(draws(e.columns, 4))
    let packed = Memory(byteCount: functions.packedSize(e.parts, e.inner, e.columns))
    functions.pack(e.parts, b.floats, e.columns, false, e.inner, e.columns, packed.pointer, 1)
    let before = draws(rows * e.columns, 3)
    func result(_ body: (inout ck_tile_product) -> Void) -> [Float] {
      let c = Memory(before)
      var product = ck_tile_product(
        rows: rows, columns: e.columns, inner: e.inner, parts: e.parts, alpha: 1, beta: e.beta, a: a.floats,
        a_leading: e.inner, a_transposed: false, b: e.isPacked ? nil : UnsafePointer(b.floats), b_leading: e.columns,
        b_transposed: false, packed: e.isPacked ? UnsafeRawPointer(packed.pointer) : nil,
        bias: UnsafePointer(bias.floats), biased_rows: e.images, c: c.floats, c_leading: e.columns)
      body(&product)
      #expect(c.isIntact)
      return c.numbers
    }
    func some(_ product: inout ck_tile_product, _ begin: Int, _ end: Int) {
      withWorkspace(functions.imagesWorkspace(&product, e.images, end - begin)) {
        functions.multiplyImages(&product, e.images, begin, end, $0)
      }
    }
    let plain = result { multiply(functions, $0, threads: 2) }
    let third = e.images / 3
    let whole = result { some(&$0, 0, e.images) }
    let inPieces = result {
      some(&$0, third, e.images)
      some(&$0, 0, third)
    }
    // The others are as they were.
    var one = plain
    for (i, number) in before.enumerated() where i / e.columns % e.images != third { one[i] = number }
    #expect(result { some(&$0, third, third + 1) }.bits == one.bits)
    withExtendedLifetime((a, b, bias, packed)) {}
    return (plain, [whole, inPieces])
  }

  @Test(arguments: images) func `images may be multiplied some at a time`(_ e: Images) {
    let results = multiplyImages(.emulated, e)
    for result in results.images { #expect(result.bits == results.plain.bits) }
  }

  @Test(.needsTiles, arguments: images) func `images on the processor as emulated`(_ e: Images) {
    let (emulated, found) = (multiplyImages(.emulated, e), multiplyImages(.processor, e))
    #expect(found.plain.bits == emulated.plain.bits)
    for result in found.images { #expect(result.bits == emulated.plain.bits) }
  }
}
