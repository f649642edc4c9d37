/// The kinds of flows that a density model is made of.
public enum DensityFlowKind: String, Sendable, CaseIterable, Codable {
  /// A continuous flow (Grathwohl et al. 2019).
  case ffjord
  /// Additive couplings, and a scaling of each dimension (Dinh et al. 2014).
  case nice
  /// Affine couplings (Dinh et al. 2017).
  case realNVP = "real-nvp"
  /// Invertible linear maps and affine couplings (Kingma and Dhariwal 2018).
  case glow
  /// One autoregressive layer (Germain et al. 2015).
  case made
  /// Autoregressive layers, each with the dimensions in the reverse order of the last (Papamakarios et al. 2017).
  case maf
  /// Autoregressive deep sigmoidal flows (Huang et al. 2018).
  case deepSigmoidal = "dsf"
  /// Autoregressive deep dense sigmoidal flows (Huang et al. 2018).
  case deepDenseSigmoidal = "ddsf"
  /// Linear and recurrent transformations before an autoregressive mixture (Oliva et al. 2018).
  case tan

  /// Whether it takes images as such, by convolutions, and not as rows of numbers.
  var isConvolutional: Bool { [.ffjord, .realNVP, .glow].contains(self) }
}
