/// The bounds of regions above a density.
extension DensityGrid {
  /// Closed lines around the region where the density is above a level, by marching squares (Maple 2003): straight within a
  /// cell of the grid, through points between two neighbours by linear interpolation. The region lies on the left of each
  /// line; outside the grid the density counts as zero.
  public func contours(above level: Double) -> [[LineChart.Point]] {
    var next: [Edge: Edge] = [:]
    for row in -1..<side {
      for column in -1..<side {
        for (from, to) in segments(row, column, level) { next[from] = to }
      }
    }
    var lines: [[LineChart.Point]] = []
    // In an order of its own, so that a picture is the same each time.
    for start in next.keys.sorted() {
      var line: [LineChart.Point] = []
      var edge: Edge? = start
      while let current = edge, let following = next.removeValue(forKey: current) {
        line.append(crossing(current, level))
        edge = following
      }
      if line.count > 2 { lines.append(line) }
    }
    return lines
  }

  /// The line between a point of the grid and the next one to its right or above it.
  private struct Edge: Hashable, Comparable {
    let row: Int
    let column: Int
    let isUpward: Bool

    static func < (a: Edge, b: Edge) -> Bool {
      (a.row, a.column, a.isUpward ? 1 : 0) < (b.row, b.column, b.isUpward ? 1 : 0)
    }
  }

  private func value(_ row: Int, _ column: Int) -> Double {
    (0..<side).contains(row) && (0..<side).contains(column) ? values[row * side + column] : 0
  }

  /// The parts of contours in a cell, from the edge where its boundary, gone around anticlockwise, leaves the region to one
  /// where it comes back.
  private func segments(_ row: Int, _ column: Int, _ level: Double) -> [(Edge, Edge)] {
    let corners = [(0, 0), (0, 1), (1, 1), (1, 0)].map { value(row + $0, column + $1) }
    let isInside = corners.map { $0 > level }
    let edges = [
      Edge(row: row, column: column, isUpward: false), Edge(row: row, column: column + 1, isUpward: true),
      Edge(row: row + 1, column: column, isUpward: false), Edge(row: row, column: column, isUpward: true),
    ]
    let exits = (0..<4).filter { isInside[$0] && !isInside[($0 + 1) % 4] }
    // Of two opposite corners inside, the middle says whether they are connected.
    let isConnected = exits.count == 1 || corners.reduce(0, +) / 4 > level
    return exits.compactMap { exit in
      let order = (1..<4).map { (exit + (isConnected ? $0 : 4 - $0)) % 4 }
      return order.first { !isInside[$0] && isInside[($0 + 1) % 4] }.map { (edges[exit], edges[$0]) }
    }
  }

  /// Where a contour crosses an edge.
  private func crossing(_ edge: Edge, _ level: Double) -> LineChart.Point {
    let (near, far) = (
      value(edge.row, edge.column), value(edge.row + (edge.isUpward ? 1 : 0), edge.column + (edge.isUpward ? 0 : 1))
    )
    let share = (level - near) / (far - near)
    return LineChart.Point(
      x: Self.coordinate(Double(edge.column) + (edge.isUpward ? 0 : share), along: x, side: side),
      y: Self.coordinate(Double(edge.row) + (edge.isUpward ? share : 0), along: y, side: side))
  }
}
