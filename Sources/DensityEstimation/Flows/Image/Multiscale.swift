import Autodiff
import DifferentialEquations
import NeuralNetworks
import Tensors

/// Layers at several scales: after those of a scale, the image is squeezed, and half of its channels are noise already.
///
/// A scale but the last has layers, a ``Squeeze``, more layers, and then factors out the second half of the channels; the
/// last has layers only. The output is what was factored out, from the first scale to the last, and then what remains.
/// Each part is an image, row by row with its channels last.
///
/// Dinh et al. 2017 (Real NVP), section 3.6, in the form of the published code.
public struct Multiscale: DensityLayer {
  /// Where layers stand.
  public struct Place: Sendable {
    /// The scale, from 0.
    public let scale: Int
    /// The shape of the images there.
    public let shape: ImageShape
    /// The part of the scale.
    public let part: Part
  }

  /// The parts of a scale.
  public enum Part: Sendable {
    /// Before the image is squeezed.
    case beforeSqueeze
    /// After it is.
    case afterSqueeze
    /// All of the last scale.
    case last
  }

  /// The layers of each scale.
  private let chains: [LayerChain]
  /// The shape that each scale factors out or, of the last scale, ends with.
  private let shapes: [ImageShape]
  /// The shape of an image before.
  public let input: ImageShape

  /// Layers at several scales.
  ///
  /// - Precondition: At each scale but the last, height and width are even.
  /// - Parameters:
  ///   - image: The shape of images.
  ///   - scales: The number of scales; by default ``scales(of:)``.
  ///   - layers: Makes the layers of a place.
  public init<Failure: Error>(
    _ image: ImageShape, scales: Int? = nil, layers: (_ place: Place) throws(Failure) -> [any DensityLayer]
  ) throws(Failure) {
    let count = scales ?? Self.scales(of: image)
    var shape = image
    var (chains, shapes): ([LayerChain], [ImageShape]) = ([], [])
    for scale in 0..<(count - 1) {
      let squeeze = Squeeze(shape)
      let before = try layers(Place(scale: scale, shape: shape, part: .beforeSqueeze))
      let after = try layers(Place(scale: scale, shape: squeeze.output, part: .afterSqueeze))
      chains.append(LayerChain(before + [squeeze] + after))
      shape = squeeze.output
      shape.channels /= 2
      shapes.append(shape)
    }
    chains.append(LayerChain(try layers(Place(scale: count - 1, shape: shape, part: .last))))
    shapes.append(shape)
    (self.chains, self.shapes, input) = (chains, shapes, image)
  }

  /// The number of scales of the published code: as many as leave at least four rows and columns of pixels, and where
  /// height and width can be halved.
  public static func scales(of image: ImageShape) -> Int {
    var (shape, count) = (image, 1)
    while shape.height % 2 == 0, shape.width % 2 == 0, min(shape.height, shape.width) >= 8 {
      shape = shape.squeezed
      count += 1
    }
    return count
  }

  /// The two halves of the channels of images with twice the channels of `shape`, `[batch, dimensions]` each.
  private func halves(_ x: Variable, _ shape: ImageShape) -> [Variable] {
    let pixels = x.reshaped([x.shape[0] * shape.pixels, 2 * shape.channels])
    return [0, shape.channels].map {
      pixels.sliced(axis: 1, start: $0, length: shape.channels).reshaped([x.shape[0], shape.dimensions])
    }
  }

  /// Applies the layers scale by scale.
  public func forward(_ x: Variable, _ pass: DensityPass) throws(SolveError) -> LayerOutput {
    var x = x
    var logDeterminant: Variable = .zeros(ofRowsOf: x)
    var parts: [Variable] = []
    for (chain, shape) in zip(chains, shapes) {
      let output = try chain.forward(x, pass)
      logDeterminant = logDeterminant + output.logDeterminant
      x = output.z
      guard parts.count < chains.count - 1 else { break }
      let halves = halves(x, shape)
      x = halves[0]
      parts.append(halves[1])
    }
    return LayerOutput(z: .concatenation(parts + [x], axis: 1), logDeterminant: logDeterminant)
  }

  /// Inverts the layers, from the last scale to the first.
  public func inverse(_ z: Variable, _ pass: DensityPass) throws(SolveError) -> Variable {
    let z = z.detached
    var end = z.shape[1]
    var x: Variable?
    for (chain, shape) in zip(chains, shapes).reversed() {
      end -= shape.dimensions
      let part = z.sliced(axis: 1, start: end, length: shape.dimensions)
      let whole = x.map { kept in
        let pixels = [kept, part].map { $0.reshaped([z.shape[0] * shape.pixels, shape.channels]) }
        return Variable.concatenation(pixels, axis: 1).reshaped([z.shape[0], 2 * shape.dimensions])
      }
      x = try chain.inverse(whole ?? part, pass)
    }
    return x ?? z
  }

  /// The first layer's problem.
  public func problem(with buffers: ParameterSet) -> String? {
    chains.lazy.compactMap { $0.problem(with: buffers) }.first
  }

  /// Whether one of the layers is initialized by data.
  public var isInitializedByData: Bool { chains.contains(where: \.isInitializedByData) }

  /// Initializes the layers scale by scale, each for the batch as those before it transform it.
  public func initialize(_ parameters: inout ParameterSet, buffers: ParameterSet, for x: Tensor) {
    var x = x
    for (chain, shape) in zip(chains.dropLast(), shapes) {
      chain.initialize(&parameters, buffers: buffers, for: x)
      let pass = DensityPass(
        parameters.constants, buffers: buffers, isTraining: true, probes: DensityPass.Probes(.rademacher, seed: 0))
      guard let output = try? chain.forward(Variable(x), pass) else { return }
      x = halves(output.z, shape)[0].value
    }
    chains.last?.initialize(&parameters, buffers: buffers, for: x)
  }
}
