import Foundation
import Profiling
import Synchronization
import Tensors

/// Convolutions through oneDNN: of single-precision numbers, or of bfloat16 ones with sums and results in single precision.
///
/// Images are nhwc; weights go in the format that the primitive prefers, so they are reordered on the way in (or out,
/// for their gradient): they are small. Primitives are made once for each shape and kept; any number of threads may use
/// them at once.
///
/// All convolutions take the images in groups, each on one thread, which our threads share out: a group's images stay in a
/// core's cache, and a core that is slower than the others does fewer of them. The library itself would give every core an
/// equal part, and form sums as their number has it; here groups depend on the sizes alone, and so do the bits.
enum ConvolutionLibrary {
  enum Direction: Hashable {
    case forward, backwardInput, backwardWeights
  }

  /// What is multiplied.
  enum Factors: Hashable {
    case float32, bfloat16

    var byteCount: Int { self == .float32 ? 4 : 2 }
  }

  /// Makes the factors of some images, single precision otherwise, before they are taken.
  typealias Conversion = (_ first: Int, _ end: Int, _ result: UnsafeMutableRawPointer) -> Void

  /// The images of a batch in groups of one size, but for a last one of the rest.
  private struct ImageGroups {
    let size, rest, count: Int
    /// Operations of a group.
    let cost: Int
    /// Bytes of an image in single precision.
    let inputBytes, outputBytes: Int

    /// More groups than most machines have cores, where there are as many images.
    private static let most = 20

    /// - Parameter shape: Of at least one image.
    init(_ shape: ConvolutionShape) {
      size = (shape.batch + Self.most - 1) / Self.most
      rest = shape.batch % size
      count = (shape.batch + size - 1) / size
      cost = shape.operations / count
      inputBytes = 4 * shape.inputShape.product / shape.batch
      outputBytes = 4 * shape.outputShape.product / shape.batch
    }
  }

  private struct Key: Hashable {
    let direction: Direction
    let shape: ConvolutionShape
    let factors: Factors
  }

  private static let cache = Mutex<[Key: PreparedConvolution]>([:])

  /// The convolution from the cache, made if it is not there. Threads do not wait while another makes one: two may make
  /// the same, of which the first is kept.
  private static func prepared(_ direction: Direction, _ shape: ConvolutionShape, _ factors: Factors)
    -> PreparedConvolution
  {
    let key = Key(direction: direction, shape: shape, factors: factors)
    if let known = cache.withLock({ $0[key] }) { return known }
    let new = PreparedConvolution(direction, shape, factors)
    return cache.withLock { cache in
      if let known = cache[key] { return known }
      cache[key] = new
      return new
    }
  }

  /// The gradient of the weights, in single precision; of images that consist of `factors`.
  ///
  /// - Parameter converting: Makes the inputs and outputs that are taken, group by group, where they are not those given.
  static func backwardWeights(
    _ shape: ConvolutionShape, _ factors: Factors = .float32, input: Tensor, output: Tensor,
    converting: (input: Conversion, output: Conversion)? = nil, into weights: Tensor
  ) {
    guard shape.batch > 0 else {
      memset(weights.freshAddress, 0, 4 * weights.count)
      return
    }
    let groups = ImageGroups(shape)
    func sum(_ images: Range<Int>, by size: Int, into gradient: Tensor) {
      let inputBytes = (groups.inputBytes / 4 * size * factors.byteCount + 63) & ~63
      let outputBytes = groups.outputBytes / 4 * size * factors.byteCount
      prepared(.backwardWeights, shape.of(images: size), factors).sumGradients(
        images.count / size, cost: groups.cost, scratchBytes: converting == nil ? 0 : inputBytes + outputBytes,
        into: gradient.freshAddress
      ) { group, scratch in
        let first = images.lowerBound + group * size
        guard let converting else {
          return (input.address + first * groups.inputBytes, output.address + first * groups.outputBytes)
        }
        converting.input(first, first + size, scratch)
        converting.output(first, first + size, scratch + inputBytes)
        return (UnsafeRawPointer(scratch), UnsafeRawPointer(scratch + inputBytes))
      }
    }
    sum(0..<(shape.batch - groups.rest), by: groups.size, into: weights)
    if groups.rest > 0 {
      let last = Tensor(uninitialized: weights.shape, .float32)
      sum((shape.batch - groups.rest)..<shape.batch, by: groups.rest, into: last)
      ElementType.float32.kernels.add_row(weights.count, 0, 1, 1, last.address, weights.freshAddress)
      withExtendedLifetime(last) {}
    }
    withExtendedLifetime((input, weights, output)) {}
  }

  /// The forward or transposed convolution of `image`, in single precision.
  static func run(
    _ direction: Direction, _ shape: ConvolutionShape, taking image: Tensor, _ weights: Tensor, into result: Tensor
  ) {
    count(shape, [image, weights, result])
    run(direction, shape, .float32, taking: image.address, converting: nil, weights, into: result)
    withExtendedLifetime(image) {}
  }

  static func count(_ shape: ConvolutionShape, _ tensors: [Tensor]) {
    Profiler.count(operations: shape.operations, bytes: 4 * tensors.reduce(0) { $0 + $1.count })
  }

  /// The forward or transposed convolution of images that consist of `factors`; weights and result are in single
  /// precision.
  ///
  /// - Parameters:
  ///   - images: Where the images are, unless they are converted.
  ///   - converting: Makes the images that are taken, group by group, where they are not those at `images`.
  static func run(
    _ direction: Direction, _ shape: ConvolutionShape, _ factors: Factors, taking images: UnsafeRawPointer,
    converting: Conversion?, _ weights: Tensor, into result: Tensor
  ) {
    guard shape.batch > 0 else { return }
    let isForward = direction == .forward
    let (taken, made) = isForward ? (shape.inputShape, shape.outputShape) : (shape.outputShape, shape.inputShape)
    let groups = ImageGroups(shape)
    let imageBytes = taken.product / shape.batch * factors.byteCount
    let resultBytes = made.product / shape.batch * 4
    let size = groups.size
    let whole = prepared(direction, shape.of(images: size), factors)
    let rest = groups.rest == 0 ? whole : prepared(direction, shape.of(images: groups.rest), factors)
    let weightsOfWhole = whole.reordered(weights.address)
    let weightsOfRest = groups.rest == 0 ? weightsOfWhole : rest.reordered(weights.address)
    Compute.parallel(groups.count, cost: groups.cost) { begin, end in
      let scratch = converting.map { _ in TensorStorage(byteCount: size * imageBytes) }
      for group in begin..<end {
        let (first, last) = (group * size, min((group + 1) * size, shape.batch))
        var from = images + first * imageBytes
        if let scratch, let converting {
          converting(first, last, scratch.pointer)
          from = UnsafeRawPointer(scratch.pointer)
        }
        let to = result.freshAddress + first * resultBytes
        if last - first == size {
          whole.execute(from, weightsOfWhole.pointer, into: to)
        } else {
          rest.execute(from, weightsOfRest.pointer, into: to)
        }
      }
      withExtendedLifetime(scratch) {}
    }
    withExtendedLifetime((weights, weightsOfWhole, weightsOfRest, result)) {}
  }
}
