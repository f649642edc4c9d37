import Profiling
import Tensors

/// A record of operations, from which gradients are taken by walking it backward.
///
/// The tape is eager: an operation computes its value at once and leaves behind how its cotangent becomes the
/// cotangents of its inputs. Walking backward consumes the tape, so that what the forward pass kept is given back
/// as the walk goes on.
///
/// ```swift
/// let tape = Tape()
/// let x = tape.variable(Tensor([0.5, 2] as [Float], shape: [2]))
/// let y = x.applying(.softplus).sum()
/// let gradient = tape.gradients(of: y, withRespectTo: [x])[0]   // sigmoid(x)
/// ```
public final class Tape {
  /// Turns the cotangent of an operation's result into those of its inputs.
  package typealias Pullback = (_ cotangent: Tensor, _ inputs: inout InputCotangents) -> Void

  private struct Entry {
    let inputs: [Int]
    let pullback: Pullback?
    /// The part of the computation that the operation belongs to, for whoever measures.
    let part: Profiler.Label
  }

  private var entries: ContiguousArray<Entry> = []

  /// A tape with nothing on it.
  public init() {}

  /// What operations reported of their pullbacks, in the order of the walk; see ``InputCotangents/report(_:)``.
  package private(set) var reports: [any Sendable] = []

  /// Adds a report that is known before the walk.
  package func report(_ report: some Sendable) { reports.append(report) }

  /// The number of recorded operations and variables.
  package var count: Int { entries.count }

  /// A variable to differentiate with respect to.
  public func variable(_ value: Tensor) -> Variable {
    entries.append(Entry(inputs: [], pullback: nil, part: .other))
    return Variable(value: value, tape: self, node: entries.count - 1)
  }

  /// Forgets everything recorded since the tape had `count` entries: a rejected step leaves nothing behind.
  package func rewind(to count: Int) { entries.removeLast(entries.count - count) }

  fileprivate func record(_ value: Tensor, _ inputs: [Int], _ pullback: @escaping Pullback) -> Variable {
    entries.append(Entry(inputs: inputs, pullback: pullback, part: Profiler.current))
    return Variable(value: value, tape: self, node: entries.count - 1)
  }

  /// The gradients of a scalar with respect to variables of this tape, each of its variable's shape. Consumes the tape.
  ///
  /// The variables are those that ``variable(_:)`` made, or constants, whose gradient is zero; not results of operations,
  /// whose cotangents are given back on the way.
  public func gradients(of scalar: Variable, withRespectTo variables: [Variable]) -> [Tensor] {
    factoredGradients(of: scalar, withRespectTo: variables).map(\.tensor)
  }

  /// The gradients of a scalar with respect to variables of this tape, large outer products left as
  /// their factors. Consumes the tape.
  public func factoredGradients(of scalar: Variable, withRespectTo variables: [Variable]) -> [Gradient] {
    precondition(scalar.value.count == 1, "gradients: of \(scalar.shape), which is no single number")
    let seed = Tensor(repeating: 1, shape: scalar.shape, scalar.value.elementType)
    let gradients = pullback([(scalar, seed)], to: variables)
    Profiler.enter("weightGradients", .backward)
    return zip(gradients, variables).map { gradient, variable in
      var gradient = gradient
      return gradient.gradient(shape: variable.shape, variable.value.elementType)
    }
  }

  /// The cotangents of `variables` for given cotangents of results. Consumes the tape.
  package func pullback(_ seeds: [(Variable, Tensor)], to variables: [Variable]) -> [GradientAccumulator] {
    for case let (node?, tape) in variables.map({ ($0.node, $0.tape) }) {
      precondition(tape === self, "gradients: a variable belongs to another tape")
      precondition(node < entries.count, "gradients: the tape has been consumed")
      precondition(entries[node].pullback == nil, "gradients: with respect to an operation's result")
    }
    var cotangents = [GradientAccumulator?](repeating: nil, count: entries.count)
    for (result, seed) in seeds {
      guard let node = result.node else { continue }
      precondition(result.tape === self, "gradients: the result belongs to another tape")
      precondition(node < entries.count, "gradients: the tape has been consumed")
      precondition(seed.shape == result.shape, "gradients: a cotangent of \(seed.shape) for \(result.shape)")
      cotangents[node, default: GradientAccumulator()].add(seed)
    }
    while let entry = entries.popLast() {
      let node = entries.count
      guard let pullback = entry.pullback else { continue }
      guard var accumulated = cotangents[node].take() else { continue }
      if accumulated.hasDeferred { Profiler.enter("weightGradients", .backward) }
      guard let cotangent = accumulated.takeValue() else { continue }
      Profiler.enter(entry.part, .backward)
      var inputs = InputCotangents(nodes: entry.inputs, cotangents: cotangents)
      cotangents = []
      pullback(cotangent, &inputs)
      cotangents = inputs.cotangents
      reports += inputs.reports
    }
    return variables.map { variable in
      guard let node = variable.node else { return GradientAccumulator() }
      return cotangents[node] ?? GradientAccumulator()
    }
  }
}

/// Where an operation's pullback puts the cotangents of its inputs.
package struct InputCotangents {
  fileprivate let nodes: [Int]
  fileprivate var cotangents: [GradientAccumulator?]
  fileprivate var reports: [any Sendable] = []

  /// Whether anything depends on this input; if not, its cotangent need not be computed.
  package func needs(_ input: Int) -> Bool { nodes[input] >= 0 }

  /// Adds to the cotangent of an input.
  package mutating func add(_ cotangent: @autoclosure () -> Tensor, to input: Int) {
    guard needs(input) else { return }
    cotangents[nodes[input], default: GradientAccumulator()].add(cotangent())
  }

  /// Adds a contribution that is computed later, together with others, to the cotangent of an input.
  package mutating func add(deferred term: @autoclosure () -> any DeferredGradient, to input: Int) {
    guard needs(input) else { return }
    cotangents[nodes[input], default: GradientAccumulator()].add(deferred: term())
  }

  /// Tells whoever takes the gradients something about this pullback, such as what it took; see ``Tape/reports``.
  package mutating func report(_ report: some Sendable) { reports.append(report) }

  /// Adds what another walk accumulated to the cotangent of an input.
  package mutating func add(_ accumulated: GradientAccumulator, to input: Int) {
    guard needs(input) else { return }
    cotangents[nodes[input], default: GradientAccumulator()].merge(accumulated)
  }
}

extension Array {
  fileprivate subscript<Wrapped>(_ index: Int, default empty: @autoclosure () -> Wrapped) -> Wrapped
  where Element == Wrapped? {
    get { self[index] ?? empty() }
    _modify {
      var value = self[index].take() ?? empty()
      self[index] = nil
      defer { self[index] = value }
      yield &value
    }
  }
}

extension Variable {
  /// Records an operation on the tape of its inputs. If no input is on a tape, the result is a constant.
  package static func record(
    _ value: Tensor, _ inputs: [Variable], _ pullback: @escaping Tape.Pullback
  ) -> Variable {
    var tape: Tape?
    for input in inputs {
      guard let other = input.tape else { continue }
      precondition(tape == nil || tape === other, "an operation's inputs belong to different tapes")
      tape = other
    }
    guard let tape else { return Variable(value) }
    return tape.record(value, inputs.map { $0.node ?? -1 }, pullback)
  }
}
