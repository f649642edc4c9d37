/// Which dimensions of a row a coupling keeps, on which the transformation of the others depends.
public enum CouplingMask: String, Sendable, CaseIterable, Codable {
  /// Every second dimension, the first among them (Dinh et al. 2014, section 5.1; Papamakarios et al. 2017).
  case alternate
  /// The first half of the dimensions (Dinh et al. 2017).
  case channel

  func keeps(_ index: Int, of count: Int) -> Bool { self == .alternate ? index % 2 == 0 : index < count / 2 }
}
