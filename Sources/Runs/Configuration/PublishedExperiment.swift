import ImageDatasets
import Tensors
import VariationalAutoencoder

/// The published experiment on a dataset: the dynamics of FFJORD, which the paper chose for each dataset by the
/// validation bound, and the negative ELBO of each method.
///
/// Source: Grathwohl, Chen, Bettencourt, Sutskever and Duvenaud, "FFJORD: Free-form Continuous Dynamics for Scalable
/// Reversible Generative Models", ICLR 2019: the results with variational autoencoders, and the appendix for the
/// dynamics. The figures are means over three runs of the negative ELBO of the test images, in nats, or for grey images
/// in bits/dim. All but FFJORD's are from van den Berg et al. (UAI 2018); Sylvester is the best of their three kinds.
struct PublishedExperiment: Sendable {
  /// The widths of the velocity's hidden layers.
  let hidden: [Int]
  /// The velocity's activation.
  var activation = ElementwiseFunction.softplus
  /// The number of blocks.
  let blocks: Int
  /// The rank of low-rank amortization. The paper has no other amortizations, which get the same dynamics.
  let rank: Int
  /// The negative ELBO of each method.
  let results: [PublishedMethod: PublishedResults.Figure]

  /// The published experiments.
  static let on: [DatasetName: PublishedExperiment] = [
    .mnist: PublishedExperiment(
      hidden: [1024, 1024], blocks: 2, rank: 64,
      results: [
        .noFlow: .init(86.55, 0.06), .planar: .init(86.06, 0.31), .iaf: .init(84.20, 0.17),
        .sylvester: .init(83.32, 0.06), .ffjord: .init(82.82, 0.01),
      ]),
    .omniglot: PublishedExperiment(
      hidden: [512, 512], blocks: 5, rank: 20,
      results: [
        .noFlow: .init(104.28, 0.39), .planar: .init(102.65, 0.42), .iaf: .init(102.41, 0.04),
        .sylvester: .init(99.00, 0.04), .ffjord: .init(98.33, 0.09),
      ]),
    .freyfaces: PublishedExperiment(
      hidden: [512, 512], blocks: 2, rank: 20,
      results: [
        .noFlow: .init(4.53, 0.02), .planar: .init(4.40, 0.06), .iaf: .init(4.47, 0.05),
        .sylvester: .init(4.45, 0.04), .ffjord: .init(4.39, 0.01),
      ]),
    .caltech101: PublishedExperiment(
      hidden: [2048], activation: .tanh, blocks: 1, rank: 20,
      results: [
        .noFlow: .init(110.80, 0.46), .planar: .init(109.66, 0.42), .iaf: .init(111.58, 0.38),
        .sylvester: .init(104.62, 0.29), .ffjord: .init(104.03, 0.43),
      ]),
  ]

  /// Sets the dynamics of a model.
  func setDynamics(of model: inout ModelConfiguration) {
    (model.hidden, model.activation, model.blocks, model.rank) = (hidden, activation, blocks, rank)
  }
}
