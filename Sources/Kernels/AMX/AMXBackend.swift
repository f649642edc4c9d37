import CKernels
import Tensors

/// Products on the processor's matrix tiles (Intel AMX, bfloat16), and everything else as ``CPUBackend`` does it.
///
/// At full numerics a float32 factor is the sum of two bfloat16 numbers, and three of the four products are formed
/// (bf16x3): see ``TilePrecision``.
package struct AMXBackend: CPUArithmetic {
  package let name = "AMX"
  package var isAvailable: Bool { ck_has_tiles() }
  /// What tiles do not pay for.
  let cpu = CPUBackend()

  package init() {}

  package func roundsLowRank(_ numerics: Numerics) -> Bool { numerics == .mixed }
}

/// How a product in single precision is formed from bfloat16 factors, with sums in float32.
enum TilePrecision: Int32, Sendable {
  /// Each number rounded to bfloat16: an error of at most 8e-3 of each product's magnitude.
  case bfloat16 = 1
  /// Each number as the sum of two bfloat16 numbers, and three of the four products: an error of at most 5e-5 of each
  /// product's magnitude, and in a sum of 512, 1e-6 of the sum of magnitudes.
  case splitBfloat16 = 2

  init(_ numerics: Numerics) { self = numerics == .mixed ? .bfloat16 : .splitBfloat16 }

  /// Tile products that a product takes.
  var products: Int { self == .bfloat16 ? 1 : 3 }
}
