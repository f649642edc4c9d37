import CKernels

/// A dense array of numbers with value semantics: row-major, contiguous, its memory pooled and shared until written.
///
/// ```swift
/// let a = Tensor([1, 2, 3, 4] as [Float], shape: [2, 2])
/// let b = a.reshaped([4])          // shares a's memory
/// ```
public struct Tensor: Sendable {
  /// Sizes of the axes, outermost first; empty for a single number.
  public let shape: [Int]
  /// The type of the numbers.
  public let elementType: ElementType
  /// How many numbers.
  public let count: Int
  /// The first number's place in the storage, in elements: a view of some leading indices begins later.
  private let offset: Int
  private var storage: TensorStorage

  /// A tensor whose numbers are whatever the memory held; for results that are written whole.
  package init(uninitialized shape: [Int], _ elementType: ElementType) {
    self.init(
      shape: shape, elementType: elementType, offset: 0,
      storage: TensorStorage(byteCount: shape.product * elementType.byteCount))
  }

  private init(shape: [Int], elementType: ElementType, offset: Int, storage: TensorStorage) {
    self.shape = shape
    self.elementType = elementType
    self.offset = offset
    self.storage = storage
    count = shape.product
  }

  /// Zeros.
  public init(zeros shape: [Int], _ elementType: ElementType = .float32) {
    self.init(uninitialized: shape, elementType)
    let (pointer, size) = (storage.pointer, elementType.byteCount)
    Compute.parallel(count, cost: 1) { begin, end in
      (pointer + begin * size).initializeMemory(as: UInt8.self, repeating: 0, count: (end - begin) * size)
    }
  }

  /// The same number everywhere.
  public init(repeating value: Double, shape: [Int], _ elementType: ElementType = .float32) {
    self.init(uninitialized: shape, elementType)
    switch elementType {
    case .float32: storage.pointer.initializeMemory(as: Float.self, repeating: Float(value), count: count)
    case .float64: storage.pointer.initializeMemory(as: Double.self, repeating: value, count: count)
    }
  }

  /// The numbers of an array, row-major.
  public init<Scalar: TensorScalar>(_ scalars: [Scalar], shape: [Int]) {
    precondition(
      scalars.count == shape.product, "Tensor: \(scalars.count) numbers do not fill the shape \(shape)")
    self.init(uninitialized: shape, Scalar.elementType)
    scalars.withUnsafeBytes { source in
      guard let base = source.baseAddress else { return }
      storage.pointer.copyMemory(from: base, byteCount: source.count)
    }
  }

  /// A single number, of shape [].
  public init(_ value: Double, _ elementType: ElementType = .float32) {
    self.init(repeating: value, shape: [], elementType)
  }

  /// A copy of raw memory, row-major; the bytes must fill the shape exactly.
  public init(copying bytes: UnsafeRawBufferPointer, shape: [Int], _ elementType: ElementType) {
    self.init(uninitialized: shape, elementType)
    precondition(bytes.count == count * elementType.byteCount, "Tensor: \(bytes.count) bytes for \(shape)")
    guard let base = bytes.baseAddress else { return }
    storage.pointer.copyMemory(from: base, byteCount: bytes.count)
  }

  /// The number of axes.
  public var rank: Int { shape.count }

  /// The same numbers under another shape; shares the memory.
  public func reshaped(_ newShape: [Int]) -> Tensor {
    precondition(newShape.product == count, "reshaped: \(shape) has not as many numbers as \(newShape)")
    return Tensor(shape: newShape, elementType: elementType, offset: offset, storage: storage)
  }

  /// The part with leading indices in `range`; shares the memory.
  public func leading(_ range: Range<Int>) -> Tensor {
    precondition(
      rank > 0 && range.lowerBound >= 0 && range.upperBound <= shape[0], "leading: \(range) of \(shape)")
    let inner = shape.dropFirst().reduce(1, *)
    return Tensor(
      shape: [range.count] + shape.dropFirst(), elementType: elementType,
      offset: offset + range.lowerBound * inner, storage: storage)
  }

  /// The same numbers in another type.
  public func converted(to type: ElementType) -> Tensor {
    guard type != elementType else { return self }
    switch type {
    case .float32: return Tensor(doubles().map { Float($0) }, shape: shape)
    case .float64: return Tensor(floats().map { Double($0) }, shape: shape)
    }
  }

  /// The numbers in row-major order, in single precision.
  public func floats() -> [Float] { scalars() }

  /// The numbers in row-major order, in double precision.
  public func doubles() -> [Double] { scalars() }

  private func scalars<Scalar: TensorScalar>() -> [Scalar] {
    withBytes { bytes in
      switch elementType {
      case .float32: bytes.assumingMemoryBound(to: Float.self).map { Scalar($0) }
      case .float64: bytes.assumingMemoryBound(to: Double.self).map { Scalar($0) }
      }
    }
  }

  /// The only number of a tensor that has one.
  public var scalar: Double {
    precondition(count == 1, "scalar: the shape \(shape) has \(count) numbers")
    return doubles()[0]
  }

  /// Reads the memory: `count * elementType.byteCount` bytes.
  public func withBytes<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    defer { withExtendedLifetime(storage) {} }
    return try body(UnsafeRawBufferPointer(start: address, count: count * elementType.byteCount))
  }

  /// Writes the memory, after making it this tensor's own.
  public mutating func withMutableBytes<Result, Failure: Error>(
    _ body: (UnsafeMutableRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    makeUnique()
    storage.packedForms.withLock { $0.removeAll() }
    defer { withExtendedLifetime(storage) {} }
    return try body(
      UnsafeMutableRawBufferPointer(
        start: storage.pointer + offset * elementType.byteCount, count: count * elementType.byteCount))
  }

  /// The numbers packed in another order, kept with them until they change.
  ///
  /// - Parameter isEager: Whether to pack at the first request; if not, that only takes note, and the second packs: what
  ///   is used once is not worth packing.
  package func packed(_ form: PackedForm, isEager: Bool, _ pack: () -> TensorStorage) -> TensorStorage? {
    if let known = storage.packedForms.withLock({ $0.find(form, from: offset, isEager: isEager) }) {
      return known.storage
    }
    let result = pack()
    storage.packedForms.withLock { $0.insert(result, form, from: offset) }
    return result
  }

  /// Whether writing would copy.
  package var isShared: Bool {
    mutating get { !isKnownUniquelyReferenced(&storage) }
  }

  private mutating func makeUnique() {
    guard isShared else { return }
    var copy = Tensor(uninitialized: shape, elementType)
    copy.storage.pointer.copyMemory(from: address, byteCount: count * elementType.byteCount)
    swap(&self, &copy)
  }

  /// Where the numbers begin. The caller keeps the tensor alive while it uses the address.
  package var address: UnsafeRawPointer { UnsafeRawPointer(storage.pointer + offset * elementType.byteCount) }

  /// Where the numbers of a freshly made tensor begin, for writing; the tensor must not be shared yet.
  package var freshAddress: UnsafeMutableRawPointer { storage.pointer + offset * elementType.byteCount }
}
