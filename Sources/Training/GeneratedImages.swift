import Autodiff
import Communication
import NeuralNetworks
import Randomness
import Runs
import Tensors
import VariationalAutoencoder

/// Images that the model itself generates in a step of training: x from p(x given z), of z from p(z).
///
/// Their loss, whose gradient leaves the decoder out, is that of the encoder and the flow alone: up to a constant, it is the
/// mean of KL(q(z given x), p(z given x)) over p(x). Unlike the training images there is no end of them, so that the encoder
/// cannot learn them by heart, and the posteriors of new images are better (Zhang, Hayes and Barber, "Generalization gap in
/// amortized inference", NeurIPS 2022: "reverse half-asleep").
struct GeneratedImages {
  private let seed: UInt64
  private let step: UInt64

  /// The images of a step.
  init(_ configuration: TrainingConfiguration, step: Int) { (seed, self.step) = (configuration.seed, UInt64(step)) }

  /// As many images as a rank has of the batch.
  func images(_ share: BatchShare, of model: VariationalAutoencoder, _ parameters: BoundParameters) -> ImageBatch {
    func places(_ width: Int) -> Range<Int> {
      share.places.lowerBound * width..<share.places.upperBound * width
    }
    let (latent, pixelCount) = (
      model.configuration.latent, model.configuration.imageHeight * model.configuration.imageWidth
    )
    let codes = RandomStream(seed: seed, purpose: .generatedCodes, step: step).normals(places(latent))
    let decoded = model.decoder(Variable(Tensor(codes, shape: [share.count, latent])), parameters)
    return model.likelihood.sample(
      decoded: decoded,
      uniforms: RandomStream(seed: seed, purpose: .generatedPixels, step: step).uniforms(places(pixelCount)))
  }
}

extension RandomPurpose {
  /// The latent codes of generated images.
  static let generatedCodes = RandomPurpose(21)
  /// The pixels of generated images.
  static let generatedPixels = RandomPurpose(22)
}
