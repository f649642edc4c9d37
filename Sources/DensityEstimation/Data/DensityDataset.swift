import ImageDatasets
import Randomness
import Tensors

/// The data that a density model is trained and tested on.
public struct DensityDataset: Sendable {
  /// The kinds of data.
  public enum Kind: Sendable, Hashable {
    /// Points in the plane that are drawn without end.
    case points
    /// Rows of a table.
    case table
    /// Images of a shape, with levels of grey from 0 to 255.
    case images(ImageShape)
  }

  /// Where training samples come from.
  enum Source: Sendable {
    case toy(ToyDensity)
    case picture(PictureDensity)
    case rows(Tensor)
  }

  /// The dataset's name, or the path of the user's own data.
  public let name: String
  /// The kind of data.
  public let kind: Kind
  let source: Source
  /// The samples to validate with, `[n, dimensions]`: of tables standardized, of images levels of grey.
  public let validation: Tensor
  /// The samples to test with, `[n, dimensions]`.
  public let test: Tensor
  /// The means and deviations by which the rows of a table are standardized; nil for other data.
  public var standardization: Standardization?
  /// The names of a table's columns; nil where it has none, and for other data.
  public var columns: [String]?
  /// What a user should know of the data.
  public var remarks: [String] = []

  /// The number of dimensions.
  public var dimensions: Int { validation.shape[1] }

  /// The number of training samples; nil where they are drawn without end.
  public var trainingCount: Int? { if case .rows(let rows) = source { rows.shape[0] } else { nil } }

  /// The shape of images; nil for other data.
  public var imageShape: ImageShape? { if case .images(let shape) = kind { shape } else { nil } }

  /// A digest of all rows, by which changed data are noticed; of data without end, of the rows held out.
  public var digest: String {
    let training: Tensor =
      if case .rows(let rows) = source { rows } else { validation }
    let checksum = training.withBytes { training in
      validation.withBytes { validation in
        test.withBytes { test in Checksum.sha256(of: [training, validation, test]) }
      }
    }
    guard let checksum else { preconditionFailure("the system's OpenSSL library does not offer SHA-256") }
    return checksum.hexadecimal
  }

  /// Training rows, `[indices, dimensions]`.
  ///
  /// - Precondition: There are finitely many.
  public func trainingBatch(rows indices: [Int]) -> Tensor {
    guard case .rows(let rows) = source else { preconditionFailure("\(name) has no training rows") }
    return rows.rows(indices)
  }

  /// Training samples drawn anew, `[count, dimensions]`.
  ///
  /// - Precondition: They are drawn without end.
  public func freshPoints(_ count: Int, _ stream: RandomStream) -> Tensor {
    switch source {
    case .toy(let toy): toy.points(count, stream)
    case .picture(let picture): picture.points(count, stream)
    case .rows: preconditionFailure("\(name) has training rows")
    }
  }
}

extension DensityDataset {
  /// How many points of an endless density are validated and tested with.
  static let heldOutCount = 10_000

  /// The data of a density that is drawn without end. What is held out does not depend on a run's seed.
  static func endless(
    _ name: String, _ source: Source, _ points: (Int, RandomStream) -> Tensor
  ) -> DensityDataset {
    func heldOut(_ step: UInt64) -> Tensor {
      points(heldOutCount, RandomStream(seed: 0, purpose: .heldOutPoints, step: step))
    }
    return DensityDataset(name: name, kind: .points, source: source, validation: heldOut(1), test: heldOut(2))
  }
}

extension RandomPurpose {
  /// The points of an endless density that are held out.
  static let heldOutPoints = RandomPurpose(19)
}
