import NormalizingFlows
import VariationalAutoencoder

extension PublishedStateDict {
  /// Why the file's model is not supported by this package; nil where it may be.
  var unsupported: String? {
    let normalizations = indices("cnf.chain.").filter { has("cnf.chain.\($0).running_mean") }.sorted()
    guard !normalizations.isEmpty else { return nil }
    let names = normalizations.map { "cnf.chain.\($0)" }.joined(separator: ", ")
    return "the model was made with --batch_norm True (\(names)), and there is no batch normalization of flows here"
  }

  /// A possible cause why tensors do not fit the model that was inferred from the file; nil where the file determines
  /// it.
  func hiddenCause(_ model: ModelConfiguration) -> String? {
    guard model.flow == .ffjord, model.amortization == .hyper else { return nil }
    let widths = model.hidden.map(String.init).joined(separator: "-")
    return "The widths of the hidden layers of this posterior (hyper) are not in the file, and \(widths) do not fit: "
      + "--hidden names them."
  }
}
