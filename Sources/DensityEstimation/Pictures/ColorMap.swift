/// The colours of density pictures: the shades of a map for numbers from 0 to 1, and those of paper and ink.
///
/// The map is viridis, whose lightness rises evenly, so that it is read alike by the colour-blind and in grey: every eighth of
/// matplotlib's 256 colours (Nathaniel J. Smith and Stéfan van der Walt 2015, CC0), with straight lines between them, which
/// are off by at most 2 of 255 levels.
enum ColorMap {
  /// A colour, each part from 0 to 255.
  struct Color: Equatable {
    var red: UInt8
    var green: UInt8
    var blue: UInt8
  }

  /// The number of shades for numbers.
  static let shadeCount = 254
  /// The place of paper in the palette.
  static let paper: UInt8 = 254
  /// The place of ink in the palette.
  static let ink: UInt8 = 255

  /// All 256 colours: the shades, paper and ink.
  static let palette: [Color] =
    (0..<shadeCount).map { color(at: Double($0) / Double(shadeCount - 1)) }
    + [Color(red: 255, green: 255, blue: 255), Color(red: 51, green: 51, blue: 51)]

  /// The place in the palette of a number, which is brought into [0, 1]; of NaN that of paper, so that it is noticed.
  static func shade(_ number: Double) -> UInt8 {
    number.isNaN ? paper : UInt8((min(max(number, 0), 1) * Double(shadeCount - 1)).rounded())
  }

  /// The colour of a number in [0, 1].
  private static func color(at number: Double) -> Color {
    let place = number * Double(anchors.count - 1)
    let first = min(Int(place), anchors.count - 2)
    let part = place - Double(first)
    func channel(_ shift: Int) -> UInt8 {
      let (a, b) = (Double(anchors[first] >> shift & 255), Double(anchors[first + 1] >> shift & 255))
      return UInt8((a + part * (b - a)).rounded())
    }
    return Color(red: channel(16), green: channel(8), blue: channel(0))
  }

  private static let anchors = [
    0x440154, 0x470d60, 0x48186a, 0x482374, 0x472d7b, 0x453781, 0x424086, 0x3e4989, 0x3b528b, 0x375b8d, 0x33638d,
    0x2f6b8e, 0x2c728e, 0x297a8e, 0x26828e, 0x23898e, 0x21918c, 0x1f978b, 0x1f9f88, 0x21a685, 0x27ad81, 0x31b57b,
    0x3dbc74, 0x4cc26c, 0x5cc863, 0x6ece58, 0x81d34d, 0x95d840, 0xaadc32, 0xc0df25, 0xd5e21a, 0xeae51a, 0xfde725,
  ]
}
