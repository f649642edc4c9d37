/// Tensors as arrays of Swift values, for small files and tests. Each call reads the file; see
/// ``SafetensorsFile/bytes(_:)``.
extension SafetensorsFile {
  /// The elements of a tensor whose type is exactly `Element`'s, in row-major order.
  ///
  /// - Throws: ``SafetensorsError``: `noSuchTensor`, `wrongElementType`, or as ``readTensors(where:into:)``.
  public func values<Element: SafetensorsElement>(
    _ name: String, as type: Element.Type = Element.self
  ) throws -> [Element] {
    let entry = try entry(name)
    guard entry.elementType == Element.safetensorsElementType else {
      let expected = Element.safetensorsElementType
      throw SafetensorsError(
        path: path, problem: .wrongElementType(name: name, expected: expected, found: entry.elementType))
    }
    return try withBytes(of: entry) { bytes in
      [Element](unsafeUninitializedCapacity: entry.elementCount) { buffer, count in
        UnsafeMutableRawBufferPointer(buffer).copyMemory(from: bytes)
        count = entry.elementCount
      }
    }
  }

  /// The elements of an F32 tensor; throws as ``values(_:as:)``.
  public func floats(_ name: String) throws -> [Float] { try values(name) }

  /// The elements of an F64 tensor; throws as ``values(_:as:)``.
  public func doubles(_ name: String) throws -> [Double] { try values(name) }

  /// The elements of an I32 tensor; throws as ``values(_:as:)``.
  public func int32s(_ name: String) throws -> [Int32] { try values(name) }

  /// The elements of an I8 tensor; throws as ``values(_:as:)``.
  public func int8s(_ name: String) throws -> [Int8] { try values(name) }
}
