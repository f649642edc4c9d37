/// Measures how well a score distinguishes in-distribution from out-of-distribution images.
public enum OutlierRanking {
  /// The area under the receiver operating characteristic (AUROC): the probability that an in-distribution image scores
  /// higher than an out-of-distribution one, with ties counted half. 1 is a perfect ranking, 0.5 is chance.
  ///
  /// It is the Mann-Whitney statistic divided by its maximum, (R - n (n + 1) / 2) / (n m), where R is the sum of the
  /// ranks of the n in-distribution scores among all n + m, with ties at their mean rank (Hanley and McNeil 1982).
  ///
  /// - Precondition: There are scores of both kinds.
  public static func areaUnderCurve(inDistribution: [Double], outOfDistribution: [Double]) -> Double {
    precondition(
      !inDistribution.isEmpty && !outOfDistribution.isEmpty, "areaUnderCurve: scores of both kinds are needed")
    let scores =
      (inDistribution.map { (score: $0, isInDistribution: true) }
      + outOfDistribution.map { (score: $0, isInDistribution: false) })
      .sorted { $0.score < $1.score }
    var rankSum = 0.0
    var start = 0
    while start < scores.count {
      let end = scores[start...].firstIndex { $0.score != scores[start].score } ?? scores.count
      let meanRank = Double(start + 1 + end) / 2
      rankSum += meanRank * Double(scores[start..<end].count { $0.isInDistribution })
      start = end
    }
    let (n, m) = (Double(inDistribution.count), Double(outOfDistribution.count))
    return (rankSum - n * (n + 1) / 2) / (n * m)
  }
}
