import Foundation

/// The readers of files from outside, by the name of the folder of inputs that each has.
public enum FuzzedReader: String, CaseIterable, Sendable {
  /// A MAT file as it is, and with every element compressed.
  case mat
  /// An NPZ file as images, and as a table.
  case npz
  /// An NPY file as it is, and as the one array of an NPZ file; as images, and as a table.
  case npy
  /// Text of zeros and ones, as it is and gzipped.
  case amat
  /// A gzipped text of zeros and ones.
  case gzip
  /// A picture as it is, and with the checksums of its chunks mended; alone and in a folder of pictures.
  case png
  /// A JPEG picture in a folder, as it is and resized.
  case jpeg
  /// A table of numbers in text, as the data of a density.
  case csv
  /// Images in IDX format, as they are and gzipped.
  case idx
  /// A safetensors file, all of its tensors.
  case safetensors
  /// A zstd frame around a safetensors file.
  case zstandard
  /// A checkpoint without its frame: its summary, and all of it.
  case checkpoint
  /// A state dict in safetensors.
  case stateDict = "state-dict"
  /// A run's config.json.
  case configuration
  /// A run's metrics.jsonl.
  case metrics
  /// A run's evaluations.jsonl.
  case evaluations
}

/// How reading an input ended.
public enum FuzzedOutcome: Sendable, Equatable {
  case read
  /// Refused as bad data; what the error says.
  case refused(String)
}
