/// What a tensor's numbers look like packed in the orders in which products read them.
///
/// A solve multiplies with the same weights dozens of times. They are packed once, and the result is kept with the memory
/// that holds the weights, so that whoever multiplies need not know: it goes when the weights are written to, or go.
struct PackedForms {
  private struct Key: Equatable {
    let form: PackedForm
    /// Where the tensor begins in the memory, in elements.
    let start: Int
  }

  /// An answer to who asks for a form: packed, or not worth it yet.
  struct Answer {
    let storage: TensorStorage?
  }

  /// A tensor has few forms, which are found sooner by comparing than by hashing.
  private var forms: [(key: Key, answer: Answer)] = []

  /// What is known of a form; nothing where it is to be packed now.
  mutating func find(_ form: PackedForm, from start: Int, isEager: Bool) -> Answer? {
    let key = Key(form: form, start: start)
    guard let known = forms.first(where: { $0.key == key })?.answer else {
      if isEager { return nil }
      let unpacked = Answer(storage: nil)
      forms.append((key, unpacked))
      return unpacked
    }
    return known.storage == nil ? nil : known
  }

  mutating func insert(_ storage: TensorStorage, _ form: PackedForm, from start: Int) {
    let key = Key(form: form, start: start)
    forms.removeAll { $0.key == key }
    forms.append((key, Answer(storage: storage)))
  }

  mutating func removeAll() {
    if !forms.isEmpty { forms = [] }
  }
}

/// An order of packing, by what whoever packs calls it and the sizes that it depends on.
package struct PackedForm: Equatable, Sendable {
  private let name: String
  private let sizes: [Int]

  /// - Parameter sizes: All that the packed numbers depend on besides the tensor's, such as offsets and strides.
  package init(_ name: String, sizes: [Int]) { (self.name, self.sizes) = (name, sizes) }
}
