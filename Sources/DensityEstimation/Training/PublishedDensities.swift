/// The published results of density estimation, with which results are compared.
///
/// Source: Grathwohl et al. 2019 (FFJORD), table 2: test negative log-likelihood of tables in nats, of images in bits per
/// dimension, of models trained on the whole data. The figures of other methods are from the works that it cites.
public enum PublishedDensities {
  /// A method and its figure, in nats or bits per dimension.
  public typealias Result = (method: String, figure: Double)

  /// The results on the data of a configuration: MNIST's images, or a table of 43 columns whose file is named after
  /// MINIBOONE; empty for other data.
  public static func on(_ configuration: DensityConfiguration) -> [Result] {
    if configuration.image != nil { return configuration.dataset == "mnist" ? results["mnist"] ?? [] : [] }
    let file = configuration.dataset.split(separator: "/").last.map { $0.lowercased() } ?? ""
    return file.hasPrefix("miniboone") && configuration.dimensions == 43 ? results["miniboone"] ?? [] : []
  }

  private static let results: [String: [Result]] = [
    "miniboone": [
      ("FFJORD", 10.43), ("Real NVP", 13.55), ("Glow", 11.35), ("MADE", 15.59), ("MAF", 11.75), ("TAN", 11.01),
      ("MAF-DDSF", 8.86),
    ],
    "mnist": [("FFJORD multiscale", 0.99), ("FFJORD one scale", 1.05), ("Real NVP", 1.06), ("Glow", 1.05)],
  ]
}
