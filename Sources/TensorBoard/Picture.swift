import Foundation

/// A grey picture under its tag.
public struct Picture: Sendable, Equatable {
  public var tag: String
  /// The bytes of a PNG file.
  public var png: Data
  public var height: Int
  public var width: Int

  public init(tag: String, png: Data, height: Int, width: Int) {
    self.tag = tag
    self.png = png
    self.height = height
    self.width = width
  }
}
