/// An error with a PNG file. The description says what to do about it.
public enum PNGError: Error, Sendable, Hashable {
  /// The file cannot be opened or read.
  case unreadable(path: String, reason: String)
  /// The file or its folder cannot be written.
  case unwritable(path: String, reason: String)
  /// The file was read, but it is not a valid PNG file.
  case malformed(path: String, reason: String)
  /// The caller refuses pictures of this size.
  case refused(path: String, height: Int, width: Int, reason: String)
  /// The picture cannot be encoded.
  case unencodable(reason: String)

  /// The kind of failure.
  public var category: DatasetError.Category {
    switch self {
    case .unreadable, .unwritable: .inputOutput
    case .malformed, .refused, .unencodable: .badData
    }
  }
}

extension PNGError: CustomStringConvertible {
  /// What happened and what to do about it.
  public var description: String {
    switch self {
    case .unreadable(let path, let reason):
      "Cannot read \(path): \(reason). Check that it is a file and that you have the right to read it."
    case .unwritable(let path, let reason):
      "Cannot write \(path): \(reason). Check the free space and your rights there, or choose another place."
    case .malformed(let path, let reason):
      "\(path) is no PNG picture that can be read: \(reason). Give a PNG file, or make this one anew."
    case .refused(let path, let height, let width, let reason):
      "\(path) is a picture of \(height) x \(width): \(reason)."
    case .unencodable(let reason):
      "The picture cannot be written as PNG: \(reason). Try one with fewer images."
    }
  }
}
