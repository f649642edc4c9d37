/// The error of a type that a closure throws; nil where it throws none, or another.
public func thrown<Failure: Error>(_ type: Failure.Type = Failure.self, by body: () throws -> Void) -> Failure? {
  do {
    try body()
    return nil
  } catch {
    return error as? Failure
  }
}
