import Foundation
import Randomness
import Tensors

/// Densities of points in the plane, from which points are drawn without end.
///
/// They are those of the published code, which takes some of them from scikit-learn. Points cover them evenly, so that
/// batches vary less: in turn they go to the arms, rings or rows, and along each they follow a Kronecker sequence of the
/// golden ratio. Where that begins is random, so that any one point has the density exactly. The published code draws some
/// at random and puts those of `circles`, `moons` and `rings` at the same angles in every batch.
public enum ToyDensity: String, Sendable, CaseIterable, Codable {
  /// A spiral with noise of standard deviation 1, divided by 5.
  case swissroll
  /// Eight normal densities on a circle.
  case eightGaussians = "8gaussians"
  /// Five bent arms.
  case pinwheel
  /// Two circles, of radii 3 and 1.5.
  case circles
  /// Two half circles that reach into each other.
  case moons
  /// Two spirals.
  case twoSpirals = "2spirals"
  /// Eight squares of a checkerboard of side 8.
  case checkerboard
  /// Four circles, of radii 3, 2.25, 1.5 and 0.75.
  case rings

  /// Points of the density, `[count, 2]`, each a function of the stream and its place alone.
  public func points(_ count: Int, _ stream: RandomStream) -> Tensor {
    let numbers = (0..<count).flatMap { place in
      var draw = Draw(stream: stream, place: place)
      let (x, y) = point(&draw)
      return [Float(x), Float(y)]
    }
    return Tensor(numbers, shape: [count, 2])
  }

  /// Random numbers for one point: each point has a range of the stream's indices to itself.
  private struct Draw {
    let stream: RandomStream
    let place: Int
    var index: Int

    init(stream: RandomStream, place: Int) {
      (self.stream, self.place) = (stream, place)
      index = place << 6
    }

    /// Uniform in [0, 1).
    mutating func uniform() -> Double {
      defer { index += 4 }
      return Double(stream.uniform(at: index))
    }

    /// Two standard normal numbers.
    mutating func normals() -> (Double, Double) {
      defer { index += 4 }
      return (Double(stream.normal(at: index)), Double(stream.normal(at: index + 1)))
    }

    /// The part of `count` equal parts that the point belongs to: one after the other, from a random one on.
    func part(of count: Int) -> Int { (place + Int(shared(0) * Double(count))) % count }

    /// How far along its part the point lies, in [0, 1): frac(u + j φ) for the j-th point of the part, with u uniform and
    /// φ the golden ratio, whose multiples leave the smallest gaps.
    func fraction(ofPartOf count: Int) -> Double {
      let position = shared(1 + place % count) + Double(place / count) * Self.goldenRatio
      return position - position.rounded(.down)
    }

    /// A number uniform in [0, 1) that all points share.
    private func shared(_ number: Int) -> Double { Double(stream.uniform(at: Self.firstShared + 4 * number)) }

    private static let goldenRatio = (1 + 5.0.squareRoot()) / 2
    /// The first point's own numbers end before this index, the second's begin after the last shared one.
    private static let firstShared = 32
  }

  private func point(_ draw: inout Draw) -> (Double, Double) {
    switch self {
    case .swissroll:
      let t = 1.5 * .pi * (1 + 2 * draw.fraction(ofPartOf: 1))
      let noise = draw.normals()
      return ((t * cos(t) + noise.0) / 5, (t * sin(t) + noise.1) / 5)
    case .eightGaussians:
      let (center, noise) = (Self.centers[draw.part(of: 8)], draw.normals())
      return (center.0 + Self.deviation * noise.0, center.1 + Self.deviation * noise.1)
    case .pinwheel:
      let (arm, noise) = (draw.part(of: 5), draw.normals())
      let (along, across) = (1 + 0.3 * noise.0, 0.1 * noise.1)
      let angle = 2 * .pi * Double(arm) / 5 + 0.25 * exp(along)
      return (2 * (along * cos(angle) + across * sin(angle)), 2 * (across * cos(angle) - along * sin(angle)))
    case .circles:
      let (radius, angle) = (draw.part(of: 2) == 0 ? 1 : 0.5, 2 * .pi * draw.fraction(ofPartOf: 2))
      let noise = draw.normals()
      return (3 * (radius * cos(angle) + 0.08 * noise.0), 3 * (radius * sin(angle) + 0.08 * noise.1))
    case .moons:
      let (isOuter, angle) = (draw.part(of: 2) == 0, .pi * draw.fraction(ofPartOf: 2))
      let noise = draw.normals()
      let (x, y) = isOuter ? (cos(angle), sin(angle)) : (1 - cos(angle), 0.5 - sin(angle))
      return (2 * (x + 0.1 * noise.0) - 1, 2 * (y + 0.1 * noise.1) - 0.2)
    case .twoSpirals:
      let (isFirst, angle) = (draw.part(of: 2) == 0, draw.fraction(ofPartOf: 2).squareRoot() * 3 * .pi)
      let jitter = (0.5 * draw.uniform(), 0.5 * draw.uniform())
      let noise = draw.normals()
      let (x, y) = (jitter.0 - cos(angle) * angle, jitter.1 + sin(angle) * angle)
      let side: Double = isFirst ? 1 : -1
      return (side * x / 3 + 0.1 * noise.0, side * y / 3 + 0.1 * noise.1)
    case .checkerboard:
      let x = 4 * draw.fraction(ofPartOf: 2) - 2
      let y = draw.uniform() - 2 * Double(draw.part(of: 2))
      let row = x.rounded(.down)
      return (2 * x, 2 * (y + row - 2 * (row / 2).rounded(.down)))
    case .rings:
      let (radius, angle) = (0.75 * Double(1 + draw.part(of: 4)), 2 * .pi * draw.fraction(ofPartOf: 4))
      let noise = draw.normals()
      return (radius * cos(angle) + 0.08 * noise.0, radius * sin(angle) + 0.08 * noise.1)
    }
  }

  private static let deviation = 0.5 / 1.414
  private static let centers: [(Double, Double)] = (0..<8).map { k in
    let angle = Double(k) * Double.pi / 4
    return (4 * cos(angle) / 1.414, 4 * sin(angle) / 1.414)
  }

  /// log p(x, y) in nats, where it has a closed form: of the eight normal densities and the checkerboard; nil for others.
  public func exactLogDensity(_ x: Double, _ y: Double) -> Double? {
    switch self {
    case .eightGaussians:
      let variance = Self.deviation * Self.deviation
      let exponents: [Double] = Self.centers.map { center in
        let (dx, dy) = (x - center.0, y - center.1)
        return -(dx * dx + dy * dy) / (2 * variance)
      }
      let largest = exponents.max() ?? 0
      let sum = exponents.reduce(0) { $0 + exp($1 - largest) }
      return largest + log(sum) - log(16 * Double.pi * variance)
    case .checkerboard:
      guard abs(x) < 4, abs(y) < 4 else { return -.infinity }
      let squares = Int((x / 2).rounded(.down)) + Int((y / 2).rounded(.down))
      return squares % 2 == 0 ? -log(32) : -.infinity
    default: return nil
    }
  }
}
