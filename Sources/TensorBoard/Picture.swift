import Foundation

/// A grey picture and its tag.
public struct Picture: Sendable, Equatable {
  /// The tag that TensorBoard shows the picture under.
  public var tag: String
  /// The bytes of a PNG file.
  public var png: Data
  /// The height in pixels.
  public var height: Int
  /// The width in pixels.
  public var width: Int

  /// A picture from the bytes of a PNG file, whose size must be given.
  public init(tag: String, png: Data, height: Int, width: Int) {
    self.tag = tag
    self.png = png
    self.height = height
    self.width = width
  }
}
