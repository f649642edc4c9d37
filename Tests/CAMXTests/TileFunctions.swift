import CAMX
import CAMXEmulated
import CKernels
import Testing

/// The functions of CAMX: on the processor's own matrix tiles, or on emulated ones, which every processor has.
struct TileFunctions: Sendable {
  let workspace: @Sendable (UnsafePointer<ck_tile_product>, Int32) -> Int
  let multiply: @Sendable (UnsafePointer<ck_tile_product>, UnsafeMutableRawPointer, Int32) -> Void
  let multiplyLines:
    @Sendable (
      UnsafePointer<ck_tile_product>, UnsafePointer<UnsafePointer<Float>>, UnsafePointer<UnsafePointer<Float>>,
      UnsafeMutableRawPointer, Int32
    ) -> Void
  let imagesWorkspace: @Sendable (UnsafePointer<ck_tile_product>, Int, Int) -> Int
  let multiplyImages: @Sendable (UnsafePointer<ck_tile_product>, Int, Int, Int, UnsafeMutableRawPointer) -> Void
  let packedSize: @Sendable (Int32, Int, Int) -> Int
  let pack: @Sendable (Int32, UnsafePointer<Float>, Int, Bool, Int, Int, UnsafeMutableRawPointer, Int32) -> Void
  let convolutionFits: @Sendable (UnsafePointer<ck_tile_convolution>) -> Bool
  let convolutionWorkspace: @Sendable (UnsafePointer<ck_tile_convolution>, Int32) -> Int
  let convolutionWeights: @Sendable (UnsafePointer<ck_tile_convolution>, UnsafeMutableRawPointer, Int32) -> Void
  let halves: @Sendable (Int32, Int, Int, Int, UnsafePointer<Float>, UnsafeMutableRawPointer) -> Void
  let split: @Sendable (Int, Int, Int, UnsafePointer<Float>, UnsafeMutablePointer<Float>) -> Void
  let updateWorkspace: @Sendable (UnsafePointer<ck_tile_update>, Int32) -> Int
  let updateStep: @Sendable (UnsafePointer<ck_tile_update>, UnsafeMutableRawPointer, Int32) -> Void
  let formWorkspace: @Sendable (UnsafePointer<ck_tile_form>) -> Int
  let packForm: @Sendable (UnsafePointer<ck_tile_form>, UnsafeMutableRawPointer, UnsafeMutableRawPointer) -> Void
  let instruction: @Sendable (Int, UnsafePointer<UInt16>, UnsafePointer<UInt16>, UnsafeMutablePointer<Float>) -> Void

  static let emulated = TileFunctions(
    workspace: emulated_ck_tile_workspace, multiply: emulated_ck_tile_multiply,
    multiplyLines: emulated_ck_tile_multiply_lines, imagesWorkspace: emulated_ck_tile_images_workspace,
    multiplyImages: emulated_ck_tile_multiply_images, packedSize: emulated_ck_tile_packed_size,
    pack: emulated_ck_tile_pack, convolutionFits: emulated_ck_tile_convolution_fits,
    convolutionWorkspace: emulated_ck_tile_convolution_workspace,
    convolutionWeights: emulated_ck_tile_convolution_weights, halves: emulated_ck_tile_halves,
    split: emulated_ck_tile_split, updateWorkspace: emulated_ck_tile_update_workspace,
    updateStep: emulated_ck_tile_update_step, formWorkspace: emulated_ck_tile_form_workspace,
    packForm: emulated_ck_tile_pack_form, instruction: emulated_tile_instruction)

  /// Only where the processor has tiles.
  static let processor = TileFunctions(
    workspace: ck_tile_workspace, multiply: ck_tile_multiply, multiplyLines: ck_tile_multiply_lines,
    imagesWorkspace: ck_tile_images_workspace, multiplyImages: ck_tile_multiply_images,
    packedSize: ck_tile_packed_size, pack: ck_tile_pack, convolutionFits: ck_tile_convolution_fits,
    convolutionWorkspace: ck_tile_convolution_workspace, convolutionWeights: ck_tile_convolution_weights,
    halves: ck_tile_halves, split: ck_tile_split, updateWorkspace: ck_tile_update_workspace,
    updateStep: ck_tile_update_step, formWorkspace: ck_tile_form_workspace, packForm: ck_tile_pack_form,
    instruction: tile_instruction)
}

extension Trait where Self == ConditionTrait {
  /// For tests that compare the processor's tiles with the emulated ones.
  static var needsTiles: Self {
    .enabled(if: ck_detected_isa() == CK_AMX, "this processor has no matrix tiles (AMX) to compare the emulation with")
  }
}
