import Autodiff
import Foundation
import NeuralNetworks
import NormalizingFlows
import Randomness
import Tensors
import Testing

/// Flows and velocities against values that formulas written in PyTorch gave, in double precision.
///
/// Parameter k of a model, in the order of the set, is 0.4 sin(1.3 k + 0.7 j + 0.1) for its number j; the features of the
/// image are sin(j / 2 + 1), z0 is cos(j). The formulas, each as PyTorch has it, `f(k)` being parameter k:
///
///     planar        uk += (softplus(w.u) - 1 - w.u) w / w.w;  z += uk tanh(w.z + b)
///     iaf           a = elu(z @ (f(2) * mask) + ...) + h;  z = g z + (1 - g) m;  z = z.flip(0) before every second
///     Sylvester     z += Q @ R1 @ tanh(R2 @ Q.T @ z + b);  R1 = triu(d, 1) + diag(d1),  R2 = triu(d.T, 1) + diag(d2)
///                   Q = U @ V of svd(q), or the product of I - 2 v v' / v.v, or I and I.flip(0) in turns
///     change        -slogdet(autograd.functional.jacobian(flow, z0))
///     velocity      layers as `TimeDependence` and `Amortization` state them;  jacobian(f, z).trace()
@Suite struct ReferenceValuesTests {
  private func filled(_ parameters: ParameterSet) -> ParameterSet {
    var result = parameters.converted(to: .float64)
    for (k, parameter) in result.parameters.enumerated() {
      result[parameter] = filled(k, parameter.shape)
    }
    return result
  }

  private func filled(_ k: Int, _ shape: [Int]) -> Tensor {
    let numbers = (0..<shape.reduce(1, *)).map { 0.4 * sin(1.3 * Double(k) + 0.7 * Double($0) + 0.1) }
    return Tensor(numbers, shape: shape)
  }

  private func expect(
    _ build: (inout ParameterBuilder) -> any PosteriorFlow, _ z: [Double], change: Double
  ) throws {
    var builder = ParameterBuilder(seed: 1)
    let flow = build(&builder)
    let output = try flow.forward(
      Variable(Tensor((0..<4).map { cos(Double($0)) }, shape: [1, 4])),
      features: Variable(Tensor((0..<3).map { sin(0.5 * Double($0) + 1) }, shape: [1, 3])),
      filled(builder.parameters).constants, PosteriorExample.probes)
    #expect(scaledDifference(output.z.value.doubles(), z) < 1e-12)
    #expect(scaledDifference(output.deltaLogDensity.value.doubles(), [change]) < 1e-12)
  }

  @Test func planar() throws {
    try expect(
      { PlanarFlow(features: 3, latent: 4, flows: 2, in: &$0) },
      [0.03201017195651, -0.23029896049252, 0.42765969448989, -1.28087546103911], change: 0.36051623521979)
  }

  @Test func `inverse autoregressive`() throws {
    try expect(
      { InverseAutoregressiveFlow(features: 3, latent: 4, flows: 2, width: 8, in: &$0) },
      [-0.52012441302673, -0.17540140002935, 0.31633775722294, 0.49929282418555], change: 2.77630267784114)
  }

  @Test(arguments: [
    (
      SylvesterBasis.orthogonal(vectors: 2),
      [0.66803507496612, 0.86466983572904, -0.65220845944625, -1.01440495441009], 1.16749015476242
    ),
    (
      .householder(reflections: 3),
      [-0.63953611468756, 0.76174643852385, -0.94315582166986, -0.33805183503145], 0.50487840741266
    ),
    (
      .triangular, [1.67535380422997, -1.80983770813409, -0.36495438253186, 0.48136686689014],
      1.50542839357062
    ),
  ])
  func `Sylvester`(_ basis: SylvesterBasis, _ z: [Double], _ change: Double) throws {
    try expect(
      { SylvesterFlow(features: 3, latent: 4, flows: 2, basis: basis, in: &$0) }, z, change: change)
  }

  /// The velocity 3 -> 4 -> 3 at the time 0.3; the per-sample weights are parameter 9.
  private func expectVelocity(
    _ amortization: Amortization, _ time: TimeDependence, _ activation: ElementwiseFunction,
    _ expected: [Double], trace: Double
  ) {
    var builder = ParameterBuilder(seed: 1)
    let network = AmortizedNetwork(
      "block", latent: 3, hidden: [4], amortization: amortization, rank: 2, activation: activation,
      timeDependence: time, in: &builder)
    let count = network.conditionalCount
    let conditioning = network.conditioning(
      perSampleWeights: count > 0 ? Variable(filled(9, [1, count])) : nil, filled(builder.parameters).constants)
    let probes = Divergence.exact.probes(
      batch: 1, latent: 3, RandomStream(seed: 1, purpose: .test), .float64)
    let probed = network.probed(
      time: 0.3, z: Variable(Tensor((0..<3).map { cos(Double($0)) }, shape: [1, 3])),
      probes: Variable(probes), conditioning: conditioning)
    #expect(scaledDifference(probed.velocity.value.doubles(), expected) < 1e-12)
    #expect(scaledDifference(probed.divergence.value.doubles(), [trace]) < 1e-12)
  }

  @Test(arguments: [
    (TimeDependence.concat, [-0.43926794888054, -0.14441991361166, -0.65118071356463], -0.02753723477117),
    (.ignore, [-0.15177287323754, -0.65160889147893, 0.01414696416669], 0.03324556284848),
    (.squash, [-0.00506525978495, 0.23775232531848, 0.09481156311281], -0.0109306083681),
    (.concatsquash, [0.17977478027656, 0.12465580829564, -0.16678867830485], 0.00788394938306),
    (.hyper, [-0.09230969035623, 0.54971543254112, 0.21493566958042], 0.03717123778939),
    (.blend, [0.05052780895079, 0.2622013444903, 0.08089797677249], -0.0027028903953),
    (.gated, [-0.00852083082679, 0.20708533457049, 0.10883180457903], -0.0144330554581),
  ])
  func `layers of the velocity`(_ time: TimeDependence, _ expected: [Double], _ trace: Double) {
    expectVelocity(.none, time, .tanh, expected, trace: trace)
  }

  @Test(arguments: [
    (
      ElementwiseFunction.softplus, [-1.13101483946794, 0.54959003851854, -1.25925434441461],
      -0.02975845857971
    ),
    (.tanh, [-0.43926794888054, -0.14441991361166, -0.65118071356463], -0.02753723477117),
    (.elu, [-0.45270365562523, -0.11484024568842, -0.69314516248905], -0.04514660943312),
    (.square, [-0.32817323752352, -0.25588060577069, -0.55351920383688], -0.06066461901291),
    (.relu, [-0.45270365562523, -0.11484024568842, -0.69314516248905], -0.04514660943312),
    (.swish, [-0.60759189980605, 0.15305607745229, -0.05936429281511], -0.03636053246673),
  ])
  func `activations`(_ activation: ElementwiseFunction, _ expected: [Double], _ trace: Double) {
    expectVelocity(.none, .concat, activation, expected, trace: trace)
  }

  @Test(arguments: [
    (Amortization.hyper, [0.27921911510536, 0.28906292075297, 0.16295591803773], -0.00425774423993),
    (.lastLayer, [-0.2492857333699, -0.1357979271249, 0.04155776614809], 0.16881752639248),
    (.bias, [-0.24269399686281, 0.09959731073763, -0.76479835624205], -0.02505472093423),
    (.lowRank, [-0.07589097968177, -0.27898841644272, -0.93812524824348], -0.03792890688411),
    (.none, [-0.43926794888054, -0.14441991361166, -0.65118071356463], -0.02753723477117),
  ])
  func `amortizations`(_ amortization: Amortization, _ expected: [Double], _ trace: Double) {
    expectVelocity(amortization, .concat, .tanh, expected, trace: trace)
  }
}
