/// What a random number is for. Two purposes never share numbers, whatever the seed.
///
/// Whoever draws random numbers declares a purpose of its own:
///
/// ```swift
/// extension RandomPurpose {
///   static let dropout = RandomPurpose(1000)
/// }
/// ```
public struct RandomPurpose: Sendable, Hashable {
  /// The number that tells the purpose from others.
  public let number: UInt32

  /// A purpose.
  ///
  /// - Parameter number: A number that no other purpose has. This package uses those below 1000. It is part of what a random number is
  ///   a function of: never change it.
  public init(_ number: UInt32) {
    self.number = number
  }
}

extension RandomPurpose {
  /// Tests and examples.
  public static let test = RandomPurpose(10)
}
