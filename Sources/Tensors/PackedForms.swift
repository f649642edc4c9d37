/// What a tensor's numbers look like packed in the orders in which products read them.
///
/// A solve multiplies with the same weights dozens of times. They are packed once, and the result is kept with the memory
/// that holds the weights, so that whoever multiplies need not know: it goes when the weights are written to, or go.
struct PackedForms {
  /// An order of packing, for a part of the memory that begins at an offset, in elements.
  enum Form: Hashable {
    case matrix(offset: Int, leading: Int, isTransposed: Bool, inner: Int, columns: Int, precision: ProductPrecision)
    case lowRank(offset: Int, inputs: Int, rank: Int, outputs: Int, storage: PackedLowRank.Storage)

    /// The same, counted from the memory's beginning, for a tensor that begins `start` elements in.
    func moved(by start: Int) -> Form {
      switch self {
      case .matrix(let offset, let leading, let isTransposed, let inner, let columns, let precision):
        .matrix(
          offset: offset + start, leading: leading, isTransposed: isTransposed, inner: inner, columns: columns,
          precision: precision)
      case .lowRank(let offset, let inputs, let rank, let outputs, let storage):
        .lowRank(offset: offset + start, inputs: inputs, rank: rank, outputs: outputs, storage: storage)
      }
    }
  }

  /// An answer to who asks for a form: packed, or not worth it yet.
  struct Answer {
    let storage: TensorStorage?
  }

  private var forms: [Form: Answer] = [:]

  /// What is known of a form; nothing where it is to be packed now.
  mutating func find(_ form: Form, isEager: Bool) -> Answer? {
    guard let known = forms[form] else {
      if isEager { return nil }
      forms[form] = Answer(storage: nil)
      return Answer(storage: nil)
    }
    return known.storage == nil ? nil : known
  }

  mutating func insert(_ storage: TensorStorage, _ form: Form) { forms[form] = Answer(storage: storage) }

  mutating func removeAll() {
    if !forms.isEmpty { forms = [:] }
  }
}
