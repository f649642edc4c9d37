/// The generator of NumPy's `RandomState`, bit for bit, as far as a shuffle needs it.
///
/// Published splits were made with it, and can only be reproduced with the same numbers.
///
/// Source: Matsumoto and Nishimura, "Mersenne Twister", ACM Transactions on Modeling and Computer Simulation
/// 1998 (MT19937, seeded with `init_genrand` of the version of 2002). NumPy's enhancement proposal 19 guarantees that
/// `RandomState` does not change.
struct MersenneTwister: Sendable {
  private static let length = 624
  private static let middle = 397

  private var state: [UInt32]
  private var position = length

  /// The generator that NumPy makes for `RandomState(seed)`.
  init(seed: UInt32) {
    var word = seed
    state = [UInt32](unsafeUninitializedCapacity: Self.length) { state, count in
      for index in 0..<Self.length {
        state[index] = word
        word = 1_812_433_253 &* (word ^ word >> 30) &+ UInt32(index + 1)
      }
      count = Self.length
    }
  }

  /// The next 32 random bits.
  mutating func next() -> UInt32 {
    if position == Self.length { twist() }
    var word = state[position]
    position += 1
    word ^= word >> 11
    word ^= word << 7 & 0x9D2C_5680
    word ^= word << 15 & 0xEFC6_0000
    return word ^ word >> 18
  }

  /// A number from 0 to `maximum`, as NumPy's legacy functions draw it: as many low bits as `maximum` has, drawn again
  /// while they exceed it.
  mutating func next(upTo maximum: UInt32) -> UInt32 {
    guard maximum > 0 else { return 0 }
    let mask = UInt32.max >> UInt32(maximum.leadingZeroBitCount)
    while true {
      let number = next() & mask
      if number <= maximum { return number }
    }
  }

  /// The result of `RandomState.shuffle` for the numbers 0, 1, …, `count - 1`, with `count` below 2^32.
  mutating func permutation(of count: Int) -> [Int] {
    var order = Array(0..<count)
    for index in stride(from: count - 1, to: 0, by: -1) {
      order.swapAt(index, Int(next(upTo: UInt32(index))))
    }
    return order
  }

  private mutating func twist() {
    for index in 0..<Self.length {
      let word =
        state[index] & 0x8000_0000 | state[(index + 1) % Self.length] & 0x7FFF_FFFF
      let twisted = word >> 1 ^ (word & 1 == 0 ? 0 : 0x9908_B0DF)
      state[index] = state[(index + Self.middle) % Self.length] ^ twisted
    }
    position = 0
  }
}
