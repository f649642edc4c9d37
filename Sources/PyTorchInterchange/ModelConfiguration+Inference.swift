import VariationalAutoencoder

extension ModelConfiguration {
  /// Sets the parts of an architecture that the names and shapes of a state dict determine, and leaves the others
  /// unchanged.
  ///
  /// - Returns: What they leave open, and which choices were made.
  mutating func infer(_ stateDict: StateDictOutline) -> [InferenceNote] {
    if let kernel = stateDict.shapes["q_z_nn.5.h.weight"], kernel.count == 4 {
      (imageHeight, imageWidth) = (4 * kernel[2], 4 * kernel[3])
    }
    likelihood = LikelihoodKind(stateDict)
    if let latent = stateDict.outputs("q_z_mean") { self.latent = latent }
    // Continuous flows first: their names are theirs alone, whatever else is in the file.
    for kind in PosteriorKind.allCases.reversed() {
      guard let notes = kind.posterior.infer(&self, from: stateDict) else { continue }
      flow = kind
      return notes
    }
    flow = .none
    return []
  }
}
