/// How well a score tells usual images from strange ones.
public enum OutlierRanking {
  /// The area under the receiver operating characteristic: the probability that a usual image scores above a strange one,
  /// ties counted half. 1 is a perfect ranking, 0.5 is chance.
  ///
  /// It is the Mann-Whitney statistic over its maximum, (sum of the usual ones' ranks - n (n + 1) / 2) / (n m), with ties
  /// at their mean rank (Hanley and McNeil 1982).
  public static func areaUnderCurve(usual: [Double], strange: [Double]) -> Double {
    precondition(!usual.isEmpty && !strange.isEmpty, "areaUnderCurve: scores of both kinds are needed")
    let scores = (usual.map { (score: $0, isUsual: true) } + strange.map { (score: $0, isUsual: false) })
      .sorted { $0.score < $1.score }
    var rankSum = 0.0
    var start = 0
    while start < scores.count {
      let end = scores[start...].firstIndex { $0.score != scores[start].score } ?? scores.count
      let meanRank = Double(start + 1 + end) / 2
      rankSum += meanRank * Double(scores[start..<end].count { $0.isUsual })
      start = end
    }
    let (n, m) = (Double(usual.count), Double(strange.count))
    return (rankSum - n * (n + 1) / 2) / (n * m)
  }
}
