extension DensityPicture {
  /// A picture, and the words above it.
  public struct Panel: Sendable {
    /// The words, in ASCII; other characters become question marks.
    public var label: String
    /// The picture.
    public var picture: DensityPicture

    /// A picture with words above it.
    public init(_ label: String, _ picture: DensityPicture) { (self.label, self.picture) = (label, picture) }
  }

  private static let gap = 16

  /// Pictures side by side on white, each below its label.
  ///
  /// - Parameters:
  ///   - panels: The pictures, of one size; at least one.
  ///   - columns: How many in a row; nil for all.
  public static func panels(_ panels: [Panel], columns: Int? = nil) -> DensityPicture {
    let columns = min(columns ?? panels.count, panels.count)
    precondition(columns > 0, "no panels to show")
    let (tall, wide) = (panels[0].picture.height, panels[0].picture.width)
    precondition(
      panels.allSatisfy { ($0.picture.height, $0.picture.width) == (tall, wide) }, "panels of several sizes")
    let labelled = panels.contains { !$0.label.isEmpty }
    let heading = labelled ? PictureText.height + gap / 2 : 0
    let rows = (panels.count + columns - 1) / columns
    var canvas = Canvas(
      height: gap + rows * (heading + tall + gap), width: gap + columns * (wide + gap))
    for (place, panel) in panels.enumerated() {
      let top = gap + place / columns * (heading + tall + gap)
      let left = gap + place % columns * (wide + gap)
      let text = PictureText.picture(panel.label, width: wide)
      canvas.draw(text, top: top, left: left + (wide - text.width) / 2)
      canvas.draw(panel.picture, top: top + heading, left: left)
    }
    return DensityPicture(height: canvas.height, width: canvas.width, shades: canvas.shades)
  }

  /// Paper that pictures are put on.
  private struct Canvas {
    let height: Int
    let width: Int
    var shades: [UInt8]

    init(height: Int, width: Int) {
      (self.height, self.width) = (height, width)
      shades = [UInt8](repeating: ColorMap.paper, count: height * width)
    }

    mutating func draw(_ picture: DensityPicture, top: Int, left: Int) {
      for row in 0..<picture.height {
        let start = (top + row) * width + left
        shades.replaceSubrange(
          start..<(start + picture.width), with: picture.shades[(row * picture.width)..<((row + 1) * picture.width)])
      }
    }
  }
}
