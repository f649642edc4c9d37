/// What a tensor's numbers look like packed in the orders in which products read them.
///
/// A solve multiplies with the same weights dozens of times. They are packed once, and the result is kept with the memory
/// that holds the weights, so that whoever multiplies need not know: it goes when the weights are written to, or go.
struct PackedForms {
  private struct Key: Hashable {
    let form: PackedForm
    /// Where the tensor begins in the memory, in elements.
    let start: Int
  }

  /// An answer to who asks for a form: packed, or not worth it yet.
  struct Answer {
    let storage: TensorStorage?
  }

  private var forms: [Key: Answer] = [:]

  /// What is known of a form; nothing where it is to be packed now.
  mutating func find(_ form: PackedForm, from start: Int, isEager: Bool) -> Answer? {
    let key = Key(form: form, start: start)
    guard let known = forms[key] else {
      if isEager { return nil }
      forms[key] = Answer(storage: nil)
      return Answer(storage: nil)
    }
    return known.storage == nil ? nil : known
  }

  mutating func insert(_ storage: TensorStorage, _ form: PackedForm, from start: Int) {
    forms[Key(form: form, start: start)] = Answer(storage: storage)
  }

  mutating func removeAll() {
    if !forms.isEmpty { forms = [:] }
  }
}

/// An order of packing, by what whoever packs calls it and the sizes that it depends on.
package struct PackedForm: Hashable, Sendable {
  private let name: String
  private let sizes: [Int]

  /// - Parameter sizes: All that the packed numbers depend on besides the tensor's, such as offsets and strides.
  package init(_ name: String, sizes: [Int]) { (self.name, self.sizes) = (name, sizes) }
}
