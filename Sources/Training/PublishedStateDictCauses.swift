import NormalizingFlows
import VariationalAutoencoder

extension PublishedStateDict {
  /// Why a file is of a model that this program does not have, whatever is said of it.
  var unsupported: String? {
    let normalizations = indices("cnf.chain.").filter { has("cnf.chain.\($0).running_mean") }.sorted()
    guard !normalizations.isEmpty else { return nil }
    let names = normalizations.map { "cnf.chain.\($0)" }.joined(separator: ", ")
    return "the model was made with --batch_norm True (\(names)), and there is no batch normalization of flows here"
  }

  /// Why tensors may not fit a model that was found in the file, if the file does not show all of it.
  func hiddenCause(_ model: ModelConfiguration) -> String? {
    guard model.flow == .ffjord, model.amortization == .hyper else { return nil }
    let widths = model.hidden.map(String.init).joined(separator: "-")
    return "The widths of the hidden layers of this posterior (hyper) are not in the file, and \(widths) do not fit: "
      + "--hidden names them."
  }
}
