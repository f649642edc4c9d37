import Foundation

/// Colours that are easy to tell apart on white, also with the most common forms of colour blindness.
enum ChartColor {
  /// Okabe and Ito's palette ("Color universal design", 2008) without its yellow and black, followed by brown,
  /// grey, purple and olive. All are visible on white and on near black.
  private static let palette = [
    "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8c564b", "#6b6b6b",
    "#8e5bd0", "#8f8f00",
  ]

  /// The colour of a curve, counted from zero. Beyond the palette, each further curve turns the hue by the golden
  /// angle.
  static func hex(_ index: Int) -> String {
    if index < palette.count { return palette[index] }
    let hue = (Double(index) * 137.508).truncatingRemainder(dividingBy: 360) / 60
    let (lightness, chroma) = (0.42, 0.55)
    let channels = [0.0, 4, 2].map { shift in
      let distance = abs((hue + shift).truncatingRemainder(dividingBy: 6) - 3) - 1
      return lightness + chroma * (min(max(distance, 0), 1) - 0.5)
    }
    return channels.reduce("#") { text, channel in
      let value = Int((min(max(channel, 0), 1) * 255).rounded())
      return text + (value < 16 ? "0" : "") + String(value, radix: 16)
    }
  }
}
