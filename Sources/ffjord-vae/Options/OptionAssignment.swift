import ArgumentParser

/// An option of the command line, and how its value, where it was given, changes a configuration.
struct OptionAssignment<Configuration> {
  /// The option's name, such as `--batch-size`.
  let name: String
  /// Sets the value; nil where the option was not given.
  let assign: ((inout Configuration) -> Void)?

  init<Value>(_ name: String, _ value: Value?, _ assign: @escaping (inout Configuration, Value) -> Void) {
    self.name = name
    self.assign = value.map { value in { assign(&$0, value) } }
  }

  init<Value>(_ name: String, _ value: Value?, _ place: WritableKeyPath<Configuration, Value>) {
    self.init(name, value) { $0[keyPath: place] = $1 }
  }

  /// The option of a value that may be absent, which it can only set.
  init<Value>(_ name: String, _ value: Value?, _ place: WritableKeyPath<Configuration, Value?>) {
    self.init(name, value) { $0[keyPath: place] = $1 }
  }
}

/// Options that set values of a configuration.
protocol ConfiguringOptions: ParsableArguments {
  associatedtype Configured

  /// Each option, with what it sets.
  var assignments: [OptionAssignment<Configured>] { get }
}

extension ConfiguringOptions {
  /// Changes what was given.
  func apply(to configuration: inout Configured) {
    for assignment in assignments { assignment.assign?(&configuration) }
  }

  /// The options that were given.
  var names: [String] { assignments.filter { $0.assign != nil }.map(\.name) }
}
