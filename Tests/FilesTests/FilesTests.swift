import Files
import Testing

@Suite struct CheckedSizeTests {
  @Test func productsThatFitAreProducts() {
    #expect(CheckedSize.product([]) == 1)
    #expect(CheckedSize.product([10, 28, 28]) == 7840)
    #expect(CheckedSize.product([0, 28]) == 0)
    #expect(CheckedSize.product([Int.max, 1]) == .max)
    #expect(CheckedSize.add(Int.max - 1, 1) == .max)
  }

  @Test(arguments: [[10, Int.max, 8], [-1], [3, -1], [-2, -3], [1 << 32, 1 << 31], [1 << 62, 2, 0], [Int.min, 1]])
  func whatDoesNotFitIsNil(_ sizes: [Int]) {
    #expect(CheckedSize.product(sizes) == nil)
    // Strides grow from the fastest index on, so that a zero there keeps all of them small.
    #expect(CheckedSize.strides(sizes) == nil || sizes.last == 0)
    #expect(CheckedSize.strides(sizes, isFirstIndexFastest: true) == nil)
  }

  @Test func sumsThatDoNotFitAreNil() {
    #expect(CheckedSize.add(Int.max, 1) == nil)
    #expect(CheckedSize.add(1, -2) == nil)
    #expect(CheckedSize.multiply(UInt64.max, 2) == nil)
  }

  @Test func stridesFollowTheOrder() {
    #expect(CheckedSize.strides([2, 3, 4]) == [12, 4, 1])
    #expect(CheckedSize.strides([2, 3, 4], isFirstIndexFastest: true) == [1, 2, 6])
    #expect(CheckedSize.strides([]) == [])
  }
}

@Suite struct MemoryLimitTests {
  @Test func smallFilesHaveTheFloorAndLargeOnesAMultiple() {
    let limit = MemoryLimit(floor: 1000)
    #expect(limit.byteCount(forFileOf: 0) == 1000)
    #expect(limit.byteCount(forFileOf: 31) == 1000)
    #expect(limit.byteCount(forFileOf: 100) == 3200)
    #expect(limit.byteCount(forFileOf: .max) == .max)
    #expect(MemoryLimit.standard.byteCount(forFileOf: 207) == 1_000_000_000)
  }

  @Test func bytesAreToldInWords() {
    #expect(MemoryLimit.words(999) == "999 bytes")
    #expect(MemoryLimit.words(1_000_000) == "1.0 MB")
    #expect(MemoryLimit.words(12_950_000_000) == "12.9 GB")
    #expect(MemoryLimit.words(.max) == "9223372036.8 GB")
  }
}

@Suite struct VisibleTextTests {
  @Test func whatCommandsATerminalIsEscaped() {
    #expect("a\u{1B}[2Jb".visible() == #"a\u001b[2Jb"#)
    #expect("\u{7}\u{8}\r\u{7F}\u{9B}31m".visible() == #"\u0007\u0008\u000d\u007f\u009b31m"#)
    // Marks that reorder what follows, and line separators.
    #expect("x\u{202E}y\u{2066}\u{2028}".visible() == #"x\u202ey\u2066\u2028"#)
    #expect("one\ntwo\tthree".visible() == #"one\u000atwo\u0009three"#)
    #expect("one\ntwo\tthree\r\n".visible(keepingLines: true) == "one\ntwo\tthree\\u000d\n")
  }

  @Test(arguments: ["", "plain", "Zürich/数字.npz", "5×512-512 █░ 😀", #"C:\path "quoted""#])
  func otherTextStaysAsItIs(_ text: String) {
    #expect(text.visible() == text)
  }
}
