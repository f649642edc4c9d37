import ArgumentParser

/// How much a command says while it works.
struct MessageOptions: ParsableArguments {
  @Flag(name: .shortAndLong, help: "Print only warnings and errors")
  var quiet = false

  func apply() { Terminal.isQuiet = quiet }
}

/// How a command prints results.
struct ResultOptions: ParsableArguments {
  @Flag(help: "Print JSON")
  var json = false
}
