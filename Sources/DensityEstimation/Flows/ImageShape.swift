/// The shape of the images that the rows of a batch hold, with channels last.
public struct ImageShape: Sendable, Hashable, Codable {
  /// The number of rows of pixels.
  public var height: Int
  /// The number of columns of pixels.
  public var width: Int
  /// The number of channels.
  public var channels: Int

  /// A shape.
  public init(height: Int, width: Int, channels: Int = 1) {
    self.height = height
    self.width = width
    self.channels = channels
  }

  /// The number of pixels.
  public var pixels: Int { height * width }
  /// The number of dimensions of a row: pixels times channels.
  public var dimensions: Int { pixels * channels }
}
