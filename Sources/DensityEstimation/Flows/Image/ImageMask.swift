/// Which numbers of an image a coupling keeps (Dinh et al. 2017, section 3.4).
public enum ImageMask: String, Sendable, CaseIterable, Codable {
  /// All channels of the pixels whose row and column add up to an odd number.
  case checkerboard
  /// The first half of the channels.
  case channel

  func keeps(_ index: Int, of shape: ImageShape) -> Bool {
    let pixel = index / shape.channels
    switch self {
    case .checkerboard: return (pixel / shape.width + pixel % shape.width) % 2 == 1
    case .channel: return index % shape.channels < shape.channels / 2
    }
  }
}
