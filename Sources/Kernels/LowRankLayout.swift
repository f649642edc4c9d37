import CKernels
import Profiling
import Tensors

/// Where one layer's low-rank weights lie in a sample's row of flow weights: U [in, rank], V [rank, out], bias [out],
/// one after another, row-major.
public struct LowRankLayout: Hashable, Sendable {
  /// Inputs of the layer.
  public let inputs: Int
  /// Columns of U, and rows of V.
  public let rank: Int
  /// Outputs of the layer.
  public let outputs: Int
  /// The first number of U within the row.
  public let offset: Int
  /// How exact single-precision products with U and V are to be: rounded ones may take half the time.
  public var numerics = Numerics.full

  /// The greatest rank.
  public static let maximumRank = Int(CK_MAX_RANK)

  /// The layout of a layer whose U begins at number `offset` of the row.
  ///
  /// - Precondition: `rank` is in 1...``maximumRank``.
  public init(inputs: Int, rank: Int, outputs: Int, offset: Int) {
    precondition((1...Self.maximumRank).contains(rank), "low rank: \(rank) is not in 1...\(Self.maximumRank)")
    self.inputs = inputs
    self.rank = rank
    self.outputs = outputs
    self.offset = offset
  }

  /// How many numbers the layer takes of the row.
  public var count: Int { (inputs + outputs) * rank + outputs }

  /// The first numbers of U, V and the bias within the row.
  var uOffset: Int { offset }
  var vOffset: Int { offset + inputs * rank }
  var biasOffset: Int { offset + (inputs + outputs) * rank }

  /// Both products with U and V for each component, which read the sample's weights once and rows of the components.
  func countWork(samples: Int, components: Int, _ type: ElementType) {
    Profiler.count(
      operations: samples * components * 2 * (inputs + outputs) * rank,
      bytes: samples * (count + components * (inputs + outputs)) * type.byteCount)
  }
}
