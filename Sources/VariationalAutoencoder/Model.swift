import Autodiff
import DifferentialEquations
import NeuralNetworks
import NormalizingFlows
import Profiling
import Tensors

/// A variational autoencoder with a flow posterior: encoder, posterior, flow, decoder, likelihood.
///
/// The model is a layout without numbers. Its parameters, a `ParameterSet`, are an argument of each pass, so that one
/// model runs on parameters that are being trained, on constants, or in double precision.
///
/// ```swift
/// let (model, parameters) = VariationalAutoencoder.make(ModelConfiguration(), seed: 1)
/// let output = try model(ImageBatch(images), noise: noise, probes: probes, parameters.constants)
/// print(output.bound.value.value.mean())
/// ```
public struct VariationalAutoencoder: Sendable {
  /// The architecture.
  public let configuration: ModelConfiguration
  /// Images -> features.
  public let encoder: Encoder
  /// Features -> mean and variance of q(z0 given x).
  public let posterior: GaussianPosterior
  /// z0 -> zT, given the features.
  public var flow: any PosteriorFlow
  /// zT -> logits.
  public let decoder: Decoder
  /// Logits -> log p(x given zT).
  public let likelihood: any Likelihood

  /// A model with random initial parameters.
  ///
  /// - Precondition: The configuration is valid: ``ModelConfiguration/validationError`` is nil.
  /// - Parameters:
  ///   - configuration: The architecture.
  ///   - seed: The seed of the initial parameters.
  ///   - solver: How a continuous flow's differential equations are solved.
  ///   - gradient: How those solves are differentiated.
  public static func make(
    _ configuration: ModelConfiguration, seed: UInt64, solver: SolverOptions = SolverOptions(),
    gradient: AdjointMethod = .direct
  ) -> (model: VariationalAutoencoder, parameters: ParameterSet) {
    if let validationError = configuration.validationError { preconditionFailure(validationError.description) }
    var builder = ParameterBuilder(seed: seed)
    let model = VariationalAutoencoder(configuration, solver, gradient, &builder)
    return (model, builder.parameters)
  }

  /// The names and shapes of a model's parameters; no tensor is allocated.
  public static func layout(_ configuration: ModelConfiguration) -> ParameterLayout {
    ParameterBuilder.layout { _ = VariationalAutoencoder(configuration, SolverOptions(), .direct, &$0) }
  }

  /// A model with given parameters. All are checked against the layout before memory is taken.
  ///
  /// - Parameters:
  ///   - configuration: The architecture.
  ///   - values: The parameters by name; tensors of other names are ignored.
  ///   - solver: How a continuous flow's differential equations are solved.
  ///   - gradient: How those solves are differentiated.
  /// - Throws: ``ParameterMismatch``, which names every missing or misshaped tensor.
  public static func make(
    _ configuration: ModelConfiguration, values: [String: Tensor], solver: SolverOptions = SolverOptions(),
    gradient: AdjointMethod = .direct
  ) throws(ParameterMismatch) -> (model: VariationalAutoencoder, parameters: ParameterSet) {
    let layout = Self.layout(configuration)
    let validationErrors = layout.validationErrors { values[$0]?.shape }
    guard validationErrors.isEmpty else {
      throw ParameterMismatch(validationErrors: validationErrors, names: layout.names)
    }
    var builder = ParameterBuilder(values: values)
    let model = VariationalAutoencoder(configuration, solver, gradient, &builder)
    guard builder.validationErrors.isEmpty else {
      throw ParameterMismatch(validationErrors: builder.validationErrors, names: layout.names)
    }
    return (model, builder.parameters)
  }

  private init(
    _ configuration: ModelConfiguration, _ solver: SolverOptions, _ gradient: AdjointMethod,
    _ builder: inout ParameterBuilder
  ) {
    let (height, width, latent) = (
      configuration.imageHeight, configuration.imageWidth, configuration.latent
    )
    self.configuration = configuration
    encoder = Encoder(imageHeight: height, imageWidth: width, in: &builder)
    likelihood = configuration.likelihood.likelihood
    posterior = GaussianPosterior(
      features: Encoder.features, latent: latent, varianceRange: likelihood.varianceRange, in: &builder)
    decoder = Decoder(
      latent: latent, imageHeight: height, imageWidth: width, likelihood: configuration.likelihood,
      in: &builder)
    flow = configuration.posterior.flow(
      configuration, features: Encoder.features, solver: solver, gradient: gradient, in: &builder)
  }

  /// Passes images through encoder, flow and decoder, and computes their bound.
  ///
  /// - Parameters:
  ///   - images: The images.
  ///   - noise: Standard normal numbers, `[batch, latent]`.
  ///   - probes: The probes of a continuous flow's divergence.
  ///   - estimator: How the gradient of ``ModelOutput/loss(klWeight:ofBatch:)`` is estimated.
  ///   - parameters: The model's parameters.
  ///   - decoderParameters: Those that the decoder uses; nil for the same. With `parameters.detached`, the decoder gets no
  ///     gradient.
  /// - Throws: `SolveError` of a continuous flow.
  public func callAsFunction(
    _ images: ImageBatch, noise: Tensor, probes: ProbeSource, estimator: GradientEstimator = .total,
    _ parameters: BoundParameters, decodingWith decoderParameters: BoundParameters? = nil
  ) throws(SolveError) -> ModelOutput {
    let features = encode(Variable(images.intensities), parameters)
    return try decodeSample(
      images, features: features, noise: noise, probes: probes, estimator: estimator, parameters,
      decodingWith: decoderParameters)
  }

  /// The encoder's features of images: `[batch, height * width]` -> `[batch, 256]`.
  public func encode(_ images: Variable, _ parameters: BoundParameters) -> Variable {
    let batch = images.shape[0]
    precondition(
      images.value.count == batch * configuration.imageHeight * configuration.imageWidth,
      "the model takes images of \(configuration.imageHeight)x\(configuration.imageWidth)")
    Profiler.enter("encoder")
    return encoder(
      images.reshaped([batch, configuration.imageHeight, configuration.imageWidth, 1]), parameters)
  }

  /// Samples the posterior given the encoder's features, decodes the sample, and computes the bound.
  ///
  /// - Parameters:
  ///   - images: The images.
  ///   - features: What ``encode(_:_:)`` gives for them, `[batch, 256]`.
  ///   - noise: Standard normal numbers, `[batch, latent]`.
  ///   - probes: The probes of a continuous flow's divergence.
  ///   - estimator: How the gradient of ``ModelOutput/loss(klWeight:ofBatch:)`` is estimated.
  ///   - parameters: The model's parameters.
  ///   - decoderParameters: Those that the decoder uses; nil for the same.
  /// - Throws: `SolveError` of a continuous flow.
  public func decodeSample(
    _ images: ImageBatch, features: Variable, noise: Tensor, probes: ProbeSource,
    estimator: GradientEstimator = .total, _ parameters: BoundParameters,
    decodingWith decoderParameters: BoundParameters? = nil
  ) throws(SolveError) -> ModelOutput {
    let sample = try samplePosterior(
      features: features, noise: noise, probes: probes, estimator: estimator, parameters)
    Profiler.enter("decoder")
    let decoded = decoder(sample.flow.z, decoderParameters ?? parameters)
    Profiler.enter("likelihood")
    let bound = EvidenceLowerBound(
      logLikelihood: likelihood.logProbability(of: images, decoded: decoded),
      logPrior: standardNormalLogDensity(sample.flow.z),
      logInitialDensity: GaussianPosterior.logDensity(variance: sample.variance, noise: noise),
      deltaLogDensity: sample.flow.deltaLogDensity)
    return ModelOutput(
      features: features, sample: sample, decoded: decoded, bound: bound,
      regularization: configuration.regularization)
  }

  /// Samples the posterior given the encoder's features: z0, and zT after the flow. Nothing is decoded.
  ///
  /// - Parameters:
  ///   - features: What ``encode(_:_:)`` gives for the images, `[batch, 256]`.
  ///   - noise: Standard normal numbers, `[batch, latent]`.
  ///   - probes: The probes of a continuous flow's divergence.
  ///   - estimator: How the gradient of the bound is estimated.
  ///   - parameters: The model's parameters.
  /// - Throws: `SolveError` of a continuous flow.
  public func samplePosterior(
    features: Variable, noise: Tensor, probes: ProbeSource, estimator: GradientEstimator = .total,
    _ parameters: BoundParameters
  ) throws(SolveError) -> PosteriorSample {
    Profiler.enter("posterior")
    let (mean, variance) = posterior(features, parameters)
    let z0 = GaussianPosterior.sample(mean: mean, variance: variance, noise: noise)
    Profiler.enter("flow")
    let flowed: FlowOutput
    switch estimator {
    case .total: flowed = try flow.forward(z0, features: features, parameters, probes)
    case .path:
      guard let flow = flow as? any ScoredFlow else {
        preconditionFailure("path gradient: a posterior \(configuration.flow) that carries no score")
      }
      flowed = try flow.forward(
        z0, score: GaussianPosterior.score(variance: variance.value, noise: noise), features: features, parameters,
        probes)
    }
    return PosteriorSample(mean: mean, variance: variance, z0: z0, flow: flowed)
  }

  /// The mean images of latent codes zT: `[batch, latent]` -> `[batch, height * width]` in [0, 1].
  public func decodeMean(_ z: Variable, _ parameters: BoundParameters) -> Tensor {
    likelihood.mean(decoded: decoder(z, parameters)).value
  }
}

/// The error that tensors do not fit a model.
public struct ParameterMismatch: Error, CustomStringConvertible {
  /// A validation error for each missing or misshaped tensor.
  public let validationErrors: [String]
  /// The names of all tensors of the model.
  public let names: [String]

  /// An error with a validation error for each tensor that does not fit.
  public init(validationErrors: [String], names: [String]) {
    self.validationErrors = validationErrors
    self.names = names
  }

  /// The first twelve validation errors, and how many more there are.
  public var description: String {
    let shown = validationErrors.prefix(12).joined(separator: "; ")
    return validationErrors.count > 12 ? "\(shown); and \(validationErrors.count - 12) more" : shown
  }
}
