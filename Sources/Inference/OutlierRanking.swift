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
    var (rankSum, rank) = (0.0, 0)
    for ties in tied(inDistribution, outOfDistribution) {
      let count = ties.inDistribution + ties.outOfDistribution
      let meanRank = Double(2 * rank + count + 1) / 2
      rankSum += meanRank * Double(ties.inDistribution)
      rank += count
    }
    let (n, m) = (Double(inDistribution.count), Double(outOfDistribution.count))
    return (rankSum - n * (n + 1) / 2) / (n * m)
  }

  /// The average precision with which outliers are found, from the lowest score upward: Σ (R(k) - R(k - 1)) P(k) over the
  /// different scores. Below or at the k-th lie a share R(k) of all outliers (recall), and of the images there a share P(k)
  /// are outliers (precision). 1 is a perfect ranking; chance is the share of outliers among all images.
  ///
  /// It is scikit-learn's `average_precision_score` of the outliers as positives: images of equal scores count together, and
  /// nothing is interpolated.
  ///
  /// - Precondition: There are scores of outliers.
  public static func averagePrecision(inDistribution: [Double], outOfDistribution: [Double]) -> Double {
    precondition(!outOfDistribution.isEmpty, "averagePrecision: scores of outliers are needed")
    var (sum, outliers, images) = (0.0, 0, 0)
    for ties in tied(inDistribution, outOfDistribution) {
      outliers += ties.outOfDistribution
      images += ties.inDistribution + ties.outOfDistribution
      sum += Double(ties.outOfDistribution) * Double(outliers) / Double(images)
    }
    return sum / Double(outOfDistribution.count)
  }

  /// How many images of either kind have each of the different scores, from the lowest.
  private static func tied(
    _ inDistribution: [Double], _ outOfDistribution: [Double]
  ) -> [(inDistribution: Int, outOfDistribution: Int)] {
    let scores =
      (inDistribution.map { (score: $0, isInDistribution: true) }
      + outOfDistribution.map { (score: $0, isInDistribution: false) })
      .sorted { $0.score < $1.score }
    var ties: [(inDistribution: Int, outOfDistribution: Int)] = []
    var start = 0
    while start < scores.count {
      let end = scores[start...].firstIndex { $0.score != scores[start].score } ?? scores.count
      let inside = scores[start..<end].count { $0.isInDistribution }
      ties.append((inside, end - start - inside))
      start = end
    }
    return ties
  }
}
