import Foundation

/// Files of reference values of the published model: parameters, inputs, outputs, the terms of the bound and gradients,
/// computed in PyTorch. `Tests/ReferenceValues/generate.py` says what is in them.
public enum ReferenceValues {
  /// The program that makes such a file, in Python.
  public static let generator = PackageDirectory.file("Tests/ReferenceValues/generate.py")

  /// The file that the generator made by default.
  public static let shipped = PackageDirectory.file("Tests/ReferenceValues/reference.safetensors.zst")

  /// The shipped file, and another one where `FFJORD_VAE_GOLDEN` names it.
  public static let files: [URL] =
    [shipped] + [ProcessInfo.processInfo.environment["FFJORD_VAE_GOLDEN"]].compactMap { $0 }.map { URL(filePath: $0) }
}
