import FileTestSupport
import Foundation
import SVGCharts
import Testing

#if canImport(FoundationXML)
  import FoundationXML
#endif

/// Panels of points and densities, and the contours of densities.
@Suite struct PanelChartTests {
  /// A function on the square from -6 to 6.
  private func grid(side: Int = 121, _ density: (_ x: Double, _ y: Double) -> Double) -> DensityGrid {
    let points = DensityGrid.points(x: -6...6, y: -6...6, side: side)
    return DensityGrid(x: -6...6, y: -6...6, side: side, values: points.map { density($0.x, $0.y) })
  }

  /// A normal density with deviations 1 and 1/2, whose middle is no point of the grid, so that no two are as dense.
  private var normal: DensityGrid { grid { exp(-(pow($0 - 0.0137, 2) + 4 * pow($1 + 0.0271, 2)) / 2) / .pi } }

  /// The area on the left of a closed line (Gauss's formula): positive where it runs anticlockwise.
  private func area(_ line: [LineChart.Point]) -> Double {
    zip(line, line.dropFirst() + line.prefix(1)).reduce(0) { $0 + ($1.0.x * $1.1.y - $1.1.x * $1.0.y) / 2 }
  }

  @Test func `a normal density has mass one, and its regions of highest density are ellipses`() {
    #expect(abs(normal.mass - 1) < 1e-6)
    for share in PanelChart.shares {
      let lines = normal.contours(above: normal.level(holding: share))
      #expect(lines.count == 1)
      // An ellipse with axes r and r/2 holds 1 - exp(-r^2 / 2).
      let expected = -.pi * log(1 - share)
      #expect(abs(lines.map(area).reduce(0, +) - expected) < 0.02 + 0.02 * expected, "\(share)")
    }
  }

  @Test func `a hole is gone around the other way, and two hills have two lines`() {
    let ring = grid { exp(-pow(($0 * $0 + $1 * $1).squareRoot() - 3, 2)) }
    let areas = ring.contours(above: exp(-1.0)).map(area).sorted()
    #expect(areas.count == 2 && abs(areas[0] + 4 * .pi) < 0.1 && abs(areas[1] - 16 * .pi) < 0.1, "\(areas)")
    let hills = grid { exp(-pow($0 - 3, 2) - $1 * $1) + exp(-pow($0 + 3, 2) - $1 * $1) }
    #expect(hills.contours(above: 0.5).map(area).filter { $0 > 0 }.count == 2)
  }

  @Test func `opposite corners are joined where the middle is above the level, and lines close at the border`() {
    func checkers(_ low: Double) -> DensityGrid {
      DensityGrid(x: 0...1, y: 0...1, side: 2, values: [1, low, low, 1])
    }
    #expect(checkers(0.4).contours(above: 0.5).count == 1)
    #expect(checkers(0).contours(above: 0.6).count == 2)
    #expect(checkers(0.4).contours(above: 0).count == 1)
    #expect(checkers(0.4).contours(above: 1).isEmpty)
    #expect(checkers(0).contours(above: 0.6).allSatisfy { area($0) > 0 })
  }

  @Test func `panels of a row have one scale, and each its points, ways and regions`() throws {
    let first = PanelChart.Panel(points: [.init(x: 0, y: 0), .init(x: .nan, y: 0)], density: normal)
    let second = PanelChart.Panel(points: [.init(x: 2, y: 1)], paths: [[.init(x: 0, y: 0), .init(x: 2, y: 1)]])
    let picture = PanelChart.Picture(png: Data([1, 2, 3]), proportion: 2, title: "a<b")
    let row = PanelChart.Row(xLabel: "x", yLabel: "y", panels: [first, second], before: picture)
    let svg = PanelChart(title: "t & u", columns: ["one", "two"], rows: [row, row], notes: ["note"]).svg()
    #expect(XMLParser(data: Data(svg.utf8)).parse())
    func count(_ text: String) -> Int { svg.components(separatedBy: text).count - 1 }
    #expect(count("<circle ") == 4 && count("<path ") == 2 * (PanelChart.shares.count + 1))
    #expect(count("data:image/png;base64,AQID") == 2 && svg.contains("t &amp; u") && svg.contains("a&lt;b"))
    // Each panel's part of the picture has an identifier of its own.
    #expect(Set((0..<2).flatMap { r in (0..<2).map { "panel-\(r)-\($0)" } }).allSatisfy { count("id=\"\($0)\"") == 1 })
    #expect(!svg.lowercased().contains("nan"))
  }

  @Test(arguments: [[], [PanelChart.Row(xLabel: "", yLabel: "", panels: [])]])
  func `charts without panels are charts`(rows: [PanelChart.Row]) {
    #expect(XMLParser(data: Data(PanelChart(title: "", columns: [], rows: rows).svg().utf8)).parse())
  }
}
